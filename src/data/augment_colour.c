/* Brightness and contrast do the same to each byte, wherever it stands: one table for both, and a
 * pass for the mean. */
#include "data/augment_colour.h"

static uint8_t to_byte(double value)
{
    return value <= 0 ? 0 : value >= 255 ? 255 : (uint8_t)(value + 0.5);
}

/* Of the bytes as the table changes them. Grey is linear: the channels are summed alone. */
static int mean_grey(const uint8_t *rgb, size_t n_pixels, const uint8_t table[256])
{
    uint64_t red = 0, green = 0, blue = 0;

    for (size_t i = 0; i < n_pixels; i++) {
        red += table[rgb[3 * i]];
        green += table[rgb[3 * i + 1]];
        blue += table[rgb[3 * i + 2]];
    }
    return (int)((double)(19595 * red + 38470 * green + 7471 * blue) / 65536 / (double)n_pixels +
                 0.5);
}

void augment_colour_light(uint8_t table[256], const uint8_t *rgb, size_t n_pixels,
                          double brightness, double contrast)
{
    for (int v = 0; v < 256; v++)
        table[v] = to_byte(brightness * v);
    if (contrast == 1)
        return;
    int mean = mean_grey(rgb, n_pixels, table);
    for (int v = 0; v < 256; v++)
        table[v] = to_byte(mean + contrast * (table[v] - mean));
}

void augment_colour_map(uint8_t *rgb, size_t n_pixels, const uint8_t table[256])
{
    for (size_t i = 0; i < 3 * n_pixels; i++)
        rgb[i] = table[rgb[i]];
}

static uint8_t clip(int value)
{
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

/* The factor in 2^-12, which moves a byte by at most 0.03 of a grey level. */
void augment_colour_saturate(uint8_t *rgb, size_t n_pixels, double factor)
{
    const int one = 1 << 12, whole = (int)(factor * one + 0.5);

    for (size_t i = 0; i < n_pixels; i++) {
        uint8_t *pixel = rgb + 3 * i;
        int grey = (19595 * pixel[0] + 38470 * pixel[1] + 7471 * pixel[2] + (1 << 15)) >> 16;
        int rest = one * grey + one / 2 - whole * grey;

        for (int c = 0; c < 3; c++)
            pixel[c] = clip((whole * pixel[c] + rest) >> 12);
    }
}
