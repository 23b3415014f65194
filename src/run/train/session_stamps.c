#include "run/train/session_stamps.h"

#include "base/files.h"
#include "base/hash.h"
#include "base/memory.h"
#include "io/safetensors.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int64_t stamp_of(const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return 0;
    const int64_t fact[] = {info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec};
    uint64_t hash = hash_bytes(HASH_START, fact, sizeof fact);
    int64_t stamp;
    memcpy(&stamp, &hash, sizeof stamp);
    return stamp;
}

static int64_t *stamps_of(const struct session_rows *rows, struct error *err)
{
    int64_t *stamp = memory_array((size_t)rows->n, sizeof *stamp, "time stamps of images", err);
    for (int i = 0; stamp && i < rows->n; i++)
        stamp[i] = stamp_of(dataset_sample(rows->data, rows->row[i])->path);
    return stamp;
}

static struct safetensors_entry entry_of(const char *name, const int64_t *stamp, int n)
{
    return (struct safetensors_entry){.name = name,
                                      .dtype = "I64",
                                      .n_dims = 1,
                                      .dim = {n},
                                      .data = stamp,
                                      .n_bytes = (size_t)n * sizeof *stamp};
}

enum status session_stamps_write(const struct session *s, struct error *err)
{
    const char *path = run_folder_file(s->folder, RUN_FILE_IMAGES);
    enum status status = STATUS_FAILED;
    int n_val = s->val.data ? s->val.n : 0;
    int64_t *train = stamps_of(&s->train, err);
    int64_t *val = train && n_val > 0 ? stamps_of(&s->val, err) : NULL;
    if (train && (val || n_val == 0)) {
        const struct safetensors_entry entry[] = {entry_of("train", train, s->train.n),
                                                  entry_of("val", val, n_val)};
        status = safetensors_write(path, entry, n_val > 0 ? 2 : 1, NULL, NULL, 0, err);
    }
    free(train);
    free(val);
    return status;
}

/* An image that cannot be seen now is told by whoever wants to read it. */
static void compare(struct session *s, const struct session_rows *rows,
                    const struct safetensors *file, const char *name)
{
    const struct safetensors_entry *e = safetensors_find(file, name);
    if (!rows->data || !e || strcmp(e->dtype, "I64") != 0 ||
        e->n_bytes != (size_t)rows->n * sizeof(int64_t))
        return;
    for (int i = 0; i < rows->n; i++) {
        const char *path = dataset_sample(rows->data, rows->row[i])->path;
        int64_t before, now = stamp_of(path);
        memcpy(&before, (const char *)e->data + (size_t)i * sizeof before, sizeof before);
        if (before == 0 || now == 0 || before == now)
            continue;
        s->first_replaced = s->n_replaced++ == 0 ? path : s->first_replaced;
    }
}

enum status session_stamps_compare(struct session *s, struct error *err)
{
    const char *path = run_folder_file(s->folder, RUN_FILE_IMAGES);
    struct safetensors file;
    if (!files_exist(path))
        return STATUS_OK;
    if (safetensors_read(&file, path, err) != STATUS_OK)
        return err->status;
    compare(s, &s->train, &file, "train");
    compare(s, &s->val, &file, "val");
    safetensors_free(&file);
    return STATUS_OK;
}
