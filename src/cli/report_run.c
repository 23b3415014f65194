#include "cli/report.h"

#include "run/files/library.h"
#include "run/settings/recipe.h"
#include "run/train/calibration.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST_RECALLS_SHOWN = 20, WIDTH = 96, FEWEST_TO_JUDGE = 20 };

static int digits(int n)
{
    return snprintf(NULL, 0, "%d", n);
}

void report_batch(struct console *c, const struct trainer_batch *b)
{
    console_print(
        c,
        "epoch %*d/%d  batch %*d/%d  loss %.4f  mean %.4f  accuracy %.3f  k %d/%d  lr %g  "
        "%.1f images/s\n",
        digits(b->n_epochs), b->epoch, b->n_epochs, digits(b->n_batches), b->batch, b->n_batches,
        b->loss, b->mean_loss, (double)b->n_correct / b->n, b->k, b->n, b->learning_rate,
        b->images_per_second);
}

void report_saturated(struct console *c, const struct trainer_batch *b)
{
    console_warn(c,
                 "epoch %d, batch %d: %" PRIu64 " activation%s beyond 65504, the largest of 16 "
                 "bits, and kept as that (--activations half); how many in all is said at the end",
                 b->epoch, b->batch, b->n_saturated, b->n_saturated == 1 ? " is" : "s are");
}

static void print_recall(struct console *c, const struct metrics *m,
                         const struct class_list *classes)
{
    size_t column = 10;

    if (classes->n > MOST_RECALLS_SHOWN)
        return;
    console_print(c, "  recall");
    for (int i = 0; i < classes->n; i++) {
        size_t length = strlen(classes->name[i]) + 8;
        if (column + length > WIDTH) {
            console_print(c, "\n        ");
            column = 10;
        }
        if (isnan(m->recall[i]))
            console_print(c, "  %s -", classes->name[i]);
        else
            console_print(c, "  %s %.3f", classes->name[i], m->recall[i]);
        column += length;
    }
    console_print(c, "\n");
}

static const char *monitor_text(const struct settings *s)
{
    static const char *const text[] = {[MONITOR_ACCURACY] = "accuracy",
                                       [MONITOR_BALANCED_ACCURACY] = "balanced accuracy",
                                       [MONITOR_LOSS] = "mean cross-entropy"};

    return text[s->monitor];
}

/* What the epoch means for best.safetensors and for --early-stop. */
static void print_standing(struct console *c, const struct settings *s,
                           const struct trainer_epoch *e)
{
    if (e->is_best)
        console_print(c, ", best %s so far", monitor_text(s));
    else if (e->validated && s->early_stop > 0)
        console_print(c, ", %d of %d epochs without a better %s", e->epoch - e->best_epoch,
                      s->early_stop, monitor_text(s));
}

/* With a learned threshold the share that counts is an outcome: told once, where it has settled. */
static void warn_selected(struct console *c, const struct session *s, const struct trainer_epoch *e)
{
    const struct aggregate_options options = recipe_aggregate(s->settings);
    double asked = (double)atk_resolve(&options.k, s->train.n) / s->train.n;

    if (s->settings->scope == SCOPE_DATASET && e->epoch == e->n_epochs &&
        fabs(e->selected - asked) > 0.1)
        console_warn(c,
                     "%.0f %% of the images counted in the last epoch instead of %.0f %%: too "
                     "many losses are 0, or the threshold has had too few steps",
                     100 * e->selected, 100 * asked);
}

void report_epoch(struct console *c, const struct session *s, const struct trainer_epoch *e)
{
    console_print(c, "epoch %*d/%d  train loss %.4f mean %.4f accuracy %.3f selected %.3f",
                  digits(e->n_epochs), e->epoch, e->n_epochs, e->train_loss, e->train_mean_loss,
                  e->train_accuracy, e->selected);
    if (e->validated)
        console_print(c, " | validation mean %.4f ATk %.4f accuracy %.3f balanced %.3f F1 %.3f",
                      e->validation->mean_loss, e->validation->atk_loss, e->validation->accuracy,
                      e->validation->balanced_accuracy, e->validation->macro_f1);
    console_print(c, " | %.1f s", e->seconds);
    print_standing(c, s->settings, e);
    console_print(c, "\n");
    warn_selected(c, s, e);
    if (e->validated)
        print_recall(c, e->validation, session_classes(s));
}

static const char *duration(char *out, size_t size, double seconds)
{
    long whole = (long)(seconds + 0.5);

    if (whole < 60)
        snprintf(out, size, "%.1f s", seconds);
    else if (whole < 3600)
        snprintf(out, size, "%ld min %ld s", whole / 60, whole % 60);
    else
        snprintf(out, size, "%ld h %ld min", whole / 3600, whole / 60 % 60);
    return out;
}

