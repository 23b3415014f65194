/* In the hexcone a colour's largest channel is V, its smallest V - C, and the third moves between
 * them: up in even sixths of the circle, down in odd ones. Hue times C is a whole number of grey
 * levels, so nothing is divided but to find the sixth, and only the third channel is rounded. */
#include "data/augment_colour.h"

enum { SIXTHS = 6 };

/* Which channel is the largest, the third and the smallest in each sixth. */
static const unsigned char largest[SIXTHS] = {0, 1, 1, 2, 2, 0};
static const unsigned char third[SIXTHS] = {1, 0, 2, 1, 0, 2};
static const unsigned char smallest[SIXTHS] = {2, 2, 0, 0, 1, 1};

/* Hue in sixths of the circle, 0..6, times the chroma. */
static int scaled_hue(const uint8_t *pixel, int value, int chroma)
{
    int red = pixel[0], green = pixel[1], blue = pixel[2];

    if (value == red)
        return green >= blue ? green - blue : SIXTHS * chroma + green - blue;
    return value == green ? 2 * chroma + blue - red : 4 * chroma + red - green;
}

static void turn_pixel(uint8_t *pixel, float sixths, const float share[256])
{
    int value = pixel[0], least = pixel[0];

    for (int c = 1; c < 3; c++) {
        value = pixel[c] > value ? pixel[c] : value;
        least = pixel[c] < least ? pixel[c] : least;
    }
    if (value == least) /* grey has no hue */
        return;
    int chroma = value - least;
    float hue = (float)scaled_hue(pixel, value, chroma) + sixths * (float)chroma;
    float circle = (float)(SIXTHS * chroma);
    hue = hue < 0 ? hue + circle : hue >= circle ? hue - circle : hue;
    int sixth = (int)(hue * share[chroma]);
    sixth = sixth < SIXTHS ? sixth : SIXTHS - 1;
    int up = (int)(hue - (float)(sixth * chroma) + 0.5F);
    up = up < chroma ? up : chroma;
    pixel[largest[sixth]] = (uint8_t)value;
    pixel[third[sixth]] = (uint8_t)(sixth % 2 ? value - up : least + up);
    pixel[smallest[sixth]] = (uint8_t)least;
}

void augment_colour_turn_hue(uint8_t *rgb, size_t n_pixels, double turns)
{
    float share[256]; /* 1 / chroma */

    for (int chroma = 1; chroma < 256; chroma++)
        share[chroma] = 1 / (float)chroma;
    for (size_t i = 0; i < n_pixels; i++)
        turn_pixel(rgb + 3 * i, (float)(SIXTHS * turns), share);
}
