#include "data/data_check_labels.h"

#include "base/files.h"
#include "base/memory.h"
#include "data/label_key.h"
#include "data/string_index.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { SMALL_CLASS = 10, CHARACTER_CLASSES = 20 };

struct classes {
    const struct dataset *data;
    const struct class_list *list;
    int *first; /* [classes] the first row of each; -1: none */
    int *count; /* [classes] rows */
    int *order; /* [n_present] the classes that have rows, in the order of these */
    int n_present;
};

static struct finding about_row(enum finding_kind kind, int count, const struct dataset *d, int row)
{
    const struct sample *s = dataset_sample(d, row);
    return (struct finding){
        .kind = kind, .count = count, .file = dataset_path(d), .line = s->line, .image = s->image};
}

static enum status find_classes(struct classes *c, const struct dataset *d, struct error *err)
{
    size_t n = (size_t)dataset_classes(d)->n;
    int *numbers = memory_array(3 * n, sizeof *numbers, "class counts", err);
    if (!numbers)
        return err->status;
    *c = (struct classes){.data = d,
                          .list = dataset_classes(d),
                          .first = numbers,
                          .count = numbers + n,
                          .order = numbers + 2 * n};
    for (int i = 0; i < dataset_size(d); i++) {
        int label = dataset_sample(d, i)->label;
        if (label < 0)
            continue;
        if (c->count[label]++ == 0) {
            c->first[label] = i;
            c->order[c->n_present++] = label;
        }
    }
    return STATUS_OK;
}

/* ---- labels ---- */

/* key_of [n_present] the class that first had the key of its number in `keys`. */
static enum status find_twins(struct findings *out, const struct classes *c,
                              struct string_index *keys, int *key_of, struct error *err)
{
    int n = 0, first = -1, twin = -1, number;
    for (int i = 0; i < c->n_present; i++) {
        int label = c->order[i], before = keys->n;
        char *key = label_key(c->list->name[label], LABEL_KEY_ALIKE, err);
        enum status status = key ? string_index_add(keys, &number, key, err) : err->status;
        free(key);
        if (status != STATUS_OK)
            return status;
        if (number == before) {
            key_of[number] = label;
        } else if (n++ == 0) {
            first = label;
            twin = key_of[number];
        }
    }
    if (n == 0)
        return STATUS_OK;
    const struct finding what = about_row(FINDING_ALIKE_LABELS, n, c->data, c->first[first]);
    return findings_add(out, &what, err,
                        "%d label%s there in two spellings, which differ in case, white space or "
                        "look-alike characters (the first: \"%s\", in line %d \"%s\")",
                        n, n == 1 ? " is" : "s are", c->list->name[first],
                        dataset_sample(c->data, c->first[twin])->line, c->list->name[twin]);
}

static enum status check_twins(struct findings *out, const struct classes *c, struct error *err)
{
    struct string_index keys = {0};
    int *key_of = memory_array((size_t)c->n_present, sizeof *key_of, "labels", err);
    enum status status = key_of ? find_twins(out, c, &keys, key_of, err) : err->status;
    free(key_of);
    string_index_free(&keys);
    return status;
}

/* Escape sequences, tabs: no part of a name. */
static bool has_control_character(const char *label)
{
    for (; *label; label++)
        if ((unsigned char)*label < ' ' || *label == 0x7F)
            return true;
    return false;
}

static enum status check_characters(struct findings *out, const struct classes *c,
                                    struct error *err)
{
    int n = 0, first = -1;
    for (int i = 0; i < c->n_present; i++)
        if (has_control_character(c->list->name[c->order[i]]) && n++ == 0)
            first = c->order[i];
    if (n == 0)
        return STATUS_OK;
    const struct finding what = about_row(FINDING_CONTROL_CHARACTERS, n, c->data, c->first[first]);
    return findings_add(out, &what, err, "%d label%s a control character (the first: \"%s\")", n,
                        n == 1 ? " holds" : "s hold", c->list->name[first]);
}

/* What databases, spreadsheets and programs write for "no value". NA and NaN are not looked for in
 * lower case or as "Na": that is sodium. */
