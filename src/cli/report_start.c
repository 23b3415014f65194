#include "cli/report.h"

#include "base/text.h"
#include "run/settings/settings_table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WIDTH = 80, INDENT = 10, MOST_CLASSES_SHOWN = 20 };

const char *report_bytes(char out[REPORT_AMOUNT_BYTES], size_t bytes)
{
    double mib = (double)bytes / (1 << 20);

    if (mib < 10)
        snprintf(out, REPORT_AMOUNT_BYTES, "%.1f MiB", mib);
    else if (mib < 1024)
        snprintf(out, REPORT_AMOUNT_BYTES, "%.0f MiB", mib);
    else
        snprintf(out, REPORT_AMOUNT_BYTES, "%.1f GiB", mib / 1024);
    return out;
}

const char *report_count(char out[REPORT_AMOUNT_BYTES], double count)
{
    if (count < 1e4)
        snprintf(out, REPORT_AMOUNT_BYTES, "%.0f", count);
    else if (count < 1e6)
        snprintf(out, REPORT_AMOUNT_BYTES, "%.1f k", count / 1e3);
    else if (count < 1e9)
        snprintf(out, REPORT_AMOUNT_BYTES, "%.2f M", count / 1e6);
    else
        snprintf(out, REPORT_AMOUNT_BYTES, "%.2f G", count / 1e9);
    return out;
}

/* Puts the parts, joined, behind column `column` of the line, or under INDENT of a new one; the
 * column behind them. */
static size_t put_words(struct console *c, size_t column, const char *name, const char *sign,
                        const char *value)
{
    size_t length = strlen(name) + strlen(sign) + strlen(value);

    if (column >= INDENT && column + 1 + length > WIDTH) {
        console_print(c, "\n%*s", INDENT - 1, "");
        column = INDENT - 1;
    }
    console_print(c, " %s%s%s", name, sign, value);
    return column + 1 + length;
}

/* The line "weights" says it. */
static bool is_taken(const struct session_weights_file *w, const struct setting *item)
{
    for (int i = 0; i < w->n_taken; i++)
        if (w->taken[i].item == item)
            return w->taken[i].is_taken;
    return false;
}

void report_settings(struct console *c, const struct session *s, bool all)
{
    int n;
    const struct setting *table = settings_table(&n);
    struct settings initial = {0};
    struct error err;
    char buffer[SETTINGS_TEXT_BYTES];
    size_t column = INDENT - 1;

    all = all || settings_init(&initial, &err) != STATUS_OK;
    console_print(c, "settings ");
    if (s->settings->config)
        column = put_words(c, column, "config", "=", s->settings->config);
    for (int i = 0; i < n; i++) {
        const char *text = settings_text(s->settings, &table[i], buffer);
        if (!text || table[i].use == SETTING_UNSAVED || table[i].use == SETTING_COMMAND ||
            (!all && (settings_are_equal(s->settings, &initial, &table[i]) ||
                      is_taken(&s->weights_file, &table[i]))))
            continue;
        column = put_words(c, column, table[i].name, "=", text);
    }
    console_print(c, "\n");
    settings_free(&initial);
}

static const char *plural(long n)
{
    return n == 1 ? "" : "s";
}

/* A row for each. */
static void print_classes(struct console *c, const struct session *s)
{
    const struct class_list *classes = session_classes(s);
    size_t width = strlen("class");

    for (int i = 0; i < classes->n; i++)
        if (strlen(classes->name[i]) > width)
            width = strlen(classes->name[i]);
    console_print(c, "          %-*s %9s %10s\n", (int)width, "class", "training", "validation");
    for (int i = 0; i < classes->n; i++)
        console_print(c, "          %-*s %9d %10d\n", (int)width, classes->name[i],
                      s->train.count[i], s->val.count[i]);
}

