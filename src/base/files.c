/* A write to a path that is not a regular file (/dev/stdout, a FIFO) goes straight there: renaming
 * a file onto it would destroy it. */
#include "base/files.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool files_is_standard_output(const char *path)
{
    return strcmp(path, "-") == 0 || strcmp(path, "/dev/stdout") == 0;
}

/* NULL: err says why. */
static char *format_string(struct error *err, const char *format, ...) ERROR_PRINTF(2, 3);

static char *format_string(struct error *err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0) {
        error_errno(err, "cannot put a path together");
        return NULL;
    }
    char *text = memory_array((size_t)length + 1, 1, "a path", err);
    if (!text)
        return NULL;
    va_start(arguments, format);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return text;
}

/* *next = where the link at `path` leads to, seen from where `path` is seen; NULL when there is no
 * link. */
static enum status follow_link(char **next, const char *path, struct error *err)
{
    char target[PATH_MAX], *directory;
    ssize_t length = readlink(path, target, sizeof target - 1);
    *next = NULL;
    if (length < 0)
        return STATUS_OK;
    target[length] = '\0';
    if (files_directory(&directory, path, err) != STATUS_OK)
        return err->status;
    files_join(next, directory, target, err);
    free(directory);
    return *next ? STATUS_OK : err->status;
}

/* A symbolic link stays one: the file that it points to is replaced, or created, and not the link.
 * realpath() follows links to what exists; to what does not exist they are followed here. */
static enum status resolve_path(char **out, const char *path, struct error *err)
{
    char resolved[PATH_MAX], *next;
    const char *existing = realpath(path, resolved);
    *out = NULL;
    if (!existing && errno == ELOOP)
        return error_errno(err, "cannot write %s", path);
    *out = memory_string(existing ? existing : path, err);
    while (*out && !existing) {
        if (follow_link(&next, *out, err) != STATUS_OK)
            return err->status;
        if (!next)
            break;
        free(*out);
        *out = next;
    }
    return *out ? STATUS_OK : err->status;
}

/* Opens a temporary file beside w->path under a name that nobody has: the process id for other
 * processes, the counter for this one and for leftovers of a killed one of the same id. */
static enum status open_temporary(int *fd, struct files_writer *w, struct error *err)
{
    static atomic_uint counter;
    do {
        free(w->temporary);
        w->temporary = format_string(err, "%s.tmp.%ld.%u", w->path, (long)getpid(),
                                     atomic_fetch_add(&counter, 1));
        if (!w->temporary)
            return err->status;
        *fd = open(w->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    } while (*fd < 0 && errno == EEXIST);
    if (*fd >= 0)
        return STATUS_OK;
    error_errno(err, "cannot create %s", w->path);
    free(w->temporary); /* not created: nothing to unlink */
    w->temporary = NULL;
    return err->status;
}

/* `present` is what stat() says of the file that will be replaced; NULL when there is none. */
static enum status open_replacement(int *fd, struct files_writer *w, const char *path,
                                    const struct stat *present, struct error *err)
{
    if (resolve_path(&w->path, path, err) != STATUS_OK || open_temporary(fd, w, err) != STATUS_OK)
        return err->status;
    /* Who has locked others out of a file wants the next version locked, too. On a file system
     * without modes this fails, and nothing is lost. */
    if (present)
        (void)fchmod(*fd, present->st_mode & 0777);
    return STATUS_OK;
}

static enum status open_directly(int *fd, struct files_writer *w, const char *path,
                                 struct error *err)
{
    w->path = memory_string(path, err);
    if (!w->path)
        return err->status;
    *fd = open(path, O_WRONLY | O_CLOEXEC);
    return *fd >= 0 ? STATUS_OK : error_errno(err, "cannot write %s", path);
}

/* Not by its name: a file behind it must not be replaced while others hold it open. */
static enum status open_standard_output(int *fd, struct files_writer *w, struct error *err)
{
    w->path = memory_string("standard output", err);
    if (!w->path)
        return err->status;
    *fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    return *fd >= 0 ? STATUS_OK : error_errno(err, "cannot write %s", w->path);
}

static enum status open_path(int *fd, struct files_writer *w, const char *path, struct error *err)
{
    struct stat info;
    bool exists = stat(path, &info) == 0;
    if (exists && S_ISDIR(info.st_mode))
        return error_set(err, "cannot write %s: it is a directory", path);
    return exists && !S_ISREG(info.st_mode)
               ? open_directly(fd, w, path, err)
               : open_replacement(fd, w, path, exists ? &info : NULL, err);
}

static enum status open_writer(struct files_writer *w, const char *path, struct error *err)
{
    int fd = -1;
    enum status status = files_is_standard_output(path) ? open_standard_output(&fd, w, err)
                                                        : open_path(&fd, w, path, err);
    if (status != STATUS_OK)
        return status;
    w->stream = fdopen(fd, "w");
    if (!w->stream) {
        error_errno(err, "cannot write %s", path);
        close(fd);
        return err->status;
    }
    return STATUS_OK;
}

enum status files_open(struct files_writer *w, const char *path, struct error *err)
{
    *w = (struct files_writer){0};
    if (open_writer(w, path, err) == STATUS_OK)
        return STATUS_OK;
    files_abandon(w);
    return err->status;
}

/* Makes a rename durable. Some file systems cannot do that for a directory; then it is theirs. */
static enum status sync_directory(const char *directory, struct error *err)
{
    enum status status = STATUS_OK;
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || (fsync(fd) != 0 && errno != EINVAL && errno != ENOTSUP))
        status = error_errno(err, "cannot write the folder %s", directory);
    if (fd >= 0)
        close(fd);
    return status;
}

