#include "data/identity.h"

#include "base/files.h"
#include "base/memory.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* "a/./b//../c" becomes "DIR/a/c" with DIR the working directory: what realpath() would say if all
 * of it were folders. out [PATH_MAX]; what does not fit keeps its spelling. */
static const char *normalise(char *out, const char *folder)
{
    bool is_absolute = *folder == '/';
    if (strlen(folder) >= PATH_MAX / 2 || (!is_absolute && !getcwd(out, PATH_MAX / 2)))
        return folder;
    size_t used = is_absolute || strcmp(out, "/") == 0 ? 0 : strlen(out);
    for (const char *at = folder; *at;) {
        size_t bytes = strcspn(at, "/");
        if (bytes == 2 && memcmp(at, "..", 2) == 0) {
            while (used > 0 && out[--used] != '/')
                continue;
        } else if (bytes > 0 && !(bytes == 1 && *at == '.')) {
            out[used++] = '/';
            memcpy(out + used, at, bytes);
            used += bytes;
        }
        at += bytes + (at[bytes] == '/');
    }
    out[used] = '\0';
    return out;
}

/* *resolved = the real path of the folder of `path`, found once for each spelling of a folder. One
 * that is not there is resolved as far as its text goes. */
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
        grown[n] = memory_string(realpath(folder, real) ? real : normalise(real, folder), err);
        status = grown[n] ? STATUS_OK : err->status;
    }
    if (status == STATUS_OK)
        *resolved = grown[number];
    free(folder);
    return status;
}

/* In place of the name of a link: that of the file that it leads to. One to nothing keeps its own.
 */
static enum status follow_link(struct identity *identity, const char **out, struct error *err)
{
    char real[PATH_MAX];
    struct stat info;
    if (lstat(identity->name, &info) != 0 || !S_ISLNK(info.st_mode) ||
        !realpath(identity->name, real))
        return STATUS_OK;
    size_t bytes = strlen(real) + 1;
    char *name = memory_grown(identity->name, &identity->name_capacity, bytes, 1, "a path", err);
    if (!name)
        return err->status;
    memcpy(name, real, bytes);
    *out = identity->name = name;
    return STATUS_OK;
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
    return identity->follows_links ? follow_link(identity, out, err) : STATUS_OK;
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
