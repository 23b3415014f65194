# atk-train: `make help` lists the targets.
VERSION := 0.1.0
BUILD   ?= build
CC      ?= gcc
PREFIX  ?= /usr/local
DESTDIR ?=

FLOORS   := base io math nn image data run
PACKAGES := libpng libjpeg yaml-0.1 jansson libexif openblas

CFLAGS   ?= -O2 -g
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla -Wformat=2
# -ffp-contract=fast lets a*b+c become one FMA where the processor has it: same bits on every run of one machine.
ATK_CFLAGS := -std=c11 -D_GNU_SOURCE -Isrc -DATK_VERSION='"$(VERSION)"' -ffp-contract=fast -pthread $(WARNINGS) \
              $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
LIBS     := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lcsv -lm -pthread
ifdef SANITIZE
ATK_CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
LIBS       += -fsanitize=address,undefined
endif

LIBRARY_SOURCES := $(foreach f,$(FLOORS),$(wildcard src/$(f)/*.c))
# -fno-math-errno: sqrt as one instruction. -Wno-psabi: vectors are passed between static functions only.
KERNEL_FLAGS := -O3 -fno-math-errno -Wno-psabi
# Kernels are compiled once for each processor level and chosen at run time (src/math/kernels.h).
KERNEL_SOURCES  := $(wildcard src/math/kernels/*.c)
ifeq ($(shell $(CC) -dumpmachine 2>/dev/null | cut -d- -f1),x86_64)
KERNEL_LEVELS   := portable v3 v4
else
KERNEL_LEVELS   := portable
endif
LIBRARY_OBJECTS := $(LIBRARY_SOURCES:src/%.c=$(BUILD)/obj/%.o) \
                   $(foreach l,$(KERNEL_LEVELS),$(KERNEL_SOURCES:src/%.c=$(BUILD)/obj/%.$(l).o))
LIBRARY  := $(BUILD)/libatk.a
PROGRAMS := $(BUILD)/atk-train $(BUILD)/atk-predict
CLI_SHARED := $(filter-out src/cli/atk_%.c,$(wildcard src/cli/*.c))
UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/*/test_*.c))

.PHONY: all
all: $(PROGRAMS)

$(BUILD)/obj/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(ATK_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/obj/%.portable.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(ATK_CFLAGS) $(CFLAGS) $(KERNEL_FLAGS) -DKERNEL_LEVEL=portable -MMD -MP -c -o $@ $<
$(BUILD)/obj/%.v3.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(ATK_CFLAGS) $(CFLAGS) $(KERNEL_FLAGS) -march=x86-64-v3 -DKERNEL_LEVEL=v3 -MMD -MP -c -o $@ $<
$(BUILD)/obj/%.v4.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(ATK_CFLAGS) $(CFLAGS) $(KERNEL_FLAGS) -march=x86-64-v4 -mprefer-vector-width=512 -DKERNEL_LEVEL=v4 -MMD -MP -c -o $@ $<

$(LIBRARY): $(LIBRARY_OBJECTS)
	rm -f $@ && ar rcs $@ $^
$(BUILD)/atk-train: $(BUILD)/obj/cli/atk_train.o $(CLI_SHARED:src/%.c=$(BUILD)/obj/%.o) $(LIBRARY)
	$(CC) -o $@ $^ $(LIBS)
$(BUILD)/atk-predict: $(BUILD)/obj/cli/atk_predict.o $(CLI_SHARED:src/%.c=$(BUILD)/obj/%.o) $(LIBRARY)
	$(CC) -o $@ $^ $(LIBS)

# A unit test is one file of tests/unit/FLOOR; allocation goes through the wrappers of tests/unit/failing_alloc.c.
WRAP_ALLOC := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc
$(BUILD)/tests/failing_alloc.o: tests/unit/failing_alloc.c
	@mkdir -p $(@D)
	$(CC) $(ATK_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/tests/%: tests/unit/%.c $(BUILD)/tests/failing_alloc.o $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(ATK_CFLAGS) $(CFLAGS) -Itests/unit -MMD -MP -o $@ $< $(BUILD)/tests/failing_alloc.o $(LIBRARY) \
	    $(WRAP_ALLOC) $(LIBS) -lcmocka

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
.PHONY: clean
clean:
	rm -rf $(BUILD)