/* stdio remembers that a write failed but not why (a full disk, a quota). The temporary file is
 * lost in any case, so it serves to ask again: the first write may still fill the last block. */
static int reason_of_failed_write(const struct files_writer *w)
{
    static const char probe[65536];
    for (int i = 0; i < 2 && w->temporary; i++)
        if (write(fileno(w->stream), probe, sizeof probe) < 0)
            return errno;
    return EIO;
}

/* Everything is in the file and on the disk, or err says why not. Closes the stream in any case. */
static enum status finish_stream(struct files_writer *w, struct error *err)
{
    enum status status = STATUS_OK;
    if (fflush(w->stream) != 0 || (w->temporary && fsync(fileno(w->stream)) != 0)) {
        status = error_errno(err, "cannot write %s", w->path);
    } else if (ferror(w->stream)) {
        errno = reason_of_failed_write(w);
        status = error_errno(err, "cannot write %s", w->path);
    }
    if (fclose(w->stream) != 0 && status == STATUS_OK)
        status = error_errno(err, "cannot write %s", w->path);
    w->stream = NULL;
    return status;
}

/* All memory is there before the rename: what fails behind it would be an error in spite of the new
 * file. */
static enum status replace(struct files_writer *w, struct error *err)
{
    char *directory;

    if (files_directory(&directory, w->path, err) != STATUS_OK)
        return err->status;
    enum status status = STATUS_OK;
    if (rename(w->temporary, w->path) != 0) {
        status = error_errno(err, "cannot write %s", w->path);
    } else {
        free(w->temporary); /* it is the file now */
        w->temporary = NULL;
        status = sync_directory(directory, err);
    }
    free(directory);
    return status;
}

enum status files_commit(struct files_writer *w, struct error *err)
{
    enum status status = finish_stream(w, err);

    if (status == STATUS_OK && w->temporary)
        status = replace(w, err);
    files_abandon(w);
    return status;
}

void files_abandon(struct files_writer *w)
{
    if (w->stream)
        fclose(w->stream);
    if (w->temporary)
        unlink(w->temporary);
    free(w->temporary);
    free(w->path);
    *w = (struct files_writer){0};
}

