#include "run/train/summary.h"

#include "base/files.h"
#include "io/json_write.h"
#include "math/gemm.h"
#include "math/kernels.h"

#include <math.h>

static void put_calibration(struct json_write *w, const char *which,
                            const struct run_state_calibration *c, bool exists)
{
    const struct {
        const char *name;
        double value;
    } figure[] = {{"temperature", c->temperature},
                  {"ece", c->error},
                  {"ece_calibrated", c->error_calibrated}};
    for (size_t i = 0; i < sizeof figure / sizeof *figure; i++) {
        char key[32];
        snprintf(key, sizeof key, "%s_%s", which, figure[i].name);
        json_write_number(w, key, exists ? figure[i].value : NAN);
    }
}

static void put_result(struct json_write *w, const struct trainer_result *result)
{
    json_write_number(w, "best_accuracy", result->best_accuracy);
    json_write_number(w, "best_balanced_accuracy", result->best_balanced_accuracy);
    json_write_number(w, "best_macro_f1", result->best_macro_f1);
    json_write_number(w, "best_mean_loss", result->best_mean_loss);
    json_write_number(w, "last_accuracy", result->last_accuracy);
    json_write_number(w, "last_balanced_accuracy", result->last_balanced_accuracy);
    json_write_number(w, "last_macro_f1", result->last_macro_f1);
    json_write_number(w, "last_mean_loss", result->last_mean_loss);
    json_write_number(w, "last_train_loss", result->last_train_loss);
    bool validated = result->best_epoch > 0;
    put_calibration(w, "best", &result->best_calibration, validated);
    put_calibration(w, "last", &result->last_calibration, validated);
}

enum status summary_write(FILE *stream, const struct session *s,
                          const struct trainer_result *result, struct error *err)
{
    static const char *const end[] = {[TRAINER_FINISHED] = "finished",
                                      [TRAINER_STOPPED_EARLY] = "stopped early",
                                      [TRAINER_OUT_OF_TIME] = "out of time",
                                      [TRAINER_INTERRUPTED] = "interrupted"};
    char buffer[SETTINGS_TEXT_BYTES];
    struct json_write *w = json_write_begin(err);

    if (!w)
        return err->status;
    json_write_text(w, "status", end[result->end]);
    json_write_text(w, "run", run_folder_path(s->folder));
    json_write_text(w, "data", s->settings->data);
    json_write_text(w, "model", s->spec.name);
    json_write_text(w, "k", s->settings->k.text);
    json_write_integer(w, "seed", s->settings->seed);
    json_write_integer(w, "classes", session_classes(s)->n);
    json_write_integer(w, "train_images", s->train.n);
    json_write_integer(w, "val_images", s->val.n);
    json_write_integer(w, "bad_images", (int64_t)s->n_bad);
    json_write_integer(w, "parameters", s->summary.parameters);
    json_write_integer(w, "epochs", s->settings->epochs);
    json_write_integer(w, "epochs_done", result->epochs_done);
    json_write_number(w, "best_epoch", result->best_epoch > 0 ? (double)result->best_epoch : NAN);
    json_write_text(w, "monitor",
                    settings_text(s->settings, settings_table_find("monitor"), buffer));
    put_result(w, result);
    json_write_text(w, "kernels", kernels_get()->level);
    json_write_text(w, "blas", gemm_blas_name());
    json_write_number(w, "seconds", result->seconds);
    return json_write_end(w, stream, err);
}

enum status summary_save(const struct session *s, const struct trainer_result *result,
                         struct error *err)
{
    struct files_writer w;

    if (files_open(&w, run_folder_file(s->folder, RUN_FILE_SUMMARY), err) != STATUS_OK)
        return err->status;
    if (summary_write(w.stream, s, result, err) == STATUS_OK)
        return files_commit(&w, err);
    files_abandon(&w);
    return err->status;
}
