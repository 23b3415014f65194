/* A row of a TIFF's samples as RGB. Private to image/. */
#ifndef IMAGE_TIFF_SAMPLES_H
#define IMAGE_TIFF_SAMPLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tiff_colours { TIFF_GREY, TIFF_PALETTE, TIFF_RGB, TIFF_CMYK };

struct tiff_samples {
    enum tiff_colours colours;
    unsigned bits;         /* 1, 2, 4, 8 or 16 (in the machine's order) */
    size_t n;              /* samples of a pixel, side by side */
    bool zero_is_white;    /* of grey */
    bool is_premultiplied; /* the sample behind the colours is alpha, by which they were multiplied
                            */
    uint8_t palette[256][3]; /* for each index of so many bits */
};

size_t tiff_samples_colours(const struct tiff_samples *s); /* how many samples make the colour */
void tiff_samples_to_rgb(const struct tiff_samples *s, uint8_t *rgb, const uint8_t *in,
                         size_t width);

#endif
