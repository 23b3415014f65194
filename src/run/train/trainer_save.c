/* When what is saved: trainer.h. Order matters for a kill between two files: the state comes last,
 * so that an older state only makes the resumed run write the same newer files again. */
#include "run/train/trainer_internal.h"

#include "base/clock.h"
#include "base/memory.h"
#include "math/gemm.h"
#include "math/kernels.h"
#include "run/files/class_tables.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Where epochs take milliseconds. */
enum { SECONDS_BETWEEN_SAVES = 10 };

/* A finite loss can still leave weights that are not, through a gradient that overflowed. Such
 * weights never take the place of the last good ones. */
static enum status check_weights(const struct trainer *t, struct error *err)
{
    for (int i = 0; i < t->params->n; i++) {
        const struct param *p = &t->params->item[i];
        for (size_t j = 0; j < p->size; j++)
            if (!isfinite(p->data[j]))
                return error_set(err,
                                 "a weight of %s has become %g; not saved, the files of before "
                                 "stay (a lower --learning-rate may help)",
                                 p->name, (double)p->data[j]);
    }
    return STATUS_OK;
}

void trainer_save_time(struct trainer *t)
{
    double time = clock_seconds();
    t->state.seconds += time - t->counted_at;
    t->state.epoch_seconds += time - t->counted_at;
    t->counted_at = time;
}

static void add_block(struct trainer *t, const char *name, const char *dtype, void *data,
                      int64_t count)
{
    t->block[t->content.n_blocks++] =
        (struct run_state_block){.name = name, .dtype = dtype, .data = data, .count = count};
}

void trainer_save_plan(struct trainer *t)
{
    t->note[0] = (struct run_state_note){.name = "kernels", .value = kernels_get()->level};
    t->note[1] = (struct run_state_note){.name = "BLAS", .value = gemm_blas_name()};
    t->content = (struct run_state_content){
        .state = &t->state,
        .params = t->params,
        .block = t->block,
        .fingerprint = t->fingerprint,
        .n_fingerprints = trainer_fingerprint(t->fingerprint, &t->in),
        .note = t->note,
        .n_notes = TRAINER_NOTES,
    };
    struct optimiser *o = &t->optimiser;
    if (o->m)
        add_block(t, "optimiser.m", "F32", o->m, (int64_t)o->n);
    if (o->v)
        add_block(t, "optimiser.v", "F32", o->v, (int64_t)o->n);
    add_block(t, "optimiser.step", "I64", &o->step, RUN_STATE_SCALAR);
    if (t->settings->unfreeze_epoch > 0)
        add_block(t, "optimiser.woken_step", "I64", &o->woken_step, RUN_STATE_SCALAR);
    if (t->ema.weight)
        add_block(t, "ema.weights", "F32", t->ema.weight, (int64_t)t->ema.n_weights);
    if (t->ema.buffer)
        add_block(t, "ema.buffers", "F32", t->ema.buffer, (int64_t)t->ema.n_buffers);
    const struct hard_examples *h = &t->examples;
    add_block(t, "examples.seen", "I64", h->seen, h->n);
    add_block(t, "examples.selected", "I64", h->selected, h->n);
    add_block(t, "examples.last_prediction", "I64", h->last_prediction, h->n);
    add_block(t, "examples.loss_sum", "F64", h->loss_sum, h->n);
    add_block(t, "examples.last_loss", "F32", h->last_loss, h->n);
    add_block(t, "classes.seen", "I64", h->class_seen, h->classes);
    add_block(t, "classes.selected", "I64", h->class_selected, h->classes);
    add_block(t, "calibration", "F64", t->state.calibration, RUN_STATE_CALIBRATION_NUMBERS);
    t->block[t->content.n_blocks - 1].optional = true;
}

/* Those that are in the network, with the temperature of the last evaluation of the kind. */
static enum status save_weights(struct trainer *t, enum run_file file, struct error *err)
{
    struct checkpoint_metadata metadata = *t->in.metadata;
    enum status status = check_weights(t, err);
    metadata.temperature =
        t->state.calibration[file == RUN_FILE_BEST ? RUN_STATE_BEST : RUN_STATE_LAST].temperature;
    return status == STATUS_OK
               ? checkpoint_write(run_folder_file(t->in.folder, file), t->params, &metadata, err)
               : status;
}

/* ---- the best ---- */

static enum status take_sample(void *context, const struct evaluator_sample *s, struct error *err)
{
    struct trainer *t = context;
    (void)err;
    calibration_add(&t->calibration, s);
    if (t->predictions.writer.stream)
        val_predictions_put(&t->predictions, s->row, s->predicted, s->probability);
    return STATUS_OK;
}

