#include "run/files/table_file.h"

#include "base/hash.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum status table_file_open(struct table_file *t, const char *path, bool create, struct error *err)
{
    int flags = O_RDWR | O_APPEND | O_CLOEXEC | (create ? O_CREAT | O_EXCL : 0);

    *t = (struct table_file){.fd = -1, .hash = HASH_START};
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

static enum status append(struct table_file *t, const char *row, size_t size, struct error *err)
{
    int64_t before;
    ssize_t written;
    enum status status = file_length(&before, t, err);

    if (status != STATUS_OK)
        return status;
    do
        written = write(t->fd, row, size);
    while (written < 0 && errno == EINTR);
    if (written == (ssize_t)size) {
        t->hash = hash_bytes(t->hash, row, size);
        return STATUS_OK;
    }
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

enum status table_file_sync(struct table_mark *mark, const struct table_file *t, struct error *err)
{
    /* Pipes and some network folders cannot be synchronised (EINVAL): their rows are out. */
    if (fdatasync(t->fd) != 0 && errno != EINVAL && errno != EROFS)
        return error_errno(err, "cannot bring %s to the disk", t->path);
    mark->hash = t->hash;
    return file_length(&mark->length, t, err);
}

static enum status hash_beginning(uint64_t *hash, const struct table_file *t, int64_t length,
                                  struct error *err)
{
    char part[16384];

    *hash = HASH_START;
    for (int64_t at = 0; at < length;) {
        int64_t rest = length - at;
        size_t most = rest < (int64_t)sizeof part ? (size_t)rest : sizeof part;
        ssize_t n = pread(t->fd, part, most, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_errno(err, "cannot read %s", t->path);
        if (n == 0)
            return error_set(err, "%s became shorter while it was read", t->path);
        *hash = hash_bytes(*hash, part, (size_t)n);
        at += n;
    }
    return STATUS_OK;
}

enum status table_file_cut(struct table_file *t, const struct table_mark *mark, struct error *err)
{
    int64_t present;
    uint64_t hash;
    enum status status = file_length(&present, t, err);

    if (status != STATUS_OK)
        return status;
    if (mark->length < 0 || mark->length > present)
        return error_set(err, "%s has %lld bytes, but %lld when the state was saved", t->path,
                         (long long)present, (long long)mark->length);
    if (hash_beginning(&hash, t, mark->length, err) != STATUS_OK)
        return err->status;
    if (mark->hash != 0 && hash != mark->hash)
        return error_set(err,
                         "%s is not what the run wrote: its first %lld bytes were others when the "
                         "state was saved",
                         t->path, (long long)mark->length);
    if (ftruncate(t->fd, (off_t)mark->length) != 0)
        return error_errno(err, "cannot cut %s", t->path);
    t->hash = hash;
    return STATUS_OK;
}