/* Which recipe to try next, for one who has tried none: those that are there. */
static void advise(struct console *c, const struct settings *s)
{
    static const char *const recipe[][2] = {
        {"finetune-quick", "half a minute"},
        {"finetune", "minutes"},
        {"quick", "from random weights, ten minutes"},
    };
    int n = 0;

    if (s->json || !settings_on_defaults(s))
        return;
    for (size_t i = 0; i < sizeof recipe / sizeof recipe[0]; i++)
        if (library_has(LIBRARY_CONFIGS, recipe[i][0]))
            console_print(c, "%s --config %s (%s)", n++ == 0 ? "to do better:" : ",", recipe[i][0],
                          recipe[i][1]);
    if (n > 0)
        console_print(c, "\n");
}

static void print_end(struct console *c, const struct settings *s, const struct trainer_result *r)
{
    static const char *const text[] = {[TRAINER_FINISHED] = "finished",
                                       [TRAINER_STOPPED_EARLY] = "stopped early",
                                       [TRAINER_OUT_OF_TIME] = "out of time",
                                       [TRAINER_INTERRUPTED] = "interrupted"};
    char time[48];

    console_print(c, "%s after %d of %d epochs, %s", text[r->end], r->epochs_done, s->epochs,
                  duration(time, sizeof time, r->seconds));
    if (r->end == TRAINER_STOPPED_EARLY)
        console_print(c, ": no better %s since epoch %d (--early-stop %d)", monitor_text(s),
                      r->best_epoch, s->early_stop);
    else if (r->end == TRAINER_OUT_OF_TIME)
        console_print(c, " (--max-minutes %g)", s->max_minutes);
    console_print(c, "\n");
}

/* Theorem 1 of Fan et al. 2017: with k/n below the error of the best classifier there is, the loss
 * need not lead to it. Only the end can tell, and that no more than a "may". */
static void warn_low_k(struct console *c, const struct session *s, const struct trainer_result *r)
{
    const struct aggregate_options options = recipe_aggregate(s->settings);
    int n = recipe_scope_images(s->settings), n_train = s->train.n;
    bool whole = s->settings->scope == SCOPE_DATASET;
    double error = 1 - r->best_accuracy;

    n = whole || n > n_train ? n_train : n;
    double share = (double)aggregate_resolve(&options, n).k / n;
    if (r->best_epoch > 0 && options.kind != AGGREGATE_TOP_K && share < error)
        console_warn(c,
                     "k/n may be below the error that is reachable: k/n is %.3g, the best "
                     "validation error %.3g",
                     share, error);
}

/* One class for all images has a recall of 1 once and of 0 otherwise. Of a few images that is
 * chance. */
static void warn_learned_nothing(struct console *c, const struct session *s,
                                 const struct trainer_result *r)
{
    int n_classes = 0; /* of the validation images */
    for (int i = 0; i < session_classes(s)->n; i++)
        n_classes += s->val.count[i] > 0;
    if (s->val.n >= FEWEST_TO_JUDGE && r->best_epoch > 0 && n_classes > 1 &&
        r->best_balanced_accuracy * n_classes < 1 + 1e-9)
        console_warn(c,
                     "the best balanced accuracy, %.3g, is no more than one class for all %d "
                     "validation images gives: the network tells them apart no better than that; "
                     "more --warmup-epochs, a lower --learning-rate or more --epochs may help",
                     r->best_balanced_accuracy, s->val.n);
}

static void print_calibration(struct console *c, int n, const struct run_state_calibration *best)
{
    if (n < CALIBRATION_FEWEST)
        console_print(c,
                      "calibration: expected error %.4f (15 bins), temperature 1: %d validation "
                      "images are too few to find one (%d)\n",
                      best->error, n, CALIBRATION_FEWEST);
    else if (best->temperature == 1)
        console_print(c,
                      "calibration: expected error %.4f (15 bins), temperature 1: no validation "
                      "image is wrong, so that none is the best\n",
                      best->error);
    else
        console_print(c,
                      "calibration: expected error %.4f (15 bins), %.4f with the temperature %.4g "
                      "that atk-predict divides logits by\n",
                      best->error, best->error_calibrated, best->temperature);
}

void report_end(struct console *c, const struct session *s, const struct trainer_result *r)
{
    print_end(c, s->settings, r);
    if (r->best_epoch > 0)
        console_print(
            c,
            "best epoch %d by %s: validation accuracy %.4f, balanced %.4f, macro F1 %.4f, "
            "mean cross-entropy %.4f\n",
            r->best_epoch, monitor_text(s->settings), r->best_accuracy, r->best_balanced_accuracy,
            r->best_macro_f1, r->best_mean_loss);
    if (r->best_epoch > 0)
        print_calibration(c, s->val.n, &r->best_calibration);
    report_bad_images(c, s, false);
    if (model_saturated(s->model) > 0)
        console_warn(c,
                     "%" PRIu64 " activations were beyond 65504 and kept as that (--activations "
                     "half)",
                     model_saturated(s->model));
    console_print(c, "run folder: %s\n", run_folder_path(s->folder));
    if (r->end == TRAINER_OUT_OF_TIME || r->end == TRAINER_INTERRUPTED)
        console_print(c, "to go on: atk-train --resume=%s\n", run_folder_path(s->folder));
    else {
        warn_low_k(c, s, r);
        warn_learned_nothing(c, s, r);
        advise(c, s->settings);
    }
}
