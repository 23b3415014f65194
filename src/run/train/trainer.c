/* The life of a run: epochs, each trained from wherever state.next_batch stands and then evaluated;
 * next_batch = n_batches means that only the evaluation is left.
 *
 * What decides the future of a run is in struct run_state, the weights and the moments, and nowhere
 * else; saving these, and cutting the tables back to their recorded lengths, is all that a resume
 * needs. */
#include "run/train/trainer.h"

#include "base/clock.h"
#include "base/files.h"
#include "base/memory.h"
#include "run/settings/recipe.h"
#include "run/train/monitor.h"
#include "run/train/trainer_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static enum status create_step(struct trainer_images *s, const struct trainer *t, struct error *err)
{
    s->capacity = t->settings->batch_size * t->settings->accumulate;
    size_t n = (size_t)s->capacity, classes = (size_t)t->classes;
    static const char what[] = "losses of a step";

    s->row = memory_array(n, sizeof *s->row, what, err);
    s->predicted = memory_array(n, sizeof *s->predicted, what, err);
    s->position = memory_array(n, sizeof *s->position, what, err);
    s->micro_batch = memory_array(n, sizeof *s->micro_batch, what, err);
    s->loss = memory_array(n, sizeof *s->loss, what, err);
    s->weight = memory_array(n, sizeof *s->weight, what, err);
    s->dlogits = memory_array(n * classes, sizeof *s->dlogits, what, err);
    s->selected = memory_array(n, sizeof *s->selected, what, err);
    s->scratch = memory_array(n, sizeof *s->scratch, what, err);
    if (!s->row || !s->predicted || !s->position || !s->micro_batch || !s->loss || !s->weight ||
        !s->dlogits || !s->selected || !s->scratch)
        return err->status;
    return STATUS_OK;
}

static size_t step_bytes(const struct settings *settings, int classes)
{
    const struct trainer_images *s = NULL;
    size_t n = (size_t)settings->batch_size * (size_t)settings->accumulate;

    return n * (sizeof *s->row + sizeof *s->predicted + sizeof *s->position +
                sizeof *s->micro_batch + sizeof *s->loss + sizeof *s->weight +
                (size_t)classes * sizeof *s->dlogits + sizeof *s->selected + sizeof *s->scratch);
}

static void free_step(struct trainer_images *s)
{
    free(s->row);
    free(s->predicted);
    free(s->position);
    free(s->micro_batch);
    free(s->loss);
    free(s->weight);
    free(s->dlogits);
    free(s->selected);
    free(s->scratch);
}

static enum status create_parts(struct trainer *t, struct error *err)
{
    t->loss_options = recipe_loss(t->settings, t->in.class_weight);
    t->aggregate = recipe_aggregate(t->settings);
    if (trainer_update_create(t, err) != STATUS_OK ||
        trainer_backward_create(t, err) != STATUS_OK ||
        create_step(&t->step, t, err) != STATUS_OK ||
        hard_examples_create(&t->examples, t->in.train_data, t->in.train_rows, t->in.n_train_rows,
                             err) != STATUS_OK)
        return err->status;
    t->class_selected =
        memory_array((size_t)t->classes, sizeof *t->class_selected, "shares of the classes", err);
    if (!t->class_selected)
        return err->status;
    if (!t->in.val)
        return STATUS_OK;
    if (evaluator_create(&t->evaluator, t->in.model, t->in.val, t->settings->tta == TTA_FLIP,
                         err) != STATUS_OK)
        return err->status;
    if (calibration_create(&t->calibration, t->classes, t->in.n_val_rows, err) != STATUS_OK)
        return err->status;
    return metrics_create(&t->metrics, t->classes, t->in.n_val_rows, err);
}

size_t trainer_figure_bytes(const struct settings *s, int classes, int n_table, int n_train,
                            int n_val)
{
    size_t bytes = step_bytes(s, classes) + hard_examples_bytes(n_table, n_train, classes);

    if (n_val > 0)
        bytes += metrics_bytes(classes, n_val) + calibration_bytes(classes, n_val) +
                 evaluator_figure_bytes(s->batch_size, classes, s->tta == TTA_FLIP);
    return bytes;
}

enum status trainer_create(struct trainer **out, const struct trainer_inputs *in, struct error *err)
{
    struct trainer *t = memory_array(1, sizeof *t, "trainer", err);

