/* What an image file tells besides its pixels, for data/data_check. */
#ifndef DATA_IMAGE_FACTS_H
#define DATA_IMAGE_FACTS_H

#include "data/square.h"

#include <stdbool.h>
#include <stdint.h>

/* All zero: not known. */
struct image_facts {
    uint64_t content;   /* as in struct square */
    float aspect;       /* width / height, upright */
    uint8_t brightest;  /* the largest byte of the resized image; of 16 bits alone */
    bool is_one_colour; /* as resized: what a network would see */
    bool is_16_bit, is_known;
};

struct image_facts image_facts_of(const struct square *image, int side);

#endif
