/* Reading: what is no regular file is told by its kind before anything waits for it. */
#include "base/files.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Appends to *buffer until the file ends; at most max_bytes, and one byte stays free. */
static enum status read_to_end(uint8_t **buffer, size_t *size, int fd, size_t first_capacity,
                               const char *path, size_t max_bytes, struct error *err)
{
    size_t capacity = 0;
    for (;;) {
        size_t wanted = *size + 2 > first_capacity ? *size + 2 : first_capacity;
        uint8_t *grown = memory_grown(*buffer, &capacity, wanted, 1, "the bytes of a file", err);
        if (!grown)
            return error_prefix(err, "%s", path);
        *buffer = grown;
        ssize_t got = read(fd, *buffer + *size, capacity - 1 - *size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_errno(err, "cannot read %s", path);
        if (got == 0)
            return STATUS_OK;
        *size += (size_t)got;
        if (*size > max_bytes)
            return error_set(err, "%s: the file has more than %zu bytes", path, max_bytes);
    }
}

/* NULL: a regular file. */
static const char *other_kind(mode_t mode)
{
    return S_ISREG(mode)    ? NULL
           : S_ISDIR(mode)  ? "a directory"
           : S_ISFIFO(mode) ? "a named pipe"
           : S_ISSOCK(mode) ? "a socket"
                            : "a device";
}

static enum status refuse_kind(const char *path, const char *kind, struct error *err)
{
    return error_set(err, "%s is %s, not a file", path, kind);
}

/* Not waiting: a named pipe without a writer opens at once, and is told by its kind. Of regular
 * files it means nothing. */
static enum status open_to_read(int *fd, struct stat *info, const char *path, struct error *err)
{
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (*fd >= 0)
        return fstat(*fd, info) == 0 ? STATUS_OK : error_errno(err, "cannot read %s", path);
    int reason = errno;
    if (reason == ENXIO && stat(path, info) == 0 && other_kind(info->st_mode))
        return refuse_kind(path, other_kind(info->st_mode), err); /* of a socket */
    errno = reason;
    return error_errno(err, "cannot open \"%s\"", path);
}

/* What the program was started with: standard input, and <(command) of a shell. */
static bool is_descriptor(const char *path)
{
    return strcmp(path, "/dev/stdin") == 0 || strncmp(path, "/dev/fd/", 8) == 0 ||
           strncmp(path, "/proc/self/fd/", 14) == 0;
}

/* What a pipe holds is copied into one of our own: it stays in the pipe. */
static ssize_t peek_into_pipe(int fd, void *bytes, size_t n)
{
    int own[2];
    ssize_t got;

    if (pipe2(own, O_CLOEXEC) != 0)
        return -1;
    do
        got = tee(fd, own[1], n, 0); /* waits for the first bytes */
    while (got < 0 && errno == EINTR);
    if (got > 0)
        got = read(own[0], bytes, (size_t)got);
    close(own[0]);
    close(own[1]);
    return got;
}

size_t files_peek(const char *path, void *bytes, size_t n)
{
    struct stat info;
    ssize_t got = -1;

    if (stat(path, &info) != 0 ||
        !(S_ISREG(info.st_mode) || (S_ISFIFO(info.st_mode) && is_descriptor(path))))
        return 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    if (S_ISFIFO(info.st_mode))
        got = peek_into_pipe(fd, bytes, n);
    else
        do
            got = pread(fd, bytes, n, 0);
        while (got < 0 && errno == EINTR);
    close(fd);
    return got > 0 ? (size_t)got : 0;
}

static enum status read_open_file(uint8_t **buffer, size_t *size, int fd, const struct stat *info,
                                  const char *path, size_t max_bytes, struct error *err)
{
    const char *kind = other_kind(info->st_mode);
    if (kind && (S_ISDIR(info->st_mode) || !is_descriptor(path)))
        return refuse_kind(path, kind, err);
    if (kind && fcntl(fd, F_SETFL, 0) != 0) /* from here on it waits */
        return error_errno(err, "cannot read %s", path);
    if (!kind && (uintmax_t)info->st_size > max_bytes)
        return error_set(err, "%s: the file has %jd bytes, more than %zu", path,
                         (intmax_t)info->st_size, max_bytes);

    /* Files of /proc are regular, too, and say that they have 0 bytes: so read on to the end. */
    size_t expected = kind ? 0 : (size_t)info->st_size;
    size_t first_capacity = expected > 0 ? expected + 2 : 65536;
    if (read_to_end(buffer, size, fd, first_capacity, path, max_bytes, err) != STATUS_OK)
        return err->status;
    if (*size < expected)
        return error_set(err, "%s: only %zu of %zu bytes could be read", path, *size, expected);
    return STATUS_OK;
}

enum status files_read(uint8_t **out, size_t *size, const char *path, size_t max_bytes,
                       struct error *err)
{
    uint8_t *buffer = NULL;
    *out = NULL;
    *size = 0;
    struct stat info;
    int fd;
    enum status status = open_to_read(&fd, &info, path, err);
    if (status == STATUS_OK)
        status = read_open_file(&buffer, size, fd, &info, path, max_bytes, err);
    if (fd >= 0)
        close(fd);
    if (status != STATUS_OK) {
        free(buffer);
        *size = 0;
        return status;
    }
    buffer[*size] = 0;
    *out = buffer;
    return STATUS_OK;
}

/* One system call for most files: there may be a million of them. */
enum status files_check_readable(struct files_stamp *stamp, const char *path, struct error *err)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return error_errno(err, "cannot open \"%s\"", path);
    if (other_kind(info.st_mode))
        return refuse_kind(path, other_kind(info.st_mode), err);
    if ((info.st_mode & 0444) != 0444 && access(path, R_OK) != 0)
        return error_errno(err, "cannot open \"%s\"", path);
    *stamp = (struct files_stamp){info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec};
    return STATUS_OK;
}

enum status files_open_regular(int *fd, size_t *size, const char *path, struct error *err)
{
    struct stat info;
    enum status status = open_to_read(fd, &info, path, err);
    const char *kind = status == STATUS_OK ? other_kind(info.st_mode) : NULL;
    if (kind)
        status = refuse_kind(path, kind, err);
    if (status == STATUS_OK) {
        *size = (size_t)info.st_size;
    } else if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
    return status;
}

enum status files_read_part(void *out, int fd, size_t offset, size_t n, const char *path,
                            struct error *err)
{
    for (size_t done = 0; done < n;) {
        ssize_t got = pread(fd, (uint8_t *)out + done, n - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_errno(err, "cannot read %s", path);
        if (got == 0)
            return error_set(err, "%s ends after %zu bytes", path, offset + done);
        done += (size_t)got;
    }
    return STATUS_OK;
}
