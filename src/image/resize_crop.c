/* Bilinear: the two inner loops of image/resize, over rows that are all in memory. Mirroring is in
 * the order of the filters' results and costs nothing. Bicubic is mirrored afterwards. */
#include "image/resize_crop.h"

#include "image/resize_stb.h"
#include "image/resize_sweep.h"

#include <string.h>

enum { BLOCK = 16 }; /* bytes that resize_sweep_down takes at a time */

static void lay_out_filter(struct resize_filter *f, int taps, int side, struct arena *a)
{
    size_t n = (size_t)side;

    f->taps = taps;
    f->first = arena_take(a, n, sizeof *f->first);
    f->end = arena_take(a, n, sizeof *f->end);
    f->weight = arena_take(a, n * (size_t)taps, sizeof *f->weight);
}

void resize_crop_lay_out(struct resize_crop *c, int side_in, int side_out,
                         enum image_fit_interpolation interpolation, struct arena *a)
{
    int taps = resize_filter_taps((double)side_in / side_out); /* no box is larger */
    size_t row_bytes = 3 * (size_t)side_in;

    c->side_in = side_in;
    c->side_out = side_out;
    c->interpolation = interpolation;
    if (interpolation == IMAGE_FIT_BICUBIC)
        return;
    lay_out_filter(&c->down, taps, side_out, a);
    lay_out_filter(&c->across, taps, side_out, a);
    c->tap = arena_take(a, (size_t)taps, sizeof *c->tap);
    c->line = arena_take(a, row_bytes + RESIZE_SWEEP_SPARE, sizeof *c->line);
}

/* The bytes of a row that the walk across will read. */
static void find_bytes(size_t *begin, size_t *end, const struct resize_filter *across, int side)
{
    int first = across->first[0], last = across->end[0];

    for (int o = 1; o < side; o++) {
        first = across->first[o] < first ? across->first[o] : first;
        last = across->end[o] > last ? across->end[o] : last;
    }
    *begin = 3 * (size_t)first;
    *end = 3 * (size_t)last;
}

/* line[at..at+n) of result row o; n is a multiple of BLOCK. */
static void sweep_bytes(struct resize_crop *c, const uint8_t *in, int o, size_t at, size_t n)
{
    const struct resize_filter *down = &c->down;
    size_t row_bytes = 3 * (size_t)c->side_in;
    int rows = down->end[o] - down->first[o], taps = rows + rows % 2;

    /* An odd last tap is followed by one of weight zero: any row will do. */
    for (int t = 0; t < taps; t++)
        c->tap[t] = in + (size_t)(down->first[o] + (t < rows ? t : 0)) * row_bytes + at;
    resize_sweep_down(c->line + at, c->tap, down->weight + (size_t)o * (size_t)down->taps, taps, n);
}

static void run_bilinear(uint8_t *out, const uint8_t *in, const struct resize_crop_box *box,
                         struct resize_crop *c)
{
    size_t begin, end;

    resize_filter_fill(&c->down, c->side_in, box->y, box->height, c->side_out, box->mirrored_y);
    resize_filter_fill(&c->across, c->side_in, box->x, box->width, c->side_out, box->mirrored_x);
    find_bytes(&begin, &end, &c->across, c->side_out);
    size_t rest = (end - begin) % BLOCK;
    for (int o = 0; o < c->side_out; o++) {
        sweep_bytes(c, in, o, begin, end - begin - rest);
        /* The last block overlaps the one before, rather than run beyond the image. */
        if (rest > 0)
            sweep_bytes(c, in, o, end > BLOCK ? end - BLOCK : 0, BLOCK);
        resize_sweep_across(out + 3 * (size_t)o * (size_t)c->side_out, c->line, &c->across,
                            c->side_out);
    }
}

static void swap_pixels(uint8_t *a, uint8_t *b, size_t n_bytes)
{
    for (size_t i = 0; i < n_bytes; i++) {
        uint8_t moved = a[i];

        a[i] = b[i];
        b[i] = moved;
    }
}

static void mirror(uint8_t *rgb, int side, bool left_right, bool top_bottom)
{
    size_t row_bytes = 3 * (size_t)side;

    for (int y = 0; left_right && y < side; y++)
        for (int x = 0; x < side / 2; x++)
            swap_pixels(rgb + (size_t)y * row_bytes + 3 * x,
                        rgb + (size_t)y * row_bytes + 3 * (side - 1 - x), 3);
    for (int y = 0; top_bottom && y < side / 2; y++)
        swap_pixels(rgb + (size_t)y * row_bytes, rgb + (size_t)(side - 1 - y) * row_bytes,
                    row_bytes);
}

static enum status run_bicubic(uint8_t *out, const uint8_t *in, const struct resize_crop_box *box,
                               const struct resize_crop *c, struct error *err)
{
    const struct resize_target target = {
        .box = {box->x, box->y, box->width, box->height},
        .rgb = out,
        .row_bytes = 3 * (size_t)c->side_out,
        .width = c->side_out,
        .height = c->side_out,
    };
    bool whole = box->width == c->side_in && box->height == c->side_in;

    if (whole && c->side_in == c->side_out)
        memcpy(out, in, (size_t)c->side_out * target.row_bytes);
    else if (resize_stb(&target, in, c->side_in, c->side_in, err) != STATUS_OK)
        return err->status;
    mirror(out, c->side_out, box->mirrored_x, box->mirrored_y);
    return STATUS_OK;
}

enum status resize_crop_run(uint8_t *out, const uint8_t *in, const struct resize_crop_box *box,
                            struct resize_crop *c, struct error *err)
{
    if (c->interpolation == IMAGE_FIT_BICUBIC)
        return run_bicubic(out, in, box, c, err);
    run_bilinear(out, in, box, c);
    return STATUS_OK;
}
