/* Combinations of settings that no single value shows, a function for each group of the table. All
 * of it is known before a file is read. */
#include "run/settings/settings.h"

#include "base/utf8.h"

#include <string.h>

enum status settings_check_columns(const struct settings *s, struct error *err)
{
    if (s->no_header &&
        (strcmp(s->image_column, "image") != 0 || strcmp(s->label_column, "label") != 0))
        return error_usage(err, "--image-column and --label-column name columns of a header, "
                                "which --no-header says is not there");
    if (strcmp(s->image_column, s->label_column) == 0)
        return error_usage(err, "--image-column and --label-column are both \"%s\"",
                           s->image_column);
    return STATUS_OK;
}

static enum status check_data(const struct settings *s, struct error *err)
{
    if (!s->data)
        return error_usage(err, "no DATA.csv given");
    return settings_check_columns(s, err);
}

/* Texts are compared, and the initial one is brought into settings_text's form first: "1e-8"
 * becomes "1e-08". */
static bool is_initial(const struct settings *s, const char *name)
{
    const struct setting *item = settings_table_find(name);
    struct settings initial = {0};
    struct error ignored;
    char buffer[SETTINGS_TEXT_BYTES], initial_buffer[SETTINGS_TEXT_BYTES];
    bool same =
        settings_set(&initial, item, item->initial, name, &ignored) == STATUS_OK &&
        strcmp(settings_text(s, item, buffer), settings_text(&initial, item, initial_buffer)) == 0;

    settings_free(&initial);
    return same;
}

/* Of an option that does something only in company. */
static enum status want_initial(const struct settings *s, const char *name, const char *company,
                                struct error *err)
{
    char buffer[SETTINGS_TEXT_BYTES];

    if (is_initial(s, name))
        return STATUS_OK;
    return error_usage(err, "--%s %s has a use only with %s", name,
                       settings_text(s, settings_table_find(name), buffer), company);
}

static enum status check_augmentation(const struct settings *s, struct error *err)
{
    bool crops = s->views.crop_scale[0] < 1;

    if (!crops && want_initial(s, "crop-ratio", "a --crop-scale below 1", err) != STATUS_OK)
        return STATUS_USAGE;
    if (s->cache_scale > 0 && s->cache_scale < 1)
        return error_usage(err, "--cache-scale: \"%g\" is neither 0 nor in [1, 4]", s->cache_scale);
    if (s->cache_scale > 1 && !crops)
        return error_usage(err, "--cache-scale %g has a use only with a --crop-scale below 1",
                           s->cache_scale);
    return STATUS_OK;
}

static enum status check_classes(const struct settings *s, struct error *err)
{
    if (s->sampler == SAMPLER_BALANCED && strcmp(s->class_weights, "balanced") == 0)
        return error_usage(err,
                           "--sampler balanced and --class-weights balanced would even out the "
                           "classes twice: give one of them");
    return STATUS_OK;
}

static enum status check_optimiser(const struct settings *s, struct error *err)
{
    static const char *const of_adam[] = {"beta1", "beta2", "epsilon"};
    enum status status = STATUS_OK;

    for (int i = 0; i < 3 && status == STATUS_OK && s->optimizer == OPTIMISER_SGD; i++)
        status = want_initial(s, of_adam[i], "--optimizer adam or adamw", err);
    if (status != STATUS_OK)
        return status;
    if (s->optimizer != OPTIMISER_SGD && s->momentum > 0)
        return error_usage(err,
                           "--momentum %g belongs to --optimizer sgd; the means of the others "
                           "are set by --beta1 and --beta2",
                           s->momentum);
    if (s->nesterov && s->momentum == 0)
        return error_usage(err, "--nesterov needs --optimizer sgd with a --momentum above 0");
    return STATUS_OK;
}

static enum status check_steps(const struct settings *s, struct error *err)
{
    const struct setting_ints *drops = &s->lr_steps;

    if (s->lr_schedule != SCHEDULE_STEP) {
        if (drops->n > 0)
            return error_usage(err, "--lr-steps has a use only with --lr-schedule step");
        return want_initial(s, "lr-gamma", "--lr-schedule step", err);
    }
    if (drops->n == 0)
        return error_usage(err, "--lr-schedule step needs --lr-steps: the epochs after which the "
                                "learning rate drops");
    if (drops->value[0] < s->warmup_epochs)
        return error_usage(err,
                           "--lr-steps: a drop after epoch %d is within the %g of "
                           "--warmup-epochs",
                           drops->value[0], s->warmup_epochs);
    if (drops->value[drops->n - 1] >= s->epochs)
        return error_usage(err,
                           "--lr-steps: a drop after epoch %d is not before the end of the "
                           "run's %d --epochs",
                           drops->value[drops->n - 1], s->epochs);
    return STATUS_OK;
}

