#include "base/relative_path.h"

#include "base/memory.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* The real path of a folder, with a slash at its end. */
static enum status resolve(char out[PATH_MAX + 1], const char *folder, struct error *err)
{
    if (!realpath(folder, out))
        return error_errno(err, "%s", folder);
    size_t length = strlen(out);
    if (out[length - 1] != '/')
        strcpy(out + length, "/");
    return STATUS_OK;
}

/* Bytes of the folders that both begin with. */
static size_t common_bytes(const char *a, const char *b)
{
    size_t common = 0;
    for (size_t i = 0; a[i] && a[i] == b[i]; i++)
        if (a[i] == '/')
            common = i + 1;
    return common;
}

enum status relative_path_find(char **out, const char *from, const char *to, struct error *err)
{
    static const char up[] = "../";
    char start[PATH_MAX + 1], end[PATH_MAX + 1];
    size_t n_up = 0;
    *out = NULL;
    if (resolve(start, from, err) != STATUS_OK || resolve(end, to, err) != STATUS_OK)
        return err->status;
    size_t common = common_bytes(start, end);
    for (const char *at = start + common; *at; at++)
        n_up += *at == '/';
    *out = memory_array(n_up * strlen(up) + strlen(end + common) + 1, 1, "a path", err);
    if (!*out)
        return err->status;
    for (size_t i = 0; i < n_up; i++)
        strcat(*out, up);
    strcat(*out, end + common);
    return STATUS_OK;
}
