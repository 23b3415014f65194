/* Mean and standard deviation of the colours of many images, from exact sums of bytes: in
 * whatever order, and by however many threads, images are added, the result has the same bits. */
#ifndef DATA_COLOUR_SUMS_H
#define DATA_COLOUR_SUMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of channels R, G, B. 64 bits hold the squares of 2.8e14 pixels: a million images of 4096 x 4096
 * are 1.7e13. */
struct colour_sums {
    uint64_t n_pixels, sum[3], squares[3];
};

/* rgb [n_pixels, 3] more. */
void colour_sums_add(struct colour_sums *s, const uint8_t *rgb, size_t n_pixels);
void colour_sums_merge(struct colour_sums *s, const struct colour_sums *other);
/* Over all pixels, as shares of 255: what loader_options.mean and std take. std divides by the
 * number of pixels. false, with nothing written, when a channel has the same value everywhere (or
 * there is no pixel): no number can divide it then. */
bool colour_sums_mean_std(float mean[3], float std[3], const struct colour_sums *s);

#endif
