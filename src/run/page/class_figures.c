#include "run/page/class_figures.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

static const double two_sided_95 = 1.959963984540054; /* of the normal distribution */

void class_figures_count(struct class_figures *out, const struct predictions *p)
{
    for (int c = 0; c < p->classes; c++)
        out[c] = (struct class_figures){0};
    for (int i = 0; i < p->n; i++) {
        out[p->label[i]].support++;
        out[p->predicted[i]].predicted++;
        out[p->label[i]].correct += p->label[i] == p->predicted[i];
    }
    for (int c = 0; c < p->classes; c++) {
        struct class_figures *f = &out[c];
        int both = f->support + f->predicted;
        f->precision = f->predicted > 0 ? (double)f->correct / f->predicted : NAN;
        f->recall = f->support > 0 ? (double)f->correct / f->support : NAN;
        f->f1 = both > 0 ? 2.0 * f->correct / both : NAN;
    }
}

struct column {
    const float *probability; /* of the class, [n] with a stride */
    size_t stride;
};

static float at(const struct column *c, int i)
{
    return c->probability[(size_t)i * c->stride];
}

static int larger_first(const void *a, const void *b, void *context)
{
    int x = *(const int *)a, y = *(const int *)b;
    float p = at(context, x), q = at(context, y);

    if (p != q)
        return p > q ? -1 : 1;
    return (x > y) - (x < y);
}

static int count_images(const struct predictions *p, int class)
{
    int n = 0;

    for (int i = 0; i < p->n; i++)
        n += p->label[i] == class;
    return n;
}

/* Whether the found-th of `total` images of a class is among the points that are kept. */
static bool is_kept(int before, int found, int total)
{
    int most = total < CLASS_FIGURES_CURVE_POINTS ? total : CLASS_FIGURES_CURVE_POINTS;

    return (int64_t)found * most / total > (int64_t)before * most / total;
}

void class_figures_curve(struct class_figures_curve *out, const struct predictions *p, int class,
                         int *order)
{
    struct column column = {p->probability + class, (size_t)p->classes};
    int total = count_images(p, class), found = 0;

    out->n = 0;
    out->average_precision = total > 0 ? 0 : NAN;
    if (total == 0)
        return;
    for (int i = 0; i < p->n; i++)
        order[i] = i;
    qsort_r(order, (size_t)p->n, sizeof *order, larger_first, &column);
    for (int i = 0; i < p->n;) {
        int before = found;
        float threshold = at(&column, order[i]);
        for (; i < p->n && at(&column, order[i]) == threshold; i++)
            found += p->label[order[i]] == class;
        if (found == before)
            continue;
        double precision = (double)found / i;
        out->average_precision += precision * (found - before) / total;
        if (is_kept(before, found, total)) {
            out->recall[out->n] = (double)found / total;
            out->precision[out->n++] = precision;
        }
    }
}

void class_figures_calibrate(struct class_figures_calibration *out, const struct predictions *p)
{
    *out = (struct class_figures_calibration){.ece = p->n > 0 ? 0 : NAN};
    for (int i = 0; i < p->n; i++) {
        double confidence =
            (double)p->probability[(size_t)i * (size_t)p->classes + (size_t)p->predicted[i]];
        int bin = (int)ceil(confidence * CLASS_FIGURES_BINS) - 1;
        bin = bin < 0 ? 0 : bin >= CLASS_FIGURES_BINS ? CLASS_FIGURES_BINS - 1 : bin;
        out->images[bin]++;
        out->accuracy[bin] += p->label[i] == p->predicted[i];
        out->confidence[bin] += confidence;
    }
    for (int b = 0; b < CLASS_FIGURES_BINS; b++) {
        out->ece += p->n > 0 ? fabs(out->accuracy[b] - out->confidence[b]) / p->n : 0;
        out->accuracy[b] = out->images[b] > 0 ? out->accuracy[b] / out->images[b] : NAN;
        out->confidence[b] = out->images[b] > 0 ? out->confidence[b] / out->images[b] : NAN;
    }
}

void class_figures_interval(double *low, double *high, double share, int n)
{
    double z2 = two_sided_95 * two_sided_95;

    *low = 0;
    *high = 1;
    if (n <= 0)
        return;
    double middle = (share + z2 / (2.0 * n)) / (1 + z2 / n);
    double half = two_sided_95 * sqrt(share * (1 - share) / n + z2 / (4.0 * n * n)) / (1 + z2 / n);
    *low = fmax(0, middle - half);
    *high = fmin(1, middle + half);
}
