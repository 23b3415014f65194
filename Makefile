# atk-train: `make help` lists the targets.
VERSION := 0.1.0
BUILD   ?= build
CC      := $(if $(filter default,$(origin CC)),gcc,$(CC))
CFLAGS  ?= -O2 -g
PREFIX  ?= /usr/local
DESTDIR ?=

.PHONY: all
all:

# Kinds of images that are read, and what atk-export writes, when their library is there; WITHOUT='webp'
# leaves some out.
WITHOUT       ?=
OPTIONAL      := webp gif tiff
PARTS         := $(OPTIONAL) onnx
PACKAGES_webp := libwebp libwebpdemux
FLAGS_webp    := -DATK_WEBP
DEBIAN_webp   := libwebp-dev
FLAGS_gif     := -DATK_GIF
LIBS_gif      := -lgif
DEBIAN_gif    := libgif-dev
PACKAGES_tiff := libtiff-4
FLAGS_tiff    := -DATK_TIFF
DEBIAN_tiff   := libtiff-dev
FLAGS_onnx    := -isystem $(BUILD)/onnx
LIBS_onnx     := -lprotobuf-c
DEBIAN_onnx   := libonnx-dev libprotobuf-c-dev protobuf-c-compiler

# Targets that compile something need the libraries: what is missing is said in one line, before the
# compiler can say it in a hundred. (test, demo, lint and bench install it and then call make again.)
CALLERS := help deps test fuzz torture demo figure1 lint bench bench-input bench-kernels clean uninstall
ifneq ($(filter-out $(CALLERS),$(or $(MAKECMDGOALS),all)),)
MISSING := $(shell CC='$(CC)' scripts/install-dependencies --check build)
ifneq ($(MISSING),)
$(error $(MISSING))
endif
WITH          := $(foreach o,$(filter-out $(WITHOUT),$(PARTS)),\
                   $(if $(shell CC='$(CC)' scripts/install-dependencies --check $(o)),,$(o)))
MISSING_KINDS := $(filter-out $(WITH),$(OPTIONAL))
PACKAGES := libpng libjpeg yaml-0.1 jansson openblas libutf8proc $(foreach o,$(WITH),$(PACKAGES_$(o)))
PACKAGE_CFLAGS := $(shell pkg-config --cflags $(PACKAGES))
PACKAGE_LIBS   := $(shell pkg-config --libs $(PACKAGES))
ifeq ($(shell $(CC) -dumpmachine | cut -d- -f1),x86_64)
KERNEL_LEVELS := portable v3 v4
else
KERNEL_LEVELS := portable
endif
endif

# " (1a2b3c4d5, changed)" where the sources are a git checkout (not a folder inside another one's).
COMMIT := $(if $(wildcard .git),$(shell git describe --always --abbrev=9 --exclude='*' --dirty=', changed' \
            2>/dev/null | sed 's/.*/ (&)/'))

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla \
            -Wformat=2
# No conversion changes a value or a sign unseen, but in tests.
STRICT   := -Wconversion -Wsign-conversion
# -ffp-contract=fast lets a*b+c become one FMA where the processor has it: same bits on every run of
# one machine.
ATK_CFLAGS := -std=c11 -D_GNU_SOURCE -Isrc -DATK_VERSION='"$(VERSION)"' -ffp-contract=fast \
              -pthread $(WARNINGS) $(PACKAGE_CFLAGS) $(foreach o,$(WITH),$(FLAGS_$(o)))
LIBS       := $(PACKAGE_LIBS) $(foreach o,$(WITH),$(LIBS_$(o))) -lcsv -lm -pthread
ifneq ($(filter onnx,$(WITH)),)
ONNX         := $(BUILD)/onnx/onnx.pb-c
ONNX_PROTO   := $(filter %/onnx.proto,$(shell $(CC) -M -include onnx/onnx.proto -x c /dev/null 2>/dev/null))
endif
# Kernels are compiled once for each processor level and chosen at run time (src/math/kernels.h).
# -fno-math-errno: sqrt as one instruction. -Wno-psabi: vectors are passed between static functions
# only.
KERNEL_FLAGS          := -O3 -fno-math-errno -Wno-psabi
KERNEL_FLAGS_portable :=
KERNEL_FLAGS_v3       := -march=x86-64-v3
KERNEL_FLAGS_v4       := -march=x86-64-v4 -mprefer-vector-width=512
ifdef SANITIZE
ATK_CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
LIBS       += -fsanitize=address,undefined
endif

