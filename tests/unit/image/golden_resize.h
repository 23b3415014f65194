/* Sources and sampled results of scripts/make_image_golden.py's resizes. */
#ifndef GOLDEN_RESIZE_H
#define GOLDEN_RESIZE_H

#include "image/golden_files.h"

static inline struct image golden_blank(int width, int height)
{
    struct image image;
    struct error err;

    assert_int_equal(image_create(&image, width, height, &err), STATUS_OK);
    return image;
}

/* resize_source() of the script: a ramp with noise on it. */
static inline struct image golden_source(int width, int height)
{
    struct image image = golden_blank(width, height);
    uint8_t *to = image.rgb;

    for (uint32_t y = 0; y < (uint32_t)height; y++) {
        for (uint32_t x = 0; x < (uint32_t)width; x++) {
            for (uint32_t c = 0; c < 3; c++) {
                uint32_t h = x * 73856093U ^ y * 19349663U ^ c * 83492791U;
                uint32_t ramp = (x * 3 + y * 5 + c * 85) % 256;

                h = (h ^ h >> 13) * 0x5bd1e995U;
                *to++ = (uint8_t)((h >> 15 & 127) + (ramp < 128 ? ramp : 255 - ramp));
            }
        }
    }
    return image;
}

/* Where the i-th sample is in a square. */
static inline int golden_sample(int i, int side)
{
    return i * 83 % side * side + i * 37 % side;
}

/* Mean difference of a square's sampled pixels to a row of PIL's. */
static inline double golden_distance(const struct image *expected, int row, const uint8_t *square,
                                     int side)
{
    double sum = 0;

    for (int i = 0; i < expected->width; i++)
        for (int c = 0; c < 3; c++)
            sum += abs(square[3 * golden_sample(i, side) + c] -
                       expected->rgb[3 * (row * expected->width + i) + c]);
    return sum / (3 * expected->width);
}

/* Resizes the source of each case of NAME.csv into `square`, which must come as near as `most` to
 * the row of NAME.png, or as near as most_at_edges when it is all edge. */
static inline void golden_resize_all(const char *name, const uint8_t *square,
                                     void (*resize)(const struct image *source, int side),
                                     double most, double most_at_edges)
{
    struct image expected;
    uint8_t *cases;
    char file[64], *line, *rest = NULL;
    size_t size;
    int row = 0;

    snprintf(file, sizeof file, "%s.png", name);
    golden_decode(&expected, file, &as_stored);
    snprintf(file, sizeof file, "%s.csv", name);
    golden_read(&cases, &size, file);
    strtok_r((char *)cases, "\n", &rest); /* the header */
    for (; (line = strtok_r(NULL, "\n", &rest)) != NULL; row++) {
        struct image source;
        int width, height, side;
        double distance;

        assert_int_equal(sscanf(line, "%d,%d,%d", &width, &height, &side), 3);
        source = golden_source(width, height);
        resize(&source, side);
        distance = golden_distance(&expected, row, square, side);
        if (distance > (width < 8 && height < 8 ? most_at_edges : most))
            fail_msg("%d x %d to %d: %.3f grey levels from PIL", width, height, side, distance);
        image_free(&source);
    }
    assert_int_equal(row, expected.height);
    free(cases);
    image_free(&expected);
}

#endif
