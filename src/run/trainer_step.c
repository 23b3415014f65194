/* One step: forward, individual losses, selection of the k largest, backward through these alone,
 * update. The batch's row and event come after the update, so a row in batches.csv means a step
 * done.
 */
#include "run/trainer_internal.h"

#include "base/clock.h"
#include "nn/atk.h"
#include "nn/loss.h"

#include <math.h>
#include <stdio.h>

static enum status refuse_loss(const struct trainer *t, const struct batch *b, struct error *err)
{
    char names[768] = "";
    size_t length = 0;
    for (int i = 0; i < b->n && length < sizeof(names); i++)
        length +=
            (size_t)snprintf(names + length, sizeof(names) - length, "%s%s", i > 0 ? ", " : "",
                             dataset_sample(t->in.train_data, b->row[i])->image);
    return error_set(err,
                     "epoch %d, batch %d: the loss is not a finite number (a lower "
                     "--learning-rate may help); the batch: %s",
                     (int)t->state.epoch + 1, b->index + 1, names);
}

/* Losses, figures and the gradient of the logits of a batch. */
static enum status compute_loss(struct trainer *t, struct trainer_batch *out, const struct batch *b,
                                struct error *err)
{
    const float *logits = model_forward(t->in.model, b->x, b->n, MODEL_TRAIN);
    const struct loss_options options = {t->in.class_weight, t->settings->label_smoothing};
    loss_cross_entropy(t->loss, t->dlogits, NULL, logits, b->label, b->n, t->classes, &options);
    double sum = 0;
    for (int i = 0; i < b->n; i++) {
        sum += (double)t->loss[i];
        out->n_correct +=
            metrics_predict(logits + (size_t)i * (size_t)t->classes, t->classes) == b->label[i];
    }
    out->mean_loss = sum / b->n;
    if (!isfinite(out->mean_loss))
        return refuse_loss(t, b, err);

    out->k = atk_select(t->weight, t->selected, t->loss, b->n, atk_resolve(&t->settings->k, b->n),
                        t->scratch);
    out->loss = atk_mean(t->loss, t->selected, out->k);
    for (int i = 0; i < b->n; i++)
        for (int c = 0; c < t->classes; c++)
            t->dlogits[(size_t)i * (size_t)t->classes + (size_t)c] *= t->weight[i];
    return STATUS_OK;
}

static enum status report_batch(struct trainer *t, const struct trainer_batch *b, struct error *err)
{
    const struct run_batch_row row = {
        .epoch = b->epoch,
        .batch = b->batch,
        .images = b->n,
        .k = b->k,
        .loss = b->loss,
        .mean_loss = b->mean_loss,
        .accuracy = (double)b->n_correct / b->n,
        .learning_rate = b->learning_rate,
        .gradient_norm = b->gradient_norm,
        .seconds = b->seconds,
        .wait_seconds = b->wait_seconds,
        .images_per_second = b->images_per_second,
    };
    enum status status = STATUS_OK;
    if (t->in.folder != NULL)
        status = run_folder_append_batch(t->in.folder, &row, err);
    if (status == STATUS_OK && t->in.events.batch != NULL)
        t->in.events.batch(t->in.events.context, b);
    return status;
}

enum status trainer_step(struct trainer *t, const struct batch *b, double began, struct error *err)
{
    struct trainer_batch report = {
        .epoch = (int)t->state.epoch + 1,
        .n_epochs = t->settings->epochs,
        .batch = b->index + 1,
        .n_batches = t->n_batches,
        .n = b->n,
        .learning_rate = trainer_update_rate(t, b->index),
        .wait_seconds = b->wait_seconds,
    };
    enum status status = compute_loss(t, &report, b, err);
    if (status != STATUS_OK)
        return status;
    model_backward(t->in.model, t->dlogits, t->selected, report.k);
    if ((status = trainer_update(t, &report, err)) != STATUS_OK)
        return status;

    struct run_state *s = &t->state;
    s->next_batch = b->index + 1;
    s->images += b->n;
    s->correct += report.n_correct;
    s->loss_sum += report.loss * b->n;
    s->mean_loss_sum += report.mean_loss * b->n;

    report.seconds = clock_seconds() - began;
    double rate = b->n / fmax(report.seconds, 1e-9);
    t->images_per_second =
        t->images_per_second > 0 ? 0.9 * t->images_per_second + 0.1 * rate : rate;
    report.images_per_second = t->images_per_second;
    return report_batch(t, &report, err);
}
