/* First down, then across: while the rows are large, each byte of them costs one multiplication for
 * each of the two results that it belongs to, side by side in memory; what remains for the walk
 * across is `side` rows.
 *
 * Own code in place of stb_image_resize, which needs the image as a whole and takes 6 to 8 times
 * as long; the tests hold both next to each other. */
#include "image/resize.h"

#include "base/memory.h"
#include "image/resize_filter.h"
#include "image/resize_sweep.h"

#include <stdlib.h>
#include <string.h>

struct resize {
    struct resize_filter down, across;
    struct resize_target target;
    size_t row_bytes;    /* of a row in `ring`, padded for resize_sweep_down */
    uint8_t *ring;       /* [down.taps, row_bytes]: image row y is at y % down.taps */
    const uint8_t **tap; /* [down.taps] the rows under the filter */
    int16_t *line;       /* [row_bytes + RESIZE_SWEEP_SPARE] one result of the walk down */
    int n_in, n_out;     /* rows that came in, rows that are written */
};

static enum status allocate(struct resize *r, int width, int height, struct error *err)
{
    const struct resize_target *t = &r->target;
    const char *what = "rows to resize";

    if (resize_filter_create(&r->down, height, t->box.y, t->box.height, t->height, err) !=
            STATUS_OK ||
        resize_filter_create(&r->across, width, t->box.x, t->box.width, t->width, err) != STATUS_OK)
        return err->status;
    size_t taps = (size_t)r->down.taps;
    r->row_bytes = resize_sweep_padded(3 * (size_t)width);
    r->ring = memory_array(taps, r->row_bytes, what, err);
    r->tap = r->ring ? memory_array(taps, sizeof *r->tap, what, err) : NULL;
    r->line =
        r->tap ? memory_array(r->row_bytes + RESIZE_SWEEP_SPARE, sizeof *r->line, what, err) : NULL;
    return r->line ? STATUS_OK : err->status;
}

enum status resize_check_sides(int width, int height, struct error *err)
{
    if (width > RESIZE_MAX_SIDE || height > RESIZE_MAX_SIDE)
        return error_set(err, "image of %d x %d pixels has a side of more than %d", width, height,
                         RESIZE_MAX_SIDE);
    return STATUS_OK;
}

enum status resize_create(struct resize **out, const struct resize_target *target, int width,
                          int height, struct error *err)
{
    struct resize *r;

    *out = NULL;
    if (resize_check_sides(width, height, err) != STATUS_OK)
        return err->status;
    r = memory_array(1, sizeof *r, "rows to resize", err);
    if (!r)
        return err->status;
    r->target = *target;
    if (allocate(r, width, height, err) != STATUS_OK) {
        resize_destroy(r);
        return err->status;
    }
    *out = r;
    return STATUS_OK;
}

static uint8_t *ring_row(struct resize *r, int y)
{
    return r->ring + (size_t)(y % r->down.taps) * r->row_bytes;
}

uint8_t *resize_row(struct resize *r)
{
    return ring_row(r, r->n_in);
}

/* A result's rows are all in the ring when its last one has come: no result needs more than the
 * ring holds, and later results begin at the same row or below. */
void resize_push(struct resize *r)
{
    const struct resize_filter *down = &r->down;

    r->n_in++;
    for (; r->n_out < r->target.height && down->end[r->n_out] <= r->n_in; r->n_out++) {
        int o = r->n_out, last = down->end[o] - 1;

        /* Beyond its end the weights are zero, and any row will do. */
        for (int t = 0; t < down->taps; t++) {
            int y = down->first[o] + t;

            r->tap[t] = ring_row(r, y < last ? y : last);
        }
        resize_sweep_down(r->line, r->tap, down->weight + (size_t)o * (size_t)down->taps,
                          down->end[o] - down->first[o], r->row_bytes);
        resize_sweep_across(r->target.rgb + (size_t)o * r->target.row_bytes, r->line, &r->across,
                            r->target.width);
    }
}

void resize_destroy(struct resize *r)
{
    if (!r)
        return;
    resize_filter_free(&r->down);
    resize_filter_free(&r->across);
    free(r->ring);
    free((void *)r->tap);
    free(r->line);
    free(r);
}

enum status resize_bilinear(uint8_t *out, int size_out, const struct image *in, struct error *err)
{
    size_t row_bytes = 3 * (size_t)in->width;
    const struct resize_target target = {
        .box = {.width = in->width, .height = in->height},
        .rgb = out,
        .row_bytes = 3 * (size_t)size_out,
        .width = size_out,
        .height = size_out,
    };
    struct resize *r;

    if (resize_create(&r, &target, in->width, in->height, err) != STATUS_OK)
        return err->status;
    for (int y = 0; y < in->height; y++) {
        memcpy(resize_row(r), in->rgb + (size_t)y * row_bytes, row_bytes);
        resize_push(r);
    }
    resize_destroy(r);
    return STATUS_OK;
}
