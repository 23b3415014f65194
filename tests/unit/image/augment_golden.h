/* What scripts/make_augment_golden.py has written. */
#ifndef AUGMENT_GOLDEN_H
#define AUGMENT_GOLDEN_H

#include "io/safetensors.h"

#include "scratch.h"

enum { GOLDEN_SIDE = 20, GOLDEN_BYTES = 3 * GOLDEN_SIDE * GOLDEN_SIDE };

static struct safetensors golden_file;

static inline int golden_open(void **state)
{
    struct error err;
    (void)state;
    return safetensors_read(&golden_file, "tests/golden/image/augment.safetensors", &err);
}

static inline int golden_close(void **state)
{
    (void)state;
    safetensors_free(&golden_file);
    return 0;
}

/* The bytes of a tensor. */
static inline const void *golden(const char *name, size_t n_bytes)
{
    const struct safetensors_entry *e = safetensors_find(&golden_file, name);
    assert_non_null(e);
    assert_int_equal(e->n_bytes, n_bytes);
    return e->data;
}

/* The i-th of n numbers. */
static inline double golden_number(const char *name, int n, int i)
{
    double values[32];
    memcpy(values, golden(name, (size_t)n * sizeof *values), (size_t)n * sizeof *values);
    return values[i];
}

static inline void assert_bytes_near(const uint8_t *got, const uint8_t *want, size_t n, int most)
{
    for (size_t i = 0; i < n; i++)
        if (abs(got[i] - want[i]) > most)
            fail_msg("byte %zu: %d, not %d", i, got[i], want[i]);
}

#endif
