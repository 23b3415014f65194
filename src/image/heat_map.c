#include "image/heat_map.h"

#include <math.h>
#include <stddef.h>

/* The two map entries beside a pixel's centre, and how far it is from the first to the second. */
struct tap {
    int first, second;
    double share;
};

static struct tap tap_of(int pixel, int size, int n)
{
    double at = (pixel + 0.5) * n / size - 0.5;

    at = at < 0 ? 0 : at > n - 1 ? n - 1 : at;
    int first = (int)at;
    return (struct tap){first, first + 1 < n ? first + 1 : first, at - first};
}

static double positive(float value)
{
    return value > 0 ? (double)value : 0; /* false for NaN */
}

static double largest(const float *map, size_t n)
{
    double most = 0;
    for (size_t i = 0; i < n; i++)
        if (positive(map[i]) > most)
            most = positive(map[i]);
    return isfinite(most) ? most : 0;
}

/* Signed values are enlarged, then cut off at 0: the border of what counts for the class lies where
 * the enlarged map crosses 0. */
static double between(const float *row, struct tap x)
{
    return (double)row[x.first] + x.share * ((double)row[x.second] - (double)row[x.first]);
}

/* A ramp up, a plateau and a ramp down, each a quarter of the scale wide, around `centre`. */
static double trapezoid(double value, double centre)
{
    double high = 1.5 - fabs(4 * value - centre);

    return high < 0 ? 0 : high > 1 ? 1 : high;
}

static uint8_t blend(uint8_t pixel, double colour)
{
    return (uint8_t)((pixel + 255 * colour) / 2 + 0.5);
}

void heat_map_blend(uint8_t *rgb, int size, const float *map, int height, int width)
{
    double most = largest(map, (size_t)height * (size_t)width);

    for (int y = 0; y < size; y++) {
        struct tap down = tap_of(y, size, height);
        const float *above = map + (size_t)down.first * (size_t)width;
        const float *below = map + (size_t)down.second * (size_t)width;
        for (int x = 0; x < size; x++) {
            struct tap across = tap_of(x, size, width);
            double top = between(above, across), bottom = between(below, across);
            double value = top + down.share * (bottom - top);
            double v = value > 0 && most > 0 ? value / most : 0;
            uint8_t *pixel = rgb + 3 * ((size_t)y * (size_t)size + (size_t)x);
            pixel[0] = blend(pixel[0], trapezoid(v, 3));
            pixel[1] = blend(pixel[1], trapezoid(v, 2));
            pixel[2] = blend(pixel[2], trapezoid(v, 1));
        }
    }
}