static enum status evaluate(struct trainer *t, bool *stopped, const struct evaluator_events *events,
                            bool writes, struct error *err)
{
    struct evaluator_events with_samples = *events;
    with_samples.context = t;
    with_samples.sample = take_sample;
    val_predictions_abandon(&t->predictions); /* of one that was not the best */
    if (writes && val_predictions_open(&t->predictions,
                                       run_folder_file(t->in.folder, RUN_FILE_VAL_PREDICTIONS),
                                       t->in.val_data, err) != STATUS_OK)
        return err->status;
    metrics_reset(&t->metrics);
    calibration_reset(&t->calibration);
    enum status status = evaluator_run(t->evaluator, &t->metrics, stopped, &with_samples, err);
    if (status != STATUS_OK || *stopped)
        val_predictions_abandon(&t->predictions);
    return status;
}

enum status trainer_save_evaluate(struct trainer *t, bool *stopped,
                                  const struct evaluator_events *events, struct error *err)
{
    return evaluate(t, stopped, events, !t->best.weight, err);
}

/* Of the evaluation that was the last. */
static enum status write_best(struct trainer *t, struct error *err)
{
    const struct class_list *classes = &t->in.metadata->classes;
    struct run_folder *folder = t->in.folder;
    struct confusion *confusion = &t->metrics.confusion;
    if (save_weights(t, RUN_FILE_BEST, err) != STATUS_OK ||
        class_tables_write_confusion(run_folder_file(folder, RUN_FILE_CONFUSION), classes,
                                     confusion, err) != STATUS_OK ||
        class_tables_write_per_class(run_folder_file(folder, RUN_FILE_PER_CLASS), classes,
                                     confusion, err) != STATUS_OK)
        return err->status;
    return val_predictions_commit(&t->predictions, err);
}

/* Nothing but the classifier differs between the epochs of features. */
enum status trainer_save_by_time(struct trainer *t, struct error *err)
{
    if (!t->evaluator || t->best.weight)
        return STATUS_OK;
    t->best.weight =
        memory_array(t->params->n_trained, sizeof *t->best.weight, "best weights", err);
    return t->best.weight ? STATUS_OK : err->status;
}

void trainer_save_destroy(struct trainer *t)
{
    val_predictions_abandon(&t->predictions);
    free(t->best.weight);
}

enum status trainer_save_best(struct trainer *t, struct error *err)
{
    enum status status = STATUS_OK;
    trainer_update_exchange(t);
    if (t->best.weight)
        memcpy(t->best.weight, t->params->data, t->params->n_trained * sizeof *t->best.weight);
    else
        status = write_best(t, err);
    trainer_update_exchange(t);
    t->best.is_due = t->best.weight;
    return status;
}

static void exchange_best(struct trainer *t)
{
    for (size_t i = 0; i < t->params->n_trained; i++) {
        float present = t->params->data[i];
        t->params->data[i] = t->best.weight[i];
        t->best.weight[i] = present;
    }
}

/* Features are evaluated once more: it takes milliseconds, and what only the best epoch's tables
 * need is kept at no epoch. */
static enum status save_due_best(struct trainer *t, struct error *err)
{
    const struct evaluator_events events = {0};
    bool stopped;
    if (!t->best.is_due)
        return STATUS_OK;
    exchange_best(t);
    enum status status = evaluate(t, &stopped, &events, true, err);
    if (status == STATUS_OK)
        status = write_best(t, err);
    exchange_best(t);
    t->best.is_due = status != STATUS_OK;
    return status;
}

/* ---- state and last ---- */

bool trainer_save_due(const struct trainer *t)
{
    return !loader_values(t->in.train) || clock_seconds() - t->saved_at >= SECONDS_BETWEEN_SAVES;
}

enum status trainer_save_state(struct trainer *t, struct error *err)
{
    struct run_folder_marks marks;
    enum status status = save_due_best(t, err); /* the state tells of it */
    trainer_save_time(t);
    if (status == STATUS_OK)
        status = check_weights(t, err);
    if (status == STATUS_OK)
        status = run_folder_sync(t->in.folder, &marks, err);
    if (status != STATUS_OK)
        return status;
    t->state.batches_bytes = marks.batches.length;
    t->state.batches_hash = (int64_t)marks.batches.hash;
    t->state.results_bytes = marks.results.length;
    t->state.results_hash = (int64_t)marks.results.hash;
    status = run_state_write(run_folder_file(t->in.folder, RUN_FILE_STATE), &t->content, err);
    t->saved_at = clock_seconds();
    return status;
}

enum status trainer_save_last(struct trainer *t, struct error *err)
{
    trainer_update_exchange(t);
    enum status status = save_weights(t, RUN_FILE_LAST, err);
    trainer_update_exchange(t);
    if (status == STATUS_OK)
        status =
            hard_examples_write(&t->examples, run_folder_file(t->in.folder, RUN_FILE_HARD), err);
    return status == STATUS_OK ? trainer_save_state(t, err) : status;
}