    *out = NULL;
    if (!t)
        return err->status;
    t->in = *in;
    t->settings = in->settings;
    t->params = model_params(in->model);
    t->classes = model_options(in->model)->classes;
    int accumulate = t->settings->accumulate;
    t->n_batches = (loader_batches(in->train) + accumulate - 1) / accumulate;
    struct run_state *s = &t->state;
    s->best_accuracy = s->best_balanced_accuracy = s->best_macro_f1 = s->best_mean_loss = NAN;
    s->last_accuracy = s->last_balanced_accuracy = s->last_macro_f1 = s->last_mean_loss = NAN;
    s->last_train_loss = s->lambda = NAN;
    for (int i = 0; i < RUN_STATE_N_CALIBRATIONS; i++)
        s->calibration[i] = (struct run_state_calibration){1, NAN, NAN};
    if (create_parts(t, err) != STATUS_OK) {
        trainer_destroy(t);
        return err->status;
    }
    trainer_save_plan(t);
    *out = t;
    return STATUS_OK;
}

void trainer_destroy(struct trainer *t)
{
    if (!t)
        return;
    trainer_update_destroy(t);
    evaluator_destroy(t->evaluator);
    metrics_free(&t->metrics);
    calibration_free(&t->calibration);
    free_step(&t->step);
    trainer_backward_destroy(t);
    free(t->class_selected);
    hard_examples_free(&t->examples);
    trainer_save_destroy(t);
    free(t);
}

/* The run's own end, which needs no memory of how it came about: a resumed run finds the same. */
static bool at_end(const struct trainer *t, enum trainer_end *why)
{
    const struct run_state *s = &t->state;
    *why = s->epoch >= t->settings->epochs ? TRAINER_FINISHED : TRAINER_STOPPED_EARLY;
    return *why == TRAINER_FINISHED || monitor_gives_up(t->settings->early_stop, s);
}

struct trainer_result trainer_result(const struct trainer *t)
{
    const struct run_state *s = &t->state;
    enum trainer_end end;
    if (!at_end(t, &end))
        end = t->out_of_time ? TRAINER_OUT_OF_TIME : TRAINER_INTERRUPTED;
    return (struct trainer_result){
        .end = end,
        .epochs_done = (int)s->epoch,
        .best_epoch = (int)s->best_epoch,
        .best_accuracy = s->best_accuracy,
        .best_balanced_accuracy = s->best_balanced_accuracy,
        .best_macro_f1 = s->best_macro_f1,
        .best_mean_loss = s->best_mean_loss,
        .last_accuracy = s->last_accuracy,
        .last_balanced_accuracy = s->last_balanced_accuracy,
        .last_macro_f1 = s->last_macro_f1,
        .last_mean_loss = s->last_mean_loss,
        .last_train_loss = s->last_train_loss,
        .seconds = s->seconds,
        .best_calibration = s->calibration[RUN_STATE_BEST],
        .last_calibration = s->calibration[RUN_STATE_LAST],
    };
}

enum status trainer_restore(struct trainer *t, struct error *err)
{
    const char *path = run_folder_file(t->in.folder, RUN_FILE_STATE);
    struct run_state *s = &t->state;
    enum status status = run_state_read(&t->content, path, err);
    if (status != STATUS_OK)
        return status;
    if (s->epoch < 0 || s->next_batch < 0 || s->next_batch > t->n_batches)
        return error_set(err,
                         "%s: epoch %lld, batch %lld is not a place in a run of %d batches an "
                         "epoch",
                         path, (long long)s->epoch, (long long)s->next_batch, t->n_batches);
    const struct hard_examples *h = &t->examples;
    for (int i = 0; i < h->n; i++)
        if (h->last_prediction[i] < 0 || h->last_prediction[i] >= t->classes)
            return error_set(err, "%s: tensor examples.last_prediction: its value %d is no class",
                             path, i);
    for (int i = 0; i < RUN_STATE_N_CALIBRATIONS; i++) {
        double temperature = s->calibration[i].temperature;
        if (!(temperature >= TEMPERATURE_LEAST && temperature <= TEMPERATURE_MOST))
            return error_set(err, "%s: tensor calibration: %g is no temperature", path,
                             temperature);
    }
    t->restored = true;
    const struct run_folder_marks marks = {{s->batches_bytes, (uint64_t)s->batches_hash},
                                           {s->results_bytes, (uint64_t)s->results_hash}};
    return run_folder_truncate(t->in.folder, &marks, err);
}