static bool is_missing_value(const char *label)
{
    static const char *const exact[] = {"NA", "N.A.", "nan", "NaN", "NAN", "?", "-", "--", "."};
    static const char *const any_case[] = {"n/a",     "#n/a",   "<na>",  "#na",      "null",
                                           "(null)",  "none",   "nil",   "<none>",   "#ref!",
                                           "#value!", "#name?", "#num!", "#div/0!",  "#null!",
                                           "(blank)", "(none)", "-nan",  "undefined"};
    for (size_t i = 0; i < sizeof exact / sizeof *exact; i++)
        if (strcmp(label, exact[i]) == 0)
            return true;
    for (size_t i = 0; i < sizeof any_case / sizeof *any_case; i++)
        if (strcasecmp(label, any_case[i]) == 0)
            return true;
    return false;
}

/* Many classes of one byte each are characters to be told apart, "?" and "-" among them. */
static bool are_characters(const struct class_list *list)
{
    for (int i = 0; i < list->n; i++)
        if (strlen(list->name[i]) != 1)
            return false;
    return list->n >= CHARACTER_CLASSES;
}

static enum status check_missing(struct findings *out, const struct classes *c, struct error *err)
{
    int n = 0, first = -1;
    for (int i = 0; i < c->n_present && !are_characters(c->list); i++) {
        if (!is_missing_value(c->list->name[c->order[i]]))
            continue;
        if (n++ == 0)
            first = c->order[i];
    }
    if (n == 0)
        return STATUS_OK;
    const struct finding what = about_row(FINDING_MISSING_VALUES, n, c->data, c->first[first]);
    return findings_add(out, &what, err,
                        "%d class%s a name that is a word for a missing value (the first: \"%s\", "
                        "%d row%s)",
                        n, n == 1 ? " has" : "es have", c->list->name[first], c->count[first],
                        c->count[first] == 1 ? "" : "s");
}

/* 0, 1, 2 ... without a gap. */
static bool are_numbers(const struct class_list *list)
{
    char number[16];
    for (int i = 0; i < list->n; i++) {
        snprintf(number, sizeof number, "%d", i);
        if (strcmp(list->name[i], number) != 0)
            return false;
    }
    return true;
}

/* Whether the file has a name for each class, and these are not the same numbers. */
static bool has_names(const char *folder, const char *file, int n, struct error *err)
{
    struct class_list names = {0};
    struct stat info;
    char *path = NULL;
    bool fits = files_join(&path, folder, file, err) == STATUS_OK && stat(path, &info) == 0 &&
                S_ISREG(info.st_mode) && class_list_read(&names, path, err) == STATUS_OK &&
                names.n == n && !are_numbers(&names);
    class_list_free(&names);
    free(path);
    return fits;
}

static enum status check_numbers(struct findings *out, const struct classes *c, struct error *err)
{
    static const char *const file[] = {"classes.txt",     "names.txt", "labels.txt",
                                       "class_names.txt", "obj.names", "classes.names"};
    struct error ignored; /* what cannot be read gives no hint */
    char *folder = NULL;
    const char *found = NULL;
    int n = c->list->n;
    if (!are_numbers(c->list) || c->n_present == 0)
        return STATUS_OK;
    if (files_directory(&folder, dataset_path(c->data), err) != STATUS_OK)
        return err->status;
    for (size_t i = 0; i < sizeof file / sizeof *file && !found; i++)
        if (has_names(folder, file[i], n, &ignored))
            found = file[i];
    free(folder);
    if (!found)
        return STATUS_OK;
    const struct finding what =
        about_row(FINDING_NUMBERED_CLASSES, n, c->data, c->first[c->order[0]]);
    return findings_add(out, &what, err,
                        "the labels are the numbers 0 to %d, and %s beside the table has %d lines: "
                        "are these the names? Only numbers will be shown (atk-data name-labels "
                        "puts names in their place)",
                        n - 1, found, n);
}

enum status data_check_labels(struct findings *out, const struct dataset *d, bool given,
                              struct error *err)
{
    struct classes c;
    if (given)
        return STATUS_OK;
    if (find_classes(&c, d, err) != STATUS_OK)
        return err->status;
    enum status status = check_twins(out, &c, err);
    if (status == STATUS_OK)
        status = check_characters(out, &c, err);
    if (status == STATUS_OK)
        status = check_missing(out, &c, err);
    if (status == STATUS_OK)
        status = check_numbers(out, &c, err);
    free(c.first);
    return status;
}

