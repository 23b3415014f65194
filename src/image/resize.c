/* stb_image_resize 0.97 with the triangle filter, its implementation compiled in here.
 *
 * Debian's libstb.so must not be used: it keeps the assertions, and one of them (a sum of weights
 * below 1.1) fails and aborts the program for many source sides between 521 and 699 pixels at 448
 * out, where the result is right all the same (tests/unit/image/test_resize.c). */
#include "image/resize.h"

#include <stddef.h>

#define STBIR_ASSERT(x) ((void)0)
#define STB_IMAGE_RESIZE_IMPLEMENTATION
#define STB_IMAGE_RESIZE_STATIC
#include <stb/stb_image_resize.h>

enum status resize_bilinear(uint8_t *out, int size_out, const struct image *in, struct error *err)
{
    /* The library counts bytes in 32 bits and places in float: both hold up to here. */
    if (in->width > RESIZE_MAX_SIDE || in->height > RESIZE_MAX_SIDE)
        return error_set(err, "picture of %d x %d pixels has a side of more than %d", in->width,
                         in->height, RESIZE_MAX_SIDE);
    if (!stbir_resize_uint8_generic(in->rgb, in->width, in->height, 0, out, size_out, size_out, 0,
                                    3, STBIR_ALPHA_CHANNEL_NONE, 0, STBIR_EDGE_CLAMP,
                                    STBIR_FILTER_TRIANGLE, STBIR_COLORSPACE_LINEAR, NULL))
        return error_set(err, "out of memory: resizing %d x %d pixels to %d x %d", in->width,
                         in->height, size_out, size_out);
    return STATUS_OK;
}
