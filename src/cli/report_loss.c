#include "cli/report.h"

#include "run/recipe.h"

#include <math.h>
#include <stdio.h>

/* Which pictures the backward pass visits, and why. */
static void print_backward(struct console *c, const struct session *s, int n_selected, int n)
{
    bool mixed = s->spec.norm == NORM_BATCH && !s->settings->freeze_bn;

    if (n_selected == n)
        return;
    if (mixed)
        console_print(c, "          the backward pass visits all of them: BatchNorm lets pictures "
                         "of a batch influence each other\n");
    else if (s->settings->backward == BACKWARD_FULL)
        console_print(c, "          the backward pass visits all of them (--backward full)\n");
    else if (n_selected == 1)
        console_print(c, "          the backward pass visits this one alone, which is exact\n");
    else
        console_print(c, "          the backward pass visits these %d alone, which is exact\n",
                      n_selected);
}

static void print_kind(struct console *c, const struct settings *s)
{
    static const char *const loss[] = {
        [LOSS_CROSS_ENTROPY] = "cross-entropy",  [LOSS_LOGISTIC] = "one-vs-rest logistic loss",
        [LOSS_HINGE] = "multiclass hinge loss",  [LOSS_SQUARED] = "squared difference",
        [LOSS_ABSOLUTE] = "absolute difference",
    };
    static const char *const aggregate[] = {
        [AGGREGATE_ATK] = "averaged over the k largest of each batch",
        [AGGREGATE_AVERAGE] = "averaged over each batch",
        [AGGREGATE_MAXIMUM] = "the largest of each batch",
        [AGGREGATE_TOP_K] = "the k-th largest of each batch alone",
    };

    console_print(c, "loss      %s, %s", loss[s->loss], aggregate[s->aggregate]);
    if (s->drop_largest.value > 0)
        console_print(c, " without its %s largest", s->drop_largest.text);
    if (s->aggregate == AGGREGATE_ATK || s->aggregate == AGGREGATE_TOP_K)
        console_print(c, "; k %s", s->k.text);
    console_print(c, ":\n");
}

/* Which classes count most and least. */
static void print_weights(struct console *c, const struct session *s)
{
    const struct class_list *classes = session_classes(s);
    const float *weight = s->class_weight;
    int low = 0, high = 0;

    for (int i = 1; i < classes->n; i++) {
        low = weight[i] < weight[low] ? i : low;
        high = weight[i] > weight[high] ? i : high;
    }
    console_print(c, "          class weights %s: from %.3g (%s) to %.3g (%s)\n",
                  s->settings->class_weights, (double)weight[low], classes->name[low],
                  (double)weight[high], classes->name[high]);
}

/* What counts of n losses. */
static int count_selected(const struct aggregate *a)
{
    return a->kind == AGGREGATE_TOP_K ? 1 : a->k;
}

static void print_share(struct console *c, const struct aggregate *a, int n)
{
    if (a->kind == AGGREGATE_TOP_K)
        console_print(c, "number %d of %d", a->drop + a->k, n);
    else
        console_print(c, "%d of %d (%.1f %%)", a->k, n, 100.0 * a->k / n);
    if (a->drop > 0)
        console_print(c, " behind %d", a->drop);
}

/* Roundings by more than 10 points, of k among what the drop leaves. */
static void warn_share(struct console *c, double asked, const struct atk_k *k,
                       const struct aggregate *a, int n, const char *which)
{
    int left = n - a->drop;
    double share = (double)a->k / left;

    if (fabs(share - asked) > 0.1)
        console_warn(c, "k %s of %s of %d means %d of them, %.0f %% instead of %.0f %%", k->text,
                     which, left, a->k, 100 * share, 100 * asked);
}

static void warn_drop(struct console *c, const struct atk_k *drop, const struct aggregate *a, int n,
                      double asked, const char *which)
{
    double share = (double)a->drop / n;

    if (fabs(share - asked) > 0.1)
        console_warn(c,
                     "--drop-largest %s of %s of %d leaves out %d of them, %.0f %% instead of "
                     "%.0f %%",
                     drop->text, which, n, a->drop, 100 * share, 100 * asked);
}

void report_loss(struct console *c, const struct session *s)
{
    const struct aggregate_options options = recipe_aggregate(s->settings);
    const struct atk_k *k = &options.k, *drop = &options.drop;
    int n = s->settings->batch_size < s->train.n ? s->settings->batch_size : s->train.n;
    int last = s->train.n % n, n_batches = (s->train.n + n - 1) / n;
    const struct aggregate full = aggregate_resolve(&options, n);
    const struct aggregate short_one = aggregate_resolve(&options, last > 0 ? last : n);
    bool asks_k = options.kind == AGGREGATE_ATK || options.kind == AGGREGATE_TOP_K;

    print_kind(c, s->settings);
    console_print(c, "          ");
    print_share(c, &full, n);
    if (last > 0) {
        console_print(c, ", in the last batch ");
        print_share(c, &short_one, last);
    }
    console_print(c, "; %d batch%s an epoch\n", n_batches, n_batches == 1 ? "" : "es");
    print_backward(c, s, count_selected(&full), n);
    if (s->class_weight)
        print_weights(c, s);
    if (options.kind == AGGREGATE_ATK && k->kind == ATK_COUNT && k->value == 1)
        console_print(c, "          k 1 is the hardest picture of each batch alone; all of them "
                         "are k 1.0 or 100%%\n");
    double asked = k->kind == ATK_FRACTION ? k->value : (double)full.k / (n - full.drop);
    if (asks_k)
        warn_share(c, asked, k, &full, n, "a batch");
    if (asks_k && last > 0)
        warn_share(c, asked, k, &short_one, last, "the last batch");
    asked = drop->kind == ATK_FRACTION ? drop->value : (double)full.drop / n;
    warn_drop(c, drop, &full, n, asked, "a batch");
    if (last > 0)
        warn_drop(c, drop, &short_one, last, asked, "the last batch");
}
