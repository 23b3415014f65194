/* Runs given batches from given weights and moments, for scripts/parity.py:
 *     parity-driver MODEL STATE OUT K LEARNING_RATE THREADS [freeze-bn]
 *
 * STATE (safetensors): weights and buffers by name, first moments "m/NAME" and second "v/NAME", all
 * in PyTorch's layout, "step" [I64: updates done], "x" [steps, batch, size, size, 3] and "label"
 * [steps, batch] I64. OUT: "loss" [steps] F64 (ATk), "losses" [steps, batch], and after the last
 * step "gradient/NAME" and "weight/NAME". */
#include "step.h"

#include "base/memory.h"
#include "io/safetensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A parameter's gradient or weight on its way out, in PyTorch's layout. */
struct result {
    char name[128];
    float *values;
};

struct driver {
    struct safetensors state;
    struct step_network net;
    int steps, size;
    float *x;      /* all batches */
    int *label;    /* all batches */
    double *loss;  /* [steps] */
    float *losses; /* [steps, batch] */
    struct result *result;
    size_t n_results;
    struct safetensors_entry *entry; /* of each tensor, then of loss and losses */
};

/* The entry, or an error when it is not of this type and size in bytes (0: any). */
static enum status find(const struct safetensors_entry **out, const struct safetensors *file,
                        const char *name, const char *dtype, size_t n_bytes, struct error *err)
{
    *out = safetensors_find(file, name);
    if (!*out)
        return error_set(err, "state: no tensor \"%s\"", name);
    if (strcmp((*out)->dtype, dtype) != 0 || (n_bytes && (*out)->n_bytes != n_bytes))
        return error_set(err, "state: \"%s\" is not %zu bytes of %s", name, n_bytes, dtype);
    return STATUS_OK;
}

/* values [p->size], in memory layout, from the file's "PREFIX NAME". */
static enum status load(float *values, const struct param *p, const char *prefix,
                        const struct safetensors *file, struct error *err)
{
    char name[128];
    const struct safetensors_entry *e;
    float *disk;
    snprintf(name, sizeof name, "%s%s", prefix, p->name);
    if (find(&e, file, name, "F32", p->size * sizeof *disk, err) != STATUS_OK)
        return err->status;
    disk = memory_array(p->size, sizeof *disk, name, err);
    if (!disk)
        return err->status;
    memcpy(disk, e->data, e->n_bytes);
    param_from_disk(values, p, disk);
    free(disk);
    return STATUS_OK;
}

static enum status load_state(struct driver *d, struct error *err)
{
    const struct safetensors *file = &d->state;
    struct param_list *params = model_params(d->net.model);
    struct optimiser *adam = &d->net.adam;
    const struct safetensors_entry *e;
    enum status status = find(&e, file, "step", "I64", sizeof adam->step, err);
    if (status == STATUS_OK)
        memcpy(&adam->step, e->data, sizeof adam->step);
    for (int i = 0; i < params->n && status == STATUS_OK; i++) {
        struct param *p = &params->item[i];
        if (p->kind == PARAM_COUNTER)
            continue;
        status = load(p->data, p, "", file, err);
        if (!param_is_trained(p))
            continue;
        ptrdiff_t place = p->data - params->data;
        if (status == STATUS_OK)
            status = load(adam->m + place, p, "m/", file, err);
        if (status == STATUS_OK)
            status = load(adam->v + place, p, "v/", file, err);
    }
    return status;
}

static enum status create_arrays(struct driver *d, size_t x_bytes, size_t n, struct error *err)
{
    d->x = memory_array(x_bytes, 1, "images", err);
    if (!d->x)
        return err->status;
    d->label = memory_array(n, sizeof *d->label, "labels", err);
    if (!d->label)
        return err->status;
    d->loss = memory_array((size_t)d->steps, sizeof *d->loss, "loss", err);
    if (!d->loss)
        return err->status;
    d->losses = memory_array(n, sizeof *d->losses, "losses", err);
    return d->losses ? STATUS_OK : err->status;
}

/* Sizes come from x; the batches are copied out because the file's tensors are unaligned. */
static enum status load_batches(struct driver *d, int *batch, struct error *err)
{
    const struct safetensors_entry *x, *label;
    if (find(&x, &d->state, "x", "F32", 0, err) != STATUS_OK)
        return err->status;
    if (x->n_dims != 5 || x->dim[2] != x->dim[3] || x->dim[4] != 3)
        return error_set(err, "state: \"x\" is not [steps, batch, size, size, 3]");
    d->steps = (int)x->dim[0];
    *batch = (int)x->dim[1];
    d->size = (int)x->dim[2];
    size_t n = (size_t)d->steps * (size_t)*batch;
    if (find(&label, &d->state, "label", "I64", n * sizeof(int64_t), err) != STATUS_OK ||
        create_arrays(d, x->n_bytes, n, err) != STATUS_OK)
        return err->status;
    memcpy(d->x, x->data, x->n_bytes);
    for (size_t i = 0; i < n; i++) {
        int64_t value;
        memcpy(&value, (const char *)label->data + i * sizeof value, sizeof value);
        d->label[i] = (int)value;
    }
    return STATUS_OK;
}

