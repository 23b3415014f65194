#include "run/page/run_document.h"

#include "base/files.h"
#include "io/safetensors.h"
#include "run/files/run_folder.h"
#include "run/page/class_figures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_SUMMARY_BYTES = 1 << 20, MOST_CHECK_BYTES = 16 << 20 };

void run_document_put_time(struct json_document *d, const char *key)
{
    char text[64] = "";
    time_t now = time(NULL);
    struct tm parts;

    if (localtime_r(&now, &parts))
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S%z", &parts);
    json_document_text(d, key, text);
}

/* The version that trained. */
static void put_version(struct json_document *d, const struct page_run *run)
{
    struct error ignored;
    struct safetensors file = {0};
    char *path = NULL;
    const char *version = NULL;

    if (run_folder_join(&path, run->folder, RUN_FILE_LAST, &ignored) == STATUS_OK &&
        safetensors_read_header(&file, path, &ignored) == STATUS_OK)
        version = safetensors_meta(&file, "atk_version");
    json_document_text(d, "version", version ? version : ATK_VERSION);
    safetensors_free(&file);
    free(path);
}

static void put_setting(struct json_document *d, const struct page_run *run, const char *name)
{
    char buffer[SETTINGS_TEXT_BYTES];

    json_document_text(d, name, settings_text(&run->settings, settings_table_find(name), buffer));
}

/* Those that are not at their defaults. */
static enum status put_settings(struct json_document *d, const struct page_run *run,
                                struct error *err)
{
    int n;
    const struct setting *table = settings_table(&n);
    struct settings initial;
    char buffer[SETTINGS_TEXT_BYTES];

    if (settings_init(&initial, err) != STATUS_OK)
        return err->status;
    json_document_begin_list(d, "settings");
    for (int i = 0; i < n; i++) {
        const char *text = settings_text(&run->settings, &table[i], buffer);
        if (!text || table[i].use == SETTING_UNSAVED || table[i].use == SETTING_COMMAND ||
            settings_are_equal(&run->settings, &initial, &table[i]))
            continue;
        json_document_begin_object(d, NULL);
        json_document_text(d, "name", table[i].name);
        json_document_text(d, "value", text);
        json_document_text(d, "default", table[i].initial);
        json_document_text(d, "help", table[i].help);
        json_document_end(d);
    }
    json_document_end(d);
    settings_free(&initial);
    json_document_begin_object(d, "setting");
    static const char *const always[] = {"data", "val",    "model", "weights", "k",
                                         "seed", "epochs", "size",  "monitor", "batch-size"};
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        put_setting(d, run, always[i]);
    json_document_end(d);
    return STATUS_OK;
}

static void put_progress(struct json_document *d, const struct run_document_progress *progress)
{
    if (!progress)
        return;
    json_document_begin_object(d, "progress");
    json_document_integer(d, "epoch", progress->epoch);
    json_document_integer(d, "epochs", progress->epochs);
    json_document_integer(d, "batch", progress->batch);
    json_document_integer(d, "batches", progress->batches);
    json_document_number(d, "loss", progress->loss);
    json_document_number(d, "images_per_second", progress->images_per_second);
    json_document_end(d);
}

/* The epoch whose weights are the best ones, and its figures. */
static void put_best(struct json_document *d, const struct page_run *run)
{
    if (run->best < 0)
        return;
    const struct epoch_row *row = &run->epochs.row[run->best];
    double accuracy = row->figure[EPOCH_VAL_ACCURACY], low, high;
    json_document_begin_object(d, "best");
    json_document_integer(d, "epoch", row->epoch);
    json_document_number(d, "accuracy", accuracy);
    json_document_number(d, "balanced_accuracy", row->figure[EPOCH_VAL_BALANCED_ACCURACY]);
    json_document_number(d, "macro_f1", row->figure[EPOCH_VAL_MACRO_F1]);
    json_document_number(d, "mean_loss", row->figure[EPOCH_VAL_MEAN_LOSS]);
    if (run->predictions.n > 0 && !isnan(accuracy)) {
        class_figures_interval(&low, &high, accuracy, run->predictions.n);
        json_document_begin_list(d, "accuracy_interval");
        json_document_number(d, NULL, low);
        json_document_number(d, NULL, high);
        json_document_end(d);
    }
    json_document_end(d);
}

static enum status put_files(struct json_document *d, const struct page_run *run, bool is_over,
                             struct error *err)
{
    /* The summary of a run that goes on is that of its first part. */
    if (is_over && run->summary_text) {
        if (json_document_object(d, "summary", run->summary_text, strlen(run->summary_text),
                                 run->summary, err) != STATUS_OK)
            return err->status;
    } else if (is_over && files_exist(run->summary) &&
               json_document_file(d, "summary", run->summary, MOST_SUMMARY_BYTES, err) != STATUS_OK)
        return err->status;
    if (files_exist(run->check))
        return json_document_file(d, "check", run->check, MOST_CHECK_BYTES, err);
    return STATUS_OK;
}

enum status run_document_put(struct json_document *d, const struct page_run *run,
                             const struct run_document_progress *progress, struct error *err)
{
    json_document_text(d, "kind", "run");
    json_document_text(d, "run", run->folder);
    run_document_put_time(d, "written");
    put_version(d, run);
    put_progress(d, progress);
    put_best(d, run);
    if (put_files(d, run, !progress, err) != STATUS_OK || put_settings(d, run, err) != STATUS_OK)
        return err->status;
    json_document_begin_list(d, "classes");
    for (int c = 0; c < run->classes.n; c++)
        json_document_text(d, NULL, run->classes.name[c]);
    json_document_end(d);
    if (run_document_put_figures(d, run, err) != STATUS_OK)
        return err->status;
    return run_document_put_images(d, run, err);
}