static enum status check_frozen(const struct settings *s, struct error *err)
{
    if (s->unfreeze_epoch > 0 && strcmp(s->train, "all") == 0)
        return error_usage(err, "--unfreeze-epoch %d has a use only with --train head or NAME",
                           s->unfreeze_epoch);
    if (s->unfreeze_epoch > s->epochs)
        return error_usage(err, "--unfreeze-epoch %d is beyond the run's %d --epochs",
                           s->unfreeze_epoch, s->epochs);
    if (s->unfreeze_epoch > 0 || strcmp(s->train, "head") != 0)
        return STATUS_OK;
    static const char belongs_to[] = "a backbone that learns, and --train is head";
    if (want_initial(s, "backbone-lr-factor", belongs_to, err) != STATUS_OK)
        return err->status;
    return want_initial(s, "activations", belongs_to, err);
}

static enum status check_rate(const struct settings *s, struct error *err)
{
    if (s->warmup_epochs > s->epochs)
        return error_usage(err, "--warmup-epochs %g is longer than the run's %d --epochs",
                           s->warmup_epochs, s->epochs);
    if (s->lr_min > s->learning_rate)
        return error_usage(err, "--lr-min %g is above the --learning-rate of %g", s->lr_min,
                           s->learning_rate);
    if (s->lr_min > 0 && s->lr_schedule == SCHEDULE_CONSTANT)
        return error_usage(err, "--lr-min %g has no use with --lr-schedule constant", s->lr_min);
    if (s->lr_schedule != SCHEDULE_POLY &&
        want_initial(s, "lr-power", "--lr-schedule poly", err) != STATUS_OK)
        return STATUS_USAGE;
    return check_steps(s, err);
}

static enum status check_images(const struct settings *s, struct error *err)
{
    if (s->mean.from_data != s->std.from_data)
        return error_usage(err, "--mean data and --std data are found together: give both or none");
    return s->resize == IMAGE_FIT_CROP ? STATUS_OK
                                       : want_initial(s, "crop-fraction", "--resize crop", err);
}

static enum status check_stop(const struct settings *s, struct error *err)
{
    if (s->val || s->val_split > 0)
        return STATUS_OK;
    if (s->early_stop > 0)
        return error_usage(err, "--early-stop %d needs validation: --val or a --val-split above 0",
                           s->early_stop);
    if (s->monitor != MONITOR_ACCURACY)
        return error_usage(err, "--monitor chooses by validation: it needs --val or a --val-split "
                                "above 0");
    return want_initial(s, "tta", "validation: --val or a --val-split above 0", err);
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
    if (s->dry_run && s->find_lr)
        return error_usage(err, "--dry-run and --find-lr exclude each other");
    if (!s->dry_run && !s->find_lr)
        return STATUS_OK;
    const char *option = s->dry_run ? "--dry-run" : "--find-lr";
    if (s->resume)
        return error_usage(err, "%s and --resume exclude each other", option);
    if (s->json && s->find_lr)
        return error_usage(err, "--json tells the result of a run, and --find-lr has none");
    return STATUS_OK;
}

const char *settings_epochs_schedule(const struct settings *run)
{
    if (run->lr_schedule == SCHEDULE_COSINE || run->lr_schedule == SCHEDULE_POLY)
        return "lr-schedule";
    if (run->k_schedule == K_SCHEDULE_LINEAR || run->k_schedule == K_SCHEDULE_COSINE)
        return "k-schedule";
    return NULL;
}

bool settings_is_fixed(const struct settings *run, const struct setting *item)
{
    return item->use == SETTING_FIXED ||
           (strcmp(item->name, "epochs") == 0 && settings_epochs_schedule(run));
}

/* YAML holds nothing else: args.yaml could be written, and not be read again. */
static enum status check_texts(const struct settings *s, struct error *err)
{
    int n;
    const struct setting *table = settings_table(&n);

    for (int i = 0; i < n; i++) {
        const struct setting *item = &table[i];
        if (item->type != SETTING_TEXT || item->use == SETTING_COMMAND ||
            item->use == SETTING_UNSAVED)
            continue;
        const char *text = *(char *const *)((const char *)s + item->offset);
        if (text && !utf8_valid(text))
            return error_usage(err,
                               "--%s: \"%s\" is not UTF-8, and the run could not be resumed; a "
                               "link of another name helps",
                               item->name, text);
    }
    return STATUS_OK;
}

enum status settings_check(const struct settings *s, struct error *err)
{
    static enum status (*const check[])(const struct settings *, struct error *) = {
        check_data,    check_images,    check_augmentation, settings_check_loss,
        check_classes, check_optimiser, check_frozen,       check_rate,
        check_stop,    check_machine,   check_run,          check_texts,
    };
    enum status status = STATUS_OK;

    for (size_t i = 0; i < sizeof check / sizeof check[0] && status == STATUS_OK; i++)
        status = check[i](s, err);
    return status;
}