static void run_steps(struct driver *d)
{
    size_t batch = (size_t)d->net.batch;
    for (size_t i = 0; i < (size_t)d->steps; i++) {
        step_run(&d->net, d->x + i * batch * (size_t)d->size * (size_t)d->size * 3,
                 d->label + i * batch);
        d->loss[i] = d->net.loss;
        memcpy(d->losses + i * batch, d->net.losses, batch * sizeof(float));
    }
}

static void describe(struct safetensors_entry *e, const char *name, const char *dtype,
                     const void *data, size_t n_bytes, const int *dim, int n_dims)
{
    *e = (struct safetensors_entry){
        .name = name, .n_dims = n_dims, .data = data, .n_bytes = n_bytes};
    snprintf(e->dtype, sizeof e->dtype, "%s", dtype);
    for (int i = 0; i < n_dims; i++)
        e->dim[i] = dim[i];
}

/* values [p->size], in memory layout, as one more tensor of OUT under "PREFIX NAME". */
static enum status add_tensor(struct driver *d, const char *prefix, const struct param *p,
                              const float *values, struct error *err)
{
    struct result *t = &d->result[d->n_results];
    snprintf(t->name, sizeof t->name, "%s%s", prefix, p->name);
    t->values = memory_array(p->size, sizeof *t->values, t->name, err);
    if (!t->values)
        return err->status;
    param_to_disk(t->values, p, values);
    describe(&d->entry[d->n_results++], t->name, "F32", t->values, p->size * sizeof *t->values,
             p->dim, p->n_dims);
    return STATUS_OK;
}

static enum status write_out(struct driver *d, const char *path, struct error *err)
{
    struct param_list *params = model_params(d->net.model);
    size_t most = 2 * (size_t)params->n;
    int dim[2] = {d->steps, d->net.batch};
    d->result = memory_array(most, sizeof *d->result, "output", err);
    if (!d->result)
        return err->status;
    d->entry = memory_array(most + 2, sizeof *d->entry, "output", err);
    if (!d->entry)
        return err->status;
    for (int i = 0; i < params->n; i++) {
        const struct param *p = &params->item[i];
        if (param_is_trained(p) && (add_tensor(d, "gradient/", p, p->grad, err) != STATUS_OK ||
                                    add_tensor(d, "weight/", p, p->data, err) != STATUS_OK))
            return err->status;
    }
    size_t n_steps = (size_t)d->steps;
    describe(&d->entry[d->n_results], "loss", "F64", d->loss, n_steps * sizeof *d->loss, dim, 1);
    describe(&d->entry[d->n_results + 1], "losses", "F32", d->losses,
             n_steps * (size_t)d->net.batch * sizeof *d->losses, dim, 2);
    return safetensors_write(path, d->entry, d->n_results + 2, NULL, NULL, 0, err);
}

static void destroy(struct driver *d)
{
    for (size_t i = 0; i < d->n_results; i++)
        free(d->result[i].values);
    free(d->result);
    free(d->entry);
    free(d->x);
    free(d->label);
    free(d->loss);
    free(d->losses);
    step_destroy(&d->net);
    safetensors_free(&d->state);
}

static enum status run(struct driver *d, char **argv, bool freeze_bn, struct error *err)
{
    const struct safetensors_entry *bias;
    struct step_options step = {.model = argv[1],
                                .k = argv[4],
                                .n_threads = atoi(argv[6]),
                                .learning_rate = strtod(argv[5], NULL),
                                .freeze_batch_norm = freeze_bn};
    if (safetensors_read(&d->state, argv[2], err) != STATUS_OK ||
        load_batches(d, &step.batch, err) != STATUS_OK)
        return err->status;
    bias = safetensors_find(&d->state, "classifier.bias");
    if (!bias)
        bias = safetensors_find(&d->state, "fc.bias");
    if (!bias)
        return error_set(err, "state: no bias of a classifier");
    step.size = d->size;
    step.classes = (int)bias->dim[0];
    if (step_create(&d->net, &step, err) != STATUS_OK || load_state(d, err) != STATUS_OK)
        return err->status;
    run_steps(d);
    return write_out(d, argv[3], err);
}

int main(int argc, char **argv)
{
    struct driver d = {0};
    struct error err;
    bool freeze_bn = argc == 8 && strcmp(argv[7], "freeze-bn") == 0;
    if (argc != 7 && !freeze_bn) {
        fprintf(stderr,
                "usage: parity-driver MODEL STATE OUT K LEARNING_RATE THREADS [freeze-bn]\n");
        return STATUS_USAGE;
    }
    enum status status = run(&d, argv, freeze_bn, &err);
    if (status != STATUS_OK)
        fprintf(stderr, "parity-driver: %s\n", err.message);
    destroy(&d);
    return (int)status;
}
