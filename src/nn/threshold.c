#include "nn/threshold.h"

#include "nn/largest.h"

#include <math.h>
#include <stdbool.h>

int threshold_select(float *weight, int *selected, const float *loss, int n, double share,
                     double lambda)
{
    int n_selected = 0;
    for (int i = 0; i < n; i++) {
        bool counts = loss[i] > lambda;
        weight[i] = counts ? (float)(1 / (share * n)) : 0;
        if (counts)
            selected[n_selected++] = i;
    }
    return n_selected;
}

double threshold_value(const float *loss, int n, double share, double lambda)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        if (!(loss[i] <= lambda)) /* lets NaN through */
            sum += loss[i] - lambda;
    return lambda + sum / (share * n);
}

double threshold_start(const float *loss, int n, double share, int *scratch)
{
    int k = (int)floor(share * n + 1e-9);
    k = k < 1 ? 1 : k;
    if (k >= n)
        return 0;
    for (int i = 0; i < n; i++)
        scratch[i] = i;
    largest_first(scratch, loss, n, k);
    largest_first(scratch + k, loss, n - k, 1);
    return loss[scratch[k]];
}

double threshold_step(double lambda, double rate, double share, double counted)
{
    return fmax(0, lambda - rate * (share - counted));
}

double threshold_rate(double lambda, double mean_loss, double share, double counted)
{
    double size = fmax(lambda, 1e-6 * mean_loss), g = (counted - share) / 2;
    return size * (g != 0 ? expm1(g) / g : 1) / 2;
}
