/* Runs a network with given weights on given input tensors, for comparisons by hand with other
 * programs:
 *     run-network MODEL.yaml WEIGHTS.safetensors INPUT.safetensors CLASSES
 *
 * INPUT holds "x" [n, size, size, 3], "probabilities" and perhaps "logits" [n, CLASSES], F32 or
 * F64; prints how far ours are from them. */
#include "base/memory.h"
#include "base/parallel.h"
#include "io/safetensors.h"
#include "nn/model.h"
#include "run/files/checkpoint.h"
#include "run/files/model_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double value_at(const struct safetensors_entry *e, size_t i)
{
    float value;
    double wide;
    if (strcmp(e->dtype, "F64") == 0) {
        memcpy(&wide, (const char *)e->data + i * sizeof wide, sizeof wide);
        return wide;
    }
    memcpy(&value, (const char *)e->data + i * sizeof value, sizeof value);
    return value;
}

static void softmax(double *p, const float *logits, int classes)
{
    double largest = -INFINITY, sum = 0;
    for (int i = 0; i < classes; i++)
        largest = fmax(largest, logits[i]);
    for (int i = 0; i < classes; i++)
        sum += p[i] = exp(logits[i] - largest);
    for (int i = 0; i < classes; i++)
        p[i] /= sum;
}

static void compare(struct model *m, const struct safetensors *input, int n, int size, int classes)
{
    const struct safetensors_entry *x = safetensors_find(input, "x"),
                                   *logits = safetensors_find(input, "logits"),
                                   *wanted = safetensors_find(input, "probabilities");
    size_t image = (size_t)size * (size_t)size * 3;
    float *in = calloc(image, sizeof *in);
    double *p = calloc((size_t)classes, sizeof *p);
    double far = 0, difference = 0, norm = 0;
    for (int i = 0; i < n; i++) {
        memcpy(in, (const char *)x->data + (size_t)i * image * sizeof *in, image * sizeof *in);
        const float *ours = model_forward(m, in, 1, MODEL_EVAL);
        softmax(p, ours, classes);
        for (int c = 0; c < classes; c++) {
            size_t at = (size_t)i * (size_t)classes + (size_t)c;
            double want = logits ? value_at(logits, at) : 0;
            far = fmax(far, fabs(p[c] - value_at(wanted, at)));
            difference += (ours[c] - want) * (ours[c] - want);
            norm += want * want;
        }
    }
    printf("probabilities: largest difference %.1e", far);
    if (norm > 0)
        printf("; logits: %.1e relative (L2)", sqrt(difference / norm));
    printf("\n");
    free(in);
    free(p);
}

static enum status run(char **argv, struct error *err)
{
    struct model_spec spec;
    struct safetensors weights = {0}, input = {0};
    struct checkpoint_report report = {0};
    struct model *m = NULL;
    if (model_file_read(&spec, argv[1], err) != STATUS_OK ||
        safetensors_read(&weights, argv[2], err) != STATUS_OK ||
        safetensors_read(&input, argv[3], err) != STATUS_OK)
        return err->status;
    const struct safetensors_entry *x = safetensors_find(&input, "x");
    if (!x || x->n_dims != 4 || !safetensors_find(&input, "probabilities"))
        return error_set(err, "%s: no \"x\" [n, size, size, 3] or no \"probabilities\"", argv[3]);
    const struct model_options options = {
        .classes = atoi(argv[4]), .size = (int)x->dim[1], .max_batch = 1};
    if (model_create(&m, &spec, &options, err) != STATUS_OK ||
        checkpoint_load(&report, model_params(m), &weights, argv[2], false, err) != STATUS_OK)
        return err->status;
    compare(m, &input, (int)x->dim[0], (int)x->dim[1], options.classes);
    return STATUS_OK;
}

int main(int argc, char **argv)
{
    struct error err;
    if (argc != 5) {
        fprintf(stderr, "usage: run-network MODEL.yaml WEIGHTS INPUT CLASSES\n");
        return STATUS_USAGE;
    }
    enum status status = run(argv, &err);
    if (status != STATUS_OK)
        fprintf(stderr, "run-network: %s\n", err.message);
    return (int)status;
}
