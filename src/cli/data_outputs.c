#include "cli/data_outputs.h"

#include "base/memory.h"
#include "base/text.h"
#include "cli/stop_signal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum status data_outputs_create(struct data_outputs *out, int n, struct error *err)
{
    *out = (struct data_outputs){.n = n};
    out->path = memory_array((size_t)n, sizeof *out->path, "names of tables", err);
    out->writer =
        out->path ? memory_array((size_t)n, sizeof *out->writer, "open tables", err) : NULL;
    return out->writer ? STATUS_OK : err->status;
}

enum status data_outputs_name(struct data_outputs *out, int number, const char *prefix,
                              const char *ending, struct error *err)
{
    struct stat info;
    size_t length = strlen(prefix), size = length + strlen(ending) + 1;
    if (text_ends_in(prefix, ".csv"))
        length -= strlen(".csv");
    char *path = memory_array(size, 1, "a path", err);
    if (!path)
        return err->status;
    memcpy(path, prefix, length);
    strcpy(path + length, ending);
    out->path[number] = path;
    if (lstat(path, &info) == 0)
        return error_set(err, "%s exists already, and is not overwritten", path);
    return STATUS_OK;
}

enum status data_outputs_open(struct data_outputs *out, struct error *err)
{
    stop_signal_may_end(NULL); /* temporary files are to be removed */
    for (int i = 0; i < out->n; i++)
        if (files_open(&out->writer[i], out->path[i], err) != STATUS_OK)
            return err->status;
    return STATUS_OK;
}

enum status data_outputs_commit(struct data_outputs *out, struct error *err)
{
    enum status status = STATUS_OK;
    int n_done = 0;
    while (n_done < out->n && status == STATUS_OK && !stop_signal) {
        status = files_commit(&out->writer[n_done], err);
        n_done += status == STATUS_OK;
    }
    if (n_done == out->n)
        return STATUS_OK;
    for (int i = 0; i < n_done; i++)
        unlink(out->path[i]);
    return status != STATUS_OK ? status : error_set(err, "interrupted; nothing was written");
}

void data_outputs_close(struct data_outputs *out)
{
    for (int i = 0; i < out->n; i++) {
        if (out->writer)
            files_abandon(&out->writer[i]);
        if (out->path)
            free(out->path[i]);
    }
    free(out->path);
    free(out->writer);
    *out = (struct data_outputs){0};
}