# All floors below cli/ are one library; a floor may have rooms (folders). Kernels are not of it, for
# they are compiled once for each processor level.
FLOORS          := base io math nn image data run
KERNEL_SOURCES  := $(wildcard src/math/kernels/*.c)
LIBRARY_SOURCES := $(filter-out $(KERNEL_SOURCES) \
                     $(if $(ONNX),src/io/onnx_absent.c,src/io/onnx.c),\
                     $(foreach f,$(FLOORS),$(wildcard src/$(f)/*.c src/$(f)/*/*.c)))
LIBRARY_OBJECTS := $(LIBRARY_SOURCES:src/%.c=$(BUILD)/obj/%.o) \
                   $(foreach l,$(KERNEL_LEVELS),$(KERNEL_SOURCES:src/%.c=$(BUILD)/obj/%.$(l).o)) \
                   $(ONNX:%=%.o)
LIBRARY         := $(BUILD)/libatk.a
# A program is src/cli/atk_NAME.c with its manual src/cli/manual/atk-NAME.man; a tool is scripts/NAME,
# which is installed as atk-NAME, with src/cli/manual/atk-NAME.man. All else follows from these lists.
PROGRAM_NAMES   := atk-train atk-predict atk-data atk-export atk-report
TOOLS           := sweep plot get-weights convert-weights
NAMES           := $(PROGRAM_NAMES) $(TOOLS:%=atk-%)
PROGRAMS        := $(PROGRAM_NAMES:%=$(BUILD)/%)
PROGRAM_OBJECTS := $(PROGRAM_NAMES:atk-%=$(BUILD)/obj/cli/atk_%.o)
CLI_SHARED      := $(patsubst src/%.c,$(BUILD)/obj/%.o,\
                     $(filter-out src/cli/atk_%.c,$(wildcard src/cli/*.c)))
UNIT_TESTS      := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(filter-out $(if $(ONNX),,%/test_onnx.c),\
                     $(wildcard tests/unit/*/test_*.c tests/unit/*/*/test_*.c)))
