#include "experiment.h"

#include "base/rng.h"
#include "nn/threshold.h"

#include <math.h>

/* ---- the points ---- */

struct drawing {
    struct experiment_set *set;
    struct rng rng;
    int n;
};

static void add(struct drawing *d, double x, double y, int label)
{
    d->set->x[d->n][0] = (float)x;
    d->set->x[d->n][1] = (float)y;
    d->set->label[d->n++] = label;
}

static void add_cloud(struct drawing *d, int count, double x, double y, double deviation, int label)
{
    for (int i = 0; i < count; i++) {
        double across = deviation * rng_normal(&d->rng);
        add(d, x + across, y + deviation * rng_normal(&d->rng), label);
    }
}

void experiment_draw(struct experiment_set *out, enum experiment_data data, uint64_t seed)
{
    static const double rare[4][2] = {
        {1.142, 1.213}, {0.836, 1.312}, {0.877, 0.771}, {0.753, 0.985}};
    struct drawing d = {.set = out};

    rng_seed(&d.rng, seed, RNG_NOISE, (uint64_t)data, 0);
    if (data == EXPERIMENT_MULTI_MODAL) {
        add_cloud(&d, 100, 2, 2, sqrt(0.05), 0);
        add_cloud(&d, 89, 0, 0, 0.2, 1);
        add_cloud(&d, 10, 1, 1.1, 0.24, 1);
        add(&d, 2.0, 2.5, 1); /* the outlier */
        return;
    }
    add_cloud(&d, 195, 0, 0, sqrt(0.05), 1);
    for (int i = 0; i < 4; i++)
        add(&d, rare[i][0], rare[i][1], 0);
    add(&d, 1.0, 1.15, 1); /* the outlier */
}

/* ---- learning ---- */

enum { PASSES = 1000 };
static const double first_rate = 1e-3, loss_weight = 100;

struct learner {
    struct experiment_line now, sum;
    double lambda, share;
    struct loss_options options;
};

static double value(const struct experiment_line *line, const float x[2])
{
    return line->weight[0] * x[0] + line->weight[1] * x[1] + line->weight[2];
}

/* The two logits are 0 and f(x), so that softmax cross-entropy is log(1 + exp(-y f)) and the hinge
 * loss of Crammer and Singer max(0, 1 - y f), for y = 1 or -1. */
static float loss_of(float gradient[2], const struct learner *l, const float x[2], int label)
{
    const float logits[2] = {0, (float)value(&l->now, x)};
    float loss;

    loss_individual(&loss, gradient, logits, &label, 1, 2, &l->options);
    return loss;
}

/* The t-th step, on  |w|^2/2 + 100 (lambda + (1/k) sum_i max(0, l_i - lambda)); w has the bias in
 * it. */
static void step(struct learner *l, const float x[2], int label, long t)
{
    const float extended[3] = {x[0], x[1], 1};
    double rate = first_rate / sqrt((double)t);
    float gradient[2], weight;
    int selected;
    float loss = loss_of(gradient, l, x, label);
    int counted = threshold_select(&weight, &selected, &loss, 1, l->share, l->lambda);
    double slope = loss_weight * (double)weight * (double)gradient[1];

    for (int i = 0; i < 3; i++) {
        l->now.weight[i] -= rate * (l->now.weight[i] + slope * extended[i]);
        l->sum.weight[i] += l->now.weight[i];
    }
    l->lambda = threshold_step(l->lambda, rate * loss_weight / l->share, l->share, counted);
}

struct experiment_line experiment_train(const struct experiment_set *set, enum loss_kind loss,
                                        int k, uint64_t seed)
{
    enum { N = EXPERIMENT_POINTS };
    struct learner l = {.share = (double)k / N, .options = {.kind = loss}};
    float losses[N], gradient[2];
    int order[N], scratch[N];
    struct rng rng;
    long t = 0;

    for (int i = 0; i < N; i++) {
        losses[i] = loss_of(gradient, &l, set->x[i], set->label[i]);
        order[i] = i;
    }
    l.lambda = threshold_start(losses, N, l.share, scratch);
    rng_seed(&rng, seed, RNG_SHUFFLE, (uint64_t)k, 0);
    for (int pass = 0; pass < PASSES; pass++) {
        rng_shuffle(&rng, order, N);
        for (int i = 0; i < N; i++)
            step(&l, set->x[order[i]], set->label[order[i]], ++t);
    }
    return l.sum; /* the side of a line does not change with its length */
}

double experiment_error(const struct experiment_set *set, const struct experiment_line *line)
{
    int wrong = 0;

    for (int i = 0; i < EXPERIMENT_POINTS; i++)
        wrong += (value(line, set->x[i]) > 0) != (set->label[i] == 1);
    return (double)wrong / EXPERIMENT_POINTS;
}
