#include "run/page/compare_page.h"

#include "base/files.h"
#include "base/memory.h"
#include "base/relative_path.h"
#include "run/page/class_figures.h"
#include "run/page/page.h"
#include "run/page/page_run.h"
#include "run/page/run_document.h"
#include "run/settings/recipe.h"
#include "run/train/metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_SUMMARY_BYTES = 1 << 20, N_FIGURES = 4 };

/* Of summary.json. */
static const char *const figure_name[N_FIGURES] = {"best_accuracy", "best_balanced_accuracy",
                                                   "best_macro_f1", "best_mean_loss"};

struct entry {
    struct page_run run; /* settings alone */
    int group;
    double figure[N_FIGURES];
    double x;
};

struct comparison {
    struct entry *entry; /* [n] */
    int n, n_groups;
    const struct setting *varied[SETTINGS_MOST]; /* what differs between the runs */
    int n_varied;
    const struct setting *axis; /* one of them, or k */
};

/* ---- which settings differ ---- */

/* What repeats a setting, or only moves it elsewhere, makes no other setting of it. */
static bool is_compared(const struct setting *item)
{
    if (strcmp(item->name, "seed") == 0 || strcmp(item->name, "classes") == 0)
        return false;
    return item->use == SETTING_FIXED || strcmp(item->name, "epochs") == 0 ||
           strcmp(item->name, "early-stop") == 0;
}

static bool is_number(const struct setting *item)
{
    return item->type == SETTING_INT || item->type == SETTING_INT64 || item->type == SETTING_REAL ||
           item->type == SETTING_K || item->type == SETTING_DROP;
}

static void find_varied(struct comparison *c)
{
    int n;
    const struct setting *table = settings_table(&n);

    for (int i = 0; i < n; i++) {
        bool varies = false;
        for (int j = 1; j < c->n && is_compared(&table[i]); j++)
            varies = varies || !settings_are_equal(&c->entry[0].run.settings,
                                                   &c->entry[j].run.settings, &table[i]);
        if (varies)
            c->varied[c->n_varied++] = &table[i];
    }
    c->axis = NULL;
    for (int i = c->n_varied - 1; i >= 0; i--)
        if (is_number(c->varied[i]) && !(c->axis && c->axis->type == SETTING_K))
            c->axis = c->varied[i];
    for (int i = 0; i < c->n_varied; i++)
        if (strcmp(c->varied[i]->name, "k") == 0)
            c->axis = c->varied[i];
    if (c->n_varied == 0)
        c->axis = settings_table_find("k");
}

static bool is_same_setting(const struct comparison *c, const struct entry *a,
                            const struct entry *b)
{
    for (int i = 0; i < c->n_varied; i++)
        if (!settings_are_equal(&a->run.settings, &b->run.settings, c->varied[i]))
            return false;
    return true;
}

static void find_groups(struct comparison *c)
{
    for (int i = 0; i < c->n; i++) {
        int same = 0;
        while (same < i && !is_same_setting(c, &c->entry[same], &c->entry[i]))
            same++;
        c->entry[i].group = same < i ? c->entry[same].group : c->n_groups++;
    }
}

/* Where on the axis; k as a share of the images that it counts among. */
static double place(const struct settings *s, const struct setting *axis)
{
    const void *value = axis ? (const char *)s + axis->offset : NULL;

    if (!axis)
        return NAN;
    switch (axis->type) {
    case SETTING_K:
    case SETTING_DROP:
        return metrics_share(value, recipe_scope_images(s));
    case SETTING_INT:
        return *(const int *)value;
    case SETTING_INT64:
        return (double)*(const int64_t *)value;
    case SETTING_REAL:
        return *(const double *)value;
    default:
        return NAN;
    }
}

/* ---- means ---- */

/* 97.5 % points of Student's t for 1 to 30 degrees of freedom. */
static const double student[] = {12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060,
                                 2.2622,  2.2281, 2.2010, 2.1788, 2.1604, 2.1448, 2.1314, 2.1199,
                                 2.1098,  2.1009, 2.0930, 2.0860, 2.0796, 2.0739, 2.0687, 2.0639,
                                 2.0595,  2.0555, 2.0518, 2.0484, 2.0452, 2.0423};

/* Beyond the table Cornish and Fisher's first terms, right to four digits there. */
static double student_point(int freedom)
{
    const double z = 1.959964;

    if (freedom <= (int)(sizeof student / sizeof *student))
        return student[freedom - 1];
    return z + (z * z * z + z) / (4.0 * freedom) +
           (5 * pow(z, 5) + 16 * pow(z, 3) + 3 * z) / (96.0 * freedom * freedom);
}

struct compare_page_mean compare_page_mean(const double *value, int n)
{
    struct compare_page_mean m = {0, NAN, NAN, NAN};
    double sum = 0, squares = 0;

    for (int i = 0; i < n; i++) {
        m.used += !isnan(value[i]);
        sum += isnan(value[i]) ? 0 : value[i];
    }
    if (m.used > 0)
        m.mean = sum / m.used;
    if (m.used < 2)
        return m;
    for (int i = 0; i < n; i++)
        squares += isnan(value[i]) ? 0 : (value[i] - m.mean) * (value[i] - m.mean);
    double half = student_point(m.used - 1) * sqrt(squares / (m.used - 1) / m.used);
    m.low = m.mean - half;
    m.high = m.mean + half;
    return m;
}

/* ---- the document ---- */

