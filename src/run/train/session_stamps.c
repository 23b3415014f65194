#include "run/train/session_stamps.h"

#include "base/files.h"
#include "base/hash.h"
#include "base/memory.h"
#include "data/path_hint.h"
#include "image/image_decode.h"
#include "io/safetensors.h"

#include <stdlib.h>
#include <string.h>

/* Word by word: there may be a million. 0 is none. */
static int64_t hash_stamp(const struct files_stamp *stamp)
{
    const uint64_t word[] = {(uint64_t)stamp->bytes, (uint64_t)stamp->seconds,
                             (uint64_t)stamp->nanoseconds};
    uint64_t hash = HASH_START;
    for (size_t i = 0; i < sizeof word / sizeof *word; i++) {
        hash = (hash ^ word[i]) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 29;
    }
    return (int64_t)hash;
}

static void note_largest(struct session *s, const char *path, int64_t bytes)
{
    if (bytes <= s->largest_bytes)
        return;
    s->largest_bytes = bytes;
    s->largest_file = path;
}

static enum status take_side(struct session *s, int64_t **out, const struct session_rows *rows,
                             bool must_be_there, struct error *err)
{
    if (!rows->data || (*out && !must_be_there))
        return STATUS_OK;
    free(*out);
    *out = memory_array((size_t)rows->n, sizeof **out, "time stamps of images", err);
    for (int i = 0; *out && i < rows->n; i++) {
        const struct sample *sample = dataset_sample(rows->data, rows->row[i]);
        struct files_stamp stamp;
        if (files_check_readable(&stamp, sample->path, err) == STATUS_OK) {
            (*out)[i] = hash_stamp(&stamp);
            note_largest(s, sample->path, stamp.bytes);
        } else if (must_be_there) {
            path_hint(err, sample->path);
            return error_prefix(err, "%s:%d", dataset_path(rows->data), sample->line);
        }
    }
    return *out ? STATUS_OK : err->status;
}

enum status session_stamps_take(struct session *s, bool must_be_there, struct error *err)
{
    enum status status = take_side(s, &s->train_stamp, &s->train, must_be_there, err);
    return status == STATUS_OK ? take_side(s, &s->val_stamp, &s->val, must_be_there, err) : status;
}

size_t session_stamps_decode_bytes(const struct session *s)
{
    enum { MOST_BYTES = 64 << 20 };
    struct error ignored;
    uint8_t *bytes;
    size_t n;
    if (!s->largest_file ||
        files_read(&bytes, &n, s->largest_file, MOST_BYTES, &ignored) != STATUS_OK)
        return 0;
    n += image_decode_memory(bytes, n);
    free(bytes);
    return n;
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

enum status session_stamps_write(struct session *s, struct error *err)
{
    const char *path = run_folder_file(s->folder, RUN_FILE_IMAGES);
    if (session_stamps_take(s, false, err) != STATUS_OK)
        return err->status;
    const struct safetensors_entry entry[] = {entry_of("train", s->train_stamp, s->train.n),
                                              entry_of("val", s->val_stamp, s->val.n)};
    return safetensors_write(path, entry, s->val.data ? 2 : 1, NULL, NULL, 0, err);
}

/* An image that cannot be seen now is told by whoever wants to read it. */
static void compare(struct session *s, const struct session_rows *rows, const int64_t *stamp,
                    const struct safetensors *file, const char *name)
{
    const struct safetensors_entry *e = safetensors_find(file, name);
    if (!rows->data || !e || strcmp(e->dtype, "I64") != 0 ||
        e->n_bytes != (size_t)rows->n * sizeof(int64_t))
        return;
    for (int i = 0; i < rows->n; i++) {
        int64_t before, now = stamp[i];
        memcpy(&before, (const char *)e->data + (size_t)i * sizeof before, sizeof before);
        if (before == 0 || now == 0 || before == now)
            continue;
        if (s->n_replaced++ == 0)
            s->first_replaced = dataset_sample(rows->data, rows->row[i])->path;
    }
}

enum status session_stamps_compare(struct session *s, struct error *err)
{
    const char *path = run_folder_file(s->folder, RUN_FILE_IMAGES);
    struct safetensors file;
    if (!files_exist(path))
        return STATUS_OK;
    if (session_stamps_take(s, false, err) != STATUS_OK ||
        safetensors_read(&file, path, err) != STATUS_OK)
        return err->status;
    compare(s, &s->train, s->train_stamp, &file, "train");
    compare(s, &s->val, s->val_stamp, &file, "val");
    safetensors_free(&file);
    return STATUS_OK;
}
