/* Writing and reading walk the same list of tensors: build_entries() lays it out with pointers to
 * where each value lives, the writer hands it on, the reader copies into the same places. So what
 * is saved and what is restored cannot drift apart. */
#include "run/files/run_state.h"

#include "base/memory.h"
#include "io/safetensors.h"
#include "run/files/run_state_values.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES = 128 };

static const struct field {
    const char *name, *dtype;
    size_t offset;
    bool may_lack; /* then it is 0: earlier versions did not write it */
} field[] = {
#define FIELD(name, dtype)                                                                         \
    {                                                                                              \
#name, dtype, offsetof(struct run_state, name), false                                      \
    }
    FIELD(epoch, "I64"),
    FIELD(next_batch, "I64"),
    FIELD(images, "I64"),
    FIELD(correct, "I64"),
    FIELD(loss_sum, "F64"),
    FIELD(mean_loss_sum, "F64"),
    FIELD(epoch_seconds, "F64"),
    FIELD(lambda, "F64"),
    FIELD(seconds, "F64"),
    FIELD(best_epoch, "I64"),
    FIELD(best_accuracy, "F64"),
    FIELD(best_balanced_accuracy, "F64"),
    FIELD(best_macro_f1, "F64"),
    FIELD(last_balanced_accuracy, "F64"),
    FIELD(last_macro_f1, "F64"),
    FIELD(best_mean_loss, "F64"),
    FIELD(last_accuracy, "F64"),
    FIELD(last_mean_loss, "F64"),
    FIELD(last_train_loss, "F64"),
    FIELD(batches_bytes, "I64"),
    FIELD(results_bytes, "I64"),
#undef FIELD
    {"batches_hash", "I64", offsetof(struct run_state, batches_hash), true},
    {"results_hash", "I64", offsetof(struct run_state, results_hash), true},
};
enum { N_FIELDS = sizeof field / sizeof field[0] };

struct table {
    struct safetensors_entry *entry; /* data points at the live value */
    size_t n;
    char (*name)[NAME_BYTES];
    bool *optional; /* [n] */
};

static void table_free(struct table *t)
{
    free(t->entry);
    free(t->name);
    free(t->optional);
}

static void table_add(struct table *t, const char *prefix, const char *name, const char *dtype,
                      void *data, int64_t count)
{
    snprintf(t->name[t->n], NAME_BYTES, "%s%s", prefix, name);
    struct safetensors_entry *e = &t->entry[t->n];
    e->name = t->name[t->n++];
    snprintf(e->dtype, sizeof e->dtype, "%s", dtype);
    e->n_dims = count == RUN_STATE_SCALAR ? 0 : 1;
    e->dim[0] = count;
    e->data = data;
    e->n_bytes = (count == RUN_STATE_SCALAR ? 1 : (size_t)count) * safetensors_item_bytes(dtype);
}

static enum status build_entries(struct table *t, const struct run_state_content *c,
                                 struct error *err)
{
    *t = (struct table){0};
    size_t most = N_FIELDS + 1 + (size_t)c->n_blocks + (size_t)c->params->n;
    t->entry = memory_array(most, sizeof *t->entry, "state", err);
    t->name = memory_array(most, sizeof *t->name, "state", err);
    t->optional = memory_array(most, sizeof *t->optional, "state", err);
    if (!t->entry || !t->name || !t->optional)
        return err->status;

    for (size_t i = 0; i < N_FIELDS; i++) {
        t->optional[t->n] = field[i].may_lack;
        table_add(t, "", field[i].name, field[i].dtype, (char *)c->state + field[i].offset,
                  RUN_STATE_SCALAR);
    }
    table_add(t, "", "weights", "F32", c->params->all, (int64_t)c->params->n_all);
    for (int i = 0; i < c->n_blocks; i++) {
        const struct run_state_block *b = &c->block[i];
        t->optional[t->n] = b->optional;
        table_add(t, "", b->name, b->dtype, b->data, b->count);
    }
    for (int i = 0; i < c->params->n; i++) {
        struct param *p = &c->params->item[i];
        if (p->kind == PARAM_BUFFER)
            table_add(t, "buffer.", p->name, "F32", p->data, (int64_t)p->size);
        else if (p->kind == PARAM_COUNTER)
            table_add(t, "counter.", p->name, "I64", &p->counter, RUN_STATE_SCALAR);
    }
    return STATUS_OK;
}

