#include "run/page/page_run.h"

#include "base/files.h"
#include "base/memory.h"
#include "run/files/run_folder.h"
#include "run/page/class_figures.h"
#include "run/settings/settings_yaml.h"

#include <math.h>
#include <stdlib.h>

static enum status join_paths(struct page_run *run, struct error *err)
{
    const struct {
        char **path;
        enum run_file file;
    } part[] = {
        {&run->results, RUN_FILE_RESULTS},
        {&run->batches, RUN_FILE_BATCHES},
        {&run->validation, RUN_FILE_VAL_PREDICTIONS},
        {&run->hard_file, RUN_FILE_HARD},
        {&run->thumbnails_file, RUN_FILE_THUMBNAILS},
        {&run->summary, RUN_FILE_SUMMARY},
        {&run->check, RUN_FILE_DATA_CHECK},
    };

    for (size_t i = 0; i < sizeof part / sizeof *part; i++)
        if (run_folder_join(part[i].path, run->folder, part[i].file, err) != STATUS_OK)
            return err->status;
    return STATUS_OK;
}

static enum status read_settings(struct page_run *run, struct error *err)
{
    char *path = NULL;
    enum status status = run_folder_join(&path, run->folder, RUN_FILE_ARGS, err);

    if (status == STATUS_OK && !files_exist(path))
        status = error_set(err, "%s: no run folder: it holds no args.yaml", run->folder);
    if (status == STATUS_OK)
        status = settings_init(&run->settings, err);
    run->has_settings = status == STATUS_OK;
    if (status == STATUS_OK && settings_yaml_read(&run->settings, path, err) != STATUS_OK)
        status = err->status = STATUS_FAILED; /* it is not what the user typed */
    free(path);
    return status;
}

enum status page_run_open(struct page_run *out, const char *folder, struct error *err)
{
    *out = (struct page_run){.best = -1};
    out->folder = memory_string(*folder ? folder : ".", err);
    if (!out->folder || join_paths(out, err) != STATUS_OK)
        return err->status;
    return read_settings(out, err);
}

static enum status read_classes(struct page_run *run, struct error *err)
{
    char *path = NULL;
    enum status status = run_folder_join(&path, run->folder, RUN_FILE_CLASSES, err);

    if (status == STATUS_OK)
        status = class_list_read(&run->classes, path, err);
    free(path);
    return status;
}

static enum status read_tables(struct page_run *run, struct error *err)
{
    if (files_exist(run->results) && epoch_table_read(&run->epochs, run->results, run->batches,
                                                      run->classes.n, err) != STATUS_OK)
        return err->status;
    if (files_exist(run->validation) &&
        predictions_read(&run->predictions, run->validation, &run->classes, err) != STATUS_OK)
        return err->status;
    if (files_exist(run->hard_file) &&
        hard_table_read(&run->hard, run->hard_file, &run->classes, err) != STATUS_OK)
        return err->status;
    return thumbnails_read(&run->thumbnails, run->thumbnails_file, err);
}

enum status page_run_read(struct page_run *out, const char *folder, struct error *err)
{
    if (page_run_open(out, folder, err) != STATUS_OK || read_classes(out, err) != STATUS_OK ||
        read_tables(out, err) != STATUS_OK)
        return err->status;
    out->best = epoch_table_best(&out->epochs, out->settings.monitor);
    out->figures =
        memory_array((size_t)out->classes.n, sizeof *out->figures, "figures of classes", err);
    if (!out->figures)
        return err->status;
    if (out->predictions.n > 0)
        class_figures_count(out->figures, &out->predictions);
    return STATUS_OK;
}

void page_run_free(struct page_run *run)
{
    free(run->folder);
    free(run->results);
    free(run->batches);
    free(run->validation);
    free(run->hard_file);
    free(run->thumbnails_file);
    free(run->summary);
    free(run->check);
    if (run->has_settings)
        settings_free(&run->settings);
    class_list_free(&run->classes);
    epoch_table_free(&run->epochs);
    predictions_free(&run->predictions);
    hard_table_free(&run->hard);
    thumbnails_free(&run->thumbnails);
    free(run->figures);
    *run = (struct page_run){0};
}
