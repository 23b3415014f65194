/* The variance is n * sum of squares - sum^2, over n^2: whole numbers, in 128 bits, so that nothing
 * cancels and "the same everywhere" is exactly zero. */
#include "data/colour_sums.h"

#include <math.h>

enum { BLOCK = 1 << 15 }; /* pixels whose squares, of at most 255^2 each, fit 32 bits in sum */

static void add_block(struct colour_sums *s, const uint8_t *rgb, size_t n_pixels)
{
    uint32_t sum[3] = {0}, squares[3] = {0};

    for (size_t i = 0; i < n_pixels; i++) {
        for (int c = 0; c < 3; c++) {
            uint32_t byte = rgb[3 * i + (size_t)c];
            sum[c] += byte;
            squares[c] += byte * byte;
        }
    }
    for (int c = 0; c < 3; c++) {
        s->sum[c] += sum[c];
        s->squares[c] += squares[c];
    }
}

void colour_sums_add(struct colour_sums *s, const uint8_t *rgb, size_t n_pixels)
{
    s->n_pixels += n_pixels;
    for (; n_pixels > BLOCK; n_pixels -= BLOCK, rgb += 3 * (size_t)BLOCK)
        add_block(s, rgb, BLOCK);
    add_block(s, rgb, n_pixels);
}

void colour_sums_merge(struct colour_sums *s, const struct colour_sums *other)
{
    s->n_pixels += other->n_pixels;
    for (int c = 0; c < 3; c++) {
        s->sum[c] += other->sum[c];
        s->squares[c] += other->squares[c];
    }
}

bool colour_sums_mean_std(float mean[3], float std[3], const struct colour_sums *s)
{
    double n = (double)s->n_pixels;
    unsigned __int128 spread[3]; /* n^2 times the variance of the bytes */

    for (int c = 0; c < 3; c++) {
        spread[c] = (unsigned __int128)s->n_pixels * s->squares[c] -
                    (unsigned __int128)s->sum[c] * s->sum[c];
        if (spread[c] == 0)
            return false;
    }
    for (int c = 0; c < 3; c++) {
        mean[c] = (float)((double)s->sum[c] / n / 255);
        std[c] = (float)(sqrt((double)spread[c]) / n / 255);
    }
    return true;
}
