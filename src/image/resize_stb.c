/* The weights are the library's; what it does with them is done here again, in the same order and
 * so with the same bytes, in a fraction of the time: it takes pixel by pixel to the results that
 * they belong to, one colour at a time.
 *
 * The header's assertions are switched off: they fail for filters that it applies well. It is
 * included and not linked, since Debian's compiled library keeps them. */
#include "image/resize_stb.h"

#include "base/memory.h"
#include "image/resize.h"
#include "image/resize_float.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>

#define STBIR_ASSERT(x) ((void)0)
#define STB_IMAGE_RESIZE_IMPLEMENTATION
#define STB_IMAGE_RESIZE_STATIC
#include <stb/stb_image_resize.h>

#define FILTER STBIR_FILTER_CATMULLROM
enum { REACH = 2 }; /* of the spline, in pixels of the source, or of the target where it shrinks */
static const char what[] = "a bicubic resize";

/* ---- one direction ---- */

/* n_out results of n_in pixels, which begin at `start` in the image. */
struct direction {
    int n_in, n_out, start;
    int margin; /* pixels that repeat the edge on either side */
    float scale, shift;
    struct resize_float_filter filter;
};

/* The pixels that results may be made of, and one more: the library counts places in floats. */
static struct direction plan(double start, double extent, int n_in, int n_out)
{
    double reach = REACH * fmax(extent / n_out, 1) + 1, scale = n_out / extent;
    int first = (int)fmax(floor(start - reach), 0);
    int end = (int)fmin(ceil(start + extent + reach), n_in);
    return (struct direction){
        .n_in = end - first,
        .n_out = n_out,
        .start = first,
        .margin = stbir__get_filter_pixel_margin(FILTER, (float)scale),
        .scale = (float)scale,
        .shift = (float)((start - first) * scale),
    };
}

/* As the library has them. Where it enlarges, a part is a result and n0..n1 the pixels that it is
 * made of; else a part is a pixel, the margin's included, and n0..n1 the results that it is in. */
struct weights {
    size_t n, width;
    stbir__contributors *part; /* [n] */
    float *value;              /* [n + 1, width] of n0 and what follows */
};

static void free_weights(struct weights *w)
{
    free(w->part);
    free(w->value);
}

/* Behind the last part there are no zeros, which the library would pass over without end; and it
 * writes there when a part has a weight more than usual, by a rounding. */
static enum status compute_weights(struct weights *w, const struct direction *d, struct error *err)
{
    *w = (struct weights){.n = (size_t)stbir__get_contributors(d->scale, FILTER, d->n_in, d->n_out),
                          .width = (size_t)stbir__get_coefficient_width(FILTER, d->scale)};
    w->part = memory_array(w->n, sizeof *w->part, what, err);
    w->value = w->part ? memory_array(w->n + 1, w->width * sizeof *w->value, what, err) : NULL;
    if (!w->value) {
        free_weights(w);
        return err->status;
    }
    for (size_t i = 0; i < w->width; i++)
        w->value[w->n * w->width + i] = 1;
    stbir__calculate_filters(w->part, w->value, FILTER, d->scale, d->shift, d->n_in, d->n_out);
    return STATUS_OK;
}

static enum status gather_enlarging(struct direction *d, const struct weights *w, struct error *err)
{
    struct resize_float_filter *f = &d->filter;
    int taps = 1;
    for (size_t o = 0; o < w->n; o++) {
        int n = w->part[o].n1 - w->part[o].n0 + 1;
        taps = n > taps ? n : taps;
    }
    if (resize_float_filter_create(f, d->n_out, taps, err) != STATUS_OK)
        return err->status;
    for (size_t o = 0; o < w->n; o++) {
        f->first[o] = w->part[o].n0 + d->margin;
        f->n[o] = w->part[o].n1 - w->part[o].n0 + 1;
        for (int t = 0; t < f->n[o]; t++)
            resize_float_filter_put(f, o, (size_t)t, w->value[o * w->width + (size_t)t]);
    }
    return STATUS_OK;
}

/* Each result is made of neighbouring pixels; first, n [n_out], all n zero before. Returns the
 * largest n. */
static int find_pixels(int *first, int *n, const struct weights *w)
{
    int most = 0;
    for (size_t pixel = 0; pixel < w->n; pixel++)
        for (int o = w->part[pixel].n0; o <= w->part[pixel].n1; o++) {
            first[o] = n[o] > 0 ? first[o] : (int)pixel;
            n[o] = (int)pixel - first[o] + 1;
            most = n[o] > most ? n[o] : most;
        }
    return most;
}

static enum status gather_shrinking(struct direction *d, const struct weights *w, struct error *err)
{
    struct resize_float_filter counted, *f = &d->filter;
    if (resize_float_filter_create(&counted, d->n_out, 1, err) != STATUS_OK)
        return err->status;
    int taps = find_pixels(counted.first, counted.n, w);
    resize_float_filter_free(&counted);
    if (resize_float_filter_create(f, d->n_out, taps, err) != STATUS_OK)
        return err->status;
    find_pixels(f->first, f->n, w);
    for (size_t pixel = 0; pixel < w->n; pixel++)
        for (int o = w->part[pixel].n0; o <= w->part[pixel].n1; o++) {
            size_t t = pixel - (size_t)f->first[o], at = (size_t)(o - w->part[pixel].n0);
            resize_float_filter_put(f, (size_t)o, t, w->value[pixel * w->width + at]);
        }
    return STATUS_OK;
}

