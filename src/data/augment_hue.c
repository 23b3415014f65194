/* A channel of a colour of value V, chroma C and hue h, in sixths of the circle, is
 *     V - C clamp(min(k, 4 - k), 0, 1),  k = (h + n) mod 6,  n = 5, 3, 1 for red, green, blue,
 * the hexcone in one line. Times C nothing is divided, h C is a whole number of grey levels before
 * the turn, and grey pixels (C = 0) need no care. */
#include "data/augment_colour.h"

enum { SHIFT = 12, ONE = 1 << SHIFT }; /* fractions of a grey level */

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* h C, 0..6 C. */
static int scaled_hue(int red, int green, int blue, int value, int chroma)
{
    if (value == red)
        return green - blue + (green < blue ? 6 * chroma : 0);
    return value == green ? 2 * chroma + blue - red : 4 * chroma + red - green;
}

/* k C of h C + n C, which is less than 12 C; then the formula. chroma and hue in fractions. */
static uint8_t channel(int value, int chroma, int hue, int n)
{
    int k = hue + n * chroma;

    k -= k >= 6 * chroma ? 6 * chroma : 0;
    int below = smaller(larger(smaller(k, 4 * chroma - k), 0), chroma);
    return (uint8_t)((value * ONE - below + ONE / 2) >> SHIFT);
}

void augment_colour_turn_hue(uint8_t *rgb, size_t n_pixels, double turns)
{
    double sixths = 6 * (turns < 0 ? turns + 1 : turns);
    int turn = (int)(sixths * ONE + 0.5);

    for (uint8_t *pixel = rgb; pixel < rgb + 3 * n_pixels; pixel += 3) {
        int red = pixel[0], green = pixel[1], blue = pixel[2];
        int value = larger(larger(red, green), blue);
        int chroma = value - smaller(smaller(red, green), blue);
        int hue = scaled_hue(red, green, blue, value, chroma) * ONE + turn * chroma;

        chroma *= ONE;
        hue -= hue >= 6 * chroma ? 6 * chroma : 0;
        pixel[0] = channel(value, chroma, hue, 5);
        pixel[1] = channel(value, chroma, hue, 3);
        pixel[2] = channel(value, chroma, hue, 1);
    }
}
