#include "run/train/summary.h"

#include "base/files.h"
#include "io/json_text.h"

#include <math.h>

static void put_text(FILE *stream, const char *key, const char *value)
{
    fprintf(stream, ", \"%s\": ", key);
    json_text_put(stream, value);
}

/* JSON has no NaN. */
static void put_number(FILE *stream, const char *key, double value)
{
    if (isfinite(value))
        fprintf(stream, ", \"%s\": %.9g", key, value);
    else
        fprintf(stream, ", \"%s\": null", key);
}

void summary_write(FILE *stream, const struct session *s, const struct trainer_result *result)
{
    static const char *const end[] = {[TRAINER_FINISHED] = "finished",
                                      [TRAINER_STOPPED_EARLY] = "stopped early",
                                      [TRAINER_OUT_OF_TIME] = "out of time",
                                      [TRAINER_INTERRUPTED] = "interrupted"};
    char buffer[SETTINGS_TEXT_BYTES];

    fprintf(stream, "{\"status\": \"%s\"", end[result->end]);
    put_text(stream, "run", run_folder_path(s->folder));
    put_text(stream, "data", s->settings->data);
    put_text(stream, "model", s->spec.name);
    put_text(stream, "k", s->settings->k.text);
    put_number(stream, "seed", (double)s->settings->seed);
    put_number(stream, "classes", session_classes(s)->n);
    put_number(stream, "train_images", s->train.n);
    put_number(stream, "val_images", s->val.n);
    put_number(stream, "bad_images", (double)s->n_bad);
    put_number(stream, "parameters", (double)s->summary.parameters);
    put_number(stream, "epochs", s->settings->epochs);
    put_number(stream, "epochs_done", result->epochs_done);
    put_number(stream, "best_epoch", result->best_epoch > 0 ? (double)result->best_epoch : NAN);
    put_text(stream, "monitor", settings_text(s->settings, settings_table_find("monitor"), buffer));
    put_number(stream, "best_accuracy", result->best_accuracy);
    put_number(stream, "best_balanced_accuracy", result->best_balanced_accuracy);
    put_number(stream, "best_macro_f1", result->best_macro_f1);
    put_number(stream, "best_mean_loss", result->best_mean_loss);
    put_number(stream, "last_accuracy", result->last_accuracy);
    put_number(stream, "last_balanced_accuracy", result->last_balanced_accuracy);
    put_number(stream, "last_macro_f1", result->last_macro_f1);
    put_number(stream, "last_mean_loss", result->last_mean_loss);
    put_number(stream, "last_train_loss", result->last_train_loss);
    put_number(stream, "seconds", result->seconds);
    fputs("}\n", stream);
}

enum status summary_save(const struct session *s, const struct trainer_result *result,
                         struct error *err)
{
    struct files_writer w;
    enum status status = files_open(&w, run_folder_file(s->folder, RUN_FILE_SUMMARY), err);

    if (status != STATUS_OK)
        return status;
    summary_write(w.stream, s, result);
    return files_commit(&w, err);
}
