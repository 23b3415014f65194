/* The header's assertions are switched off: they fail for filters that it applies well. It is
 * included and not linked, since Debian's compiled library keeps them. */
#include "image/resize_stb.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>

static void *take(size_t n, size_t *missing)
{
    void *memory = malloc(n);

    if (!memory)
        *missing = n;
    return memory;
}

#define STBIR_ASSERT(x) ((void)0)
/* The context is what this file hands to the library: where to note how much was missing. */
#define STBIR_MALLOC(size, context) take(size, context)
#define STBIR_FREE(memory, context) ((void)(context), free(memory))
#define STB_IMAGE_RESIZE_IMPLEMENTATION
#define STB_IMAGE_RESIZE_STATIC
#include <stb/stb_image_resize.h>

enum { REACH = 2 }; /* of the spline, in pixels of the source, or of the target where it shrinks */

/* The pixels that results may be made of, and one more: the library walks through all that it is
 * given, and counts places in floats. */
static void find_span(int *first, int *end, double start, double extent, int n_in, int n_out)
{
    double reach = REACH * fmax(extent / n_out, 1) + 1;

    *first = (int)fmax(floor(start - reach), 0);
    *end = (int)fmin(ceil(start + extent + reach), n_in);
}

enum status resize_stb(const struct resize_target *target, const uint8_t *in, int width, int height,
                       struct error *err)
{
    const struct resize_box *box = &target->box;
    double x_scale = target->width / box->width, y_scale = target->height / box->height;
    size_t row_bytes = 3 * (size_t)width, missing = 0;
    int left, right, top, bottom;

    find_span(&left, &right, box->x, box->width, width, target->width);
    find_span(&top, &bottom, box->y, box->height, height, target->height);
    if (row_bytes * (size_t)(bottom - top) > INT_MAX)
        return error_set(err, "image of %d x %d pixels is too large for bicubic interpolation",
                         width, height);
    if (stbir_resize_subpixel(
            in + (size_t)top * row_bytes + 3 * (size_t)left, right - left, bottom - top,
            (int)row_bytes, target->rgb, target->width, target->height, (int)target->row_bytes,
            STBIR_TYPE_UINT8, 3, STBIR_ALPHA_CHANNEL_NONE, 0, STBIR_EDGE_CLAMP, STBIR_EDGE_CLAMP,
            STBIR_FILTER_CATMULLROM, STBIR_FILTER_CATMULLROM, STBIR_COLORSPACE_LINEAR, &missing,
            (float)x_scale, (float)y_scale, (float)((box->x - left) * x_scale),
            (float)((box->y - top) * y_scale)))
        return STATUS_OK;
    return missing > 0 ? error_memory(err, missing, "a bicubic resize")
                       : error_set(err, "image of %d x %d pixels cannot be resized", width, height);
}
