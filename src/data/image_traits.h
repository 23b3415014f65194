/* What an image file tells besides its pixels, for data/data_check. */
#ifndef DATA_IMAGE_TRAITS_H
#define DATA_IMAGE_TRAITS_H

#include "data/resized_image.h"

#include <stdbool.h>
#include <stdint.h>

/* All zero: not known. */
struct image_traits {
    uint64_t content;   /* as in struct resized_image */
    float aspect;       /* width / height, upright */
    uint8_t brightest;  /* the largest byte of the resized image; of 16 bits alone */
    bool is_one_colour; /* as resized: what a network would see */
    bool is_16_bit, is_several, is_known; /* is_several: animated, or of several pages */
};

struct image_traits image_traits_of(const struct resized_image *image, int side);

#endif
