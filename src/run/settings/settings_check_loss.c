/* Settings of the loss and of steps: there must be something to average, a share must come to
 * something, and what would have no use is refused. */
#include "run/settings/recipe.h"
#include "run/settings/settings.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *aggregate_name(const struct settings *s)
{
    static const char *const name[] = {"atk", "average", "maximum", "top-k"};

    return name[s->aggregate];
}

static bool asks_k(const struct settings *s)
{
    return s->aggregate == AGGREGATE_ATK || s->aggregate == AGGREGATE_TOP_K;
}

static bool k_is_initial(const struct settings *s)
{
    return strcmp(s->k.text, settings_table_find("k")->initial) == 0;
}

static enum status check_kind(const struct settings *s, struct error *err)
{
    const char *option = strcmp(s->class_weights, "none") != 0 ? "--class-weights"
                         : s->label_smoothing > 0              ? "--label-smoothing"
                                                               : NULL;
    char loss[SETTINGS_TEXT_BYTES];

    if (s->loss == LOSS_CROSS_ENTROPY || !option)
        return STATUS_OK;
    return error_usage(err, "%s is defined for --loss cross-entropy, not for %s", option,
                       settings_text(s, settings_table_find("loss"), loss));
}

/* k where the aggregate does not ask for one: the default may stand, and what means the same. */
static enum status check_k_unused(const struct settings *s, struct error *err)
{
    bool average = s->aggregate == AGGREGATE_AVERAGE, all = s->k.kind == ATK_FRACTION;

    if (k_is_initial(s) || (s->k.value == 1 && all == average))
        return STATUS_OK;
    return error_usage(err, "--k %s has no use with --aggregate %s, which takes %s", s->k.text,
                       aggregate_name(s), average ? "all losses" : "the largest loss alone");
}

static enum status check_k_steps(const struct settings *s, struct error *err)
{
    const struct setting_ints *steps = &s->k_steps;

    if ((steps->n > 0) != (s->k_schedule == K_SCHEDULE_STEPS))
        return error_usage(err, steps->n > 0
                                    ? "--k-steps has a use only with --k-schedule steps"
                                    : "--k-schedule steps needs --k-steps: the epochs after which "
                                      "k changes");
    if (steps->n == 0)
        return STATUS_OK;
    if (steps->value[0] < s->k_warmup)
        return error_usage(err, "--k-steps: a change after epoch %d is within the %d of --k-warmup",
                           steps->value[0], s->k_warmup);
    if (steps->value[steps->n - 1] >= s->epochs)
        return error_usage(err,
                           "--k-steps: a change after epoch %d is not before the end of the run's "
                           "%d --epochs",
                           steps->value[steps->n - 1], s->epochs);
    return STATUS_OK;
}

static enum status check_schedule(const struct settings *s, struct error *err)
{
    bool ends = s->k_start.text[0] || s->k_end.text[0], changes = s->k_schedule != 0;

    if (ends && !changes)
        return error_usage(err, "--k-start and --k-end have a use only with --k-schedule linear, "
                                "cosine or steps");
    if (s->k_end.text[0] && !k_is_initial(s) && strcmp(s->k.text, s->k_end.text) != 0)
        return error_usage(err, "--k %s and --k-end %s exclude each other", s->k.text,
                           s->k_end.text);
    if (s->k_warmup >= s->epochs)
        return error_usage(err, "--k-warmup %d leaves none of the %d --epochs", s->k_warmup,
                           s->epochs);
    if (changes && !asks_k(s))
        return error_usage(err, "--k-schedule has no use with --aggregate %s", aggregate_name(s));
    if (s->k_warmup > 0 && s->aggregate != AGGREGATE_ATK)
        return error_usage(err, "--k-warmup has a use only with --aggregate atk");
    return check_k_steps(s, err);
}

static enum status check_drop(const struct settings *s, int n, struct error *err)
{
    const struct atk_k *drop = &s->drop_largest;
    const char *set = recipe_scope_name(s);
    int dropped = atk_resolve_drop(drop, n);

    if (dropped == n)
        return error_usage(err, "--drop-largest: %s leaves nothing of a %s of %d", drop->text, set,
                           n);
    if (dropped == 0 && drop->value > 0)
        return error_usage(err,
                           "--drop-largest: %s of a %s of %d is none; it takes a --batch-size of "
                           "%.0f, or --scope step with so many images in a step",
                           drop->text, set, n, ceil(1 / drop->value - 1e-9));
    return STATUS_OK;
}

/* Each count that k takes must be there. */
static enum status check_counts(const struct settings *s, int n, const char *set, struct error *err)
{
    const struct {
        const char *name;
        const struct atk_k *k;
    } given[] = {{"--k", &s->k}, {"--k-start", &s->k_start}, {"--k-end", &s->k_end}};
    int left = n - atk_resolve_drop(&s->drop_largest, n);

    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
        const struct atk_k *k = given[i].k;
        if (k->text[0] && k->kind == ATK_COUNT && k->value > left)
            return error_usage(err, "%s: %s is more than the %d images %s %s", given[i].name,
                               k->text, left, left < n ? "that --drop-largest leaves of" : "of",
                               set);
    }
    return STATUS_OK;
}

/* The threshold of a data set is that of the average of the k largest. */
static enum status check_dataset(const struct settings *s, struct error *err)
{
    if (s->aggregate != AGGREGATE_ATK)
        return error_usage(err,
                           "--aggregate %s needs --scope batch or step: what --scope dataset "
                           "learns is the threshold of the k largest losses (all: --k 1.0)",
                           aggregate_name(s));
    if (s->drop_largest.value > 0)
        return error_usage(err, "--drop-largest needs --scope batch or step: --scope dataset sorts "
                                "no losses");
    return STATUS_OK;
}

enum status settings_check_loss(const struct settings *s, struct error *err)
{
    int n = recipe_scope_images(s);
    char set[64];
    enum status status = check_kind(s, err);

    if (status == STATUS_OK)
        status = check_schedule(s, err);
    if (status == STATUS_OK && s->scope == SCOPE_DATASET)
        return check_dataset(s, err);
    if (status == STATUS_OK)
        status = check_drop(s, n, err);
    if (status != STATUS_OK)
        return status;
    if (!asks_k(s))
        return check_k_unused(s, err);
    snprintf(set, sizeof set, "a %s of %d", recipe_scope_name(s), n);
    return check_counts(s, n, set, err);
}

enum status settings_check_scope(const struct settings *s, int n_train, struct error *err)
{
    if (s->scope != SCOPE_DATASET)
        return STATUS_OK;
    return check_counts(s, n_train, "the training set", err);
}
