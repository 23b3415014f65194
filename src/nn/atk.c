/* Selection and averaging. */
#include "nn/atk.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

static enum status refuse(struct error *err, const char *text)
{
    return error_usage(
        err,
        "\"%s\" is not a count (1, 2, ...), a fraction above 0 and up to 1.0, or a percent "
        "above 0%% and up to 100%%",
        text);
}

/* A plain decimal number: digits, at most one point, no sign, no exponent. Independent of the
 * locale. Returns its length, or 0. */
static size_t scan_decimal(const char *text, double *value, bool *has_point)
{
    size_t n = 0, digits = 0;
    double number = 0, scale = 1;
    *has_point = false;
    for (;; n++) {
        if (text[n] >= '0' && text[n] <= '9') {
            number = number * 10 + (text[n] - '0');
            scale *= *has_point ? 10 : 1;
            digits++;
        } else if (text[n] == '.' && !*has_point) {
            *has_point = true;
        } else {
            break;
        }
    }
    *value = number / scale;
    return digits > 0 && digits <= 15 ? n : 0;
}

enum status atk_parse(struct atk_k *out, const char *text, struct error *err)
{
    double value;
    bool has_point;
    size_t n = scan_decimal(text, &value, &has_point);
    bool percent = n > 0 && text[n] == '%';
    if (n == 0 || text[n + percent] != '\0' || n + percent >= sizeof out->text || !(value > 0))
        return refuse(err, text);
    if (percent)
        value /= 100;
    *out = (struct atk_k){.kind = percent || has_point ? ATK_FRACTION : ATK_COUNT, .value = value};
    if (out->kind == ATK_FRACTION ? value > 1 : value > 1e9)
        return refuse(err, text);
    snprintf(out->text, sizeof out->text, "%s", text);
    return STATUS_OK;
}

int atk_resolve(const struct atk_k *k, int n)
{
    double resolved = k->kind == ATK_COUNT ? k->value : floor(k->value * n + 1e-9);
    if (resolved > n)
        return n;
    return resolved < 1 ? 1 : (int)resolved;
}

/* The order of selection: larger losses first, a NaN before any number, equals by index. Strict: no
 * two places are equal. */
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

/* Hoare's selection: afterwards the first k of order [n] are the k that come first, in no order. */
static void partition_first(int *order, const float *loss, int n, int k)
{
    int first = 0, last = n - 1;
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

int atk_select(float *weight, int *selected, const float *loss, int n, int k, int *scratch)
{
    k = k < 1 ? 1 : k > n ? n : k;
    for (int i = 0; i < n; i++) {
        scratch[i] = i;
        weight[i] = 0;
    }
    partition_first(scratch, loss, n, k);
    for (int i = 0; i < k; i++)
        weight[scratch[i]] = 1.0f / (float)k;
    int n_selected = 0;
    for (int i = 0; i < n; i++)
        if (weight[i] > 0)
            selected[n_selected++] = i;
    return k;
}

double atk_mean(const float *loss, const int *selected, int k)
{
    double sum = 0;
    for (int i = 0; i < k; i++)
        sum += loss[selected[i]];
    return sum / k;
}
