/* The inverse of settings_set: what settings_text writes, settings_set reads back to the same
 * bits. */
#include "run/settings/settings.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The fewest digits that read back to the same bits: 0.1 stays "0.1". Whole numbers are written
 * out: 10, not 1e+01. */
static void put_double(char *out, size_t size, double value)
{
    if (fabs(value) < 1e15 && value == floor(value)) {
        snprintf(out, size, "%.0f", value);
        return;
    }
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(out, size, "%.*g", digits, value);
        if (strtod(out, NULL) == value)
            return;
    }
}

static void put_float(char *out, size_t size, float value)
{
    if (fabsf(value) < 1e7F && value == floorf(value)) {
        snprintf(out, size, "%.0f", (double)value);
        return;
    }
    for (int digits = 1; digits <= 9; digits++) {
        snprintf(out, size, "%.*g", digits, (double)value);
        if ((float)strtod(out, NULL) == value)
            return;
    }
}

static void put_rgb(char *out, size_t size, const struct setting_rgb *rgb)
{
    char r[24], g[24], b[24];

    put_float(r, sizeof r, rgb->value[0]);
    put_float(g, sizeof g, rgb->value[1]);
    put_float(b, sizeof b, rgb->value[2]);
    if (rgb->from_data)
        snprintf(out, size, "data");
    else if (strcmp(r, g) == 0 && strcmp(r, b) == 0)
        snprintf(out, size, "%s", r);
    else
        snprintf(out, size, "%s,%s,%s", r, g, b);
}

static void put_range(char *out, size_t size, const double ends[2])
{
    char low[40], high[40];

    put_double(low, sizeof low, ends[0]);
    put_double(high, sizeof high, ends[1]);
    snprintf(out, size, "%s,%s", low, high);
}

static void put_ints(char *out, size_t size, const struct setting_ints *list)
{
    size_t length = 0;

    for (int i = 0; i < list->n && length < size; i++)
        length +=
            (size_t)snprintf(out + length, size - length, "%s%d", i ? "," : "", list->value[i]);
}

static void put_choice(char *out, size_t size, const char *choices, int value)
{
    for (int i = 0; i < value; i++)
        choices += strcspn(choices, "|") + 1;
    snprintf(out, size, "%.*s", (int)strcspn(choices, "|"), choices);
}

const char *settings_text(const struct settings *s, const struct setting *item,
                          char buffer[SETTINGS_TEXT_BYTES])
{
    const size_t size = SETTINGS_TEXT_BYTES;
    const void *value = (const char *)s + item->offset;

    switch (item->type) {
    case SETTING_TEXT:
        return *(char *const *)value;
    case SETTING_FLAG:
        return *(const bool *)value ? "true" : "false";
    case SETTING_INT:
        snprintf(buffer, size, "%d", *(const int *)value);
        break;
    case SETTING_INT64:
        snprintf(buffer, size, "%lld", (long long)*(const int64_t *)value);
        break;
    case SETTING_REAL:
        put_double(buffer, size, *(const double *)value);
        break;
    case SETTING_CHOICE:
        put_choice(buffer, size, item->choices, *(const int *)value);
        break;
    case SETTING_RGB:
        put_rgb(buffer, size, value);
        break;
    case SETTING_RANGE:
        put_range(buffer, size, value);
        break;
    case SETTING_CHAR:
        snprintf(buffer, size, *(const char *)value == '\t' ? "tab" : "%c", *(const char *)value);
        break;
    case SETTING_INTS:
        if (((const struct setting_ints *)value)->n == 0)
            return NULL;
        put_ints(buffer, size, value);
        break;
    case SETTING_K:
    case SETTING_DROP:
        return ((const struct atk_k *)value)->text[0] ? ((const struct atk_k *)value)->text : NULL;
    }
    return buffer;
}
