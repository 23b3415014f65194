#include "run/find_lr.h"

#include "base/clock.h"
#include "base/files.h"
#include "run/side_folder.h"
#include "run/trainer_internal.h"

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
    if (test->events->batch != NULL)
        test->events->batch(test->events->context, b);
}

/* A step fails only because something is not finite: no file takes part in it. At the first one
 * that is the data's or the network's fault, later the learning rate's. */
static enum status take_step(struct trainer *t, struct lr_curve *curve, const struct batch *b,
                             double began, struct error *err)
{
    enum status status = trainer_step(t, b, began, err);
    if (status == STATUS_OK || curve->n == 0)
        return status;
    curve->diverged = true;
    return STATUS_OK;
}

static enum status take_steps(struct trainer *t, struct lr_curve *curve, bool *interrupted,
                              struct error *err)
{
    enum status status = loader_start(t->in.train, 0, 0, err);
    while (status == STATUS_OK && curve->n < LR_CURVE_STEPS && !curve->diverged) {
        double began = clock_seconds();
        struct batch b;
        *interrupted = t->in.stop != NULL && *t->in.stop != 0;
        if (*interrupted)
            break;
        if ((status = loader_next(t->in.train, &b, err)) != STATUS_OK)
            break;
        if (b.n > 0)
            status = take_step(t, curve, &b, began, err);
        else
            status = loader_start(t->in.train, (int)++t->state.epoch, 0, err);
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
