/* Hoare's selection. */
#include "nn/largest.h"

#include <math.h>
#include <stdbool.h>

/* Strict: no two places are equal. */
static bool comes_before(const float *loss, int a, int b)
{
    bool a_nan = isnan(loss[a]), b_nan = isnan(loss[b]);
    if (a_nan != b_nan)
        return a_nan;
    if (!a_nan && loss[a] != loss[b])
        return loss[a] > loss[b];
    return a < b;
}

static void swap(int *a, int *b)
{
    int t = *a;
    *a = *b;
    *b = t;
}

/* Puts the median of order[first], [middle], [last] at order[last], as the pivot. */
static void choose_pivot(int *order, const float *loss, int first, int last)
{
    int middle = first + (last - first) / 2;
    if (comes_before(loss, order[middle], order[first]))
        swap(&order[middle], &order[first]);
    if (comes_before(loss, order[last], order[first]))
        swap(&order[last], &order[first]);
    if (comes_before(loss, order[middle], order[last]))
        swap(&order[middle], &order[last]);
}

void largest_first(int *order, const float *loss, int n, int k)
{
    int first = 0, last = n - 1;
    if (k <= 0 || k >= n)
        return;
    while (first < last) {
        choose_pivot(order, loss, first, last);
        int at = first;
        for (int i = first; i < last; i++)
            if (comes_before(loss, order[i], order[last]))
                swap(&order[i], &order[at++]);
        swap(&order[at], &order[last]);
        if (at == k - 1)
            return;
        if (at < k - 1)
            first = at + 1;
        else
            last = at - 1;
    }
}
