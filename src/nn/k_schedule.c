#include "nn/k_schedule.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

static const double pi = 3.14159265358979323846;

/* How far from start to end. */
static double progress(const struct k_schedule *s, int epoch)
{
    if (s->kind == K_SCHEDULE_CONSTANT)
        return 1;
    if (s->kind == K_SCHEDULE_STEPS) {
        int n = 0;
        for (int i = 0; i < s->n_steps; i++)
            n += epoch >= s->step[i];
        return (double)n / s->n_steps;
    }
    if (epoch >= s->epochs - 1)
        return 1;
    double p = (double)(epoch - s->warmup) / (s->epochs - 1 - s->warmup);
    return s->kind == K_SCHEDULE_LINEAR ? p : (1 - cos(pi * p)) / 2;
}

static double as_share(const struct atk_k *k, int n)
{
    return k->kind == ATK_FRACTION ? k->value : fmin(1, k->value / n);
}

struct atk_k k_schedule_at(const struct k_schedule *s, int epoch, int n)
{
    if (epoch < s->warmup)
        return (struct atk_k){ATK_FRACTION, 1, "1.0"};
    double p = progress(s, epoch);
    if (p == 0 || p == 1)
        return p == 0 ? s->start : s->end;
    bool counts = s->start.kind == ATK_COUNT && s->end.kind == ATK_COUNT;
    double a = counts ? s->start.value : as_share(&s->start, n);
    double b = counts ? s->end.value : as_share(&s->end, n);
    struct atk_k k = {counts ? ATK_COUNT : ATK_FRACTION, a + (b - a) * p, ""};
    if (counts)
        k.value = floor(k.value + 1e-9);
    snprintf(k.text, sizeof k.text, "%.4g", k.value);
    return k;
}
