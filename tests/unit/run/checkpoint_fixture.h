/* Tiny networks in weights files, for the tests of run/files/checkpoint. */
#ifndef CHECKPOINT_FIXTURE_H
#define CHECKPOINT_FIXTURE_H

#include "failing_alloc.h"
#include "tiny_run.h"

#include "base/files.h"

#include <math.h>

static inline struct model *make_model(int classes, uint64_t seed)
{
    const struct model_spec spec = tiny_spec(NORM_BATCH);
    const struct model_options options = {
        .classes = classes, .size = TINY_SIZE, .max_batch = 1, .training = false};
    struct model *m;
    MUST(model_create(&m, &spec, &options, err));
    model_init(m, seed);
    struct param_list *params = model_params(m);
    for (int i = 0; i < params->n; i++) {
        struct param *p = &params->item[i];
        p->counter = p->kind == PARAM_COUNTER ? (INT64_C(1) << 40) + i : 0;
        for (size_t j = 0; p->kind == PARAM_BUFFER && j < p->size; j++)
            p->data[j] = (float)seed + (float)i / 7 + (float)j;
    }
    return m;
}

static inline bool same_weights(struct model *a, struct model *b)
{
    const struct param_list *x = model_params(a), *y = model_params(b);
    for (int i = 0; i < x->n; i++) {
        const struct param *p = &x->item[i], *q = &y->item[i];
        if (p->counter != q->counter ||
            (p->size > 0 && memcmp(p->data, q->data, p->size * sizeof(float)) != 0))
            return false;
    }
    return true;
}

static char red[] = "red, \"dark\"", green[] = "gr\xc3\xbcn", blue[] = "blue";
static char *class_name[] = {red, green, blue};
static char model_text[] = "stem: []\n";
static const struct class_list rgb = {class_name, 3};
static const struct checkpoint_metadata metadata = {
    .model = model_text,
    .classes = {class_name, 3},
    .fit = {.size = TINY_SIZE},
    .mean = {0.485f, 0.456f, 0.406f},
    .std = {0.229f, 0.224f, 1.0f / 3},
    .jpeg_scale = IMAGE_JPEG_FAST,
};

static inline const char *write_model(const char *name, struct model *m)
{
    const char *path = scratch_path(name);
    MUST(checkpoint_write(path, model_params(m), &metadata, err));
    return path;
}

static inline struct param *param_of(struct model *m, const char *name)
{
    struct param *p = (struct param *)param_find(model_params(m), name);
    assert_non_null(p);
    return p;
}

/* Writes the file again after `change` has had its way with the entries. */
static inline const char *write_changed(const char *path, void (*change)(struct safetensors *file))
{
    struct safetensors file;
    MUST(safetensors_read(&file, path, err));
    size_t n = file.n_entries;
    struct safetensors_entry *kept = file.entry;
    struct safetensors copy = file;
    copy.entry = malloc((n + 1) * sizeof(*copy.entry));
    assert_non_null(copy.entry);
    memcpy(copy.entry, kept, n * sizeof(*copy.entry));
    change(&copy);
    const char *out = scratch_path("changed.safetensors");
    MUST(safetensors_write(out, copy.entry, copy.n_entries, (const char *const *)copy.meta_key,
                           (const char *const *)copy.meta_value, copy.n_meta, err));
    free(copy.entry);
    safetensors_free(&file);
    return out;
}

static inline enum status load(struct checkpoint_report *report, struct model *m, const char *path,
                               const struct class_list *classes, struct error *err)
{
    struct safetensors file;
    enum status status = safetensors_read(&file, path, err);
    if (status != STATUS_OK)
        return status;
    status = checkpoint_load(report, model_params(m), &file, path, classes, err);
    safetensors_free(&file);
    return status;
}

static inline struct safetensors_entry *entry(struct safetensors *file, const char *name)
{
    struct safetensors_entry *e = (struct safetensors_entry *)safetensors_find(file, name);
    assert_non_null(e);
    return e;
}

#endif
