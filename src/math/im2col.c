/* Runs of neighbouring taps are contiguous in NHWC, so the inside of the image is copied run by
 * run; that of a slice of a wider one pixel by pixel. */
#include "math/im2col.h"

#include <stddef.h>
#include <string.h>

/* Pixel by pixel, zeros outside of the row. */
static void copy_pixels(float *out, const float *row, int first, int n,
                        const struct im2col_shape *s)
{
    size_t channels = (size_t)s->channels;
    for (int w = first; w < first + n; w++, out += channels) {
        if (w < 0 || w >= s->width)
            memset(out, 0, channels * sizeof *out);
        else
            memcpy(out, row + (size_t)w * (size_t)s->pitch, channels * sizeof *out);
    }
}

void im2col(float *col, const float *source, const struct im2col_shape *s, int first_row,
            int n_rows)
{
    size_t channels = (size_t)s->channels, pitch = (size_t)s->pitch,
           row_floats = (size_t)s->width * pitch;
    for (int r = first_row; r < first_row + n_rows; r++) {
        for (int p = 0; p < s->out_width; p++) {
            for (int i = 0; i < s->n_runs; i++) {
                const struct im2col_run *run = &s->run[i];
                int h = r * s->step + run->dh, w = p * s->step + run->dw;
                size_t n = (size_t)run->n * channels;
                const float *row = h < 0 || h >= s->height ? NULL : source + (size_t)h * row_floats;
                if (!row)
                    memset(col, 0, n * sizeof *col);
                else if (w < 0 || w + run->n > s->width || (pitch != channels && run->n > 1))
                    copy_pixels(col, row, w, run->n, s);
                else
                    memcpy(col, row + (size_t)w * pitch, n * sizeof *col);
                col += n;
            }
        }
    }
}
