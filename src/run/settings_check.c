/* Combinations of settings that no single value shows, a function for each group of the table. All
 * of it is known before a file is read. */
#include "run/settings.h"

#include <string.h>

static enum status check_data(const struct settings *s, struct error *err)
{
    if (!s->data)
        return error_usage(err, "no DATA.csv given");
    if (s->no_header &&
        (strcmp(s->image_column, "image") != 0 || strcmp(s->label_column, "label") != 0))
        return error_usage(err, "--image-column and --label-column name columns of a header, "
                                "which --no-header says is not there");
    if (strcmp(s->image_column, s->label_column) == 0)
        return error_usage(err, "--image-column and --label-column are both \"%s\"",
                           s->image_column);
    return STATUS_OK;
}

static bool is_initial(const struct settings *s, const char *name)
{
    const struct setting *item = settings_table_find(name);
    char buffer[SETTINGS_TEXT_BYTES];

    return strcmp(settings_text(s, item, buffer), item->initial) == 0;
}

static enum status check_augmentation(const struct settings *s, struct error *err)
{
    bool crops = s->views.crop_scale[0] < 1;

    if (!crops && !is_initial(s, "crop-ratio"))
        return error_usage(err, "--crop-ratio has a use only with a --crop-scale below 1");
    if (s->cache_scale > 0 && s->cache_scale < 1)
        return error_usage(err, "--cache-scale: \"%g\" is neither 0 nor in [1, 4]", s->cache_scale);
    if (s->cache_scale > 1 && !crops)
        return error_usage(err, "--cache-scale %g has a use only with a --crop-scale below 1",
                           s->cache_scale);
    return STATUS_OK;
}

static enum status check_machine(const struct settings *s, struct error *err)
{
    if ((s->cache == CACHE_NONE || s->cache == CACHE_DISK) && s->cache_mib > 0)
        return error_usage(err, "--cache-mib %lld has no use with --cache %s",
                           (long long)s->cache_mib, s->cache == CACHE_NONE ? "none" : "disk");
    if (s->cache_dir && s->cache != CACHE_DISK)
        return error_usage(err, "--cache-dir has a use only with --cache disk");
    return STATUS_OK;
}

static enum status check_run(const struct settings *s, struct error *err)
{
    if (s->resume && s->out)
        return error_usage(err, "--out and --resume exclude each other: a resumed run goes on in "
                                "its own folder");
    if (s->resume && s->dry_run)
        return error_usage(err, "--dry-run and --resume exclude each other");
    if (s->json && s->dry_run)
        return error_usage(err, "--json tells the result of a run, and --dry-run has none");
    return STATUS_OK;
}

enum status settings_check(const struct settings *s, struct error *err)
{
    enum status status;

    if ((status = check_data(s, err)) || (status = check_augmentation(s, err)) ||
        (status = check_machine(s, err)))
        return status;
    return check_run(s, err);
}
