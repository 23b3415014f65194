#include "run/settings/settings.h"

#include <string.h>

/* Rows that decide the result without being part of a recipe. A new row is taken for a part of it
 * unless it is named here. */
static const char *const free_setting[] = {
    "data",      "images",  "image-column", "label-column", "no-header",    "delimiter",  "val",
    "val-split", "classes", "exif",         "jpeg-scale",   "on-bad-image", "max-pixels", "conv",
    "backward",  "k",       "seed",         "tta",          "save-dtype",
};

static bool is_free(const struct setting *item)
{
    for (size_t i = 0; i < sizeof free_setting / sizeof free_setting[0]; i++)
        if (strcmp(item->name, free_setting[i]) == 0)
            return true;
    /* What a resume may change is the machine's, except for the length of the run. */
    return item->use != SETTING_FIXED && strcmp(item->name, "epochs") != 0;
}

bool settings_on_defaults(const struct settings *s)
{
    int n;
    const struct setting *table = settings_table(&n);
    struct settings initial;
    struct error err;
    char buffer[SETTINGS_TEXT_BYTES], initial_buffer[SETTINGS_TEXT_BYTES];
    bool same = !s->config;

    if (settings_init(&initial, &err) != STATUS_OK)
        return false;
    for (int i = 0; same && i < n; i++) {
        const char *text = settings_text(s, &table[i], buffer);
        const char *usual = settings_text(&initial, &table[i], initial_buffer);
        same =
            is_free(&table[i]) || (!text && !usual) || (text && usual && strcmp(text, usual) == 0);
    }
    settings_free(&initial);
    return same;
}
