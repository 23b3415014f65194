/* In double inside of a sample: a handful of classes, and the loss is what everything else is
 * judged by. */
#include "nn/loss.h"

#include <math.h>
#include <stddef.h>

/* log(sum exp(logits)), shifted by the largest one; NaN if one of them is. */
static double log_sum_exp(const float *logits, int classes)
{
    double max = logits[0], sum = 0;
    for (int j = 1; j < classes; j++)
        if (!(logits[j] <= max))
            max = logits[j];
    for (int j = 0; j < classes; j++)
        sum += exp(logits[j] - max);
    return max + log(sum);
}

/* What a class counts in the loss of a sample with this label: the factor of its -log p. */
static double target(const struct loss_options *opt, int class, int label, int classes)
{
    double weight = opt->class_weight ? opt->class_weight[class] : 1;
    double spread = opt->smoothing / classes;

    return weight * (class == label ? 1 - opt->smoothing + spread : spread);
}

void loss_cross_entropy(float *loss, float *dlogits, float *probability, const float *logits,
                        const int *label, int n, int classes, const struct loss_options *opt)
{
    const struct loss_options plain = {0};

    opt = opt ? opt : &plain;
    for (int i = 0; i < n; i++) {
        const float *z = logits + (size_t)i * (size_t)classes;
        double log_sum = log_sum_exp(z, classes), sum = 0, total = 0;

        for (int j = 0; j < classes && label[i] >= 0; j++) {
            double part = target(opt, j, label[i], classes);
            total += part;
            if (part > 0) /* what does not count must not make 0 x inf */
                sum += part * (log_sum - z[j]);
        }
        loss[i] = (float)sum;
        for (int j = 0; j < classes; j++) {
            double share = exp(z[j] - log_sum);
            size_t at = (size_t)i * (size_t)classes + (size_t)j;
            if (probability)
                probability[at] = (float)share;
            if (dlogits)
                dlogits[at] =
                    label[i] < 0 ? 0 : (float)(total * share - target(opt, j, label[i], classes));
        }
    }
}
