/* The lock is flock() on batches.csv: it goes away with the process that holds it, however that
 * ends. */
#include "run/files/run_folder.h"

#include "base/files.h"
#include "base/memory.h"
#include "io/csv.h"
#include "run/files/table_file.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static const char *const file_name[RUN_FILE_FIRST_BATCHES] = {
    [RUN_FILE_ARGS] = "args.yaml",
    [RUN_FILE_MODEL] = "model.yaml",
    [RUN_FILE_CLASSES] = "classes.txt",
    [RUN_FILE_SPLIT] = "split.csv",
    [RUN_FILE_BAD_IMAGES] = "bad_images.csv",
    [RUN_FILE_DATA_CHECK] = "data_check.json",
    [RUN_FILE_BATCHES] = "batches.csv",
    [RUN_FILE_RESULTS] = "results.csv",
    [RUN_FILE_BEST] = "best.safetensors",
    [RUN_FILE_LAST] = "last.safetensors",
    [RUN_FILE_STATE] = "state.safetensors",
    [RUN_FILE_CONFUSION] = "confusion_matrix.csv",
    [RUN_FILE_PER_CLASS] = "per_class.csv",
    [RUN_FILE_VAL_PREDICTIONS] = "val_predictions.csv",
    [RUN_FILE_HARD] = "hard_examples.csv",
    [RUN_FILE_SUMMARY] = "summary.json",
    [RUN_FILE_IMAGES] = "images.safetensors",
    [RUN_FILE_REPORT] = "report.html",
    [RUN_FILE_THUMBNAILS] = "thumbnails.safetensors",
};

struct run_folder {
    char *path;
    char *file[RUN_N_FILES];
    struct table_file batches, results;
};

static enum status fill_paths(struct run_folder *f, const char *path, struct error *err)
{
    enum status status = STATUS_OK;

    f->path = memory_string(path, err);
    if (!f->path)
        return err->status;
    for (int i = 0; status == STATUS_OK && i < RUN_N_FILES; i++)
        status = run_folder_join(&f->file[i], path, (enum run_file)i, err);
    return status;
}

static void free_paths(struct run_folder *f)
{
    for (int i = 0; i < RUN_N_FILES; i++)
        free(f->file[i]);
    free(f->path);
}

static enum status open_tables(struct run_folder *f, bool create, struct error *err)
{
    enum status status = table_file_open(&f->batches, f->file[RUN_FILE_BATCHES], create, err);

