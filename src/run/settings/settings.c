/* Values are parsed strictly: the whole text must be the value, with no spaces. */
#include "run/settings/settings.h"

#include "base/memory.h"
#include "base/number.h"
#include "run/settings/settings_augment.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *field(struct settings *s, const struct setting *item)
{
    return (char *)s + item->offset;
}

static bool parse_integer(int64_t *out, const char *text)
{
    const char *digits = text + (*text == '-');

    if (*digits == '\0' || digits[strspn(digits, "0123456789")] != '\0')
        return false;
    errno = 0;
    *out = strtoll(text, NULL, 10);
    return errno == 0;
}

static bool in_range(double value, const struct setting *item)
{
    return (item->above_min ? value > item->min : value >= item->min) &&
           (item->below_max ? value < item->max : value <= item->max);
}

/* "> 0", ">= 0", "in [0, 1)" or nothing. */
static void describe_range(char *out, size_t size, const struct setting *item)
{
    if (isinf(item->min))
        out[0] = '\0';
    else if (isinf(item->max))
        snprintf(out, size, " %s %g", item->above_min ? ">" : ">=", item->min);
    else
        snprintf(out, size, " in %c%g, %g%c", item->above_min ? '(' : '[', item->min, item->max,
                 item->below_max ? ')' : ']');
}

static enum status set_integer(struct settings *s, const struct setting *item, const char *value,
                               const char *where, struct error *err)
{
    int64_t number;

    if (!parse_integer(&number, value) || !in_range((double)number, item))
        return error_usage(err, "%s: \"%s\" is not an integer in %.0f..%.0f", where, value,
                           item->min, item->max);
    if (item->type == SETTING_INT)
        *(int *)field(s, item) = (int)number;
    else
        *(int64_t *)field(s, item) = number;
    return STATUS_OK;
}

static enum status set_real(struct settings *s, const struct setting *item, const char *value,
                            const char *where, struct error *err)
{
    double number;
    char range[64];

    if (!number_parse(&number, value) || !in_range(number, item)) {
        describe_range(range, sizeof range, item);
        return error_usage(err, "%s: \"%s\" is not a number%s", where, value, range);
    }
    *(double *)field(s, item) = number;
    return STATUS_OK;
}

/* Splits "a,b,c" (spaces after a comma are fine) into up to 4 parts; returns how many there are. */
static int split_list(char part[4][32], const char *value)
{
    int n = 0;

    for (const char *at = value; n < 4;) {
        at += strspn(at, " ");
        size_t length = strcspn(at, ",");
        if (length >= sizeof part[0])
            return 0;
        memcpy(part[n], at, length);
        part[n++][length] = '\0';
        if (at[length] == '\0')
            break;
        at += length + 1;
    }
    return n;
}

static enum status set_rgb(struct settings *s, const struct setting *item, const char *value,
                           const char *where, struct error *err)
{
    char part[4][32], range[64];
    int n = split_list(part, value);
    struct setting_rgb rgb = {.from_data = strcmp(value, "data") == 0};
    bool is_word = rgb.from_data || strcmp(value, "imagenet") == 0;
    bool good = is_word || n == 1 || n == 3;

    for (int i = 0; good && i < 3 && !is_word; i++) {
        double number = 0;
        good = number_parse(&number, part[n == 1 ? 0 : i]) && in_range(number, item);
        rgb.value[i] = (float)number;
        good = good && isfinite(rgb.value[i]) && in_range(rgb.value[i], item);
    }
    if (!good) {
        describe_range(range, sizeof range, item);
        return error_usage(err,
                           "%s: \"%s\" is not a number%s, nor three of them as R,G,B, nor "
                           "\"imagenet\" or \"data\"",
                           where, value, range);
    }
    if (is_word && !rgb.from_data)
        memcpy(rgb.value, item->imagenet, sizeof rgb.value);
    *(struct setting_rgb *)field(s, item) = rgb;
    return STATUS_OK;
}

/* "10,15": whole numbers in ascending order, without spaces. */
static enum status set_ints(struct settings *s, const struct setting *item, const char *value,
                            const char *where, struct error *err)
{
    struct setting_ints list = {0};
    bool good = true;

    for (const char *at = value; good; at++) {
        char part[16];
        int64_t number = 0;
        size_t length = strcspn(at, ",");
        good = length < sizeof part && list.n < SETTING_MOST_INTS;
        if (!good)
            break;
        memcpy(part, at, length);
        part[length] = '\0';
        good = parse_integer(&number, part) && in_range((double)number, item) &&
               (list.n == 0 || number > list.value[list.n - 1]);
        list.value[list.n++] = (int)number;
        at += length;
        if (*at == '\0')
            break;
    }
    if (!good)
        return error_usage(err,
                           "%s: \"%s\" is not a list of up to %d ascending integers in %.0f..%.0f",
                           where, value, SETTING_MOST_INTS, item->min, item->max);
    *(struct setting_ints *)field(s, item) = list;
    return STATUS_OK;
}

static enum status set_range(struct settings *s, const struct setting *item, const char *value,
                             const char *where, struct error *err)
{
    char part[4][32], range[64];
    int n = split_list(part, value);
    double ends[2] = {0, item->max};
    bool one_will_do = !isinf(item->max), good = n == 2 || (n == 1 && one_will_do);

    for (int i = 0; good && i < n; i++)
        good = number_parse(&ends[i], part[i]) && in_range(ends[i], item);
    if (!good || ends[0] > ends[1]) {
        describe_range(range, sizeof range, item);
        return error_usage(err, "%s: \"%s\" is not %sMIN,MAX with MIN <= MAX, both%s", where, value,
                           one_will_do ? "MIN or " : "", range);
    }
    memcpy(field(s, item), ends, sizeof ends);
    return STATUS_OK;
}