/* ---- sizes ---- */

struct sizes {
    const struct dataset *data;
    const struct class_list *list;
    int *count, *first; /* [classes] rows that are trained on, and the first of them */
    int *only;          /* [classes] the row of the only image of a class + 1; 0: no row of it;
                           -1: there are more */
};

static enum status add_untrained(struct findings *out, const struct sizes *s, struct error *err)
{
    int n = 0, first = -1;
    for (int i = 0; i < s->list->n; i++)
        if (s->count[i] == 0 && n++ == 0)
            first = i;
    if (n == 0)
        return STATUS_OK;
    const struct finding what = {
        .kind = FINDING_UNTRAINED_CLASSES, .count = n, .file = dataset_path(s->data)};
    return findings_add(out, &what, err, "%d class%s no training image (the first: \"%s\")", n,
                        n == 1 ? " has" : "es have", s->list->name[first]);
}

/* The first row that is the only image of its class; -1: none. */
static int find_only(const struct sizes *s)
{
    for (int row = 0; row < dataset_size(s->data); row++) {
        int label = dataset_sample(s->data, row)->label;
        if (label >= 0 && s->only[label] == row + 1)
            return row;
    }
    return -1;
}

static enum status add_single(struct findings *out, const struct sizes *s, int n, struct error *err)
{
    const char *have = n == 1 ? "class has" : "classes have";
    int row = find_only(s);
    if (n == 0)
        return STATUS_OK;
    if (row < 0) { /* it has others, which have other labels as well */
        const struct finding what = {
            .kind = FINDING_SINGLE_IMAGES, .count = n, .file = dataset_path(s->data)};
        return findings_add(out, &what, err,
                            "%d %s a single image, which is trained on and not validated", n, have);
    }
    const struct finding what = about_row(FINDING_SINGLE_IMAGES, n, s->data, row);
    return findings_add(out, &what, err,
                        "%d %s a single image, which is trained on and not validated (the first: "
                        "\"%s\")",
                        n, have, s->list->name[dataset_sample(s->data, row)->label]);
}

static enum status add_small(struct findings *out, const struct sizes *s, struct error *err)
{
    int n = 0, first = -1;
    for (int i = 0; i < s->list->n; i++)
        if (s->count[i] > 0 && s->count[i] < SMALL_CLASS && n++ == 0)
            first = i;
    if (n == 0)
        return STATUS_OK;
    const struct finding what = about_row(FINDING_SMALL_CLASSES, n, s->data, s->first[first]);
    return findings_add(
        out, &what, err, "%d class%s fewer than %d images to train on (the first: \"%s\", %d)", n,
        n == 1 ? " has" : "es have", SMALL_CLASS, s->list->name[first], s->count[first]);
}

static void measure(struct sizes *s, const struct data_check_side *train)
{
    for (int i = 0; i < train->n; i++) {
        int label = dataset_sample(s->data, train->row[i])->label;
        if (label >= 0 && s->count[label]++ == 0)
            s->first[label] = train->row[i];
    }
    for (int i = 0; i < dataset_size(s->data); i++) {
        int label = dataset_sample(s->data, i)->label;
        if (label < 0)
            continue;
        int *only = &s->only[label];
        if (*only == 0)
            *only = i + 1;
        else if (*only > 0 && !dataset_same_image(s->data, i, s->data, *only - 1))
            *only = -1;
    }
}

enum status data_check_class_sizes(struct findings *out, const struct data_check_side *train,
                                   int singletons, struct error *err)
{
    struct sizes s = {.data = train->data, .list = dataset_classes(train->data)};
    size_t n = (size_t)s.list->n;
    s.count = memory_array(3 * n, sizeof *s.count, "class counts", err);
    if (!s.count)
        return err->status;
    s.first = s.count + n;
    s.only = s.first + n;
    measure(&s, train);
    enum status status = add_untrained(out, &s, err);
    if (status == STATUS_OK)
        status = add_single(out, &s, singletons, err);
    if (status == STATUS_OK)
        status = add_small(out, &s, err);
    free(s.count);
    return status;
}
