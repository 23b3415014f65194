/* One step: forward, individual losses, selection of those that count, backward through these
 * alone, update. A step is one batch, or with --accumulate the next so many of them
 * (micro-batches). With scope step none counts before the losses of all are known; else each
 * micro-batch is selected from and goes backward at once, while its activations are there.
 *
 * The step's row and event come after the update, so a row in batches.csv means a step done. */
#include "run/train/trainer_internal.h"

#include "base/clock.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static enum status refuse_loss(struct trainer *t, const struct batch *b, struct error *err)
{
    t->not_finite = true;
    char names[768] = "";
    size_t length = 0;
    for (int i = 0; i < b->n && length < sizeof names; i++)
        length += (size_t)snprintf(names + length, sizeof names - length, "%s%s", i > 0 ? ", " : "",
                                   dataset_sample(t->in.train_data, b->row[i])->image);
    return error_set(err,
                     "epoch %d, batch %d: the loss is not a finite number (a lower "
                     "--learning-rate may help); the batch: %s",
                     (int)t->state.epoch + 1, (int)t->state.next_batch + 1, names);
}

const float *trainer_forward(struct trainer *t, const float *x, int n, enum model_mode mode)
{
    return loader_values(t->in.train) ? model_classify_features(t->in.model, x, n, mode)
                                      : model_forward(t->in.model, x, n, mode);
}

/* Forward through one micro-batch: its losses and their gradients go behind those of the ones
 * before. */
static enum status add_micro_batch(struct trainer *t, struct trainer_batch *out,
                                   const struct batch *b, struct error *err)
{
    struct trainer_images *s = &t->step;
    size_t classes = (size_t)t->classes;
    const float *logits = trainer_forward(t, b->x, b->n, MODEL_TRAIN);
    s->first = s->n;
    loss_individual(s->loss + s->first, s->dlogits + (size_t)s->first * classes, logits, b->label,
                    b->n, t->classes, &t->loss_options);
    memcpy(s->row + s->first, b->row, (size_t)b->n * sizeof *s->row);
    memcpy(s->position + s->first, b->position, (size_t)b->n * sizeof *s->position);
    for (int i = 0; i < b->n; i++) {
        int at = s->first + i;
        s->micro_batch[at] = s->first;
        s->loss_sum += (double)s->loss[at];
        s->predicted[at] = metrics_predict(logits + (size_t)i * classes, t->classes);
        out->n_correct += s->predicted[at] == b->label[i];
    }
    s->n += b->n;
    out->wait_seconds += b->wait_seconds;
    return isfinite(s->loss_sum) ? STATUS_OK : refuse_loss(t, b, err);
}

/* The gradient of the step's loss, and its figures. */
static enum status compute_gradient(struct trainer *t, struct trainer_batch *out, struct error *err)
{
    struct trainer_images *s = &t->step;
    bool at_once = t->settings->scope != SCOPE_STEP;
    for (int left = out->n; left > 0;) {
        struct batch b;
        enum status status = loader_next(t->in.train, &b, err);
        /* Nothing of the step is done yet: the state before it can be saved. */
        t->unreadable = status != STATUS_OK && s->n == 0;
        if (status == STATUS_OK && b.n > 0)
            status = add_micro_batch(t, out, &b, err);
        if (status != STATUS_OK)
            return status;
        left -= b.places;
        out->n -= b.places - b.n;
        if (b.n == 0)
            continue;
        if (at_once) {
            trainer_select(t, out, s->first, b.n);
            trainer_backward_present(t);
        }
    }
    if (s->n == 0)
        return STATUS_OK;
    out->mean_loss = s->loss_sum / out->n;
    if (at_once)
        return STATUS_OK;
    trainer_select(t, out, 0, out->n);
    trainer_backward_present(t);
    return trainer_backward_rest(t, err);
}

static enum status report_step(struct trainer *t, const struct trainer_batch *b, struct error *err)
{
    const struct run_batch_row row = {
        .epoch = b->epoch,
        .batch = b->batch,
        .images = b->n,
        .k = b->k,
        .loss = b->loss,
        .mean_loss = b->mean_loss,
        .accuracy = b->n > 0 ? (double)b->n_correct / b->n : NAN,
        .learning_rate = b->learning_rate,
        .gradient_norm = b->gradient_norm,
        .threshold = b->threshold,
        .seconds = b->seconds,
        .wait_seconds = b->wait_seconds,
        .images_per_second = b->images_per_second,
    };
    enum status status = STATUS_OK;
    if (t->in.folder)
        status = run_folder_append_batch(t->in.folder, &row, err);
    if (status == STATUS_OK && t->in.events.batch)
        t->in.events.batch(t->in.events.context, b);
    return status;
}

/* How many images the step at hand has: the last one of an epoch may have fewer. */
static int count_images(const struct trainer *t)
{
    int64_t left = t->in.n_train_rows - t->state.next_batch * t->step.capacity;
    return left < t->step.capacity ? (int)left : t->step.capacity;
}

static void add_to_state(struct trainer *t, const struct trainer_batch *b)
{
    const struct trainer_images *s = &t->step;
    hard_examples_add(&t->examples, s->row, s->loss, s->predicted, s->weight, s->n);
    t->state.next_batch++;
    t->state.images += b->n;
    t->state.correct += b->n_correct;
    t->state.loss_sum += b->loss * b->n;
    t->state.mean_loss_sum += b->mean_loss * b->n;
}

enum status trainer_step(struct trainer *t, struct error *err)
{
    double began = clock_seconds();
    int batch = (int)t->state.next_batch;
    struct trainer_batch report = {
        .epoch = (int)t->state.epoch + 1,
        .n_epochs = t->settings->epochs,
        .batch = batch + 1,
        .n_batches = t->n_batches,
        .n = count_images(t),
        .learning_rate = trainer_update_rate(t, batch),
    };
    t->step.n = t->step.first = t->step.n_selected = 0;
    t->step.loss_sum = 0;
    gradient_sum_begin(&t->gradient_sum);
    enum status status = compute_gradient(t, &report, err);
    if (status == STATUS_OK && report.k > 0) /* none above lambda: no gradient, no update */
        status = trainer_update(t, &report, err);
    if (status != STATUS_OK)
        return status;
    if (report.n > 0)
        trainer_select_finish(t, &report);
    add_to_state(t, &report);

    report.seconds = clock_seconds() - began;
    double rate = report.n / fmax(report.seconds, 1e-9);
    t->images_per_second =
        t->images_per_second > 0 ? 0.9 * t->images_per_second + 0.1 * rate : rate;
    report.images_per_second = t->images_per_second;
    report.n_saturated = model_saturated(t->in.model);
    return report_step(t, &report, err);
}