CLI_TESTS       := $(wildcard tests/cli/*.bats)
FUZZ_TARGETS    := $(patsubst tests/fuzz/target_%.c,%,$(wildcard tests/fuzz/target_*.c))
REPLAYS         := $(FUZZ_TARGETS:%=$(BUILD)/tests/fuzz/%)
# The options of a page are those that the program itself prints: without Python a tool has no page,
# nor any use.
PAGES           := $(if $(shell command -v python3 2>/dev/null),$(NAMES),$(PROGRAM_NAMES))
MANUAL          := $(PAGES:%=$(BUILD)/man/%.1)
COMPLETION      := $(BUILD)/completion.bash

all: $(PROGRAMS) $(MANUAL) $(COMPLETION)
	$(if $(MISSING_KINDS),@echo 'built without $(MISSING_KINDS): such images are refused (to read them: apt install' \
	    '$(foreach o,$(MISSING_KINDS),$(DEBIAN_$(o))), then make)')
	$(if $(ONNX),,@echo 'built without onnx: atk-export writes nothing (for it: apt install $(DEBIAN_onnx), then make)')

say     = @printf '%-5s %s\n' $(1) $@
Q       = $(if $(V),,@)
COMPILE = $(CC) $(ATK_CFLAGS) $(CFLAGS) -MMD -MP
LINK    = $(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(LIBS)

# What was built with other flags, another compiler or another version is built again; a library
# whose sources came or went is put together again.
.PHONY: FORCE
remember = @mkdir -p $(@D); printf '%s\n' '$(subst ','\'',$(1))' >$@.new; \
           if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
$(BUILD)/flags: FORCE
	$(call remember,$(COMPILE) $(STRICT) $(KERNEL_FLAGS) $(LDFLAGS) $(LIBS))
$(BUILD)/sources: FORCE
	$(call remember,$(LIBRARY_OBJECTS))

$(BUILD)/commit: FORCE
	$(call remember,$(COMMIT))

$(BUILD)/obj/%.o: src/%.c $(BUILD)/flags
	$(call say,cc)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) $(STRICT) -c -o $@ $<
$(BUILD)/obj/cli/version.o: $(BUILD)/commit
$(BUILD)/obj/cli/version.o: COMPILE += -DATK_COMMIT='"$(COMMIT)"'
define KERNEL_RULE
$(BUILD)/obj/%.$(1).o: src/%.c $(BUILD)/flags
	$$(call say,cc)
	@mkdir -p $$(@D)
	$$(Q)$$(COMPILE) $$(STRICT) $$(KERNEL_FLAGS) $$(KERNEL_FLAGS_$(1)) -DKERNEL_LEVEL=$(1) -c -o $$@ $$<
endef
$(foreach l,$(KERNEL_LEVELS),$(eval $(call KERNEL_RULE,$(l))))

# What protobuf-c makes of the format's description; by its rules, not by ours (-w).
ifdef ONNX
$(ONNX).h: $(ONNX_PROTO)
	$(call say,proto)
	@mkdir -p $(@D)
	$(Q)protoc-c --c_out=$(@D) --proto_path=$(dir $<) onnx.proto
$(ONNX).o: $(ONNX).h $(BUILD)/flags
	$(call say,cc)
	$(Q)$(COMPILE) -w -c -o $@ $(ONNX).c
$(BUILD)/obj/io/onnx.o $(BUILD)/tests/io/test_onnx: $(ONNX).h
endif
$(LIBRARY): $(LIBRARY_OBJECTS) $(BUILD)/sources
	$(call say,ar)
	$(Q)rm -f $@ && ar rcs $@ $(LIBRARY_OBJECTS)
$(PROGRAMS): $(BUILD)/atk-%: $(BUILD)/obj/cli/atk_%.o $(CLI_SHARED) $(LIBRARY)
	$(call say,link)
	$(Q)$(LINK)
MAKE_PAGE = $(Q)mkdir -p $(@D) && scripts/man-page $(1) $< $(VERSION) >$@.new && mv $@.new $@
$(PROGRAM_NAMES:%=$(BUILD)/man/%.1): $(BUILD)/man/%.1: src/cli/manual/%.man $(BUILD)/% scripts/man-page
	$(call say,man)
	$(call MAKE_PAGE,$(BUILD)/$*)
$(TOOLS:%=$(BUILD)/man/atk-%.1): $(BUILD)/man/atk-%.1: src/cli/manual/atk-%.man scripts/% scripts/man-page \
                                 $(wildcard scripts/sweep_files/* scripts/weights_files/*)
	$(call say,man)
	$(call MAKE_PAGE,scripts/$*)
$(COMPLETION): scripts/completion.bash Makefile
	$(call say,bash)
	$(Q)mkdir -p $(@D) && { cat $< && \
	    echo 'complete -o bashdefault -o default -F _atk_complete $(NAMES)'; } >$@
$(BUILD)/draw-demo: scripts/draw_demo.c $(LIBRARY) $(BUILD)/flags
	$(call say,cc)
	$(Q)$(COMPILE) $(STRICT) -o $@ $< $(LIBRARY) $(LDFLAGS) $(LIBS)

# For scripts: training steps alone (benchmark.py; parity.py, beside PyTorch's, step by step), images as
# a network sees them (check_onnx.py).
$(BUILD)/obj/benchmark/%.o: tests/benchmark/%.c $(BUILD)/flags
	$(call say,cc)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) $(STRICT) -Itests -c -o $@ $<
# A profile sees the regions that threads share, and what lies between them.
WRAP_PARALLEL := -Wl,--wrap=parallel_for,--wrap=parallel_floats
$(BUILD)/benchmark-step: $(addprefix $(BUILD)/obj/benchmark/,benchmark_step.o step.o step_profile.o) $(LIBRARY)
	$(call say,link)
	$(Q)$(LINK) $(WRAP_PARALLEL)
$(BUILD)/benchmark-input: $(BUILD)/obj/benchmark/benchmark_input.o $(LIBRARY)
	$(call say,link)
	$(Q)$(LINK)
$(BUILD)/benchmark-kernels: $(addprefix $(BUILD)/obj/benchmark/,benchmark_kernels.o conv_workspace.o machine_limits.o) \
                            $(LIBRARY)
	$(call say,link)
	$(Q)$(LINK)
$(BUILD)/run-network: $(BUILD)/obj/benchmark/run_network.o $(LIBRARY)
	$(call say,link)
	$(Q)$(LINK)
$(BUILD)/resized-images: $(BUILD)/obj/benchmark/resized_images.o $(LIBRARY)
	$(call say,link)
	$(Q)$(LINK)
$(BUILD)/parity-driver: $(addprefix $(BUILD)/obj/benchmark/,parity_driver.o step.o) $(LIBRARY)
	$(call say,link)
	$(Q)$(LINK)

# The paper's Figure 1.
$(BUILD)/obj/figure1/%.o: scripts/figure1/%.c $(BUILD)/flags
	$(call say,cc)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) $(STRICT) -c -o $@ $<
$(BUILD)/figure1: $(patsubst scripts/%.c,$(BUILD)/obj/%.o,$(wildcard scripts/figure1/*.c)) $(LIBRARY)
	$(call say,link)
	$(Q)$(LINK)
$(BUILD)/tests/nn/test_figure1: $(BUILD)/obj/figure1/experiment.o

# A unit test is one file of tests/unit/FLOOR. Allocation goes through the wrappers of
# tests/unit/failing_alloc.c, so that a test can make the n-th one fail.
WRAP_ALLOC := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc
$(BUILD)/tests/failing_alloc.o: tests/unit/failing_alloc.c $(BUILD)/flags
	$(call say,cc)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) $(STRICT) -c -o $@ $<
$(BUILD)/tests/%: tests/unit/%.c $(BUILD)/tests/failing_alloc.o $(LIBRARY) $(BUILD)/flags
	$(call say,cc)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -Itests/unit -Itests -o $@ $< $(filter %.o,$^) $(filter %.a,$^) $(WRAP_ALLOC) $(LDFLAGS) $(LIBS) \
	    -lcmocka

# Fuzz targets (tests/fuzz/fuzz.h): over the files of the corpus with any compiler, and, in a build of
# clang's with -fsanitize=fuzzer-no-link, by libFuzzer.
$(BUILD)/obj/fuzz/%.o: tests/fuzz/%.c $(BUILD)/flags
	$(call say,cc)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) $(STRICT) -DATK_CORPUS='"tests/fuzz/corpus"' -c -o $@ $<
$(REPLAYS): $(BUILD)/tests/fuzz/%: $(BUILD)/obj/fuzz/target_%.o \
                                   $(addprefix $(BUILD)/obj/fuzz/,fuzz.o replay.o) $(LIBRARY)
	$(call say,link)
	@mkdir -p $(@D)
	$(Q)$(LINK)
$(FUZZ_TARGETS:%=$(BUILD)/fuzz/%): $(BUILD)/fuzz/%: $(BUILD)/obj/fuzz/target_%.o \
                                                   $(BUILD)/obj/fuzz/fuzz.o $(LIBRARY)
	$(call say,link)
	@mkdir -p $(@D)
	$(Q)$(LINK) -fsanitize=fuzzer
# Faults for programs that are not built for them (LD_PRELOAD).
$(BUILD)/faults.so: tests/torture/faults.c $(BUILD)/flags
	$(call say,cc)
	$(Q)$(COMPILE) $(STRICT) -fno-builtin -fPIC -shared -o $@ $< $(LDFLAGS) -ldl

fuzz-targets: $(FUZZ_TARGETS:%=$(BUILD)/fuzz/%)

-include $(patsubst %.o,%.d,$(LIBRARY_OBJECTS) $(CLI_SHARED) $(PROGRAM_OBJECTS) \
           $(BUILD)/tests/failing_alloc.o \
           $(patsubst tests/benchmark/%.c,$(BUILD)/obj/benchmark/%.o,$(wildcard tests/benchmark/*.c)) \
           $(patsubst tests/fuzz/%.c,$(BUILD)/obj/fuzz/%.o,$(wildcard tests/fuzz/*.c)) \
           $(patsubst scripts/%.c,$(BUILD)/obj/%.o,$(wildcard scripts/figure1/*.c))) \
         $(addsuffix .d,$(UNIT_TESTS) $(BUILD)/draw-demo)

# ---- for people ----------------------------------------------------------------------------------

# One level of make below: as many jobs as processors unless the caller has said how many.
AGAIN = $(MAKE) --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))
INSTALL_DEPENDENCIES = @CC='$(CC)' scripts/install-dependencies

.PHONY: help deps test tests-built fuzz fuzz-targets torture demo figure1 lint bench bench-input bench-kernels install uninstall clean
help:
	@echo 'make            build atk-train, -predict, -data, -export, -report in $(BUILD)/ (V=1: commands)'
	@echo 'make demo       draw a small set of images, train on it, print the accuracy'
	@echo 'make figure1    the experiment of the paper that the loss is from, as numbers and a figure'
	@echo 'make test       every test, in a release build and under ASan and UBSan'
	@echo 'make fuzz       each reader of files under libFuzzer (needs clang), FUZZ_SECONDS=60 each;'
	@echo '                FUZZ_TARGETS="png csv": some of them'
	@echo 'make torture    kills, full disks, failing allocations, several runs at once, threads'
	@echo '                under ThreadSanitizer; half an hour'
	@echo 'make lint       the rules of src/README.md, clang-format, cppcheck'
	@echo 'make bench      training and inference beside PyTorch, if python3 has torch; a few'
	@echo '                minutes, with BENCH=table a quarter of an hour (what is asked of each),'
	@echo '                with BENCH=all over an hour; the tables are $(BUILD)/bench/README.md'
	@echo 'make bench-input  JPEG to 448x448 beside PIL (needs python3 with Pillow)'
	@echo 'make bench-kernels  each method of convolution by shape: checked, timed, written as CSV'
	@echo 'make deps       install the Debian packages that building needs; demo, test and lint'
	@echo '                do so themselves'
	@echo 'make install    into PREFIX ($(PREFIX)); DESTDIR is put in front'
	@echo 'make uninstall  remove what install has put there'
	@echo 'make clean      remove $(BUILD)/'
	@echo 'Variables: BUILD, CC, CFLAGS, LDFLAGS, PREFIX, DESTDIR; SANITIZE=1 builds with ASan and'
	@echo 'UBSan (give it a BUILD of its own); WITHOUT="$(PARTS)" without these.'

deps:
	$(INSTALL_DEPENDENCIES) build $(PARTS) page

# What no test runs is built all the same: it must not fall behind what it includes.
tests-built: $(PROGRAMS) $(if $(SANITIZE),,$(MANUAL) $(COMPLETION)) $(UNIT_TESTS) $(REPLAYS) $(if $(SANITIZE),,$(BUILD)/faults.so) $(BUILD)/draw-demo $(BUILD)/figure1 \
             $(addprefix $(BUILD)/,benchmark-step benchmark-input benchmark-kernels parity-driver run-network resized-images)
test:
	$(INSTALL_DEPENDENCIES) build $(PARTS) page test
	+@$(AGAIN) tests-built
	+@$(AGAIN) tests-built BUILD=$(BUILD)/asan SANITIZE=1 CFLAGS='-O1 -g'
	@scripts/run-tests BUILD=$(BUILD) $(CLI_TESTS) $(UNIT_TESTS) $(REPLAYS) \
	    BUILD=$(BUILD)/asan $(CLI_TESTS) $(patsubst $(BUILD)/%,$(BUILD)/asan/%,$(UNIT_TESTS) $(REPLAYS))

# A finding stops it; the file that shows it is in build/fuzz/fuzz/findings.
FUZZ_SECONDS ?= 60
FUZZ_BUILD    = $(MAKE) --no-print-directory BUILD=$(BUILD)/fuzz CC=clang SANITIZE=1 \
                CFLAGS='-O1 -g -fsanitize=fuzzer-no-link'
fuzz:
	$(INSTALL_DEPENDENCIES) build $(PARTS) fuzz
	+@$(FUZZ_BUILD) $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc)) fuzz-targets
	@tests/fuzz/run $(BUILD)/fuzz/fuzz $(FUZZ_SECONDS) $(FUZZ_TARGETS)

torture:
	$(INSTALL_DEPENDENCIES) build $(PARTS) test
	+@$(AGAIN) all $(BUILD)/faults.so
	+@$(AGAIN) all BUILD=$(BUILD)/tsan CFLAGS='-O1 -g -fsanitize=thread'
	@tests/torture/torture.py $(BUILD)

demo:
	$(INSTALL_DEPENDENCIES) build
	+@$(AGAIN) all $(BUILD)/draw-demo
	@scripts/demo $(BUILD)

figure1:
	$(INSTALL_DEPENDENCIES) build plot
	+@$(AGAIN) $(BUILD)/figure1
	@$(BUILD)/figure1 $(BUILD)/figure1.json
	@scripts/plot $(BUILD)

# BENCH=all measures every network, batch size, k and number of threads, BENCH=table what is asked of each.
bench:
	$(INSTALL_DEPENDENCIES) build
	+@$(AGAIN) $(BUILD)/benchmark-step
	@if command -v python3 >/dev/null; then \
	    scripts/benchmark.py $(BENCH:%=--list %) --program $(BUILD)/benchmark-step \
	        --out $(BUILD)/bench; \
	else $(BUILD)/benchmark-step; fi

bench-input:
	$(INSTALL_DEPENDENCIES) build
	+@$(AGAIN) $(BUILD)/benchmark-input
	@scripts/benchmark_input.py --program $(BUILD)/benchmark-input

# Methods of convolution by shape; ATK_KERNELS=portable or v3 in the environment picks a lower level.
bench-kernels:
	$(INSTALL_DEPENDENCIES) build
	+@$(AGAIN) $(BUILD)/benchmark-kernels
	@$(BUILD)/benchmark-kernels --check
	@mkdir -p $(BUILD)/bench && $(BUILD)/benchmark-kernels --csv $(BUILD)/bench/kernels.csv

lint:
	$(INSTALL_DEPENDENCIES) build $(PARTS) lint
	+@$(AGAIN) all
	@scripts/lint $(BUILD)

SHARE := $(DESTDIR)$(PREFIX)/share/atk-train
MAN1  := $(DESTDIR)$(PREFIX)/share/man/man1
# bash-completion loads the file that is called as the command is.
COMPLETIONS := $(DESTDIR)$(PREFIX)/share/bash-completion/completions
# Scripts that find each other, and what they load, in one folder; a link in bin/ is their name.
# What earlier versions installed goes with them.
OLD_TOOLS  := csv-from-folders split-csv flip-labels precision-at-n
TOOL_FILES := $(addprefix scripts/,$(TOOLS))
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(SHARE)/models $(SHARE)/configs \
	    $(SHARE)/scripts/weights_files $(SHARE)/scripts/sweep_files $(SHARE)/scripts/page
	install -m 755 $(PROGRAMS) $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(TOOL_FILES) $(SHARE)/scripts
	install -m 644 $(wildcard scripts/weights_files/*.*) $(SHARE)/scripts/weights_files
	install -m 644 $(wildcard scripts/sweep_files/*.*) $(SHARE)/scripts/sweep_files
	install -m 644 $(wildcard scripts/page/*.*) $(SHARE)/scripts/page
	for tool in $(TOOLS); do \
	    ln -sf ../share/atk-train/scripts/$$tool $(DESTDIR)$(PREFIX)/bin/atk-$$tool; done
	install -m 644 models/*.yaml $(SHARE)/models
	install -m 644 configs/*.yaml $(SHARE)/configs
	install -d $(MAN1) $(COMPLETIONS)
	install -m 644 $(MANUAL) $(MAN1)
	install -m 644 $(COMPLETION) $(COMPLETIONS)/$(firstword $(NAMES))
	for name in $(wordlist 2,99,$(NAMES)); do \
	    ln -sf $(firstword $(NAMES)) $(COMPLETIONS)/$$name; done
uninstall:
	rm -f $(patsubst $(BUILD)/%,$(DESTDIR)$(PREFIX)/bin/%,$(PROGRAMS)) \
	    $(addprefix $(DESTDIR)$(PREFIX)/bin/atk-,$(TOOLS) $(OLD_TOOLS)) \
	    $(patsubst %,$(MAN1)/%.1,$(NAMES)) \
	    $(addprefix $(COMPLETIONS)/,$(NAMES))
	rm -rf $(SHARE)

clean:
	rm -rf $(BUILD)
