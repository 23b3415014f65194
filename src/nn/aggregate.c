#include "nn/aggregate.h"

#include "nn/largest.h"

struct aggregate aggregate_resolve(const struct aggregate_options *options, int n)
{
    struct aggregate out = {options->kind, atk_resolve_drop(&options->drop, n), 1};
    if (out.drop > n - 1)
        out.drop = n - 1;
    int left = n - out.drop;
    if (out.kind == AGGREGATE_AVERAGE)
        out.k = left;
    else if (out.kind != AGGREGATE_MAXIMUM)
        out.k = atk_resolve(&options->k, left);
    return out;
}

int aggregate_select(float *weight, int *selected, const float *loss, int n,
                     const struct aggregate *a, int *scratch)
{
    if (a->kind != AGGREGATE_TOP_K && a->drop == 0)
        return atk_select(weight, selected, loss, n, a->k, scratch);
    int *rest = scratch + a->drop, n_selected = 0;
    for (int i = 0; i < n; i++) {
        scratch[i] = i;
        weight[i] = 0;
    }
    largest_first(scratch, loss, n, a->drop);
    largest_first(rest, loss, n - a->drop, a->k);
    if (a->kind == AGGREGATE_TOP_K) { /* the one that comes behind k - 1 of the k */
        largest_first(rest, loss, a->k, a->k - 1);
        weight[rest[a->k - 1]] = 1;
    } else {
        for (int i = 0; i < a->k; i++)
            weight[rest[i]] = 1.0f / (float)a->k;
    }
    for (int i = 0; i < n; i++)
        if (weight[i] > 0)
            selected[n_selected++] = i;
    return n_selected;
}

float aggregate_threshold(const float *loss, const int *selected, int n_selected)
{
    float least = loss[selected[0]];
    for (int i = 1; i < n_selected; i++)
        if (loss[selected[i]] < least)
            least = loss[selected[i]];
    return least;
}
