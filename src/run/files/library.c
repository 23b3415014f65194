#include "run/files/library.h"

#include "base/files.h"
#include "base/memory.h"
#include "base/suggest.h"
#include "base/text.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_FOLDERS = 3 };

static const struct search_path {
    const char *folder, *option, *things;
} search_path[] = {
    [LIBRARY_MODELS] = {"models", "--model", "networks"},
    [LIBRARY_CONFIGS] = {"configs", "--config", "recipes"},
    [LIBRARY_PAGE] = {"scripts/page", NULL, NULL}, /* no option names one of its files */
};

struct folders {
    char *path[MOST_FOLDERS];
    int n;
};

static void folders_free(struct folders *f)
{
    for (int i = 0; i < f->n; i++)
        free(f->path[i]);
}

/* base/between/name, when there is a base. */
static enum status add_folder(struct folders *f, const char *base, const char *between,
                              const char *name, struct error *err)
{
    char below[LIBRARY_NAME_BYTES];

    if (!base || !*base)
        return STATUS_OK;
    snprintf(below, sizeof below, "%s%s", between, name);
    enum status status = files_join(&f->path[f->n], base, below, err);
    f->n += status == STATUS_OK;
    return status;
}

static enum status list_folders(struct folders *f, enum library library, struct error *err)
{
    const char *name = search_path[library].folder;
    char *program = NULL;
    enum status status = files_program_directory(&program, err);

    *f = (struct folders){0};
    if (status == STATUS_OK)
        status = add_folder(f, getenv("ATK_TRAIN_SHARE"), "", name, err);
    if (status == STATUS_OK)
        status = add_folder(f, program, "../", name, err);
    if (status == STATUS_OK)
        status = add_folder(f, program, "../share/atk-train/", name, err);
    free(program);
    return status;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* What there is, for the message about a name that there is not. */
static void list_names(struct library_names *names, const struct folders *f)
{
    names->n = 0;
    for (int i = 0; i < f->n; i++) {
        DIR *folder = opendir(f->path[i]);
        const struct dirent *entry = folder ? readdir(folder) : NULL;
        for (; entry && names->n < LIBRARY_MOST_NAMES; entry = readdir(folder)) {
            size_t length = strlen(entry->d_name);
            if (!text_ends_in(entry->d_name, ".yaml") || length - 5 >= LIBRARY_NAME_BYTES)
                continue;
            memcpy(names->name[names->n], entry->d_name, length - 5);
            names->name[names->n++][length - 5] = '\0';
        }
        if (folder)
            closedir(folder);
    }
    qsort(names->name, (size_t)names->n, LIBRARY_NAME_BYTES, compare_names);
}

static enum status refuse(const char *what, enum library library, const struct folders *f,
                          struct error *err)
{
    const struct search_path *on = &search_path[library];
    struct library_names names;
    const char *pointer[LIBRARY_MOST_NAMES];
    char list[512] = "";

    list_names(&names, f);
    for (int i = 0; i < names.n; i++) {
        size_t used = strlen(list);
        pointer[i] = names.name[i];
        if (i == 0 || strcmp(names.name[i], names.name[i - 1]) != 0)
            snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", names.name[i]);
    }
    if (files_exist(what))
        return error_usage(err, "%s: \"%s\" is not one of the %s %s; the file of that name is ./%s",
                           on->option, what, on->things, list, what);
    if (names.n == 0)
        return error_usage(err, "%s: \"%s\" is not a file, and no %s/ folder was found", on->option,
                           what, on->folder);
    const char *near = suggest_nearest(what, pointer, names.n);
    return error_usage(err, "%s: \"%s\" is not one of the %s %s%s%s%s", on->option, what,
                       on->things, list, near ? "; did you mean \"" : "", near ? near : "",
                       near ? "\"?" : "");
}

/* *path stays NULL when no folder has it. */
static enum status find_in(char **path, const char *file, const struct folders *f,
                           struct error *err)
{
    for (int i = 0; i < f->n; i++) {
        enum status status = files_join(path, f->path[i], file, err);
        if (status != STATUS_OK || files_exist(*path))
            return status;
        free(*path);
        *path = NULL;
    }
    return STATUS_OK;
}

static enum status find_named(char **path, const char *name, const struct folders *f,
                              struct error *err)
{
    char file[LIBRARY_NAME_BYTES + 8];

    if (strlen(name) >= LIBRARY_NAME_BYTES)
        return STATUS_OK;
    snprintf(file, sizeof file, "%s.yaml", name);
    return find_in(path, file, f, err);
}

enum status library_find_file(char **path, enum library library, const char *file,
                              struct error *err)
{
    struct folders folders;
    enum status status = list_folders(&folders, library, err);

    *path = NULL;
    if (status == STATUS_OK)
        status = find_in(path, file, &folders, err);
    if (status == STATUS_OK && !*path)
        status = error_set(err,
                           "%s was found in no %s/ folder: neither in $ATK_TRAIN_SHARE nor "
                           "beside the program",
                           file, search_path[library].folder);
    folders_free(&folders);
    return status;
}

enum status library_find(char **path, enum library library, const char *what, struct error *err)
{
    struct folders folders;

    *path = NULL;
    if (strchr(what, '/') || text_ends_in(what, ".yaml") || text_ends_in(what, ".yml")) {
        *path = memory_string(what, err);
        return *path ? STATUS_OK : err->status;
    }
    enum status status = list_folders(&folders, library, err);
    if (status == STATUS_OK)
        status = find_named(path, what, &folders, err);
    if (status == STATUS_OK && !*path)
        status = refuse(what, library, &folders, err);
    folders_free(&folders);
    return status;
}

bool library_has(enum library library, const char *name)
{
    struct error err;
    char *path = NULL;
    bool found = library_find(&path, library, name, &err) == STATUS_OK;

    free(path);
    return found;
}

enum status library_list(struct library_names *out, enum library library, struct error *err)
{
    struct folders folders;
    enum status status = list_folders(&folders, library, err);

    out->n = 0;
    if (status == STATUS_OK)
        list_names(out, &folders);
    folders_free(&folders);
    return status;
}
