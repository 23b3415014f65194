#include "image/tiff_samples.h"

#include <string.h>

size_t tiff_samples_colours(const struct tiff_samples *s)
{
    return s->colours == TIFF_CMYK ? 4 : s->colours == TIFF_RGB ? 3 : 1;
}

/* The i-th of a row: of 16 bits the high byte, of less than 8 the number itself. */
static unsigned sample_at(const struct tiff_samples *s, const uint8_t *in, size_t i)
{
    uint16_t deep;

    if (s->bits == 8)
        return in[i];
    if (s->bits == 16) {
        memcpy(&deep, in + 2 * i, sizeof deep);
        return deep >> 8;
    }
    size_t per_byte = 8 / s->bits;
    size_t shift = 8 - s->bits * (i % per_byte + 1);
    return (unsigned)in[i / per_byte] >> shift & ((1u << s->bits) - 1);
}

/* 255 times the share that a x b has of 255 x 255, rounded; as PIL does it. */
static unsigned product(unsigned a, unsigned b)
{
    unsigned value = a * b + 128;
    return ((value >> 8) + value) >> 8;
}

static void put_colour(const struct tiff_samples *s, uint8_t *rgb, const unsigned v[4])
{
    unsigned most = s->bits < 8 ? (1u << s->bits) - 1 : 255, light;

    switch (s->colours) {
    case TIFF_GREY:
        light = v[0] * 255 / most;
        memset(rgb, (int)(s->zero_is_white ? 255 - light : light), 3);
        break;
    case TIFF_PALETTE:
        memcpy(rgb, s->palette[v[0]], 3);
        break;
    case TIFF_RGB:
        for (size_t c = 0; c < 3; c++)
            rgb[c] = (uint8_t)v[c];
        break;
    case TIFF_CMYK: /* an ink lets through its share of the light that black leaves */
        light = 255 - v[3];
        for (size_t c = 0; c < 3; c++)
            rgb[c] = (uint8_t)(light - product(v[c], light));
        break;
    }
}

static void divide(uint8_t *rgb, unsigned alpha)
{
    for (size_t c = 0; c < 3 && alpha < 255; c++) {
        unsigned value = alpha > 0 ? 255 * rgb[c] / alpha : 0;
        rgb[c] = (uint8_t)(value < 255 ? value : 255);
    }
}

void tiff_samples_to_rgb(const struct tiff_samples *s, uint8_t *rgb, const uint8_t *in,
                         size_t width)
{
    size_t n_colours = tiff_samples_colours(s);

    for (size_t x = 0; x < width; x++, rgb += 3) {
        unsigned v[4] = {0};
        for (size_t c = 0; c < n_colours; c++)
            v[c] = sample_at(s, in, x * s->n + c);
        put_colour(s, rgb, v);
        if (s->is_premultiplied)
            divide(rgb, sample_at(s, in, x * s->n + n_colours));
    }
}