/* Gives every option of the set s->augment its value. */
static enum status expand_augment(struct settings *s, struct error *err)
{
    int n;
    const struct settings_augment_row *row = settings_augment_rows(&n);

    for (int i = 0; i < n; i++)
        if (settings_set(s, settings_table_find(row[i].option), row[i].value[s->augment],
                         "--augment", err) != STATUS_OK)
            return err->status;
    return STATUS_OK;
}

static enum status set_choice(struct settings *s, const struct setting *item, const char *value,
                              const char *where, struct error *err)
{
    const char *choice = item->choices;

    for (int i = 0; *choice; i++) {
        size_t length = strcspn(choice, "|");
        if (strlen(value) == length && strncmp(value, choice, length) == 0) {
            *(int *)field(s, item) = i;
            return item->leads ? expand_augment(s, err) : STATUS_OK;
        }
        choice += length + (choice[length] == '|');
    }
    return error_usage(err, "%s: \"%s\" is not one of %s", where, value, item->choices);
}

static enum status set_flag(struct settings *s, const struct setting *item, const char *value,
                            const char *where, struct error *err)
{
    bool yes = strcmp(value, "true") == 0;

    if (!yes && strcmp(value, "false") != 0)
        return error_usage(err, "%s: \"%s\" is not true or false", where, value);
    *(bool *)field(s, item) = yes;
    return STATUS_OK;
}

static enum status set_char(struct settings *s, const struct setting *item, const char *value,
                            const char *where, struct error *err)
{
    const char *meant = strcmp(value, "tab") == 0 || strcmp(value, "\\t") == 0 ? "\t" : value;

    /* A quote or a line end would make every line of a CSV ambiguous. */
    if (strlen(meant) != 1 || (unsigned char)*meant >= 128 || strchr("\"\r\n", *meant))
        return error_usage(err, "%s: \"%s\" is not a single ASCII character or \"tab\"", where,
                           value);
    *(char *)field(s, item) = *meant;
    return STATUS_OK;
}

static enum status set_text(struct settings *s, const struct setting *item, const char *value,
                            const char *where, struct error *err)
{
    char **text = field(s, item);

    if (*value == '\0')
        return error_usage(err, "%s: \"\" is not a %s", where, item->argument);
    char *copy = memory_string(value, err);
    if (!copy)
        return err->status;
    free(*text);
    *text = copy;
    return STATUS_OK;
}

static size_t row_of(const struct setting *item)
{
    int n;
    size_t row = (size_t)(item - settings_table(&n));

    assert(row < (size_t)n && n <= SETTINGS_MOST);
    return row;
}

bool settings_given(const struct settings *s, const struct setting *item)
{
    return s->given[row_of(item)];
}

static enum status set_value(struct settings *s, const struct setting *item, const char *value,
                             const char *where, struct error *err)
{
    struct atk_k k;

    switch (item->type) {
    case SETTING_TEXT:
        return set_text(s, item, value, where, err);
    case SETTING_FLAG:
        return set_flag(s, item, value, where, err);
    case SETTING_INT:
    case SETTING_INT64:
        return set_integer(s, item, value, where, err);
    case SETTING_REAL:
        return set_real(s, item, value, where, err);
    case SETTING_CHOICE:
        return set_choice(s, item, value, where, err);
    case SETTING_RGB:
        return set_rgb(s, item, value, where, err);
    case SETTING_RANGE:
        return set_range(s, item, value, where, err);
    case SETTING_CHAR:
        return set_char(s, item, value, where, err);
    case SETTING_INTS:
        return set_ints(s, item, value, where, err);
    case SETTING_K:
    case SETTING_DROP:
        if ((item->type == SETTING_K ? atk_parse : atk_parse_drop)(&k, value, err) != STATUS_OK)
            return error_prefix(err, "%s", where);
        *(struct atk_k *)field(s, item) = k;
        return STATUS_OK;
    }
    return error_usage(err, "%s: unknown type of setting", where);
}

enum status settings_set(struct settings *s, const struct setting *item, const char *value,
                         const char *where, struct error *err)
{
    if (set_value(s, item, value, where, err) != STATUS_OK)
        return err->status;
    s->given[row_of(item)] = true;
    return STATUS_OK;
}

enum status settings_init(struct settings *s, struct error *err)
{
    int n;
    const struct setting *table = settings_table(&n);

    memset(s, 0, sizeof *s);
    for (int i = 0; i < n; i++) {
        if (!table[i].initial)
            continue;
        enum status status = settings_set(s, &table[i], table[i].initial, table[i].name, err);
        if (status != STATUS_OK) {
            settings_free(s);
            return status;
        }
    }
    memset(s->given, 0, sizeof s->given);
    return STATUS_OK;
}

void settings_free(struct settings *s)
{
    int n;
    const struct setting *table = settings_table(&n);

    for (int i = 0; i < n; i++)
        if (table[i].type == SETTING_TEXT)
            free(*(char **)field(s, &table[i]));
    memset(s, 0, sizeof *s);
}

struct image_fit settings_image_fit(const struct settings *s)
{
    return (struct image_fit){
        .size = s->size,
        .resize = s->resize,
        .interpolation = s->interpolation,
        .crop_fraction = s->crop_fraction,
    };
}
