#include "run/train/session.h"

#include "base/files.h"
#include "base/parallel.h"
#include "data/split.h"
#include "math/kernels.h"
#include "run/files/first_batches.h"
#include "run/files/model_file.h"
#include "run/files/model_library.h"
#include "run/settings/settings_yaml.h"
#include "run/train/session_bad.h"
#include "run/train/session_data.h"
#include "run/train/session_findings.h"
#include "run/train/session_machine.h"
#include "run/train/session_stamps.h"
#include "run/train/session_weights.h"

#include <stdlib.h>
#include <string.h>

const struct class_list *session_classes(const struct session *s)
{
    return dataset_classes(s->data);
}

static enum status read_spec(struct session *s, struct error *err)
{
    char *path = NULL;

    if (s->weights_file.has_network)
        return STATUS_OK;
    if (!s->settings->resume)
        return model_library_find(&s->spec, s->settings->model, err);
    enum status status = files_join(&path, s->settings->resume, "model.yaml", err);
    if (status == STATUS_OK)
        status = model_file_read(&s->spec, path, err);
    free(path);
    return status;
}

enum status session_load(struct session *s, const struct settings *settings, struct error *err)
{
    bool makes_folder = !settings->resume && !settings->dry_run && !settings->find_lr;

    *s = (struct session){.resolved = *settings};
    s->settings = &s->resolved;
    if (makes_folder && run_folder_check(settings->out, err) != STATUS_OK)
        return err->status;
    if (session_weights_find(s, err) != STATUS_OK || read_spec(s, err) != STATUS_OK ||
        session_data_load(s, err) != STATUS_OK)
        return err->status;
    if (settings->early_stop > 0 && !s->val.data)
        return error_usage(err, "--early-stop %d: no image is left to validate with",
                           settings->early_stop);
    if (settings_check_scope(settings, s->train.n, err) != STATUS_OK)
        return err->status;
    return session_machine_plan(s, err);
}

enum status session_load_data(struct session *s, const struct settings *settings,
                              const struct session_labels *labels, struct error *err)
{
    *s = (struct session){.resolved = *settings, .labels = *labels};
    s->settings = &s->resolved;
    s->threads = settings->threads ? settings->threads : parallel_processors();
    s->workers = s->threads;
    return session_data_load(s, err);
}

/* ---- opening ---- */

static enum status fill_metadata(struct session *s, struct error *err)
{
    struct checkpoint_metadata *metadata = &s->metadata;
    const struct settings *set = s->settings;
    enum status status = model_file_text(&metadata->model, &s->spec, err);

    if (status == STATUS_OK)
        status = class_list_copy(&metadata->classes, session_classes(s), err);
    metadata->fit = settings_image_fit(set);
    memcpy(metadata->mean, set->mean.value, sizeof metadata->mean);
    memcpy(metadata->std, set->std.value, sizeof metadata->std);
    metadata->apply_exif = set->exif == EXIF_APPLY;
    metadata->jpeg_scale = set->jpeg_scale;
    metadata->dtype = set->save_dtype == SAVE_DTYPE_F16 ? CHECKPOINT_F16 : CHECKPOINT_F32;
    metadata->batch_norm_is_frozen = session_weights_norms_are_frozen(s);
    return status;
}

static enum status open_network(struct session *s, struct error *err)
{
    const struct model_options options = session_machine_model_options(s);
    enum status status = model_create(&s->model, &s->spec, &options, err);

    if (status != STATUS_OK)
        return status;
    model_init(s->model, (uint64_t)s->settings->seed);
    /* A resumed run has its weights in its state. */
    return s->weights_file.path ? session_weights_load(s, err) : STATUS_OK;
}

enum status session_open_train_loader(struct session *s, struct error *err)
{
    struct loader_options options = session_machine_train_loader_options(s);

    session_bad_watch(s, s->data, &options);
    return loader_create(&s->train_loader, s->data, s->train.row, s->train.n, s->cache, &options,
                         err);
}

static enum status open_loaders(struct session *s, struct error *err)
{
    struct loader_options val = session_machine_loader_options(s);
    enum status status = session_machine_make_caches(s, err);

    if (status == STATUS_OK)
        status = session_open_train_loader(s, err);
    if (status != STATUS_OK || !s->val.data || s->settings->find_lr)
        return status;
    session_bad_watch(s, s->val.data, &val);
    return loader_create(&s->val_loader, s->val.data, s->val.row, s->val.n, s->val_cache, &val,
                         err);
}

static enum status write_split(const struct session *s, const char *path, struct error *err)
{
    const struct split split = {
        .train = s->train.row, .n_train = s->train.n, .val = s->val.row, .n_val = s->val.n};

    return split_write(&split, s->data, path, err);
}

static enum status save_settings(const struct session *s, struct error *err)
{
    struct files_writer w;
    enum status status = files_open(&w, run_folder_file(s->folder, RUN_FILE_ARGS), err);