static void put_link(struct json_document *d, const char *page, const char *folder)
{
    struct error ignored;
    char *directory = NULL, *way = NULL;
    bool known = files_directory(&directory, page, &ignored) == STATUS_OK;
    char *from = known ? realpath(directory, NULL) : NULL;
    char *to = realpath(folder, NULL);

    if (from && to && relative_path_find(&way, from, to, &ignored) != STATUS_OK)
        way = NULL;
    json_document_text(d, "link", way);
    free(directory);
    free(from);
    free(to);
    free(way);
}

static void put_varied(struct json_document *d, const struct comparison *c,
                       const struct settings *s)
{
    char buffer[SETTINGS_TEXT_BYTES];

    json_document_begin_list(d, "values");
    for (int i = 0; i < c->n_varied; i++)
        json_document_text(d, NULL, settings_text(s, c->varied[i], buffer));
    json_document_end(d);
}

static enum status put_run(struct json_document *d, const struct comparison *c, struct entry *e,
                           const char *page, struct error *err)
{
    const char *name = strrchr(e->run.folder, '/');
    double low, high, images = 0;

    json_document_begin_object(d, NULL);
    json_document_text(d, "name", name && name[1] ? name + 1 : e->run.folder);
    put_link(d, page, e->run.folder);
    json_document_integer(d, "group", e->group);
    json_document_integer(d, "seed", e->run.settings.seed);
    json_document_number(d, "x", e->x);
    put_varied(d, c, &e->run.settings);
    if (files_exist(e->run.summary) &&
        json_document_file(d, "summary", e->run.summary, MOST_SUMMARY_BYTES, err) != STATUS_OK)
        return err->status;
    for (int f = 0; f < N_FIGURES; f++)
        (void)json_document_get_number(d, &e->figure[f], "summary", figure_name[f]);
    if (json_document_get_number(d, &images, "summary", "val_images") && images >= 1 &&
        images < 1e9 && e->figure[0] >= 0 && e->figure[0] <= 1) {
        class_figures_interval(&low, &high, e->figure[0], (int)images);
        json_document_begin_list(d, "accuracy_interval");
        json_document_number(d, NULL, low);
        json_document_number(d, NULL, high);
        json_document_end(d);
    }
    json_document_end(d);
    return STATUS_OK;
}

/* Each group has one. */
static const struct entry *first_of(const struct comparison *c, int group)
{
    int i = 0;

    while (c->entry[i].group != group)
        i++;
    return &c->entry[i];
}

static void put_group(struct json_document *d, const struct comparison *c, int group, double *value)
{
    const struct entry *first = first_of(c, group);

    json_document_begin_object(d, NULL);
    json_document_number(d, "x", first->x);
    put_varied(d, c, &first->run.settings);
    for (int f = 0; f < N_FIGURES; f++) {
        int n = 0;
        for (int i = 0; i < c->n; i++)
            if (c->entry[i].group == group)
                value[n++] = c->entry[i].figure[f];
        const struct compare_page_mean m = compare_page_mean(value, n);
        json_document_begin_object(d, figure_name[f]);
        json_document_integer(d, "n", m.used);
        json_document_number(d, "mean", m.mean);
        json_document_number(d, "low", m.low);
        json_document_number(d, "high", m.high);
        json_document_end(d);
    }
    json_document_end(d);
}

static enum status put_all(struct json_document *d, struct comparison *c, const char *page,
                           double *value, struct error *err)
{
    json_document_text(d, "kind", "comparison");
    run_document_put_time(d, "written");
    json_document_text(d, "version", ATK_VERSION);
    json_document_text(d, "axis", c->axis ? c->axis->name : NULL);
    json_document_begin_list(d, "varied");
    for (int i = 0; i < c->n_varied; i++)
        json_document_text(d, NULL, c->varied[i]->name);
    json_document_end(d);
    json_document_begin_list(d, "runs");
    for (int i = 0; i < c->n; i++)
        if (put_run(d, c, &c->entry[i], page, err) != STATUS_OK)
            return err->status;
    json_document_end(d);
    json_document_begin_list(d, "groups");
    for (int g = 0; g < c->n_groups; g++)
        put_group(d, c, g, value);
    json_document_end(d);
    return STATUS_OK;
}

static enum status open_entries(struct comparison *c, const struct compare_runs *runs,
                                struct error *err)
{
    for (int i = 0; i < runs->n; i++) {
        c->n++;
        for (int f = 0; f < N_FIGURES; f++)
            c->entry[i].figure[f] = NAN;
        if (page_run_open(&c->entry[i].run, runs->folder[i], err) != STATUS_OK)
            return err->status;
    }
    find_varied(c);
    find_groups(c);
    for (int i = 0; i < c->n; i++)
        c->entry[i].x = place(&c->entry[i].run.settings, c->axis);
    return STATUS_OK;
}

enum status compare_page_document(struct json_document *d, const char *path,
                                  const struct compare_runs *runs, struct error *err)
{
    struct comparison c = {.n = 0};

    c.entry = memory_array((size_t)runs->n, sizeof *c.entry, "runs", err);
    double *value = memory_array((size_t)runs->n, sizeof *value, "figures of runs", err);
    enum status status = c.entry && value ? open_entries(&c, runs, err) : err->status;
    if (status == STATUS_OK)
        status = put_all(d, &c, path, value, err);
    for (int i = 0; i < c.n; i++)
        page_run_free(&c.entry[i].run);
    free(c.entry);
    free(value);
    return status;
}

enum status compare_page_write(const char *path, const struct compare_runs *runs, struct error *err)
{
    struct json_document *d = json_document_create(err);

    if (!d)
        return err->status;
    enum status status = compare_page_document(d, path, runs, err);
    if (status == STATUS_OK)
        status = page_write(path, d, err);
    json_document_destroy(d);
    return status;
}