const struct run_state_note *trainer_change(const struct trainer *t, int i)
{
    for (int j = 0; j < t->content.n_notes; j++) {
        const struct run_state_note *note = &t->note[j];
        bool changed = note->before[0] && strcmp(note->before, note->value) != 0;
        if (changed && i-- == 0)
            return note;
    }
    return NULL;
}

const char *trainer_missing_file(const struct trainer *t)
{
    static const enum run_file of_best[] = {RUN_FILE_BEST, RUN_FILE_CONFUSION, RUN_FILE_PER_CLASS};
    for (size_t i = 0; t->state.best_epoch > 0 && i < sizeof of_best / sizeof *of_best; i++)
        if (!files_exist(run_folder_file(t->in.folder, of_best[i])))
            return run_folder_file(t->in.folder, of_best[i]);
    return NULL;
}

static bool stop_asked(const struct trainer *t)
{
    return t->in.stop && *t->in.stop != 0;
}

static bool time_is_up(const struct trainer *t)
{
    double minutes = t->settings->max_minutes;
    return minutes > 0 && clock_seconds() - t->in.began >= 60 * minutes;
}

static bool save_due(const struct trainer *t)
{
    double minutes = t->settings->save_minutes;
    return minutes > 0 && clock_seconds() - t->saved_at >= 60 * minutes;
}

static enum status train_epoch(struct trainer *t, bool *stopped, struct error *err)
{
    *stopped = stop_asked(t);
    if (*stopped || t->state.next_batch == t->n_batches)
        return STATUS_OK;
    enum status status = loader_start(t->in.train, (int)t->state.epoch,
                                      (int)t->state.next_batch * t->settings->accumulate, err);
    while (status == STATUS_OK && !*stopped && t->state.next_batch < t->n_batches) {
        status = trainer_step(t, err);
        if (status == STATUS_OK && save_due(t))
            status = trainer_save_state(t, err);
        *stopped = stop_asked(t);
        if (!*stopped && t->state.next_batch < t->n_batches)
            *stopped = t->out_of_time = time_is_up(t);
    }
    t->unreadable = t->unreadable || (status == STATUS_OK && !*stopped && t->state.images == 0);
    if (status == STATUS_OK && t->unreadable)
        return error_set(err, "epoch %d: no training image can be read any more",
                         (int)t->state.epoch + 1);
    return status;
}

static void tell_evaluated(void *context, int n_done)
{
    const struct trainer *t = context;
    if (t->in.events.evaluating)
        t->in.events.evaluating(t->in.events.context, n_done, t->in.n_val_rows);
}

/* The part of the validation set that is averaged beside its mean. */
static double validation_share(const struct trainer *t)
{
    int n = recipe_scope_images(t->settings);
    if (t->aggregate.kind == AGGREGATE_AVERAGE)
        return 1;
    if (t->aggregate.kind == AGGREGATE_MAXIMUM)
        return 1.0 / n;
    return t->settings->scope == SCOPE_DATASET ? t->share : metrics_share(&t->aggregate.k, n);
}

static enum status evaluate(struct trainer *t, bool *stopped, struct error *err)
{
    const struct evaluator_events events = {
        .context = t,
        .progress = tell_evaluated,
        .stop = t->in.stop,
    };
    trainer_update_exchange(t);
    enum status status = trainer_save_evaluate(t, stopped, &events, err);
    trainer_update_exchange(t);
    t->unreadable = status != STATUS_OK; /* of an image, or of making a file */
    if (status == STATUS_OK && !*stopped && t->metrics.n == 0) {
        t->unreadable = true;
        status = error_set(err, "epoch %d: no validation image can be read any more",
                           (int)t->state.epoch + 1);
    }
    if (status == STATUS_OK && !*stopped)
        metrics_finish(&t->metrics, validation_share(t));
    return status;
}

static enum status append_epoch_row(struct trainer *t, const struct trainer_epoch *e,
                                    struct error *err)
{
    struct run_epoch_row row = {
        .epoch = e->epoch,
        .train_loss = e->train_loss,
        .train_mean_loss = e->train_mean_loss,
        .train_accuracy = e->train_accuracy,
        .learning_rate = e->learning_rate,
        .validated = e->validated,
        .selected = e->selected,
        .class_selected = t->class_selected,
        .n_classes = t->classes,
        .seconds = e->seconds,
    };
    for (int i = 0; i < t->classes; i++)
        t->class_selected[i] = hard_examples_class_share(&t->examples, i);
    if (e->validated) {
        row.val_mean_loss = t->metrics.mean_loss;
        row.val_loss = t->metrics.atk_loss;
        row.val_accuracy = t->metrics.accuracy;
        row.val_balanced_accuracy = t->metrics.balanced_accuracy;
        row.val_macro_f1 = t->metrics.macro_f1;
        row.recall = t->metrics.recall;
    }
    return run_folder_append_epoch(t->in.folder, &row, err);
}

