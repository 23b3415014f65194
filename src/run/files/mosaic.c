#include "run/files/mosaic.h"

#include "base/memory.h"
#include "image/image.h"
#include "image/resize.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GREY = 128 };

/* As square as it gets: 1x1, 2x1, 2x2, 3x2, 3x3, 4x3, ... */
static void lay_out(struct mosaic *m, int n)
{
    m->columns = (int)ceil(sqrt(n));
    m->rows = (n + m->columns - 1) / m->columns;
    int most = (MOSAIC_MAX_SIDE - MOSAIC_BORDER) / m->columns - MOSAIC_BORDER;
    m->cell = m->size < most ? m->size : most;
    m->width = m->columns * (m->cell + MOSAIC_BORDER) + MOSAIC_BORDER;
    m->height = m->rows * (m->cell + MOSAIC_BORDER) + MOSAIC_BORDER;
}

enum status mosaic_create(struct mosaic *m, int n, int size, const float mean[3],
                          const float std[3], struct error *err)
{
    *m = (struct mosaic){.size = size};
    memcpy(m->mean, mean, sizeof m->mean);
    memcpy(m->std, std, sizeof m->std);
    lay_out(m, n);
    size_t pixels = (size_t)m->width * (size_t)m->height, cell = (size_t)m->cell;
    m->rgb = memory_array(pixels, 3, "an image of the batch", err);
    m->image = memory_array((size_t)size * (size_t)size, 3, "an image of the batch", err);
    m->small = memory_array(cell * cell, 3, "an image of the batch", err);
    if (!m->rgb || !m->image || !m->small)
        return err->status;
    memset(m->rgb, GREY, 3 * pixels);
    return STATUS_OK;
}

void mosaic_free(struct mosaic *m)
{
    free(m->rgb);
    free(m->image);
    free(m->small);
    *m = (struct mosaic){0};
}

/* In double: the rounding of x, half a unit in the last place of a float, is then the only error,
 * and 255 times that stays far below half a grey level. NaN becomes black. */
static uint8_t to_byte(float x, float mean, float std)
{
    double value = ((double)x * std + mean) * 255;

    return value >= 255 ? 255 : value > 0 ? (uint8_t)(value + 0.5) : 0;
}

void mosaic_denormalise(uint8_t *rgb, const float *x, size_t n_pixels, const float mean[3],
                        const float std[3])
{
    for (size_t i = 0; i < n_pixels; i++)
        for (size_t c = 0; c < 3; c++)
            rgb[3 * i + c] = to_byte(x[3 * i + c], mean[c], std[c]);
}

enum status mosaic_put(struct mosaic *m, int cell, const float *x, struct error *err)
{
    const struct image image = {.width = m->size, .height = m->size, .rgb = m->image};
    const uint8_t *from = m->image;
    size_t row_bytes = 3 * (size_t)m->cell;
    int pitch = m->cell + MOSAIC_BORDER;
    int left = MOSAIC_BORDER + cell % m->columns * pitch;
    int top = MOSAIC_BORDER + cell / m->columns * pitch;

    mosaic_denormalise(m->image, x, (size_t)m->size * (size_t)m->size, m->mean, m->std);
    if (m->cell < m->size) {
        enum status status = resize_bilinear(m->small, m->cell, &image, err);
        if (status != STATUS_OK)
            return status;
        from = m->small;
    }
    for (int y = 0; y < m->cell; y++)
        memcpy(m->rgb + 3 * ((size_t)(top + y) * (size_t)m->width + (size_t)left),
               from + (size_t)y * row_bytes, row_bytes);
    return STATUS_OK;
}
