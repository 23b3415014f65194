#include "data/identity.h"

#include "base/files.h"
#include "base/memory.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* *resolved = the real path of the folder of `path`, found once for each spelling of a folder. A
 * folder that cannot be resolved keeps its spelling. */
static enum status resolve_folder(struct identity *identity, const char **resolved,
                                  const char *path, struct error *err)
{
    char *folder = NULL;
    int number, n = identity->folder.n;
    enum status status = memory_grow((void **)&identity->resolved, &identity->resolved_capacity,
                                     (size_t)n + 1, sizeof(char *), "folder names", err);
    if (!status)
        status = files_directory(&folder, path, err);
    if (!status)
        status = string_index_add(&identity->folder, &number, folder, err);
    if (!status && identity->folder.n > n) {
        char real[PATH_MAX];
        status =
            memory_copy_string(&identity->resolved[n], realpath(folder, real) ? real : folder, err);
    }
    if (!status)
        *resolved = identity->resolved[number];
    free(folder);
    return status;
}

enum status identity_resolve(struct identity *identity, const char **out, const char *path,
                             struct error *err)
{
    const char *folder = NULL, *slash = strrchr(path, '/');
    enum status status = resolve_folder(identity, &folder, path, err);
    if (status)
        return status;
    const char *name = slash ? slash + 1 : path;
    size_t folder_bytes = strlen(folder), name_bytes = strlen(name) + 1;
    status = memory_grow((void **)&identity->name, &identity->name_capacity,
                         folder_bytes + 1 + name_bytes, 1, "a path", err);
    if (status)
        return status;
    memcpy(identity->name, folder, folder_bytes);
    identity->name[folder_bytes] = '/';
    memcpy(identity->name + folder_bytes + 1, name, name_bytes);
    *out = identity->name;
    return STATUS_OK;
}

void identity_free(struct identity *identity)
{
    for (int i = 0; i < identity->folder.n; i++)
        free(identity->resolved[i]);
    free(identity->resolved);
    free(identity->name);
    string_index_free(&identity->folder);
    *identity = (struct identity){0};
}
