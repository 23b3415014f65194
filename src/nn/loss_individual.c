/* Each loss is one function over a sample: its value, and its gradient as it goes along. */
#include "nn/loss.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

/* log(1 + exp(-a)) for any a, without overflow; through NaN. */
static double softplus_of_minus(double a)
{
    return a > 0 ? log1p(exp(-a)) : log1p(exp(a)) - a;
}

static double logistic(float *dz, const float *z, int label, int classes)
{
    double sum = 0;
    for (int j = 0; j < classes; j++) {
        double sign = j == label ? 1 : -1, a = sign * z[j];
        sum += softplus_of_minus(a);
        dz[j] = (float)(-sign / (1 + exp(a)));
    }
    return sum;
}

static double hinge(float *dz, const float *z, int label, int classes)
{
    int rival = label == 0 ? 1 : 0;
    for (int j = rival + 1; j < classes; j++)
        if (j != label && !isnan(z[rival]) && !(z[j] <= z[rival]))
            rival = j;
    double loss = 1 + (double)z[rival] - z[label];
    memset(dz, 0, (size_t)classes * sizeof(*dz));
    if (loss <= 0)
        return 0;
    dz[rival] = 1;
    dz[label] = -1;
    return loss;
}

static double squared(float *dz, const float *z, int label, int classes)
{
    double sum = 0;
    for (int j = 0; j < classes; j++) {
        double d = (double)z[j] - (j == label);
        sum += d * d;
        dz[j] = (float)(2 * d);
    }
    return sum;
}

static double absolute(float *dz, const float *z, int label, int classes)
{
    double sum = 0;
    for (int j = 0; j < classes; j++) {
        double d = (double)z[j] - (j == label);
        sum += fabs(d);
        dz[j] = (float)((d > 0) - (d < 0));
    }
    return sum;
}

void loss_individual(float *loss, float *dlogits, const float *logits, const int *label, int n,
                     int classes, const struct loss_options *options)
{
    static double (*const of_sample[])(float *, const float *, int, int) = {
        [LOSS_LOGISTIC] = logistic,
        [LOSS_HINGE] = hinge,
        [LOSS_SQUARED] = squared,
        [LOSS_ABSOLUTE] = absolute,
    };
    if (options->kind == LOSS_CROSS_ENTROPY) {
        loss_cross_entropy(loss, dlogits, NULL, logits, label, n, classes, options);
        return;
    }
    for (int i = 0; i < n; i++) {
        size_t at = (size_t)i * (size_t)classes;
        loss[i] = 0;
        if (label[i] >= 0)
            loss[i] = (float)of_sample[options->kind](dlogits + at, logits + at, label[i], classes);
        else
            memset(dlogits + at, 0, (size_t)classes * sizeof(*dlogits));
    }
}
