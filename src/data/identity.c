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
    char *folder = NULL, real[PATH_MAX];
    int number, n = identity->folder.n;
    char **grown = memory_grown(identity->resolved, &identity->resolved_capacity, (size_t)n + 1,
                                sizeof *grown, "folder names", err);
    if (!grown)
        return err->status;
    identity->resolved = grown;
    if (files_directory(&folder, path, err) != STATUS_OK)
        return err->status;
    enum status status = string_index_add(&identity->folder, &number, folder, err);
    if (status == STATUS_OK && identity->folder.n > n) {
        grown[n] = memory_string(realpath(folder, real) ? real : folder, err);
        status = grown[n] ? STATUS_OK : err->status;
    }
    if (status == STATUS_OK)
        *resolved = grown[number];
    free(folder);
    return status;
}

enum status identity_resolve(struct identity *identity, const char **out, const char *path,
                             struct error *err)
{
    const char *folder = NULL, *slash = strrchr(path, '/');
    if (resolve_folder(identity, &folder, path, err) != STATUS_OK)
        return err->status;
    const char *name = slash ? slash + 1 : path;
    size_t folder_bytes = strlen(folder), name_bytes = strlen(name) + 1;
    char *joined = memory_grown(identity->name, &identity->name_capacity,
                                folder_bytes + 1 + name_bytes, 1, "a path", err);
    if (!joined)
        return err->status;
    memcpy(joined, folder, folder_bytes);
    joined[folder_bytes] = '/';
    memcpy(joined + folder_bytes + 1, name, name_bytes);
    *out = identity->name = joined;
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