static enum status make_filter(struct direction *d, struct error *err)
{
    struct weights w;
    if (compute_weights(&w, d, err) != STATUS_OK)
        return err->status;
    enum status status = stbir__use_upsampling(d->scale) ? gather_enlarging(d, &w, err)
                                                         : gather_shrinking(d, &w, err);
    free_weights(&w);
    return status;
}

/* ---- both ---- */

struct resize_stb {
    struct direction across, down;
    struct resize_target target;
    uint8_t *bytes; /* [width, 3] the next row */
    float *decoded; /* the part of a row that counts, with its margins */
    float
        *ring; /* [down.filter.taps, row]: row y of those that count, resized across, is at y % taps
                */
    size_t row;
    const float **tap; /* [down.filter.taps] the rows of a result */
    int n_in, n_out;   /* rows that came in, of all, and that are written */
};

static enum status allocate(struct resize_stb *r, int width, struct error *err)
{
    const struct direction *a = &r->across;
    size_t taps = (size_t)r->down.filter.taps;
    size_t pixels = (size_t)a->n_in + 2 * (size_t)a->margin + (size_t)a->filter.taps;
    r->row = resize_float_row((size_t)a->n_out);
    r->bytes = memory_array((size_t)width, 3, what, err);
    r->decoded =
        r->bytes ? memory_array(resize_float_row(pixels), sizeof *r->decoded, what, err) : NULL;
    r->ring = r->decoded ? memory_array(taps, r->row * sizeof *r->ring, what, err) : NULL;
    r->tap = r->ring ? memory_array(taps, sizeof *r->tap, what, err) : NULL;
    return r->tap ? STATUS_OK : err->status;
}

enum status resize_stb_create(struct resize_stb **out, const struct resize_target *target,
                              int width, int height, struct error *err)
{
    const struct resize_box *box = &target->box;
    *out = NULL;
    if (resize_check_sides(width, height, err) != STATUS_OK)
        return err->status;
    struct resize_stb *r = memory_array(1, sizeof *r, what, err);
    if (!r)
        return err->status;
    r->target = *target;
    r->across = plan(box->x, box->width, width, target->width);
    r->down = plan(box->y, box->height, height, target->height);
    if (make_filter(&r->across, err) != STATUS_OK || make_filter(&r->down, err) != STATUS_OK ||
        allocate(r, width, err) != STATUS_OK) {
        resize_stb_destroy(r);
        return err->status;
    }
    *out = r;
    return STATUS_OK;
}

uint8_t *resize_stb_row(struct resize_stb *r)
{
    return r->bytes;
}

/* ---- rows ---- */

static float *ring_row(const struct resize_stb *r, int y)
{
    return r->ring + (size_t)(y % r->down.filter.taps) * r->row;
}

/* The row of a tap, which is counted with the margin. */
static int row_of(const struct direction *down, int tap)
{
    int y = tap - down->margin, last = down->n_in - 1;
    return y < 0 ? 0 : y > last ? last : y;
}

static void write_result(struct resize_stb *r, int o)
{
    const struct resize_float_filter *f = &r->down.filter;
    for (int t = 0; t < f->n[o]; t++)
        r->tap[t] = ring_row(r, row_of(&r->down, f->first[o] + t));
    resize_float_down(r->target.rgb + (size_t)o * r->target.row_bytes, r->tap,
                      f->weight + RESIZE_FLOAT_LANES * (size_t)o * (size_t)f->taps, f->n[o],
                      3 * (size_t)r->target.width);
}

/* A result's rows are all in the ring when its last one has come: no result needs more than the
 * ring holds, and later results begin at the same row or below. */
static void take_row(struct resize_stb *r, const uint8_t *in)
{
    const struct resize_float_filter *f = &r->down.filter;
    int y = r->n_in++ - r->down.start;
    if (y < 0 || y >= r->down.n_in)
        return;
    resize_float_decode(r->decoded, in + 3 * (size_t)r->across.start, r->across.n_in,
                        r->across.margin);
    resize_float_across(ring_row(r, y), r->decoded, &r->across.filter, r->target.width);
    while (r->n_out < r->target.height &&
           row_of(&r->down, f->first[r->n_out] + f->n[r->n_out] - 1) <= y)
        write_result(r, r->n_out++);
}

void resize_stb_push(struct resize_stb *r)
{
    take_row(r, r->bytes);
}

void resize_stb_destroy(struct resize_stb *r)
{
    if (!r)
        return;
    resize_float_filter_free(&r->across.filter);
    resize_float_filter_free(&r->down.filter);
    free(r->bytes);
    free(r->decoded);
    free(r->ring);
    free((void *)r->tap);
    free(r);
}

enum status resize_stb(const struct resize_target *target, const uint8_t *in, int width, int height,
                       struct error *err)
{
    struct resize_stb *r;
    if (resize_stb_create(&r, target, width, height, err) != STATUS_OK)
        return err->status;
    for (int y = 0; y < height; y++)
        take_row(r, in + 3 * (size_t)y * (size_t)width);
    resize_stb_destroy(r);
    return STATUS_OK;
}
