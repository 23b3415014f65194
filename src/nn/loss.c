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

void loss_cross_entropy(float *loss, float *dlogits, float *probability, const float *logits,
                        const int *label, int n, int classes)
{
    for (int i = 0; i < n; i++) {
        const float *z = logits + (size_t)i * classes;
        double log_sum = log_sum_exp(z, classes);
        loss[i] = label[i] < 0 ? 0 : (float)(log_sum - z[label[i]]);
        for (int j = 0; j < classes; j++) {
            double share = exp(z[j] - log_sum);
            size_t at = (size_t)i * classes + j;
            if (probability)
                probability[at] = (float)share;
            if (dlogits)
                dlogits[at] = label[i] < 0 ? 0 : (float)(share - (j == label[i]));
        }
    }
}
