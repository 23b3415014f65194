/* Walked by fts, which knows loops and links to nothing; its order is by name in each folder, and
 * the table's by the bytes of whole paths. */
#include "data/image_folders.h"

#include "base/memory.h"
#include "base/text.h"
#include "io/csv.h"

#include <dirent.h>
#include <errno.h>
#include <fts.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* ---- listing ---- */

bool image_folders_is_image(const char *name)
{
    static const char *const end[] = {"jpg",  "jpeg", "jpe", "jfif", "png",
                                      "webp", "gif",  "tif", "tiff", "bmp"};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof end / sizeof *end; i++)
        if (strcasecmp(dot + 1, end[i]) == 0)
            return true;
    return false;
}

static enum status count(struct image_folders_rest *rest, const char *path, struct error *err)
{
    if (rest->n++ > 0)
        return STATUS_OK;
    rest->first = memory_string(path, err);
    return rest->first ? STATUS_OK : err->status;
}

static enum status add_file(struct image_folders *list, const char *path, bool every,
                            struct error *err)
{
    if (!image_folders_is_image(path))
        return count(&list->other, path, err);
    if (!every && !strchr(path, '/'))
        return count(&list->loose, path, err);
    return path_list_add(&list->image, path, err);
}

/* The path without the folder that all of them are in. */
static const char *without_root(const char *path, const char *root)
{
    path += strlen(root);
    return path + strspn(path, "/");
}

struct walk {
    struct image_folders *list;
    const char *root;
    bool every; /* image, whatever folder it is in, and no classes */
    FTS *tree;
    int n_before; /* images before the class that is being walked */
};

static enum status end_class(struct walk *w, const char *path, struct error *err)
{
    return w->list->image.n == w->n_before ? count(&w->list->empty, path, err) : STATUS_OK;
}

static enum status take(struct walk *w, FTSENT *entry, struct error *err)
{
    const char *path = without_root(entry->fts_path, w->root);
    if (entry->fts_level > 0 && entry->fts_name[0] == '.') {
        fts_set(w->tree, entry, FTS_SKIP);
        return STATUS_OK;
    }
    if (!w->every && entry->fts_level > 0 && strchr(entry->fts_name, '\n'))
        return error_set(err, "%s: a name with a newline cannot be put into a CSV: ./%s", w->root,
                         path);
    switch (entry->fts_info) {
    case FTS_D:
        if (entry->fts_level == 1)
            w->n_before = w->list->image.n;
        return STATUS_OK;
    case FTS_DP:
        return entry->fts_level == 1 ? end_class(w, path, err) : STATUS_OK;
    case FTS_F:
        return add_file(w->list, path, w->every, err);
    case FTS_DC:
        return count(&w->list->loops, path, err);
    case FTS_SLNONE:
        if (w->every) /* an image that cannot be read, as any other */
            return add_file(w->list, path, true, err);
        return error_set(err, "%s: ./%s is a symbolic link to nothing", w->root, path);
    case FTS_DNR:
    case FTS_ERR:
    case FTS_NS:
        errno = entry->fts_errno;
        return error_errno(err, "%s: not everything could be read: ./%s", w->root, path);
    default: /* a device, a pipe */
        return STATUS_OK;
    }
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static enum status walk(struct walk *w, const volatile sig_atomic_t *stop, struct error *err)
{
    char *root = memory_string(w->root, err), *roots[] = {root, NULL};
    enum status status = STATUS_OK;
    if (!root)
        return err->status;
    w->tree = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, by_name);
    if (!w->tree) {
        free(root);
        return error_errno(err, "%s", w->root);
    }
    FTSENT *entry = fts_read(w->tree);
    while (entry && status == STATUS_OK && !(stop && *stop)) {
        status = take(w, entry, err);
        errno = 0;
        entry = fts_read(w->tree);
    }
    if (status == STATUS_OK && stop && *stop)
        status = error_set(err, "interrupted");
    else if (status == STATUS_OK && errno)
        status = error_errno(err, "%s: not everything could be read", w->root);
    fts_close(w->tree);
    free(root);
    return status;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b); /* compares as unsigned char */
}

