/* A picture made square, as it is decoded, kept in a cache and handed on. */
#ifndef DATA_SQUARE_H
#define DATA_SQUARE_H

#include <stddef.h>
#include <stdint.h>

struct square {
    double aspect;      /* width / height that the picture had, upright */
    uint64_t content;   /* of the file's bytes (base/hash): equal for copies */
    uint64_t is_16_bit; /* 1: a PNG of 16 bits */
    uint8_t rgb[];      /* [side, side, 3] */
};

static inline size_t square_bytes(int side)
{
    return offsetof(struct square, rgb) + (size_t)side * (size_t)side * 3;
}

#endif
