/* What the fuzz targets share. A target is a file target_NAME.c with
 *
 *     int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
 *
 * which gives the bytes to a reader. It is linked with libFuzzer (`make fuzz`) or with replay.c,
 * which runs the files of corpus/NAME (`make test`). What must hold of any bytes whatever is a
 * FUZZ_MUST; crashes, leaks and undefined behaviour are the sanitizers'. */
#ifndef FUZZ_H
#define FUZZ_H

#include "base/error.h"
#include "nn/model.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_MUST(true_of_all_inputs)                                                              \
    do {                                                                                           \
        if (!(true_of_all_inputs)) {                                                               \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #true_of_all_inputs);       \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* Readers that want a path: of the file `name` with these bytes, in a folder in memory that is
 * removed at exit. Borrowed until the next call. */
const char *fuzz_file(const char *name, const void *bytes, size_t size);
/* The same with the eight bytes that tell the length of a safetensors header in front, which a
 * fuzzer seldom gets right: the header ends at the first byte that is zero (or at the end). */
const char *fuzz_safetensors(const uint8_t *data, size_t size);
/* A message is a line that says something. */
void fuzz_check_error(enum status status, const struct error *err);
/* A network of 600 numbers with BatchNorm and 3 classes, made once. */
struct model *fuzz_model(void);

#endif
