#include "run/train/find_lr.h"

#include "base/files.h"
#include "run/files/side_folder.h"
#include "run/train/trainer.h"
#include "run/train/trainer_internal.h"

#include <stdlib.h>

static const char *const file[] = {"lr_finder.csv"};
static const struct side_folder place = {
    .option = "--find-lr", .name = "find-lr", .file = file, .n_files = 1};

enum status find_lr_check(const struct settings *settings, struct error *err)
{
    return side_folder_check(&place, settings->out, err);
}

struct range_test {
    struct lr_curve *curve;
    const struct trainer_events *events; /* of the caller */
};

static void note_batch(void *context, const struct trainer_batch *b)
{
    const struct range_test *test = context;
    lr_curve_add(test->curve, b->learning_rate, b->loss, b->mean_loss);
    if (test->events->batch)
        test->events->batch(test->events->context, b);
}

/* That something is not finite is the fault of data or network at the first step, and of the
 * learning rate later. */
static enum status take_step(struct trainer *t, struct lr_curve *curve, struct error *err)
{
    enum status status = trainer_step(t, err);
    if (status == STATUS_OK || curve->n == 0 || !t->not_finite)
        return status;
    curve->diverged = true;
    return STATUS_OK;
}

static enum status begin_epoch(struct trainer *t, struct error *err)
{
    t->state.next_batch = 0;
    trainer_select_begin_epoch(t);
    return loader_start(t->in.train, (int)t->state.epoch, 0, err);
}

static enum status take_steps(struct trainer *t, struct lr_curve *curve, bool *interrupted,
                              struct error *err)
{
    enum status status = begin_epoch(t, err);
    while (status == STATUS_OK && curve->n < LR_CURVE_STEPS && !curve->diverged) {
        *interrupted = t->in.stop && *t->in.stop != 0;
        if (*interrupted)
            break;
        status = take_step(t, curve, err);
        if (status != STATUS_OK || t->state.next_batch < t->n_batches)
            continue;
        t->state.epoch++;
        status = begin_epoch(t, err);
    }
    return status;
}

enum status find_lr_run(struct lr_curve *out, const struct trainer_inputs *in, bool *interrupted,
                        struct error *err)
{
    const struct schedule growth = {.kind = SCHEDULE_GROWTH,
                                    .low = LR_CURVE_LOWEST,
                                    .base = LR_CURVE_HIGHEST,
                                    .total = LR_CURVE_STEPS};
    struct range_test test = {out, &in->events};
    struct trainer_inputs inputs = *in;
    struct trainer *t;
    inputs.val = NULL;
    inputs.folder = NULL;
    inputs.schedule = &growth;
    inputs.events = (struct trainer_events){.context = &test, .batch = note_batch};
    *out = (struct lr_curve){0};
    *interrupted = false;
    enum status status = trainer_create(&t, &inputs, err);
    if (status == STATUS_OK)
        status = take_steps(t, out, interrupted, err);
    trainer_destroy(t);
    lr_curve_smooth(out);
    return status;
}

static enum status write_table(const char *path, const struct lr_curve *curve, struct error *err)
{
    struct files_writer w;
    enum status status = files_open(&w, path, err);
    if (status != STATUS_OK)
        return status;
    fputs("step,learning_rate,loss,mean_loss,smoothed_mean_loss\n", w.stream);
    for (int i = 0; i < curve->n; i++) {
        const struct lr_curve_point *p = &curve->point[i];
        fprintf(w.stream, "%d,%.9g,%.9g,%.9g,%.9g\n", i + 1, p->learning_rate, p->loss,
                p->mean_loss, p->smoothed);
    }
    return files_commit(&w, err);
}

enum status find_lr_write(char **path, const struct lr_curve *curve,
                          const struct settings *settings, struct error *err)
{
    char *folder = NULL;
    *path = NULL;
    enum status status = side_folder_make(&folder, &place, settings->out, err);
    if (status == STATUS_OK)
        status = files_join(path, folder, file[0], err);
    if (status == STATUS_OK)
        status = write_table(*path, curve, err);
    free(folder);
    return status;
}
