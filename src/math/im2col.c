/* Runs of neighbouring taps are contiguous in NHWC, so the inside of the picture is copied run by
 * run. */
#include "math/im2col.h"

#include <stddef.h>
#include <string.h>

static void copy_clipped(float *out, const float *row, int first, int n,
                         const struct im2col_shape *s)
{
    for (int i = 0; i < n; i++) {
        int w = first + i;
        if (w < 0 || w >= s->width)
            memset(out + (size_t)i * s->channels, 0, sizeof(float) * s->channels);
        else
            memcpy(out + (size_t)i * s->channels, row + (size_t)w * s->channels,
                   sizeof(float) * s->channels);
    }
}

void im2col(float *col, const float *source, const struct im2col_shape *s, int first_row,
            int n_rows)
{
    size_t row_floats = (size_t)s->width * s->channels;
    for (int r = first_row; r < first_row + n_rows; r++) {
        for (int p = 0; p < s->out_width; p++) {
            for (int i = 0; i < s->n_runs; i++) {
                const struct im2col_run *run = &s->run[i];
                int h = r * s->step + run->dh, w = p * s->step + run->dw;
                size_t n = (size_t)run->n * s->channels;
                if (h < 0 || h >= s->height)
                    memset(col, 0, sizeof(float) * n);
                else if (w < 0 || w + run->n > s->width)
                    copy_clipped(col, source + h * row_floats, w, run->n, s);
                else
                    memcpy(col, source + h * row_floats + (size_t)w * s->channels,
                           sizeof(float) * n);
                col += n;
            }
        }
    }
}
