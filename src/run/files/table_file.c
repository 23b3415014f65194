#include "run/files/table_file.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum status table_file_open(struct table_file *t, const char *path, bool create, struct error *err)
{
    int flags = O_WRONLY | O_APPEND | O_CLOEXEC | (create ? O_CREAT | O_EXCL : 0);

    *t = (struct table_file){.fd = -1};
    t->path = memory_string(path, err);
    if (!t->path)
        return err->status;
    t->fd = open(path, flags, 0666);
    return t->fd >= 0 ? STATUS_OK : error_errno(err, "cannot open %s", path);
}

void table_file_close(struct table_file *t)
{
    if (t->fd >= 0)
        close(t->fd);
    free(t->path);
    *t = (struct table_file){.fd = -1};
}

enum status table_file_begin(struct table_file *t, struct error *err)
{
    enum status status = text_stream_open(&t->row, "a table row", err);

    t->stream = t->row.stream;
    return status;
}

static enum status file_length(int64_t *length, const struct table_file *t, struct error *err)
{
    struct stat info;

    if (fstat(t->fd, &info) != 0)
        return error_errno(err, "cannot tell the length of %s", t->path);
    *length = info.st_size;
    return STATUS_OK;
}

static enum status append(const struct table_file *t, const char *row, size_t size,
                          struct error *err)
{
    int64_t before;
    ssize_t written;
    enum status status = file_length(&before, t, err);

    if (status != STATUS_OK)
        return status;
    do
        written = write(t->fd, row, size);
    while (written < 0 && errno == EINTR);
    if (written == (ssize_t)size)
        return STATUS_OK;
    if (written >= 0)
        errno = ENOSPC; /* what a short write to a file means */
    status = error_errno(err, "cannot append to %s", t->path);
    if (written > 0 && ftruncate(t->fd, (off_t)before) != 0)
        return error_errno(err, "cannot take half a row out of %s again", t->path);
    return status;
}

enum status table_file_end(struct table_file *t, struct error *err)
{
    char *row;
    size_t size;

    fputc('\n', t->stream);
    t->stream = NULL;
    enum status status = text_stream_close(&row, &size, &t->row, "a table row", err);
    if (status == STATUS_OK)
        status = append(t, row, size, err);
    free(row);
    return status;
}

void table_file_put_number(struct table_file *t, double value)
{
    if (isnan(value))
        fputc(',', t->stream);
    else
        fprintf(t->stream, ",%.9g", value);
}

enum status table_file_sync(int64_t *length, const struct table_file *t, struct error *err)
{
    /* Pipes and some network folders cannot be synchronised (EINVAL): their rows are out. */
    if (fdatasync(t->fd) != 0 && errno != EINVAL && errno != EROFS)
        return error_errno(err, "cannot bring %s to the disk", t->path);
    return file_length(length, t, err);
}

enum status table_file_cut(const struct table_file *t, int64_t length, struct error *err)
{
    int64_t present;
    enum status status = file_length(&present, t, err);

    if (status != STATUS_OK)
        return status;
    if (length < 0 || length > present)
        return error_set(err, "%s has %lld bytes, but %lld when the state was saved", t->path,
                         (long long)present, (long long)length);
    if (ftruncate(t->fd, (off_t)length) != 0)
        return error_errno(err, "cannot cut %s", t->path);
    return STATUS_OK;
}
