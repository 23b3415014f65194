#include "data/path_hint.h"

#include "base/files.h"
#include "base/memory.h"
#include "data/label_key.h"

#include <dirent.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Folders that are searched for a name: a table may have a million wrong ones. */
enum { MOST_SEARCHES = 16 };

static void add_hint(struct error *err, const char *there, const char *why)
{
    struct error before = *err;
    error_set(err, "%s; there is \"%s\" (%s)", before.message, there, why);
    err->status = before.status;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

/* Without spaces at its beginning and end and behind a slash. */
static void strip_spaces(char *path)
{
    char *to = path;
    for (const char *from = path; *from; from++)
        if (!is_space(*from) || (to > path && to[-1] != '/'))
            *to++ = *from;
    while (to > path && is_space(to[-1]))
        to--;
    *to = '\0';
}

static void turn_slashes(char *path)
{
    for (; *path; path++)
        if (*path == '\\')
            *path = '/';
}

/* "DIR/file:///tmp/a%20b.jpg" leads to "/tmp/a b.jpg". */
static void take_out_of_url(char *path)
{
    const char *from = strstr(path, "file://");
    char *to = path, digits[3] = "";
    if (!from)
        return;
    for (from += strlen("file://"); *from; from++) {
        bool coded = *from == '%' && strspn(from + 1, "0123456789abcdefABCDEF") >= 2;
        if (coded)
            memcpy(digits, from + 1, 2);
        *to++ = coded ? (char)strtol(digits, NULL, 16) : *from;
        from += coded ? 2 : 0;
    }
    *to = '\0';
}

static bool hint_rewritten(struct error *err, const char *path)
{
    static const struct {
        void (*rewrite)(char *path);
        const char *why;
    } way[] = {{strip_spaces, "without the spaces"},
               {turn_slashes, "with slashes for backslashes"},
               {take_out_of_url, "a path, not a URL"}};
    struct error ignored;
    char *copy = memory_string(path, &ignored);
    bool found = false;
    for (size_t i = 0; copy && !found && i < sizeof way / sizeof *way; i++) {
        strcpy(copy, path);
        way[i].rewrite(copy);
        found = strcmp(copy, path) != 0 && files_exist(copy);
        if (found)
            add_hint(err, copy, way[i].why);
    }
    free(copy);
    return found;
}

/* key: of asked. A link to nothing is there under that very name, and no hint. */
static bool is_alike(const char *key, const char *asked, const char *name)
{
    struct error ignored;
    if (strcmp(asked, name) == 0)
        return false;
    char *other = label_key(name, LABEL_KEY_ALIKE, &ignored);
    bool alike = other && strcmp(key, other) == 0;
    free(other);
    return alike;
}

static void hint_alike(struct error *err, const char *path)
{
    struct error ignored;
    char *folder = NULL;
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    char *key = label_key(name, LABEL_KEY_ALIKE, &ignored);
    DIR *d = key && files_directory(&folder, path, &ignored) == STATUS_OK ? opendir(folder) : NULL;
    const struct dirent *entry = d ? readdir(d) : NULL;
    while (entry && !is_alike(key, name, entry->d_name))
        entry = readdir(d);
    if (entry)
        add_hint(err, entry->d_name, "other accents, case or spaces in its name");
    if (d)
        closedir(d);
    free(folder);
    free(key);
}

void path_hint(struct error *err, const char *path)
{
    static atomic_int n_searches;
    if (files_exist(path) || hint_rewritten(err, path))
        return;
    if (atomic_fetch_add(&n_searches, 1) < MOST_SEARCHES)
        hint_alike(err, path);
}
