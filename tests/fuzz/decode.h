/* Bytes as an image, in the ways that the input's length picks, twice to the same pixels. */
#ifndef DECODE_H
#define DECODE_H

#include "fuzz.h"

#include "image/image_decode.h"

#include <string.h>

static inline void fuzz_decode(const uint8_t *data, size_t size)
{
    enum { SIDE = 24 };
    const struct image_fit fit[] = {
        {.size = SIDE},
        {.size = SIDE, .resize = IMAGE_FIT_CROP, .crop_fraction = 0.875},
        {.size = SIDE, .resize = IMAGE_FIT_LETTERBOX, .interpolation = IMAGE_FIT_BICUBIC}};
    const struct image_limits limits = {
        .max_pixels = 1 << 18, .apply_exif = true, .jpeg_scale = (enum image_jpeg_scale)(size % 3)};
    uint8_t a[SIDE * SIDE * 3], b[SIDE * SIDE * 3];
    struct error err;
    double aspect;

    const struct image_fit *f = &fit[size / 3 % 3];
    enum status status = image_decode_resized(a, &aspect, f, data, size, &limits, &err);
    fuzz_check_error(status, &err);
    if (status != STATUS_OK)
        return;
    FUZZ_MUST(aspect > 0);
    FUZZ_MUST(image_decode_resized(b, NULL, f, data, size, &limits, &err) == STATUS_OK);
    FUZZ_MUST(memcmp(a, b, sizeof a) == 0);
}

#endif
