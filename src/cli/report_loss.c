#include "cli/report.h"

#include "run/settings/recipe.h"

#include <math.h>
#include <stdio.h>

/* The set among which k is counted: a batch or a step, full and, when it has fewer images, the
 * last one of an epoch. */
struct set {
    struct aggregate_options options;
    int n, last; /* images; last 0: like all others */
    const char *name;
};

static struct set count_set(const struct session *s)
{
    int full = recipe_scope_images(s->settings);
    struct set set = {
        .options = recipe_aggregate(s->settings),
        .n = full < s->train.n ? full : s->train.n,
        .name = recipe_scope_name(s->settings),
    };

    set.last = s->train.n % set.n;
    return set;
}

/* Which images the backward pass visits, and why. */
static void print_backward(struct console *c, const struct session *s, int n_selected, int n)
{
    bool mixed = s->spec.norm.kind == NORM_BATCH && !s->settings->freeze_bn;

    if (n_selected == n)
        return;
    if (mixed)
        console_print(c, "          the backward pass visits all of them: BatchNorm lets images "
                         "of a batch influence each other\n");
    else if (s->settings->backward == BACKWARD_FULL)
        console_print(c, "          the backward pass visits all of them (--backward full)\n");
    else if (n_selected == 1)
        console_print(c, "          the backward pass visits this one alone, which is exact\n");
    else
        console_print(c, "          the backward pass visits these %d alone, which is exact\n",
                      n_selected);
}

static bool asks_k(const struct settings *s)
{
    return s->aggregate == AGGREGATE_ATK || s->aggregate == AGGREGATE_TOP_K;
}

static void print_kind(struct console *c, const struct settings *s, const struct set *set)
{
    static const char *const loss[] = {
        [LOSS_CROSS_ENTROPY] = "cross-entropy",  [LOSS_LOGISTIC] = "one-vs-rest logistic loss",
        [LOSS_HINGE] = "multiclass hinge loss",  [LOSS_SQUARED] = "squared difference",
        [LOSS_ABSOLUTE] = "absolute difference",
    };
    static const char *const aggregate[] = {
        [AGGREGATE_ATK] = "averaged over the k largest",
        [AGGREGATE_AVERAGE] = "averaged over all",
        [AGGREGATE_MAXIMUM] = "the largest",
        [AGGREGATE_TOP_K] = "the k-th largest alone",
    };

    console_print(c, "loss      %s, %s of ", loss[s->loss], aggregate[s->aggregate]);
    if (s->scope == SCOPE_DATASET)
        console_print(c, "all training images");
    else
        console_print(c, "each %s", set->name);
    if (s->drop_largest.value > 0)
        console_print(c, " without its %s largest", s->drop_largest.text);
    if (asks_k(s))
        console_print(c, "; k %s", set->options.k.text);
    console_print(c, ":\n");
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

static void print_steps(struct console *c, const struct session *s)
{
    int batch = s->settings->batch_size, accumulate = s->settings->accumulate;
    int n_batches = (s->train.n + batch - 1) / batch, n_steps = (n_batches - 1) / accumulate + 1;

    if (accumulate == 1)
        console_print(c, "%d batch%s an epoch\n", n_batches, n_batches == 1 ? "" : "es");
    else
        console_print(c, "%d step%s of %d batches an epoch\n", n_steps, n_steps == 1 ? "" : "s",
                      accumulate);
}

static void print_schedule(struct console *c, const struct settings *s)
{
    static const char *const kind[] = {[K_SCHEDULE_LINEAR] = "in a line",
                                       [K_SCHEDULE_COSINE] = "in half a wave",
                                       [K_SCHEDULE_STEPS] = "in steps"};
    const struct k_schedule schedule = recipe_k_schedule(s);

    if (schedule.kind != K_SCHEDULE_CONSTANT)
        console_print(c, "          that is where k ends; it comes from %s %s\n",
                      schedule.start.text, kind[schedule.kind]);
    if (schedule.warmup == 1)
        console_print(c, "          in the first epoch all count\n");
    else if (schedule.warmup > 1)
        console_print(c, "          in the first %d epochs all count\n", schedule.warmup);
}

static void warn_share(struct console *c, const char *what, const char *text, double asked, int got,
                       int n, const char *a_set)
{
    double share = (double)got / n;

    if (fabs(share - asked) > 0.1)
        console_warn(c, "%s %s of %s of %d means %d of them, %.0f %% instead of %.0f %%", what,
                     text, a_set, n, got, 100 * share, 100 * asked);
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

/* A share that is asked for, or else the one that a count is of a full set. */
static double asked_share(const struct atk_k *k, int got, int n)
{
    return k->kind == ATK_FRACTION ? k->value : (double)got / n;
}

/* Roundings by more than 10 points: of k among what the drop leaves, and of the drop. */
static void warn_rounding(struct console *c, const struct settings *s, const struct set *set)
{
    const struct atk_k *k = &set->options.k, *drop = &set->options.drop;
    const struct aggregate full = aggregate_resolve(&set->options, set->n);
    double share = asked_share(k, full.k, set->n - full.drop);
    double dropped = asked_share(drop, full.drop, set->n);

    for (int last = 0; last < (set->last > 0 ? 2 : 1); last++) {
        int n = last ? set->last : set->n;
        char name[32];
        snprintf(name, sizeof name, "%s %s", last ? "the last" : "a", set->name);
        const struct aggregate a = aggregate_resolve(&set->options, n);
        if (asks_k(s))
            warn_share(c, "k", k->text, share, a.k, n - a.drop, name);
        warn_share(c, "--drop-largest", drop->text, dropped, a.drop, n, name);
    }
}

static void report_dataset(struct console *c, const struct session *s, const struct atk_k *k)
{
    int n = s->train.n, resolved = atk_resolve(k, n);

    console_print(c, "          %d of %d (%.1f %%): those above a threshold that is learned; ",
                  resolved, n, 100.0 * resolved / n);
    print_steps(c, s);
}

void report_loss(struct console *c, const struct session *s)
{
    const struct settings *settings = s->settings;
    const struct set set = count_set(s);
    const struct atk_k *k = &set.options.k;
    const struct aggregate full = aggregate_resolve(&set.options, set.n);

    print_kind(c, settings, &set);
    if (s->class_weight)
        print_weights(c, s);
    if (settings->scope == SCOPE_DATASET) {
        report_dataset(c, s, k);
        print_schedule(c, settings);
        return;
    }
    console_print(c, "          ");
    print_share(c, &full, set.n);
    if (set.last > 0) {
        const struct aggregate last = aggregate_resolve(&set.options, set.last);
        console_print(c, ", in the last %s ", set.name);
        print_share(c, &last, set.last);
    }
    console_print(c, "; ");
    print_steps(c, s);
    print_schedule(c, settings);
    print_backward(c, s, full.kind == AGGREGATE_TOP_K ? 1 : full.k, set.n);
    if (full.kind == AGGREGATE_ATK && k->kind == ATK_COUNT && k->value == 1)
        console_print(c,
                      "          k 1 is the hardest image of each %s alone; all of them are k 1.0 "
                      "or 100%%\n",
                      set.name);
    warn_rounding(c, settings, &set);
}
