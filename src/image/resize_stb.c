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

struct job {
    struct direction across, down;
    const uint8_t *in; /* the first pixel that counts */
    size_t in_row_bytes;
    float *decoded; /* a row of `in` with its margins */
    float *ring; /* [down.filter.taps, row]: row y of the pixels that count, resized across, is at
                    y % taps */
    size_t row;
    const float **tap; /* [down.filter.taps] */
};

static enum status allocate(struct job *j, struct error *err)
{
    const struct direction *a = &j->across;
    size_t taps = (size_t)j->down.filter.taps;
    size_t pixels = (size_t)a->n_in + 2 * (size_t)a->margin + (size_t)a->filter.taps;
    j->row = resize_float_row((size_t)a->n_out);
    j->decoded = memory_array(resize_float_row(pixels), sizeof *j->decoded, what, err);
    j->ring = j->decoded ? memory_array(taps, j->row * sizeof *j->ring, what, err) : NULL;
    j->tap = j->ring ? memory_array(taps, sizeof *j->tap, what, err) : NULL;
    return j->tap ? STATUS_OK : err->status;
}

static float *ring_row(const struct job *j, int y)
{
    return j->ring + (size_t)(y % j->down.filter.taps) * j->row;
}

/* Of a pixel counted with the margin. */
static int row_of(const struct direction *down, int pixel)
{
    int y = pixel - down->margin, last = down->n_in - 1;
    return y < 0 ? 0 : y > last ? last : y;
}

/* Later results begin at the same row or below. */
static void run(const struct job *j, const struct resize_target *target)
{
    const struct resize_float_filter *f = &j->down.filter;
    int n_resized = 0;
    for (int o = 0; o < target->height; o++) {
        for (int t = 0; t < f->n[o]; t++) {
            int y = row_of(&j->down, f->first[o] + t);
            for (n_resized = n_resized > y ? n_resized : y; n_resized <= y; n_resized++) {
                resize_float_decode(j->decoded, j->in + (size_t)n_resized * j->in_row_bytes,
                                    j->across.n_in, j->across.margin);
                resize_float_across(ring_row(j, n_resized), j->decoded, &j->across.filter,
                                    target->width);
            }
            j->tap[t] = ring_row(j, y);
        }
        resize_float_down(target->rgb + (size_t)o * target->row_bytes, j->tap,
                          f->weight + RESIZE_FLOAT_LANES * (size_t)o * (size_t)f->taps, f->n[o],
                          3 * (size_t)target->width);
    }
}

static enum status resize(struct job *j, const struct resize_target *target, struct error *err)
{
    if (make_filter(&j->across, err) != STATUS_OK || make_filter(&j->down, err) != STATUS_OK ||
        allocate(j, err) != STATUS_OK)
        return err->status;
    run(j, target);
    return STATUS_OK;
}

enum status resize_stb(const struct resize_target *target, const uint8_t *in, int width, int height,
                       struct error *err)
{
    const struct resize_box *box = &target->box;
    size_t row_bytes = 3 * (size_t)width;
    if (resize_check_sides(width, height, err) != STATUS_OK)
        return err->status;
    struct job j = {.across = plan(box->x, box->width, width, target->width),
                    .down = plan(box->y, box->height, height, target->height),
                    .in_row_bytes = row_bytes};
    j.in = in + (size_t)j.down.start * row_bytes + 3 * (size_t)j.across.start;
    enum status status = resize(&j, target, err);
    resize_float_filter_free(&j.across.filter);
    resize_float_filter_free(&j.down.filter);
    free(j.decoded);
    free(j.ring);
    free((void *)j.tap);
    return status;
}
