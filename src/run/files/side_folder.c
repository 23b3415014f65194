#include "run/files/side_folder.h"

#include "base/files.h"
#include "base/memory.h"
#include "run/files/run_folder.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum status name_folder(char **path, const struct side_folder *f, const char *out,
                               struct error *err)
{
    size_t length = out ? strlen(out) : 0;
    size_t size = length + strlen(f->name) + sizeof "runs/";

    while (length > 1 && out[length - 1] == '/')
        length--;
    *path = memory_array(size, 1, "a folder's name", err);
    if (!*path)
        return err->status;
    if (out)
        snprintf(*path, size, "%.*s-%s", (int)length, out, f->name);
    else
        snprintf(*path, size, "runs/%s", f->name);
    return STATUS_OK;
}

/* Also what a killed program has left of a file that was being written. */
static bool is_ours(const struct side_folder *f, const char *name)
{
    for (int i = 0; i < f->n_files; i++) {
        size_t length = strlen(f->file[i]);
        if (strncmp(name, f->file[i], length) == 0 &&
            (name[length] == '\0' || strncmp(name + length, ".tmp.", 5) == 0))
            return true;
    }
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static enum status refuse_foreign(const struct side_folder *f, const char *path, struct error *err)
{
    DIR *d = opendir(path);
    const struct dirent *entry;
    enum status status = STATUS_OK;

    if (!d)
        return error_errno(err, "%s: cannot write its files into %s", f->option, path);
    for (entry = readdir(d); status == STATUS_OK && entry; entry = readdir(d))
        if (!is_ours(f, entry->d_name))
            status = error_usage(err,
                                 "%s: its files go into %s, which holds %s, and that is none of "
                                 "them; --out gives another name",
                                 f->option, path, entry->d_name);
    closedir(d);
    return status;
}

static enum status check(const struct side_folder *f, const char *path, struct error *err)
{
    if (!files_exist(path))
        return run_folder_check(path, err);
    enum status status = refuse_foreign(f, path, err);
    if (status == STATUS_OK && access(path, W_OK | X_OK) != 0)
        return error_errno(err, "%s: cannot write its files into %s", f->option, path);
    return status;
}

enum status side_folder_check(const struct side_folder *f, const char *out, struct error *err)
{
    char *path;
    enum status status = name_folder(&path, f, out, err);

    if (status == STATUS_OK)
        status = check(f, path, err);
    free(path);
    return status;
}

enum status side_folder_make(char **path, const struct side_folder *f, const char *out,
                             struct error *err)
{
    bool existed;
    enum status status = name_folder(path, f, out, err);

    if (status != STATUS_OK || check(f, *path, err) != STATUS_OK)
        return err->status;
    return files_make_directory(*path, &existed, err);
}