/* "cat 30+3, dog 41+5 (training + validation)", of the first classes when there are many. */
static void print_counts(struct console *c, const struct session *s)
{
    const struct class_list *classes = session_classes(s);
    int shown = classes->n <= MOST_CLASSES_SHOWN + 1 ? classes->n : MOST_CLASSES_SHOWN;
    size_t column = INDENT - 1;
    char count[48];

    console_print(c, "%*s", INDENT - 1, "");
    for (int i = 0; i < shown; i++) {
        int n = snprintf(count, sizeof count, "%d", s->train.count[i]);
        if (s->val.data)
            n += snprintf(count + n, sizeof count - (size_t)n, "+%d", s->val.count[i]);
        if (i < classes->n - 1)
            snprintf(count + n, sizeof count - (size_t)n, ",");
        column = put_words(c, column, classes->name[i], " ", count);
    }
    if (shown < classes->n) {
        snprintf(count, sizeof count, "%d more", classes->n - shown);
        column = put_words(c, column, "... and", " ", count);
    }
    if (s->val.data)
        put_words(c, column, "(training", " ", "+ validation)");
    console_print(c, "\n");
}

void report_findings(struct console *c, const struct findings *findings)
{
    char line[16];

    for (size_t i = 0; i < findings->n; i++) {
        const struct finding *f = &findings->item[i];
        line[0] = '\0';
        if (f->line > 0)
            snprintf(line, sizeof line, ":%d", f->line);
        if (findings_is_hint(f->kind))
            console_print(c, "hint      %s%s: %s\n", f->file, line, f->message);
        else
            console_warn(c, "%s%s: %s", f->file, line, f->message);
    }
}

/* What a balanced epoch shows of the largest and of the smallest class. */
static void print_draws(struct console *c, const struct session *s)
{
    const struct class_list *classes = session_classes(s);
    const int *count = s->train.count;
    int large = -1, small = -1, present = 0;

    for (int i = 0; i < classes->n; i++) {
        if (count[i] == 0)
            continue;
        present++;
        large = large < 0 || count[i] > count[large] ? i : large;
        small = small < 0 || count[i] < count[small] ? i : small;
    }
    console_print(c,
                  "          drawn evenly from the classes: in an epoch an image of %s comes about "
                  "%.2g times,\n          one of %s %.2g times\n",
                  classes->name[large], (double)s->train.n / present / count[large],
                  classes->name[small], (double)s->train.n / present / count[small]);
}

void report_data(struct console *c, const struct session *s, bool as_table)
{
    int n_rows = dataset_size(s->data);

    console_print(c, "data      %s: %d image%s, %d classes\n", dataset_path(s->data), n_rows,
                  plural(n_rows), session_classes(s)->n);
    if (s->val_data)
        console_print(c, "          %d to train, %d of %s to validate\n", s->train.n, s->val.n,
                      dataset_path(s->val_data));
    else if (s->val.data)
        console_print(c, "          %d to train, %d to validate (%g of each class, seed %lld)\n",
                      s->train.n, s->val.n, s->settings->val_split, (long long)s->settings->seed);
    else
        console_print(c, "          %d to train, none to validate\n", s->train.n);
    if (as_table)
        print_classes(c, s);
    else
        print_counts(c, s);
    if (s->settings->sampler == SAMPLER_BALANCED)
        print_draws(c, s);
    report_findings(c, &s->findings);
    if (!s->images_are_checked)
        console_print(c, "          the images themselves were not looked at: --dry-run does\n");
    if (!s->val.data && s->settings->val_split > 0)
        console_warn(c, "no image is left to validate with");
}

void report_colours(struct console *c, const struct session *s)
{
    char mean[SETTINGS_TEXT_BYTES], std[SETTINGS_TEXT_BYTES];

    console_print(c, "          colours of the training images: mean %s, std %s\n",
                  settings_text(s->settings, settings_table_find("mean"), mean),
                  settings_text(s->settings, settings_table_find("std"), std));
}

static const char *norm_text(char *out, size_t size, const struct model_spec *spec)
{
    if (spec->norm.kind == NORM_GROUP)
        snprintf(out, size, "GroupNorm of %d groups", spec->norm.groups);
    else
        snprintf(out, size, "%s", spec->norm.kind == NORM_BATCH ? "BatchNorm" : "no norm");
    return out;
}

