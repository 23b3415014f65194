#include "run/page/thumbnails.h"

#include "base/files.h"
#include "base/hash.h"
#include "base/memory.h"
#include "image/encode_jpeg.h"
#include "image/image.h"
#include "image/resize.h"
#include "io/safetensors.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { QUALITY = 80, MOST_IN_FILE = 100000 };
static const char what[] = "thumbnails";

static uint64_t key_of(enum thumbnails_kind kind, const char *image)
{
    static const char *const word[] = {"training", "validation", "map"};
    return hash_text(hash_text(HASH_START, word[kind]), image);
}

void thumbnails_free(struct thumbnails *t)
{
    free(t->key);
    free(t->end);
    free(t->aspect);
    free(t->jpeg);
    *t = (struct thumbnails){0};
}

/* ---- in memory ---- */

int thumbnails_find(const struct thumbnails *t, enum thumbnails_kind kind, const char *image)
{
    uint64_t key = key_of(kind, image);

    for (int i = 0; i < t->n; i++)
        if (t->key[i] == key)
            return i;
    return -1;
}

const uint8_t *thumbnails_jpeg(size_t *size, const struct thumbnails *t, int number)
{
    size_t begin = number > 0 ? t->end[number - 1] : 0;

    *size = t->end[number] - begin;
    return t->jpeg + begin;
}

static enum status grow(struct thumbnails *t, size_t n, size_t bytes, struct error *err)
{
    uint64_t *key = memory_grown(t->key, &t->key_capacity, n, sizeof *key, what, err);
    t->key = key ? key : t->key;
    size_t *end = memory_grown(t->end, &t->end_capacity, n, sizeof *end, what, err);
    t->end = end ? end : t->end;
    float *aspect = memory_grown(t->aspect, &t->aspect_capacity, n, sizeof *aspect, what, err);
    t->aspect = aspect ? aspect : t->aspect;
    uint8_t *jpeg = memory_grown(t->jpeg, &t->jpeg_capacity, bytes, 1, what, err);
    t->jpeg = jpeg ? jpeg : t->jpeg;
    return key && end && aspect && jpeg ? STATUS_OK : err->status;
}

static enum status append(struct thumbnails *t, uint64_t key, float aspect, const uint8_t *jpeg,
                          size_t size, struct error *err)
{
    size_t used = t->n > 0 ? t->end[t->n - 1] : 0;

    if (grow(t, (size_t)t->n + 1, used + size, err) != STATUS_OK)
        return err->status;
    memcpy(t->jpeg + used, jpeg, size);
    t->key[t->n] = key;
    t->aspect[t->n] = aspect;
    t->end[t->n++] = used + size;
    return STATUS_OK;
}

enum status thumbnails_add(struct thumbnails *t, enum thumbnails_kind kind, const char *image,
                           const uint8_t *rgb, int side, double aspect, struct error *err)
{
    uint8_t small[THUMBNAILS_SIDE * THUMBNAILS_SIDE * 3], *jpeg;
    size_t size;

    if (side != THUMBNAILS_SIDE) {
        const struct image whole = {
            .width = side, .height = side, .rgb = (uint8_t *)(uintptr_t)rgb};
        if (resize_bilinear(small, THUMBNAILS_SIDE, &whole, err) != STATUS_OK)
            return err->status;
        rgb = small;
    }
    if (encode_jpeg(&jpeg, &size, rgb, THUMBNAILS_SIDE, THUMBNAILS_SIDE, QUALITY, err) != STATUS_OK)
        return err->status;
    enum status status = append(t, key_of(kind, image), (float)aspect, jpeg, size, err);
    free(jpeg);
    return status;
}

enum status thumbnails_copy(struct thumbnails *t, const struct thumbnails *from, int number,
                            struct error *err)
{
    size_t size;
    const uint8_t *jpeg = thumbnails_jpeg(&size, from, number);

    return append(t, from->key[number], from->aspect[number], jpeg, size, err);
}

/* ---- the file ---- */

static const struct safetensors_entry *find_entry(const struct safetensors *file, const char *name,
                                                  const char *dtype)
{
    const struct safetensors_entry *e = safetensors_find(file, name);
    return e && strcmp(e->dtype, dtype) == 0 && e->n_dims == 1 ? e : NULL;
}

static int64_t integer_at(const struct safetensors_entry *e, int i)
{
    int64_t value;
    memcpy(&value, (const char *)e->data + (size_t)i * sizeof value, sizeof value);
    return value;
}

static enum status take_file(struct thumbnails *out, const struct safetensors *file,
                             const char *path, struct error *err)
{
    const struct safetensors_entry *key = find_entry(file, "key", "I64");
    const struct safetensors_entry *end = find_entry(file, "end", "I64");
    const struct safetensors_entry *aspect = find_entry(file, "aspect", "F32");
    const struct safetensors_entry *jpeg = find_entry(file, "jpeg", "U8");
    int64_t begin = 0;

    if (!key || !end || !aspect || !jpeg || key->dim[0] != end->dim[0] ||
        key->dim[0] != aspect->dim[0] || key->dim[0] > MOST_IN_FILE)
        return error_set(err, "%s: tensors key, end, aspect and jpeg of thumbnails were expected",
                         path);
    for (int i = 0; i < key->dim[0]; i++) {
        int64_t next = integer_at(end, i);
        float shape;
        memcpy(&shape, (const char *)aspect->data + (size_t)i * sizeof shape, sizeof shape);
        if (next < begin || next > jpeg->dim[0] || !(shape > 0) || !isfinite(shape))
            return error_set(err, "%s: thumbnail %d is not within its tensor", path, i);
        if (append(out, (uint64_t)integer_at(key, i), shape, (const uint8_t *)jpeg->data + begin,
                   (size_t)(next - begin), err) != STATUS_OK)
            return err->status;
        begin = next;
    }
    return STATUS_OK;
}

enum status thumbnails_read(struct thumbnails *out, const char *path, struct error *err)
{
    struct safetensors file;

    *out = (struct thumbnails){0};
    if (!files_exist(path))
        return STATUS_OK;
    if (safetensors_read(&file, path, err) != STATUS_OK)
        return err->status;
    enum status status = take_file(out, &file, path, err);
    safetensors_free(&file);
    if (status != STATUS_OK)
        thumbnails_free(out);
    return status;
}

static struct safetensors_entry describe(const char *name, const char *dtype, const void *data,
                                         size_t n, size_t item)
{
    struct safetensors_entry e = {.name = name, .n_dims = 1, .data = data, .n_bytes = n * item};
    e.dim[0] = (int64_t)n;
    strcpy(e.dtype, dtype);
    return e;
}

enum status thumbnails_write(const struct thumbnails *t, const char *path, struct error *err)
{
    _Static_assert(sizeof *t->end == sizeof(int64_t), "as in the file");
    size_t n = (size_t)t->n;
    const struct safetensors_entry entry[] = {
        describe("key", "I64", t->key, n, sizeof *t->key),
        describe("end", "I64", t->end, n, sizeof *t->end),
        describe("aspect", "F32", t->aspect, n, sizeof *t->aspect),
        describe("jpeg", "U8", t->jpeg, n > 0 ? t->end[n - 1] : 0, 1)};

    return safetensors_write(path, entry, sizeof entry / sizeof *entry, NULL, NULL, 0, err);
}
