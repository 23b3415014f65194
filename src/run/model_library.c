#include "run/model_library.h"

#include "base/files.h"
#include "base/suggest.h"
#include "run/model_file.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_FOLDERS = 3, MOST_NAMES = 64, NAME_BYTES = 64 };

struct folders {
    char *path[MOST_FOLDERS];
    int n;
};

struct names {
    char name[MOST_NAMES][NAME_BYTES];
    int n;
};

static bool ends_in(const char *text, const char *end)
{
    size_t n_text = strlen(text), n_end = strlen(end);

    return n_text > n_end && strcmp(text + n_text - n_end, end) == 0;
}

static void folders_free(struct folders *f)
{
    for (int i = 0; i < f->n; i++)
        free(f->path[i]);
}

static enum status list_folders(struct folders *f, struct error *err)
{
    const char *share = getenv("ATK_TRAIN_SHARE");
    char *program = NULL;
    enum status status = files_program_directory(&program, err);

    *f = (struct folders){0};
    if (status == STATUS_OK && share && *share)
        status = files_join(&f->path[f->n++], share, "models", err);
    if (status == STATUS_OK && *program)
        status = files_join(&f->path[f->n++], program, "../models", err);
    if (status == STATUS_OK && *program)
        status = files_join(&f->path[f->n++], program, "../share/atk-train/models", err);
    free(program);
    return status;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* What there is, for the message about a name that there is not. */
static void list_names(struct names *names, const struct folders *f)
{
    names->n = 0;
    for (int i = 0; i < f->n; i++) {
        DIR *folder = opendir(f->path[i]);
        const struct dirent *entry;
        while (folder && (entry = readdir(folder)) && names->n < MOST_NAMES) {
            size_t length = strlen(entry->d_name);
            if (!ends_in(entry->d_name, ".yaml") || length - 5 >= NAME_BYTES)
                continue;
            memcpy(names->name[names->n], entry->d_name, length - 5);
            names->name[names->n++][length - 5] = '\0';
        }
        if (folder)
            closedir(folder);
    }
    qsort(names->name, (size_t)names->n, NAME_BYTES, compare_names);
}

static enum status refuse(const char *what, const struct folders *f, struct error *err)
{
    struct names names;
    const char *pointer[MOST_NAMES];
    char list[512] = "";

    list_names(&names, f);
    for (int i = 0; i < names.n; i++) {
        size_t used = strlen(list);
        pointer[i] = names.name[i];
        if (i == 0 || strcmp(names.name[i], names.name[i - 1]) != 0)
            snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", names.name[i]);
    }
    if (names.n == 0)
        return error_usage(err, "--model: \"%s\" is not a file, and no models/ folder was found",
                           what);
    const char *near = suggest_nearest(what, pointer, names.n);
    return error_usage(err, "--model: \"%s\" is not one of the networks %s%s%s%s", what, list,
                       near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static enum status find_named(struct model_spec *out, const char *name, const struct folders *f,
                              struct error *err)
{
    char file[NAME_BYTES + 8];

    snprintf(file, sizeof file, "%s.yaml", name);
    for (int i = 0; i < f->n; i++) {
        char *path;
        enum status status = files_join(&path, f->path[i], file, err);
        if (status != STATUS_OK)
            return status;
        bool found = files_exist(path);
        if (found)
            status = model_file_read(out, path, err);
        free(path);
        if (found)
            return status;
    }
    return refuse(name, f, err);
}

enum status model_library_find(struct model_spec *out, const char *what, struct error *err)
{
    struct folders folders;
    enum status status;

    if (strchr(what, '/') || ends_in(what, ".yaml") || ends_in(what, ".yml"))
        return model_file_read(out, what, err);
    status = list_folders(&folders, err);
    if (status == STATUS_OK)
        status = strlen(what) < NAME_BYTES ? find_named(out, what, &folders, err)
                                           : refuse(what, &folders, err);
    folders_free(&folders);
    return status;
}
