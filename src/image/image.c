#include "image/image.h"

#include "base/memory.h"

#include <inttypes.h>
#include <stdlib.h>

const char *const image_jpeg_scale_name[3] = {"auto", "fast", "off"};

enum status image_check_size(int width, int height, const struct image_limits *limits,
                             struct error *err)
{
    int64_t pixels = (int64_t)width * height; /* below 2^62: cannot overflow */

    if (pixels > limits->max_pixels)
        return error_set(err, "image has %d x %d = %" PRId64 " pixels, more than %" PRId64, width,
                         height, pixels, limits->max_pixels);
    return STATUS_OK;
}

enum status image_create(struct image *out, int width, int height, struct error *err)
{
    *out = (struct image){.rgb = memory_array((size_t)width * (size_t)height, 3, "image", err)};
    if (!out->rgb)
        return err->status;
    out->width = width;
    out->height = height;
    return STATUS_OK;
}

void image_free(struct image *image)
{
    free(image->rgb);
    *image = (struct image){0};
}