/* Sorted, the images of a class stand together. */
static int count_classes(const struct image_folders *list)
{
    int n = 0;
    for (int i = 0; i < list->image.n; i++) {
        size_t bytes = strcspn(list->image.path[i], "/") + 1;
        n += i == 0 || strncmp(list->image.path[i], list->image.path[i - 1], bytes) != 0;
    }
    return n;
}

static enum status list(struct walk *w, const char *nothing, const volatile sig_atomic_t *stop,
                        struct error *err)
{
    struct image_folders *out = w->list;
    *out = (struct image_folders){0};
    enum status status = walk(w, stop, err);
    if (status == STATUS_OK && out->image.n == 0)
        status = error_set(err, "%s: no image was found in %s", w->root, nothing);
    if (status != STATUS_OK) {
        image_folders_free(out);
        return status;
    }
    qsort(out->image.path, (size_t)out->image.n, sizeof *out->image.path, by_bytes);
    return STATUS_OK;
}

enum status image_folders_list(struct image_folders *out, const char *folder,
                               const volatile sig_atomic_t *stop, struct error *err)
{
    struct walk w = {.list = out, .root = folder};
    enum status status = list(&w, "its folders: one folder a class is expected", stop, err);
    if (status == STATUS_OK)
        out->n_classes = count_classes(out);
    return status;
}

enum status image_folders_every(struct image_folders *out, const char *folder,
                                const volatile sig_atomic_t *stop, struct error *err)
{
    struct walk w = {.list = out, .root = folder, .every = true};
    return list(&w, "it or in folders further down", stop, err);
}

void image_folders_free(struct image_folders *list)
{
    path_list_free(&list->image);
    free(list->other.first);
    free(list->loose.first);
    free(list->empty.first);
    free(list->loops.first);
    *list = (struct image_folders){0};
}

/* ---- writing ---- */

/* Quoted unless nothing in it could be misread by anybody's tools. */
static void put_field(FILE *stream, const char *begin, const char *text)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./-";
    if (begin[strspn(begin, plain)] || text[strspn(text, plain)])
        csv_put_quoted(stream, begin, text);
    else
        fprintf(stream, "%s%s", begin, text);
}

void image_folders_write(const struct image_folders *list, const char *prefix, FILE *stream)
{
    fputs("image,label\n", stream);
    for (int i = 0; i < list->image.n; i++) {
        char label[NAME_MAX + 1];
        snprintf(label, sizeof label, "%.*s", (int)strcspn(list->image.path[i], "/"),
                 list->image.path[i]);
        put_field(stream, prefix, list->image.path[i]);
        fputc(',', stream);
        put_field(stream, "", label);
        fputc('\n', stream);
    }
}

/* ---- splits ---- */

static const char *const split_name[IMAGE_FOLDERS_MOST_SPLITS] = {"test", "train", "val", "valid",
                                                                  "validation"};
enum { OTHER_FOLDERS = 1 << IMAGE_FOLDERS_MOST_SPLITS };

static bool is_folder(DIR *parent, const char *name)
{
    struct stat info;
    return name[0] != '.' && fstatat(dirfd(parent), name, &info, 0) == 0 && S_ISDIR(info.st_mode);
}

static int bit_of(const char *name)
{
    for (int i = 0; i < IMAGE_FOLDERS_MOST_SPLITS; i++)
        if (strcmp(name, split_name[i]) == 0)
            return 1 << i;
    return OTHER_FOLDERS;
}

/* A bit for each name that a folder there has, and one for all others. */
static int folders_in(const char *folder)
{
    int found = 0;
    DIR *d = opendir(folder);
    for (const struct dirent *entry = d ? readdir(d) : NULL; entry; entry = readdir(d))
        if (is_folder(d, entry->d_name))
            found |= bit_of(entry->d_name);
    if (d)
        closedir(d);
    return found;
}

int image_folders_splits(const char *name[IMAGE_FOLDERS_MOST_SPLITS], const char *folder)
{
    char train[PATH_MAX];
    int found = folders_in(folder), n = 0;
    int length = snprintf(train, sizeof train, "%s/train", folder);
    if (!(found & bit_of("train")) || (found & OTHER_FOLDERS) || length >= (int)sizeof train ||
        folders_in(train) == 0)
        return 0;
    for (int i = 0; i < IMAGE_FOLDERS_MOST_SPLITS; i++)
        if (found & 1 << i)
            name[n++] = split_name[i];
    return n;
}
