#include "run/train/lr_curve.h"

#include <math.h>

enum { REACH = 30 }; /* of smoothing, in steps */

static const double decay = 0.95, too_high = 4, least_fall = 0.05, most_of_it = 0.9;

void lr_curve_add(struct lr_curve *c, double learning_rate, double loss, double mean_loss)
{
    c->point[c->n++] =
        (struct lr_curve_point){learning_rate, loss, mean_loss, .smoothed = mean_loss};
    c->sum = decay * c->sum + (1 - decay) * mean_loss;
    c->recent = c->sum / (1 - pow(decay, c->n));
    c->lowest = c->n == 1 ? c->recent : fmin(c->lowest, c->recent);
    c->diverged = c->recent > too_high * c->lowest;
}

void lr_curve_smooth(struct lr_curve *c)
{
    for (int i = 0; i < c->n; i++) {
        int first = i < REACH ? 0 : i - REACH;
        int end = c->n - i > REACH ? i + REACH + 1 : c->n;
        double sum = 0;
        for (int j = first; j < end; j++)
            sum += c->point[j].mean_loss;
        c->point[i].smoothed = sum / (end - first);
    }
}

struct lr_curve_suggestion lr_curve_suggest(const struct lr_curve *c)
{
    struct lr_curve_suggestion s = {NAN, NAN, NAN, c->point[0].smoothed, c->point[0].smoothed};
    for (int i = 1; i < c->n; i++)
        s.lowest = fmin(s.lowest, c->point[i].smoothed);
    if (s.lowest > (1 - least_fall) * s.first)
        return s;
    for (int i = 0; i < c->n; i++) {
        if (c->point[i].smoothed > s.first - most_of_it * (s.first - s.lowest))
            continue;
        s.to = c->point[i].learning_rate;
        s.from = isnan(s.from) ? s.to : s.from;
    }
    s.learning_rate = s.from * cbrt(s.to / s.from);
    return s;
}
