#include "run/dry_run.h"

#include "base/files.h"
#include "base/memory.h"
#include "run/first_batches.h"
#include "run/session_machine.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char standard[] = "runs/dry-run", suffix[] = "-dry-run";

static enum status name_folder(char **out, const char *run, struct error *err)
{
    if (!run)
        return memory_copy_string(out, standard, err);
    size_t length = strlen(run);
    while (length > 1 && run[length - 1] == '/')
        length--;
    enum status status =
        memory_alloc((void **)out, length + sizeof suffix, 1, "a folder's name", err);
    if (status == STATUS_OK) {
        memcpy(*out, run, length);
        memcpy(*out + length, suffix, sizeof suffix);
    }
    return status;
}

/* Also what a killed dry run has left of a file that was being written. */
static bool is_ours(const char *name)
{
    for (int i = 0; i <= FIRST_BATCHES; i++) {
        size_t length = strlen(first_batches_file[i]);
        if (strncmp(name, first_batches_file[i], length) == 0 &&
            (name[length] == '\0' || strncmp(name + length, ".tmp.", 5) == 0))
            return true;
    }
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static enum status refuse_foreign(const char *folder, struct error *err)
{
    DIR *d = opendir(folder);
    const struct dirent *entry;
    enum status status = STATUS_OK;

    if (!d)
        return error_errno(err, "--dry-run: cannot write its pictures into %s", folder);
    while (status == STATUS_OK && (entry = readdir(d)))
        if (!is_ours(entry->d_name))
            status = error_usage(err,
                                 "--dry-run: its pictures go into %s, which holds %s: not of a dry "
                                 "run; --out gives another name",
                                 folder, entry->d_name);
    closedir(d);
    return status;
}

static enum status check_folder(const char *folder, struct error *err)
{
    if (!files_exist(folder))
        return run_folder_check(folder, err);
    enum status status = refuse_foreign(folder, err);
    if (status == STATUS_OK && access(folder, W_OK | X_OK) != 0)
        return error_errno(err, "--dry-run: cannot write its pictures into %s", folder);
    return status;
}

enum status dry_run_check(const struct settings *settings, struct error *err)
{
    char *folder;
    enum status status = name_folder(&folder, settings->out, err);

    if (status == STATUS_OK)
        status = check_folder(folder, err);
    free(folder);
    return status;
}

static enum status write_into(char *const path[FIRST_BATCHES + 1], struct session *s,
                              struct error *err)
{
    const struct loader_options options = session_machine_loader_options(s);
    const char *file[FIRST_BATCHES + 1];
    enum status status = session_open_train_loader(s, err);

    if (status != STATUS_OK)
        return status;
    for (int i = 0; i <= FIRST_BATCHES; i++) {
        file[i] = path[i];
        unlink(path[i]); /* an earlier dry run may have had more batches */
    }
    return first_batches_write(file, s->train_loader, s->data, &options, err);
}

enum status dry_run_write(char **folder, struct session *s, struct error *err)
{
    char *path[FIRST_BATCHES + 1] = {NULL};
    bool existed;
    enum status status = name_folder(folder, s->settings->out, err);

    if (status == STATUS_OK && (status = check_folder(*folder, err)) == STATUS_OK)
        status = files_make_directory(*folder, &existed, err);
    for (int i = 0; status == STATUS_OK && i <= FIRST_BATCHES; i++)
        status = files_join(&path[i], *folder, first_batches_file[i], err);
    if (status == STATUS_OK)
        status = write_into(path, s, err);
    for (int i = 0; i <= FIRST_BATCHES; i++)
        free(path[i]);
    return status;
}
