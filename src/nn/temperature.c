/* With b = 1 / T the cross-entropy is a logarithm of a sum of exponentials of what is linear in b,
 * minus what is linear in b: it is convex, its derivative grows, and Newton's method between two
 * bounds cannot miss its only zero. */
#include "nn/temperature.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

enum { MOST_STEPS = 100 };
static const double closeness = 1e-12; /* relative, of b */

static double largest(const float *z, int classes)
{
    double max = z[0];
    for (int j = 1; j < classes; j++)
        if (z[j] > max)
            max = z[j];
    return max;
}

/* First and second derivative of the sum of the images' cross-entropy by b: of each image the mean
 * score under its probabilities minus that of its label, and the variance of the score. */
static void slope(double *first, double *second, const float *score, const int *label, int n,
                  int classes, double b)
{
    *first = *second = 0;
    for (int i = 0; i < n; i++) {
        const float *z = score + (size_t)i * (size_t)classes;
        double max = largest(z, classes), sum = 0, sum_z = 0, sum_zz = 0;
        for (int j = 0; j < classes; j++) {
            double below = z[j] - max, e = exp(b * below);
            sum += e;
            sum_z += e * below;
            sum_zz += e * below * below;
        }
        double mean = sum_z / sum;
        *first += mean - (z[label[i]] - max);
        *second += fmax(sum_zz / sum - mean * mean, 0);
    }
}

static bool any_is_wrong(const float *score, const int *label, int n, int classes)
{
    for (int i = 0; i < n; i++) {
        const float *z = score + (size_t)i * (size_t)classes;
        if (z[label[i]] < largest(z, classes))
            return true;
    }
    return false;
}

double temperature_fit(const float *score, const int *label, int n, int classes)
{
    double low = 1 / TEMPERATURE_MOST, high = 1 / TEMPERATURE_LEAST, b = 1;
    if (!any_is_wrong(score, label, n, classes))
        return 1;
    for (int step = 0; step < MOST_STEPS; step++) {
        double first, second;
        slope(&first, &second, score, label, n, classes, b);
        if (!isfinite(first) || !isfinite(second))
            return 1;
        if (first > 0)
            high = b;
        else
            low = b;
        double next = b - first / second; /* not finite where second is 0 */
        if (!(next > low && next < high))
            next = sqrt(low * high);
        bool is_there = fabs(next - b) <= closeness * b;
        b = next;
        if (is_there)
            break;
    }
    return 1 / b;
}

void temperature_apply(float *probability, const float *score, int n, int classes,
                       double temperature)
{
    for (int i = 0; i < n; i++) {
        const float *z = score + (size_t)i * (size_t)classes;
        float *p = probability + (size_t)i * (size_t)classes;
        double max = largest(z, classes), sum = 0;
        for (int j = 0; j < classes; j++)
            sum += exp((z[j] - max) / temperature);
        for (int j = 0; j < classes; j++)
            p[j] = (float)(exp((z[j] - max) / temperature) / sum);
    }
}

double temperature_confidence(const float *score, int classes, double temperature)
{
    double max = largest(score, classes), sum = 0;
    for (int j = 0; j < classes; j++)
        sum += exp((score[j] - max) / temperature);
    return 1 / sum;
}