/* The figures of a trained and evaluated epoch go into state, tables, events and files; the state
 * then stands at the beginning of the next one. */
static enum status finish_epoch(struct trainer *t, struct error *err)
{
    struct run_state *s = &t->state;
    trainer_save_time(t);
    struct trainer_epoch e = {
        .epoch = (int)s->epoch + 1,
        .n_epochs = t->settings->epochs,
        .train_loss = s->loss_sum / (double)s->images,
        .train_mean_loss = s->mean_loss_sum / (double)s->images,
        .train_accuracy = (double)s->correct / (double)s->images,
        .learning_rate = trainer_update_rate(t, t->n_batches - 1),
        .selected = hard_examples_share(&t->examples),
        .seconds = s->epoch_seconds,
        .validated = t->evaluator,
    };
    enum status status = STATUS_OK;
    if (e.validated) {
        e.validation = &t->metrics;
        e.is_best = monitor_is_best(t->settings->monitor, s, &t->metrics);
        s->last_accuracy = t->metrics.accuracy;
        s->last_balanced_accuracy = t->metrics.balanced_accuracy;
        s->last_macro_f1 = t->metrics.macro_f1;
        s->last_mean_loss = t->metrics.mean_loss;
        s->calibration[RUN_STATE_LAST] = calibration_finish(&t->calibration);
    }
    if (e.is_best) {
        s->best_epoch = e.epoch;
        s->best_accuracy = s->last_accuracy;
        s->best_balanced_accuracy = s->last_balanced_accuracy;
        s->best_macro_f1 = s->last_macro_f1;
        s->best_mean_loss = s->last_mean_loss;
        s->calibration[RUN_STATE_BEST] = s->calibration[RUN_STATE_LAST];
        status = trainer_save_best(t, err);
    }
    if (status == STATUS_OK)
        status = append_epoch_row(t, &e, err);
    if (status != STATUS_OK)
        return status;
    e.best_epoch = (int)s->best_epoch;
    if (t->in.events.epoch)
        t->in.events.epoch(t->in.events.context, &e);

    s->last_train_loss = e.train_loss;
    s->epoch++;
    s->next_batch = s->images = s->correct = 0;
    s->loss_sum = s->mean_loss_sum = s->epoch_seconds = 0;
    hard_examples_begin_epoch(&t->examples);
    return STATUS_OK;
}

/* An image has gone bad: what was trained before it is worth keeping. */
static enum status save_and_fail(struct trainer *t, struct error *err)
{
    struct error trouble;
    if (t->unreadable && trainer_save_last(t, &trouble) != STATUS_OK)
        return error_prefix(err, "the state cannot be saved either (%s)", trouble.message);
    return err->status;
}

enum status trainer_run(struct trainer *t, bool *interrupted, struct error *err)
{
    enum trainer_end end;
    *interrupted = t->out_of_time = false;
    t->counted_at = clock_seconds();
    /* From here on there is always a state to resume from, however soon the run is killed. */
    enum status status = t->restored ? STATUS_OK : trainer_save_state(t, err);
    if (status == STATUS_OK && loader_values(t->in.train))
        status = trainer_save_by_time(t, err);
    t->saved_at = clock_seconds();
    while (status == STATUS_OK && !at_end(t, &end)) {
        trainer_select_begin_epoch(t);
        if (t->settings->unfreeze_epoch > 0 && t->state.epoch + 1 >= t->settings->unfreeze_epoch)
            model_unfreeze(t->in.model);
        status = train_epoch(t, interrupted, err);
        if (status == STATUS_OK && !*interrupted && t->evaluator)
            status = evaluate(t, interrupted, err);
        if (status != STATUS_OK)
            return save_and_fail(t, err);
        if (*interrupted)
            break;
        status = finish_epoch(t, err);
        if (status != STATUS_OK)
            break;
        bool ends = at_end(t, &end), late = time_is_up(t);
        if (ends || late || trainer_save_due(t))
            status = trainer_save_last(t, err);
        if (status == STATUS_OK && late && !ends) {
            *interrupted = t->out_of_time = true;
            return STATUS_OK; /* all is saved */
        }
    }
    if (status == STATUS_OK && *interrupted)
        status = trainer_save_last(t, err);
    return status;
}