static enum status write_table(const char *path, const struct table *t,
                               const struct run_state_content *c, struct error *err)
{
    size_t n_fingerprints = (size_t)c->n_fingerprints, n = n_fingerprints + (size_t)c->n_notes;
    const char **key = memory_array(2 * n, sizeof *key, "state", err);

    if (!key)
        return err->status;
    const char **value = key + n;
    for (size_t i = 0; i < n; i++) {
        key[i] = i < n_fingerprints ? c->fingerprint[i].name : c->note[i - n_fingerprints].name;
        value[i] = i < n_fingerprints ? c->fingerprint[i].value : c->note[i - n_fingerprints].value;
    }
    enum status status = safetensors_write(path, t->entry, t->n, key, value, n, err);
    free(key);
    return status;
}

enum status run_state_write(const char *path, const struct run_state_content *c, struct error *err)
{
    struct table t;
    enum status status = build_entries(&t, c, err);

    if (status == STATUS_OK)
        status = write_table(path, &t, c, err);
    table_free(&t);
    return status;
}

static enum status check_fingerprints(const struct safetensors *file,
                                      const struct run_state_content *c, struct error *err)
{
    const struct run_state_fingerprint *fingerprint = c->fingerprint;
    for (int i = 0; i < c->n_fingerprints; i++) {
        const char *saved = safetensors_meta(file, fingerprint[i].name);
        if (!saved)
            return error_set(err,
                             "not a state that this version of atk-train wrote: its metadata "
                             "lacks \"%s\"",
                             fingerprint[i].name);
        if (strcmp(saved, fingerprint[i].value) != 0)
            return error_set(err,
                             "cannot continue, %s has changed: the run began with %s, now it "
                             "is %s",
                             fingerprint[i].name, saved, fingerprint[i].value);
    }
    return STATUS_OK;
}

static void read_notes(const struct run_state_content *c, const struct safetensors *file)
{
    for (int i = 0; i < c->n_notes; i++) {
        const char *before = safetensors_meta(file, c->note[i].name);
        snprintf(c->note[i].before, sizeof c->note[i].before, "%s", before ? before : "");
    }
}

/* First everything is compared, then everything is copied. */
static enum status copy_entries(const struct table *t, const struct safetensors *file,
                                struct error *err)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct safetensors_entry *want = &t->entry[i];
        const struct safetensors_entry *have = safetensors_find(file, want->name);
        if (!have && t->optional[i])
            continue;
        if (!have || strcmp(have->dtype, want->dtype) != 0 || have->n_bytes != want->n_bytes)
            return error_set(err, "tensor %s is %s, expected %s of %zu bytes", want->name,
                             !have ? "missing" : "of another type or size", want->dtype,
                             want->n_bytes);
        if (run_state_values_check(have, err) != STATUS_OK)
            return err->status;
    }
    for (size_t i = 0; i < t->n; i++) {
        const struct safetensors_entry *have = safetensors_find(file, t->entry[i].name);
        if (have)
            memcpy((void *)t->entry[i].data, have->data, t->entry[i].n_bytes);
        else if (i < N_FIELDS)
            memset((void *)t->entry[i].data, 0, t->entry[i].n_bytes);
    }
    return STATUS_OK;
}

enum status run_state_read(const struct run_state_content *c, const char *path, struct error *err)
{
    struct safetensors file = {0};
    struct table t = {0};

    if (safetensors_read(&file, path, err) != STATUS_OK) /* names the path itself */
        return err->status;
    enum status status = check_fingerprints(&file, c, err);
    if (status == STATUS_OK)
        status = build_entries(&t, c, err);
    if (status == STATUS_OK)
        status = copy_entries(&t, &file, err);
    read_notes(c, &file);
    if (status != STATUS_OK)
        error_prefix(err, "%s", path);
    table_free(&t);
    safetensors_free(&file);
    return status;
}
