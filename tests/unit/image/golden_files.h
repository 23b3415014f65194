/* The files of tests/golden/image/ (scripts/make_image_golden.py), for the tests of this folder. */
#ifndef GOLDEN_FILES_H
#define GOLDEN_FILES_H

#include "base/files.h"
#include "image/image_decode.h"
#include "whole_image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOLDEN_MAX_BYTES (1 << 20)

static const struct image_limits as_stored = {.max_pixels = IMAGE_MAX_PIXELS_DEFAULT};
static const struct image_limits turned_upright = {.max_pixels = IMAGE_MAX_PIXELS_DEFAULT,
                                                   .apply_exif = true};

/* The whole file; the test fails when it cannot be read. The caller frees *bytes. */
static inline void golden_read(uint8_t **bytes, size_t *size, const char *name)
{
    struct error err;
    char path[256];

    snprintf(path, sizeof path, "tests/golden/image/%s", name);
    if (files_read(bytes, size, path, GOLDEN_MAX_BYTES, &err) != STATUS_OK)
        fail_msg("%s", err.message);
}

static inline void golden_decode(struct image *out, const char *name,
                                 const struct image_limits *limits)
{
    struct error err;
    uint8_t *bytes;
    size_t size;

    golden_read(&bytes, &size, name);
    if (whole_image_decode(out, bytes, size, limits, &err) != STATUS_OK)
        fail_msg("%s: %s", name, err.message);
    free(bytes);
}

/* A PPM, read without the code under test. */
static inline void golden_reference(struct image *out, const char *name)
{
    struct error err;
    uint8_t *bytes;
    size_t size, n;
    int header;

    golden_read(&bytes, &size, name);
    if (sscanf((char *)bytes, "P6 %d %d 255%n", &out->width, &out->height, &header) != 2)
        fail_msg("%s is not a PPM file", name);
    n = 3 * (size_t)out->width * (size_t)out->height;
    assert_int_equal(size, (size_t)header + 1 + n);
    assert_int_equal(image_create(out, out->width, out->height, &err), STATUS_OK);
    memcpy(out->rgb, bytes + header + 1, n);
    free(bytes);
}

/* Largest and mean difference of two images, which must have the same size. */
struct golden_difference {
    int largest;
    double mean;
};
static inline struct golden_difference golden_compare(const struct image *a, const struct image *b)
{
    struct golden_difference d = {0};
    size_t n = 3 * (size_t)a->width * (size_t)a->height;

    assert_int_equal(a->width, b->width);
    assert_int_equal(a->height, b->height);
    for (size_t i = 0; i < n; i++) {
        int difference = abs(a->rgb[i] - b->rgb[i]);

        d.mean += (double)difference / (double)n;
        if (difference > d.largest)
            d.largest = difference;
    }
    return d;
}

#endif
