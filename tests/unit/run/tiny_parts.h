/* Runs of tiny_run.h with accidents (a stop, a kill, a poisoned weight), in parts, and compared. */
#ifndef TINY_PARTS_H
#define TINY_PARTS_H

#include "tiny_run.h"

#include "base/files.h"
#include "io/csv.h"

#include <signal.h>

enum { CLOCK_COLUMNS = 3 /* the last ones of batches.csv */ };

/* ---- Running with accidents ---- */

/* When something happens: at a batch or a step of evaluation, counted from 1 within this part of
 * the run; 0: never. */
struct accident {
    struct tiny_run *run;
    int stop_at_batch, stop_at_evaluation, kill_at_batch, poison_at_batch;
    float poison; /* becomes the classifier's first bias */
    int n_batches, n_evaluations, n_epochs;
};

static inline void on_batch(void *context, const struct trainer_batch *b)
{
    struct accident *a = context;
    a->n_batches++;
    assert_true(b->loss >= b->mean_loss);
    assert_int_equal(b->n_batches, TINY_BATCHES);
    if (a->n_batches == a->stop_at_batch)
        a->run->stop = SIGTERM;
    if (a->n_batches == a->kill_at_batch)
        kill(getpid(), SIGKILL);
    if (a->n_batches == a->poison_at_batch)
        param_find(model_params(a->run->model), "fc.bias")->data[0] = a->poison;
}

static inline void on_evaluating(void *context, int n_done, int n_total)
{
    struct accident *a = context;
    assert_in_range(n_done, 1, n_total);
    if (++a->n_evaluations == a->stop_at_evaluation)
        a->run->stop = SIGINT;
}

static inline void on_epoch(void *context, const struct trainer_epoch *e)
{
    struct accident *a = context;
    a->n_epochs++;
    assert_int_equal(e->validated, e->validation != NULL);
}

struct part {
    const char *folder; /* of the run, within the scratch folder */
    bool resume;
    enum norm_kind norm;
    double save_minutes;
    bool learns_threshold; /* scope dataset, with a schedule of k */
    struct accident accident;
};

/* One part of a run, from creation or resume to its end; says whether it was interrupted. */
static inline bool run_part(struct part *p)
{
    struct tiny_run r;
    tiny_create(&r, p->norm);
    p->accident.run = &r;
    r.settings.save_minutes = p->save_minutes;
    if (p->learns_threshold) {
        r.settings.scope = SCOPE_DATASET;
        r.settings.k_schedule = K_SCHEDULE_LINEAR;
        r.settings.k_warmup = 1;
    }
    r.inputs.events = (struct trainer_events){
        .context = &p->accident, .batch = on_batch, .evaluating = on_evaluating, .epoch = on_epoch};
    if (p->resume)
        MUST(run_folder_open(&r.folder, scratch_path(p->folder), err));
    else
        MUST(run_folder_create(&r.folder, scratch_path(p->folder), &r.metadata.classes, err));
    r.inputs.folder = r.folder;
    MUST(trainer_create(&r.trainer, &r.inputs, err));
    if (p->resume)
        MUST(trainer_restore(r.trainer, err));
    bool interrupted;
    MUST(trainer_run(r.trainer, &interrupted, err));
    if (!interrupted)
        assert_int_equal(trainer_result(r.trainer).epochs_done, TINY_EPOCHS);
    tiny_destroy(&r);
    return interrupted;
}

static inline void run_whole(const char *folder, enum norm_kind norm)
{
    struct part whole = {.folder = folder, .norm = norm};
    assert_false(run_part(&whole));
    assert_int_equal(whole.accident.n_batches, TINY_STEPS);
    assert_int_equal(whole.accident.n_epochs, TINY_EPOCHS);
}

static inline void resume_to_the_end(const char *folder, enum norm_kind norm)
{
    struct part rest = {.folder = folder, .norm = norm, .resume = true};
    assert_false(run_part(&rest));
}

/* ---- Comparing ---- */

static inline const char *file_in(const char *folder, const char *name)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return scratch_path(path);
}

static inline void assert_same_file(const char *a, const char *b, const char *name)
{
    uint8_t *x, *y;
    size_t n_x, n_y;
    MUST(files_read(&x, &n_x, file_in(a, name), SIZE_MAX / 2, err));
    MUST(files_read(&y, &n_y, file_in(b, name), SIZE_MAX / 2, err));
    assert_int_equal(n_x, n_y);
    assert_memory_equal(x, y, n_x);
    free(x);
    free(y);
}

/* But for the last columns, which a clock decides. */
static inline void assert_same_table(const char *a, const char *b, const char *name, int n_clock)
{
    struct csv_table x, y;
    MUST(csv_table_read(&x, file_in(a, name), ',', err));
    MUST(csv_table_read(&y, file_in(b, name), ',', err));
    assert_int_equal(x.n_rows, y.n_rows);
    for (size_t i = 0; i < x.n_rows; i++) {
        assert_int_equal(x.row[i].n_fields, y.row[i].n_fields);
        for (int j = 0; j < x.row[i].n_fields - n_clock; j++)
            assert_string_equal(x.row[i].field[j], y.row[i].field[j]);
    }
    csv_table_free(&x);
    csv_table_free(&y);
}

static inline void assert_same_run(const char *a, const char *b)
{
    assert_same_file(a, b, "last.safetensors");
    assert_same_file(a, b, "best.safetensors");
    assert_same_file(a, b, "confusion_matrix.csv");
    assert_same_file(a, b, "per_class.csv");
    assert_same_file(a, b, "val_predictions.csv");
    assert_same_file(a, b, "hard_examples.csv");
    assert_same_table(a, b, "batches.csv", CLOCK_COLUMNS);
    assert_same_table(a, b, "results.csv", 1);
}

static inline size_t count_rows(const char *folder, const char *name)
{
    struct csv_table table;
    MUST(csv_table_read(&table, file_in(folder, name), ',', err));
    size_t n = table.n_rows;
    csv_table_free(&table);
    return n;
}

#endif