    if (status != STATUS_OK)
        return status;
    settings_yaml_write(s->settings, w.stream);
    fprintf(w.stream,
            "\n# What computed the convolutions (forward/backward-data/backward-weights "
            "where they differ), by %s kernels:\n",
            kernels_get()->level);
    for (int i = 0; i < s->summary.layers.n; i++)
        if (s->summary.layers.row[i].method[0])
            fprintf(w.stream, "#   %s: %s\n", s->summary.layers.row[i].name,
                    s->summary.layers.row[i].method);
    return files_commit(&w, err);
}

enum status session_save_settings(struct session *s, struct error *err)
{
    enum status status = save_settings(s, err);

    /* Told once. */
    return status == STATUS_OK && s->n_replaced > 0 ? session_stamps_write(s, err) : status;
}

/* The run begins with the same batches: the trainer starts the loader anew. */
static enum status write_first_batches(const struct session *s, struct error *err)
{
    const struct loader_options options = session_machine_loader_options(s);
    const char *path[FIRST_BATCHES + 1];

    for (int i = 0; i <= FIRST_BATCHES; i++)
        path[i] = run_folder_file(s->folder, (enum run_file)(RUN_FILE_FIRST_BATCHES + i));
    return first_batches_write(path, s->train_loader, s->data, &options, err);
}

static enum status describe_run(struct session *s, struct error *err)
{
    const struct run_folder *f = s->folder;
    enum status status = session_save_settings(s, err);

    if (status != STATUS_OK)
        return status;
    const char *model = s->metadata.model;
    if (files_write(run_folder_file(f, RUN_FILE_MODEL), model, strlen(model), err) != STATUS_OK ||
        class_list_write(session_classes(s), run_folder_file(f, RUN_FILE_CLASSES), err) !=
            STATUS_OK)
        return err->status;
    if (!s->val_data)
        status = write_split(s, run_folder_file(f, RUN_FILE_SPLIT), err);
    if (status == STATUS_OK && s->n_bad > 0)
        status = session_bad_write(s, run_folder_file(f, RUN_FILE_BAD_IMAGES), err);
    if (status == STATUS_OK)
        status = session_findings_save(s, run_folder_file(f, RUN_FILE_DATA_CHECK), err);
    if (status == STATUS_OK)
        status = session_stamps_write(s, err);
    return status == STATUS_OK ? write_first_batches(s, err) : status;
}

static enum status open_folder(struct session *s, struct error *err)
{
    const struct settings *set = s->settings;

    if (set->resume)
        return run_folder_open(&s->folder, set->resume, err) == STATUS_OK
                   ? session_stamps_compare(s, err)
                   : err->status;
    if (run_folder_create(&s->folder, set->out, session_classes(s), err) != STATUS_OK)
        return err->status;
    enum status status = session_weights_name_model(s, err);
    if (status == STATUS_OK)
        status = describe_run(s, err);
    if (status != STATUS_OK) {
        run_folder_discard(s->folder);
        s->folder = NULL;
    }
    return status;
}

enum status session_open(struct session *s, struct error *err)
{
    if (fill_metadata(s, err) != STATUS_OK || open_network(s, err) != STATUS_OK ||
        open_loaders(s, err) != STATUS_OK)
        return err->status;
    if (s->settings->find_lr)
        return STATUS_OK;
    return open_folder(s, err); /* last: nothing is written for a run that cannot start */
}

struct trainer_inputs session_trainer_inputs(const struct session *s)
{
    return (struct trainer_inputs){
        .settings = s->settings,
        .metadata = &s->metadata,
        .model = s->model,
        .train = s->train_loader,
        .val = s->val_loader,
        .train_data = s->data,
        .val_data = s->val.data,
        .class_weight = s->class_weight,
        .train_rows = s->train.row,
        .val_rows = s->val.row,
        .n_train_rows = s->train.n,
        .n_val_rows = s->val.n,
        .folder = s->folder,
    };
}

void session_discard_new_folder(struct session *s)
{
    if (s->settings->resume || !s->folder ||
        files_exist(run_folder_file(s->folder, RUN_FILE_STATE)))
        return;
    run_folder_discard(s->folder);
    s->folder = NULL;
}

void session_close(struct session *s)
{
    loader_destroy(s->train_loader);
    loader_destroy(s->val_loader);
    features_free(&s->train_features);
    features_free(&s->val_features);
    disk_cache_close(s->features_file);
    cache_destroy(s->cache);
    cache_destroy(s->val_cache);
    disk_cache_close(s->disk);
    disk_cache_close(s->val_disk);
    model_destroy(s->model);
    run_folder_close(s->folder);
    free(s->weights_file.path);
    free(s->weights_file.model);
    checkpoint_metadata_free(&s->metadata);
    checkpoint_report_free(&s->weights);
    model_summary_free(&s->summary);
    free(s->train_stamp);
    free(s->val_stamp);
    free(s->train.row);
    free(s->train.count);
    free(s->val.row);
    free(s->val.count);
    free(s->class_weight);
    session_bad_free(s);
    findings_free(&s->findings);
    dataset_destroy(s->val_data);
    dataset_destroy(s->data);
    parallel_stop();
    *s = (struct session){0};
}