void report_network(struct console *c, const struct session *s, bool blocks)
{
    char parameters[REPORT_AMOUNT_BYTES], products[REPORT_AMOUNT_BYTES], norm[64];
    const struct model_spec *spec = &s->spec;

    console_print(c, "network   %s: %s parameters, %s multiply-adds for %dx%d\n", spec->name,
                  report_count(parameters, (double)s->summary.parameters),
                  report_count(products, (double)s->summary.multiply_adds), s->settings->size,
                  s->settings->size);
    if (!blocks)
        return;
    console_print(c, "          %d+", spec->n_stem);
    for (int i = 0; i < spec->n_stages; i++)
        console_print(c, "%s%d", i ? "," : "", spec->stage[i].blocks);
    console_print(c, " blocks of width ");
    for (int i = 0; i < spec->n_stages; i++)
        console_print(c, "%s%d", i ? "," : "", spec->stage[i].width);
    console_print(c, ", %s\n", norm_text(norm, sizeof norm, spec));
}

static void report_disk_cache(struct console *c, const struct session *s)
{
    struct error trouble;

    if (disk_cache_trouble(s->disk, &trouble) == STATUS_OK)
        console_print(c, "          resized images are kept in %s\n", disk_cache_path(s->disk));
    else
        console_warn(c, "%s: what is not there is decoded anew each epoch", trouble.message);
}

/* Where the resized images are between the epochs. */
static void print_cache(struct console *c, const struct session *s)
{
    char bytes[REPORT_AMOUNT_BYTES], crops[48] = "";
    const struct session_memory *m = &s->memory;

    if (s->image_side != s->settings->size)
        snprintf(crops, sizeof crops, " (%dx%d, for crops)", s->image_side, s->image_side);
    if (m->cache == 0 && s->keeps_features)
        console_print(c, "          images are decoded once, for their features\n");
    else if (m->cache == 0)
        console_print(c, "          images are decoded anew each epoch (no cache)%s\n", crops);
    else if (m->cache >= m->images)
        console_print(c, "          resized images stay in memory: %s%s\n",
                      report_bytes(bytes, m->images), crops);
    else
        console_print(c, "          %.0f %% of the resized images stay in memory: %s%s\n",
                      100.0 * (double)m->cache / (double)m->images, report_bytes(bytes, m->cache),
                      crops);
}

static bool is_short(const struct session_memory *m, size_t training)
{
    return m->free > 0 && training > m->free;
}

static void warn_of_memory(struct console *c, const struct session_memory *m)
{
    char bytes[REPORT_AMOUNT_BYTES], available[REPORT_AMOUNT_BYTES];

    console_warn(c,
                 "training takes %s of memory, but %s are free: a smaller --batch-size or --size "
                 "takes less",
                 report_bytes(bytes, m->training), report_bytes(available, m->free));
}

void report_short_memory(struct console *c, const struct session *s)
{
    if (is_short(&s->memory, s->memory.training))
        warn_of_memory(c, &s->memory);
}

void report_machine(struct console *c, const struct session *s)
{
    char bytes[REPORT_AMOUNT_BYTES], available[REPORT_AMOUNT_BYTES];
    const struct session_memory *m = &s->memory;

    console_print(c, "machine   %d thread%s compute%s, %d decode%s; training takes %s of %s free\n",
                  s->threads, plural(s->threads), s->threads == 1 ? "s" : "", s->workers,
                  s->workers == 1 ? "s" : "", report_bytes(bytes, m->training),
                  report_bytes(available, m->free));
    if (s->settings->cache == CACHE_DISK)
        report_disk_cache(c, s);
    else
        print_cache(c, s);
    if (is_short(m, m->training) && !is_short(m, m->training - m->decoding))
        warn_of_memory(c, m);
}

void report_features(struct console *c, const struct session *s)
{
    int n = s->train.n + (s->val_loader ? s->val.n : 0);
    int n_found = s->train_features.n_found + s->val_features.n_found;

    console_print(c, "features  of %d image%s, computed once%s\n", n, plural(n),
                  s->features_file ? "" : " (--cache none: and forgotten at the end)");
    if (s->features_file)
        console_print(c, "          %d of them %s from %s\n", n_found,
                      n_found == 1 ? "comes" : "come", disk_cache_path(s->features_file));
    if (s->features_trouble.status != STATUS_OK)
        console_warn(c, "%s: the features are not kept for later runs",
                     s->features_trouble.message);
}

