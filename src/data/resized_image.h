/* An image made square, as it is decoded, kept in a cache and handed on. */
#ifndef DATA_RESIZED_IMAGE_H
#define DATA_RESIZED_IMAGE_H

#include <stddef.h>
#include <stdint.h>

enum {
    RESIZED_IMAGE_16_BIT = 1, /* of 16 bits for a sample */
    RESIZED_IMAGE_SEVERAL = 2 /* animated, or of several pages */
};

struct resized_image {
    double aspect;    /* width / height that the image had, upright */
    uint64_t content; /* of the file's bytes (base/hash): equal for copies */
    uint64_t traits;  /* of the file: RESIZED_IMAGE_ added up */
    uint8_t rgb[];    /* [side, side, 3] */
};

static inline size_t resized_image_bytes(int side)
{
    return offsetof(struct resized_image, rgb) + (size_t)side * (size_t)side * 3;
}

#endif
