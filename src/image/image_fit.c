#include "image/image_fit.h"

#include <math.h>
#include <string.h>

/* What an aspect ratio that was rounded to a double may be away from the exact one, times a side;
 * sides below 2^20 that are no whole number are farther from one. */
#define TOLERANCE 1e-9

const char *const image_fit_resize_name[3] = {"squash", "crop", "letterbox"};
const char *const image_fit_interpolation_name[2] = {"bilinear", "bicubic"};

int image_fit_short_side(const struct image_fit *fit)
{
    /* A fraction is a decimal number of some digits: 224 / 0.965517242 is meant to be 232. */
    return (int)floor(fit->size / fit->crop_fraction + 1e-4);
}

bool image_fit_equal(const struct image_fit *a, const struct image_fit *b)
{
    return a->size == b->size && a->resize == b->resize && a->interpolation == b->interpolation &&
           (a->resize != IMAGE_FIT_CROP || image_fit_short_side(a) == image_fit_short_side(b));
}

/* Rounds half to even, as Python's round() does. */
static int round_to_even(double value)
{
    double below = floor(value), rest = value - below;

    if (fabs(rest - 0.5) < TOLERANCE)
        return (int)(below + fmod(fabs(below), 2));
    return (int)(rest < 0.5 ? below : below + 1);
}

/* Like a very long side, its product with the square's side fits in an int: both are below 2^20 or
 * the resize refuses the image. */
static int long_side(int short_side, double ratio)
{
    return (int)fmin(floor(short_side * ratio + TOLERANCE), 1 << 30);
}

static int side_in_letterbox(int size, double share)
{
    int side = round_to_even(size * share);

    return side < 1 ? 1 : side;
}

struct image_fit_place image_fit_whole(const struct image_fit *fit, double aspect)
{
    struct image_fit_place p = {.width = fit->size, .height = fit->size};

    if (fit->resize == IMAGE_FIT_SQUASH)
        return p;
    if (fit->resize == IMAGE_FIT_CROP) {
        int short_side = image_fit_short_side(fit);

        p.width = aspect > 1 ? long_side(short_side, aspect) : short_side;
        p.height = aspect > 1 ? short_side : long_side(short_side, 1 / aspect);
        p.x = -round_to_even((p.width - fit->size) / 2.0);
        p.y = -round_to_even((p.height - fit->size) / 2.0);
        return p;
    }
    if (aspect > 1)
        p.height = side_in_letterbox(fit->size, 1 / aspect);
    else
        p.width = side_in_letterbox(fit->size, aspect);
    p.x = round_to_even((fit->size - p.width) / 2.0);
    p.y = round_to_even((fit->size - p.height) / 2.0);
    return p;
}

static void clip(int *start, int *length, int size)
{
    int end = *start + *length < size ? *start + *length : size;

    *start = *start > 0 ? *start : 0;
    *length = end - *start;
}

struct image_fit_place image_fit_shown(const struct image_fit *fit, double aspect)
{
    struct image_fit_place p = image_fit_whole(fit, aspect);

    clip(&p.x, &p.width, fit->size);
    clip(&p.y, &p.height, fit->size);
    return p;
}

void image_fit_spread_edges(uint8_t *rgb, int size, const struct image_fit_place *place)
{
    size_t row_bytes = 3 * (size_t)size;
    uint8_t *first = rgb + (size_t)place->y * row_bytes;
    uint8_t *last = first + (size_t)(place->height - 1) * row_bytes;

    for (uint8_t *row = first; row <= last; row += row_bytes) {
        for (int x = place->x; x-- > 0;)
            memcpy(row + 3 * x, row + 3 * (x + 1), 3);
        for (int x = place->x + place->width; x < size; x++)
            memcpy(row + 3 * x, row + 3 * (x - 1), 3);
    }
    for (int y = 0; y < place->y; y++)
        memcpy(rgb + (size_t)y * row_bytes, first, row_bytes);
    for (int y = place->y + place->height; y < size; y++)
        memcpy(rgb + (size_t)y * row_bytes, last, row_bytes);
}
