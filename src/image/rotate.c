/* Along a row of results the source moves by the same step for each pixel: places are counted in
 * 2^-32 of a pixel, so that after a whole row they are still right to 2^-17. Weights have 10 bits,
 * which keeps the product of two of them and a byte within 32. */
#include "image/rotate.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

enum { PLACE_BITS = 32, WEIGHT_BITS = 10, ONE = 1 << WEIGHT_BITS };

static int64_t to_place(double pixels)
{
    return llround(pixels * 0x1p32);
}

/* Where a place lies between two neighbours of one row or column; `later` counts so much of ONE.
 * The image's edge is its own neighbour. */
struct between {
    int pixel, next;
    uint32_t later;
};

/* place is of a pixel's corner: its middle lies half a pixel further on. */
static struct between find(int64_t place, int side)
{
    int64_t at = place - ((int64_t)1 << (PLACE_BITS - 1));
    int64_t rounded =
        (at + ((int64_t)1 << (PLACE_BITS - WEIGHT_BITS - 1))) >> (PLACE_BITS - WEIGHT_BITS);
    int pixel = (int)(rounded >> WEIGHT_BITS);

    return (struct between){
        .pixel = pixel < 0 ? 0 : pixel,
        .next = pixel + 1 < side ? pixel + 1 : side - 1,
        .later = (uint32_t)rounded & (ONE - 1),
    };
}

static void blend(uint8_t *out, const uint8_t *in, size_t row_bytes, const struct between *x,
                  const struct between *y)
{
    const uint8_t *above = in + (size_t)y->pixel * row_bytes;
    const uint8_t *below = in + (size_t)y->next * row_bytes;
    size_t left = 3 * (size_t)x->pixel, right = 3 * (size_t)x->next;

    for (size_t c = 0; c < 3; c++) {
        uint32_t top = above[left + c] * (ONE - x->later) + above[right + c] * x->later;
        uint32_t bottom = below[left + c] * (ONE - x->later) + below[right + c] * x->later;
        uint32_t sum = top * (ONE - y->later) + bottom * y->later;

        out[c] = (uint8_t)((sum + ONE * ONE / 2) >> (2 * WEIGHT_BITS));
    }
}

void rotate_run(uint8_t *restrict out, const uint8_t *restrict in, int side, double degrees)
{
    const double pi = 3.14159265358979323846;
    double cosine = cos(degrees * pi / 180), sine = sin(degrees * pi / 180), middle = side / 2.0;
    int64_t end = (int64_t)side << PLACE_BITS, right = to_place(cosine), down = to_place(sine);
    size_t row_bytes = 3 * (size_t)side;

    for (int row = 0; row < side; row++) {
        double dx = 0.5 - middle, dy = row + 0.5 - middle;
        int64_t x = to_place(middle + cosine * dx - sine * dy);
        int64_t y = to_place(middle + sine * dx + cosine * dy);

        for (int column = 0; column < side; column++, x += right, y += down, out += 3) {
            if (x < 0 || x >= end || y < 0 || y >= end) {
                memset(out, 0, 3);
                continue;
            }
            struct between across = find(x, side), along = find(y, side);
            blend(out, in, row_bytes, &across, &along);
        }
    }
}
