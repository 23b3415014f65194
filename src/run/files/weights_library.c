#include "run/files/weights_library.h"

#include "base/files.h"
#include "base/memory.h"
#include "base/suggest.h"
#include "base/text.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_NAMES = 64, NAME_BYTES = 64 };
static const char suffix[] = ".safetensors";

/* As the XDG base directory specification says: a relative value is none. */
static enum status find_folder(char **folder, struct error *err)
{
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    if (data && data[0] == '/')
        return files_join(folder, data, "atk-train/weights", err);
    if (home && *home)
        return files_join(folder, home, ".local/share/atk-train/weights", err);
    return error_set(err, "--weights NAME: neither XDG_DATA_HOME nor HOME is set; give a path");
}

enum status weights_library_file(char **path, const char *what, struct error *err)
{
    if (!files_is_directory(what)) {
        *path = memory_string(what, err);
        return *path ? STATUS_OK : err->status;
    }
    static const char *const name[] = {"best.safetensors", "last.safetensors"};
    for (int i = 0; i < 2; i++) {
        enum status status = files_join(path, what, name[i], err);
        if (status != STATUS_OK || files_exist(*path))
            return status;
        free(*path);
        *path = NULL;
    }
    return error_set(err, "%s: the folder holds neither best.safetensors nor last.safetensors",
                     what);
}

/* The known name that was probably meant, copied to out; false: none. */
static bool find_near(char out[NAME_BYTES], const char *what, const char *folder)
{
    char name[MOST_NAMES][NAME_BYTES];
    const char *pointer[MOST_NAMES];
    int n = 0;
    DIR *open = opendir(folder);
    const struct dirent *entry = open ? readdir(open) : NULL;
    for (; entry && n < MOST_NAMES; entry = readdir(open)) {
        size_t length = strlen(entry->d_name) - strlen(suffix);
        if (!text_ends_in(entry->d_name, suffix) || length >= NAME_BYTES)
            continue;
        memcpy(name[n], entry->d_name, length);
        name[n][length] = '\0';
        pointer[n] = name[n];
        n++;
    }
    if (open)
        closedir(open);
    const char *near = suggest_nearest(what, pointer, n);
    if (!near)
        return false;
    strcpy(out, near);
    return true;
}

static enum status refuse(const char *what, const char *path, const char *folder, struct error *err)
{
    char near[NAME_BYTES];
    if (find_near(near, what, folder))
        return error_usage(err,
                           "--weights: there is no %s; did you mean %s? Else get it with: "
                           "atk-get-weights %s",
                           path, near, what);
    return error_usage(err, "--weights: there is no %s; get it with: atk-get-weights %s", path,
                       what);
}

/* folder/what.safetensors */
static enum status named_path(char **path, const char *what, const char *folder, struct error *err)
{
    char *file = memory_array(strlen(what) + sizeof suffix, 1, "a path", err);
    if (!file)
        return err->status;
    strcat(strcpy(file, what), suffix);
    enum status status = files_join(path, folder, file, err);
    free(file);
    return status;
}

static enum status find_named(char **path, const char *what, const char *folder, struct error *err)
{
    char *named = NULL;
    if (named_path(&named, what, folder, err) != STATUS_OK)
        return err->status;
    if (files_exist(named)) {
        *path = named;
        return STATUS_OK;
    }
    enum status status = files_exist(what) ? weights_library_file(path, what, err)
                                           : refuse(what, named, folder, err);
    free(named);
    return status;
}

enum status weights_library_find(char **path, const char *what, struct error *err)
{
    *path = NULL;
    if (strchr(what, '/') || text_ends_in(what, suffix))
        return weights_library_file(path, what, err);
    char *folder = NULL;
    if (find_folder(&folder, err) != STATUS_OK)
        return err->status;
    enum status status = find_named(path, what, folder, err);
    free(folder);
    return status;
}
