#include "run/train/calibration.h"

#include "base/memory.h"
#include "nn/calibration_error.h"
#include "nn/temperature.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_SCORES = 1 << 23 };

static int stride_of(int classes, int n_images)
{
    int most = MOST_SCORES / classes;
    most = most < 1 ? 1 : most;
    return n_images <= most ? 1 : n_images / most + (n_images % most > 0);
}

static size_t capacity_of(int classes, int n_images)
{
    int stride = stride_of(classes, n_images);
    return (size_t)(n_images / stride + (n_images % stride > 0));
}

size_t calibration_bytes(int classes, int n_images)
{
    return capacity_of(classes, n_images) * ((size_t)classes * sizeof(float) + sizeof(int));
}

enum status calibration_create(struct calibration *out, int classes, int n_images,
                               struct error *err)
{
    size_t n = capacity_of(classes, n_images);
    *out = (struct calibration){
        .classes = classes, .capacity = (int)n, .stride = stride_of(classes, n_images)};
    out->score = memory_array(n * (size_t)classes, sizeof *out->score, "validation scores", err);
    out->label = memory_array(n, sizeof *out->label, "validation scores", err);
    if (out->score && out->label)
        return STATUS_OK;
    calibration_free(out);
    return err->status;
}

void calibration_free(struct calibration *c)
{
    free(c->score);
    free(c->label);
    *c = (struct calibration){0};
}

void calibration_reset(struct calibration *c)
{
    c->n_seen = c->n = 0;
}

void calibration_add(struct calibration *c, const struct evaluator_sample *s)
{
    size_t classes = (size_t)c->classes;
    if (s->label < 0 || c->n_seen++ % c->stride != 0 || c->n == c->capacity)
        return;
    memcpy(c->score + (size_t)c->n * classes, s->score, classes * sizeof *c->score);
    c->label[c->n++] = s->label;
}

static double error_at(const struct calibration *c, double temperature)
{
    struct calibration_error e = {0};
    for (int i = 0; i < c->n; i++) {
        const float *score = c->score + (size_t)i * (size_t)c->classes;
        calibration_error_add(&e, temperature_confidence(score, c->classes, temperature),
                              metrics_predict(score, c->classes) == c->label[i]);
    }
    return calibration_error_value(&e);
}

struct run_state_calibration calibration_finish(const struct calibration *c)
{
    double temperature =
        c->n < CALIBRATION_FEWEST ? 1 : temperature_fit(c->score, c->label, c->n, c->classes);
    double error = error_at(c, 1);
    return (struct run_state_calibration){.temperature = temperature,
                                          .error = error,
                                          .error_calibrated =
                                              temperature == 1 ? error : error_at(c, temperature)};
}
