#include "image/resize_filter.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A triangle filter; both fields in pixels of the source. */
struct triangle {
    double centre, reach;
};

static struct triangle triangle_of(int o, double start, double scale)
{
    return (struct triangle){.centre = start + (o + 0.5) * scale, .reach = scale > 1 ? scale : 1};
}

static void find_pixels(int *first, int *end, const struct triangle *t, int n_in)
{
    int from = (int)(t->centre - t->reach + 0.5), to = (int)(t->centre + t->reach + 0.5);

    *first = from > 0 ? from : 0;
    *end = to < n_in ? to : n_in;
}

static double height_at(const struct triangle *t, int pixel)
{
    double height = 1 - fabs(pixel + 0.5 - t->centre) / t->reach;

    return height > 0 ? height : 0;
}

/* What is rounded is the sum so far, not each weight: so they add up exactly, and even thousands of
 * tiny ones stay right on the average. */
static void fill_weights(int16_t *weight, const struct triangle *t, int first, int end)
{
    double total = 0, sum = 0;
    int given = 0;

    for (int x = first; x < end; x++)
        total += height_at(t, x);
    for (int x = first; x < end; x++) {
        sum += height_at(t, x);
        int until = x == end - 1 ? RESIZE_FILTER_ONE : (int)(sum / total * RESIZE_FILTER_ONE + 0.5);
        weight[x - first] = (int16_t)(until - given);
        given = until;
    }
}

/* From a centre less its reach to the centre plus its reach. */
int resize_filter_taps(double scale)
{
    int most = (int)(2 * (scale > 1 ? scale : 1)) + 1;

    return most + most % 2;
}

void resize_filter_fill(struct resize_filter *f, int n_in, double start, double extent, int n_out,
                        bool mirrored)
{
    double scale = extent / n_out;
    size_t taps = (size_t)f->taps;

    f->most = 0;
    for (int o = 0; o < n_out; o++) {
        struct triangle t = triangle_of(o, start, scale);
        int at = mirrored ? n_out - 1 - o : o;
        int16_t *weight = f->weight + (size_t)at * taps;

        find_pixels(&f->first[at], &f->end[at], &t, n_in);
        memset(weight, 0, taps * sizeof *weight);
        fill_weights(weight, &t, f->first[at], f->end[at]);
        f->most = f->end[at] - f->first[at] > f->most ? f->end[at] - f->first[at] : f->most;
    }
}

enum status resize_filter_create(struct resize_filter *f, int n_in, double start, double extent,
                                 int n_out, struct error *err)
{
    const char *what = "weights of a resize";
    size_t n = (size_t)n_out;

    *f = (struct resize_filter){.taps = resize_filter_taps(extent / n_out)};
    f->first = memory_array(n, sizeof *f->first, what, err);
    f->end = f->first ? memory_array(n, sizeof *f->end, what, err) : NULL;
    f->weight = f->end ? memory_array(n, (size_t)f->taps * sizeof *f->weight, what, err) : NULL;
    if (!f->weight) {
        resize_filter_free(f);
        return err->status;
    }
    resize_filter_fill(f, n_in, start, extent, n_out, false);
    return STATUS_OK;
}

void resize_filter_free(struct resize_filter *f)
{
    free(f->first);
    free(f->end);
    free(f->weight);
    *f = (struct resize_filter){0};
}