    if (status == STATUS_OK && flock(f->batches.fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return error_set(err, "%s: another program is writing this run", f->path);
    if (status == STATUS_OK)
        status = table_file_open(&f->results, f->file[RUN_FILE_RESULTS], create, err);
    return status;
}

/* ",PREFIX NAME" for each class. */
static void put_class_columns(FILE *stream, const char *prefix, const struct class_list *classes)
{
    char column[1024]; /* a longer class name is cut, here alone */

    for (int i = 0; i < classes->n; i++) {
        snprintf(column, sizeof column, "%s %s", prefix, classes->name[i]);
        fputc(',', stream);
        csv_put_field(stream, column);
    }
}

static enum status write_headers(struct run_folder *f, const struct class_list *classes,
                                 struct error *err)
{
    enum status status = table_file_begin(&f->batches, err);

    if (status != STATUS_OK)
        return status;
    fputs("epoch,batch,images,k,loss,mean_loss,accuracy,learning_rate,gradient_norm,"
          "threshold,seconds,wait_seconds,images_per_second",
          f->batches.stream);
    if (table_file_end(&f->batches, err) != STATUS_OK ||
        table_file_begin(&f->results, err) != STATUS_OK)
        return err->status;
    fputs("epoch,train_loss,train_mean_loss,train_accuracy,"
          "val_mean_loss,val_loss,val_accuracy,val_balanced_accuracy,val_macro_f1,learning_rate",
          f->results.stream);
    put_class_columns(f->results.stream, "recall", classes);
    fputs(",selected", f->results.stream);
    put_class_columns(f->results.stream, "selected", classes);
    fputs(",seconds", f->results.stream);
    return table_file_end(&f->results, err);
}

static enum status refuse_existing(const char *path, struct error *err)
{
    return error_usage(err, "%s exists already, and a run is never overwritten", path);
}

enum status run_folder_check(const char *path, struct error *err)
{
    char *place = NULL, *above = NULL;
    enum status status = STATUS_OK;

    if (path && files_exist(path))
        return refuse_existing(path, err);
    /* The nearest folder above that is there already is the one that must be writable. */
    place = memory_string(path ? path : "runs/train1", err);
    if (!place)
        return err->status;
    while (status == STATUS_OK && !files_exist(place)) {
        status = files_directory(&above, place, err);
        free(place);
        place = above;
    }
    if (status == STATUS_OK && access(place, W_OK | X_OK) != 0)
        status = error_errno(err, "cannot make the run folder %s: %s", path ? path : "runs/train1",
                             place);
    free(place);
    return status;
}

enum status run_folder_holds(bool *holds, const char *folder, const char *path, struct error *err)
{
    struct run_folder f = {0};
    enum status status = fill_paths(&f, folder, err);

    *holds = false;
    for (int i = 0; status == STATUS_OK && !*holds && i < RUN_N_FILES; i++)
        if (files_exist(f.file[i]))
            status = files_same(holds, f.file[i], path, err);
    free_paths(&f);
    return status;
}

static enum status make_numbered(char *path, size_t size, struct error *err)
{
    bool existed = true;

    for (int number = 1; existed; number++) {
        snprintf(path, size, "runs/train%d", number);
        enum status status = files_make_directory(path, &existed, err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static enum status make_named(const char *path, struct error *err)
{
    bool existed;
    enum status status = files_make_directory(path, &existed, err);

    if (status == STATUS_OK && existed)
        return refuse_existing(path, err);
    return status;
}

static struct run_folder *allocate(struct error *err)
{
    struct run_folder *f = memory_array(1, sizeof *f, "run folder", err);

    if (f)
        f->batches.fd = f->results.fd = -1;
    return f;
}

void run_folder_discard(struct run_folder *f)
{
    for (int i = 0; i < RUN_N_FILES; i++)
        if (f->file[i])
            unlink(f->file[i]);
    if (f->path)
        rmdir(f->path);
    run_folder_close(f);
}

enum status run_folder_create(struct run_folder **out, const char *path,
                              const struct class_list *classes, struct error *err)
{
    char numbered[64];
    struct run_folder *f = allocate(err);

    *out = NULL;
    if (!f)
        return err->status;
    enum status status =
        path ? make_named(path, err) : make_numbered(numbered, sizeof numbered, err);
    if (status != STATUS_OK) {
        run_folder_close(f);
        return status;
    }
    if (!path)
        path = numbered;
    if (fill_paths(f, path, err) != STATUS_OK || open_tables(f, true, err) != STATUS_OK ||
        write_headers(f, classes, err) != STATUS_OK) {
        run_folder_discard(f);
        rmdir(path); /* when not even the paths could be noted */
        return err->status;
    }
    *out = f;
    return STATUS_OK;
}

/* Of one of the files that are written whole: "state.safetensors.tmp.4711.0". */
static bool is_leftover(const char *name)
{
    for (int i = 0; i < RUN_N_FILES; i++) {
        const char *file = i < RUN_FILE_FIRST_BATCHES
                               ? file_name[i]
                               : first_batches_file[i - RUN_FILE_FIRST_BATCHES];
        size_t length = strlen(file);
        if (strncmp(name, file, length) == 0 && strncmp(name + length, ".tmp.", 5) == 0)
            return true;
    }
    return false;
}

/* What a killed program has left of files that it was writing. Under the lock: nobody else writes
 * any. */
static void remove_leftovers(const struct run_folder *f)
{
    DIR *d = opendir(f->path);
    const struct dirent *entry;

    for (entry = d ? readdir(d) : NULL; entry; entry = readdir(d))
        if (is_leftover(entry->d_name))
            unlinkat(dirfd(d), entry->d_name, 0);
    if (d)
        closedir(d);
}

enum status run_folder_open(struct run_folder **out, const char *path, struct error *err)
{
    struct run_folder *f = allocate(err);

    *out = NULL;
    if (!f)
        return err->status;
    enum status status = fill_paths(f, path, err);
    if (status == STATUS_OK && !files_exist(f->file[RUN_FILE_STATE]))
        status = error_set(err, "%s: there is no state.safetensors to resume from", path);
    if (status == STATUS_OK)
        status = open_tables(f, false, err);
    if (status != STATUS_OK) {
        run_folder_close(f);
        return status;
    }
    remove_leftovers(f);
    *out = f;
    return STATUS_OK;
}

void run_folder_close(struct run_folder *f)
{
    if (!f)
        return;
    table_file_close(&f->batches);
    table_file_close(&f->results);
    free_paths(f);
    free(f);
}

const char *run_folder_path(const struct run_folder *f)
{
    return f->path;
}

enum status run_folder_join(char **path, const char *folder, enum run_file file, struct error *err)
{
    const char *name = file < RUN_FILE_FIRST_BATCHES
                           ? file_name[file]
                           : first_batches_file[file - RUN_FILE_FIRST_BATCHES];

    return files_join(path, folder, name, err);
}

const char *run_folder_file(const struct run_folder *f, enum run_file file)
{
    return f->file[file];
}

enum status run_folder_append_batch(struct run_folder *f, const struct run_batch_row *row,
                                    struct error *err)
{
    struct table_file *t = &f->batches;
    enum status status = table_file_begin(t, err);

    if (status != STATUS_OK)
        return status;
    fprintf(t->stream, "%d,%d,%d,%d", row->epoch, row->batch, row->images, row->k);
    const double figure[] = {row->loss,          row->mean_loss,     row->accuracy,
                             row->learning_rate, row->gradient_norm, row->threshold,
                             row->seconds,       row->wait_seconds,  row->images_per_second};
    for (size_t i = 0; i < sizeof figure / sizeof figure[0]; i++)
        table_file_put_number(t, figure[i]);
    return table_file_end(t, err);
}

enum status run_folder_append_epoch(struct run_folder *f, const struct run_epoch_row *row,
                                    struct error *err)
{
    struct table_file *t = &f->results;
    enum status status = table_file_begin(t, err);

    if (status != STATUS_OK)
        return status;
    fprintf(t->stream, "%d", row->epoch);
    table_file_put_number(t, row->train_loss);
    table_file_put_number(t, row->train_mean_loss);
    table_file_put_number(t, row->train_accuracy);
    const double validation[] = {row->val_mean_loss, row->val_loss, row->val_accuracy,
                                 row->val_balanced_accuracy, row->val_macro_f1};
    for (size_t i = 0; i < sizeof validation / sizeof validation[0]; i++)
        table_file_put_number(t, row->validated ? validation[i] : NAN);
    table_file_put_number(t, row->learning_rate);
    for (int i = 0; i < row->n_classes; i++)
        table_file_put_number(t, row->validated ? row->recall[i] : NAN);
    table_file_put_number(t, row->selected);
    for (int i = 0; i < row->n_classes; i++)
        table_file_put_number(t, row->class_selected[i]);
    table_file_put_number(t, row->seconds);
    return table_file_end(t, err);
}

enum status run_folder_sync(struct run_folder *f, struct run_folder_marks *out, struct error *err)
{
    enum status status = table_file_sync(&out->batches, &f->batches, err);

    return status == STATUS_OK ? table_file_sync(&out->results, &f->results, err) : status;
}

enum status run_folder_truncate(struct run_folder *f, const struct run_folder_marks *marks,
                                struct error *err)
{
    enum status status = table_file_cut(&f->batches, &marks->batches, err);

    return status == STATUS_OK ? table_file_cut(&f->results, &marks->results, err) : status;
}
