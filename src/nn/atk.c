/* Parses k as the user wrote it, and computes how many losses it selects. */
#include "nn/atk.h"

#include "nn/largest.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

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

/* A count up to 1e9, a fraction or a percent up to 1, none of them negative. */
static bool parse(struct atk_k *out, const char *text)
{
    double value;
    bool has_point;
    size_t n = scan_decimal(text, &value, &has_point);
    bool percent = n > 0 && text[n] == '%';
    if (n == 0 || text[n + percent] != '\0' || n + percent >= sizeof out->text)
        return false;
    if (percent)
        value /= 100;
    *out = (struct atk_k){.kind = percent || has_point ? ATK_FRACTION : ATK_COUNT, .value = value};
    snprintf(out->text, sizeof out->text, "%s", text);
    return value <= (out->kind == ATK_FRACTION ? 1 : 1e9);
}

enum status atk_parse(struct atk_k *out, const char *text, struct error *err)
{
    struct atk_k k;
    if (!parse(&k, text) || k.value == 0)
        return error_usage(err,
                           "\"%s\" is not a count (1, 2, ...), a fraction above 0 and up to 1.0, "
                           "or a percent above 0%% and up to 100%%",
                           text);
    *out = k;
    return STATUS_OK;
}

enum status atk_parse_drop(struct atk_k *out, const char *text, struct error *err)
{
    struct atk_k drop;
    if (!parse(&drop, text) || (drop.kind == ATK_FRACTION && drop.value >= 1))
        return error_usage(err,
                           "\"%s\" is not a count (0, 1, ...), a fraction below 1.0, or a percent "
                           "below 100%%; all of them would leave nothing",
                           text);
    *out = drop;
    return STATUS_OK;
}

int atk_resolve(const struct atk_k *k, int n)
{
    double resolved = k->kind == ATK_COUNT ? k->value : floor(k->value * n + 1e-9);
    if (resolved > n)
        return n;
    return resolved < 1 ? 1 : (int)resolved;
}

int atk_resolve_drop(const struct atk_k *drop, int n)
{
    double resolved = drop->kind == ATK_COUNT ? drop->value : floor(drop->value * n + 1e-9);
    return resolved > n ? n : (int)resolved;
}

int atk_select(float *weight, int *selected, const float *loss, int n, int k, int *scratch)
{
    k = k < 1 ? 1 : k > n ? n : k;
    for (int i = 0; i < n; i++) {
        scratch[i] = i;
        weight[i] = 0;
    }
    largest_first(scratch, loss, n, k);
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
