#include "nn/schedule.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

static double after_drops(const struct schedule *s, int64_t step)
{
    int n = 0;
    for (int i = 0; i < s->n_drops; i++)
        n += step >= s->drop[i];
    return fmax(s->low, s->base * pow(s->gamma, n));
}

double schedule_learning_rate(const struct schedule *s, int64_t step)
{
    if (step < s->warmup)
        return s->base * (double)(step + 1) / (double)s->warmup;
    if (s->kind == SCHEDULE_CONSTANT)
        return s->base;
    if (s->kind == SCHEDULE_STEP)
        return after_drops(s, step);
    if (s->kind == SCHEDULE_GROWTH)
        return s->low * pow(s->base / s->low, (double)step / (double)(s->total - 1));
    if (step >= s->total)
        return s->low;
    double p = (double)(step - s->warmup) / (double)(s->total - s->warmup);
    double height = s->kind == SCHEDULE_COSINE ? (1 + cos(pi * p)) / 2 : pow(1 - p, s->power);
    return s->low + (s->base - s->low) * height;
}