enum status files_write(const char *path, const void *bytes, size_t size, struct error *err)
{
    struct files_writer w;
    if (files_open(&w, path, err) != STATUS_OK)
        return err->status;
    fwrite(bytes, 1, size, w.stream); /* the stream remembers an error until the commit */
    return files_commit(&w, err);
}

enum status files_join(char **out, const char *directory, const char *name, struct error *err)
{
    size_t length = strlen(directory);
    if (name[0] == '/' || length == 0 || strcmp(directory, ".") == 0)
        *out = memory_string(name, err);
    else
        *out =
            format_string(err, "%s%s%s", directory, directory[length - 1] == '/' ? "" : "/", name);
    return *out ? STATUS_OK : err->status;
}

enum status files_directory(char **out, const char *path, struct error *err)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        *out = memory_string(".", err);
    else if (slash == path)
        *out = memory_string("/", err);
    else
        *out = format_string(err, "%.*s", (int)(slash - path), path);
    return *out ? STATUS_OK : err->status;
}

bool files_exist(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0;
}

bool files_is_directory(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static bool look_at(struct stat *info, const char *path)
{
    return (files_is_standard_output(path) ? fstat(STDOUT_FILENO, info) : stat(path, info)) == 0;
}

static bool same_inode(const char *a, const char *b, mode_t kind)
{
    struct stat x, y;
    return look_at(&x, a) && look_at(&y, b) && (x.st_mode & S_IFMT) == kind &&
           x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* Two places where nothing is yet: the same name in the same folder. */
static enum status same_place(bool *same, const char *a, const char *b, struct error *err)
{
    char *place[2] = {NULL, NULL}, *folder[2] = {NULL, NULL};
    const char *path[2] = {a, b};
    for (int i = 0; i < 2; i++)
        if (resolve_path(&place[i], path[i], err) != STATUS_OK ||
            files_directory(&folder[i], place[i], err) != STATUS_OK)
            goto done;
    const char *slash[2] = {strrchr(place[0], '/'), strrchr(place[1], '/')};
    *same = same_inode(folder[0], folder[1], S_IFDIR) &&
            strcmp(slash[0] ? slash[0] + 1 : place[0], slash[1] ? slash[1] + 1 : place[1]) == 0;
    err->status = STATUS_OK;
done:
    for (int i = 0; i < 2; i++) {
        free(place[i]);
        free(folder[i]);
    }
    return err->status;
}

enum status files_same(bool *same, const char *a, const char *b, struct error *err)
{
    bool output = files_is_standard_output(a), other = files_is_standard_output(b);
    *same = (output && other) || same_inode(a, b, S_IFREG);
    if (*same || output || other || files_exist(a) || files_exist(b))
        return STATUS_OK;
    return same_place(same, a, b, err);
}

/* mkdir for each proper prefix of path that ends before a slash; one that exists is fine. */
static enum status make_parents(char *path, struct error *err)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        bool made = files_exist(path) || mkdir(path, 0777) == 0 || errno == EEXIST;
        if (!made)
            return error_errno(err, "cannot make the folder %s", path);
        *slash = '/';
    }
    return STATUS_OK;
}

enum status files_make_directory(const char *path, bool *existed, struct error *err)
{
    *existed = false;
    if (path[0] == '\0')
        return error_set(err, "cannot make a folder without a name");
    char *copy = memory_string(path, err);
    if (!copy)
        return err->status;
    for (size_t length = strlen(copy); length > 1 && copy[length - 1] == '/'; length--)
        copy[length - 1] = '\0'; /* so that the last component is none of the parents */
    enum status status = make_parents(copy, err);
    if (status == STATUS_OK && mkdir(copy, 0777) != 0) {
        if (errno == EEXIST)
            *existed = true;
        else
            status = error_errno(err, "cannot make the folder %s", path);
    }
    free(copy);
    return status;
}

enum status files_program_directory(char **out, struct error *err)
{
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length > 0) {
        path[length] = '\0';
        return files_directory(out, path, err);
    }
    *out = memory_string("", err);
    return *out ? STATUS_OK : err->status;
}