void report_bad_images(struct console *c, const struct session *s, bool list)
{
    if (s->n_bad == 0)
        return;
    for (size_t i = 0; list && i < s->n_bad; i++)
        console_warn(c, "%s", s->bad[i].message);
    console_warn(c, "%zu image%s cannot be read%s", s->n_bad, plural((long)s->n_bad),
                 s->settings->on_bad_image == BAD_IMAGE_SKIP ? " and left out" : "");
}

static bool has_taken(const struct session_weights_file *w, bool taken)
{
    for (int i = 0; i < w->n_taken; i++)
        if (w->taken[i].is_taken == taken)
            return true;
    return false;
}

/* "mean 0.5, std 0.25", of those that are taken, or of those that are not; the column behind. */
static size_t put_taken(struct console *c, size_t column, const struct session_weights_file *w,
                        bool taken)
{
    int left = 0;

    for (int i = 0; i < w->n_taken; i++)
        left += w->taken[i].is_taken == taken;
    for (int i = 0; i < w->n_taken; i++)
        if (w->taken[i].is_taken == taken) {
            char value[SETTINGS_TEXT_BYTES + 1];
            snprintf(value, sizeof value, "%s%s", w->taken[i].text, --left > 0 ? "," : "");
            column = put_words(c, column, w->taken[i].item->name, " ", value);
        }
    return column;
}

void report_weights_file(struct console *c, const struct session *s)
{
    const struct session_weights_file *w = &s->weights_file;
    const char *name = w->path ? strrchr(w->path, '/') : NULL;
    static const char otherwise[] = "          given otherwise than the file says:";
    char classes[32] = "";

    if (!w->path)
        return;
    name = name ? name + 1 : w->path;
    size_t length =
        strlen(name) - (text_ends_in(name, ".safetensors") ? strlen(".safetensors") : 0);
    if (w->n_classes > 0)
        snprintf(classes, sizeof classes, " %d classes;", w->n_classes);
    console_print(c, "weights   %.*s:%s", (int)length, name, classes);
    if (has_taken(w, true)) {
        size_t column = put_taken(c, INDENT + length + 1 + strlen(classes), w, true);
        put_words(c, column, "taken", " ", "over");
        console_print(c, "\n");
    } else
        console_print(c, " no setting of images taken over\n");
    if (has_taken(w, false)) {
        console_print(c, "%s", otherwise);
        put_taken(c, strlen(otherwise), w, false);
        console_print(c, "\n");
    }
}

enum { MOST_NEW_CLASSES_SHOWN = 8 };

static void print_classifier(struct console *c, const struct session *s)
{
    const struct checkpoint_report *w = &s->weights;
    const struct checkpoint_names *new = &w->new_classes;
    int n = session_classes(s)->n;

    switch (w->classifier) {
    case CHECKPOINT_WHOLE:
        return;
    case CHECKPOINT_BY_POSITION:
        console_print(c, "          classifier: %d classes by position, as the file has no names\n",
                      n);
        return;
    case CHECKPOINT_NO_NAMES:
        console_print(c,
                      "          classifier: initial values, as the file has %d classes without "
                      "names\n",
                      w->file_classes);
        return;
    case CHECKPOINT_NO_MATCH:
        console_print(c,
                      "          classifier: initial values, as none of the file's %d classes "
                      "has the name of one here\n",
                      w->file_classes);
        return;
    case CHECKPOINT_BY_NAME:
        break;
    }
    console_print(c, "          classifier: %d of %d classes by name", w->n_matched, n);
    for (size_t i = 0; i < new->n &&i < MOST_NEW_CLASSES_SHOWN; i++)
        console_print(c, "%s%s", i > 0 ? ", " : "; initial values for ", new->name[i]);
    console_print(c, "%s\n", new->n > MOST_NEW_CLASSES_SHOWN ? ", ..." : "");
}

void report_weights(struct console *c, const struct session *s)
{
    if (!s->weights_file.path)
        return;
    console_print(c, "weights   %d tensors loaded from %s\n", s->weights.n_loaded,
                  s->weights_file.path);
    print_classifier(c, s);
}
