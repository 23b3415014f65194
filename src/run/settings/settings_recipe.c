#include "run/settings/settings.h"

#include <string.h>

/* Rows that decide the result without being part of a recipe. A new row is taken for a part of it
 * unless it is named here. */
static const char *const free_setting[] = {
    "data",      "images",  "image-column", "label-column", "no-header",    "delimiter",   "val",
    "val-split", "classes", "exif",         "jpeg-scale",   "on-bad-image", "max-pixels",  "conv",
    "backward",  "k",       "seed",         "tta",          "save-dtype",   "activations",
};

static bool is_free(const struct setting *item)
{
    for (size_t i = 0; i < sizeof free_setting / sizeof free_setting[0]; i++)
        if (strcmp(item->name, free_setting[i]) == 0)
            return true;
    /* What a resume may change is the machine's, except for the length of the run. */
    return item->use != SETTING_FIXED && strcmp(item->name, "epochs") != 0;
}

bool settings_are_equal(const struct settings *a, const struct settings *b,
                        const struct setting *item)
{
    char buffer[SETTINGS_TEXT_BYTES], other_buffer[SETTINGS_TEXT_BYTES];
    const char *text = settings_text(a, item, buffer),
               *other = settings_text(b, item, other_buffer);

    return (!text && !other) || (text && other && strcmp(text, other) == 0);
}

bool settings_on_defaults(const struct settings *s)
{
    int n;
    const struct setting *table = settings_table(&n);
    struct settings initial;
    struct error err;
    bool same = !s->config;

    if (settings_init(&initial, &err) != STATUS_OK)
        return false;
    for (int i = 0; same && i < n; i++)
        same = is_free(&table[i]) || settings_are_equal(s, &initial, &table[i]);
    settings_free(&initial);
    return same;
}
