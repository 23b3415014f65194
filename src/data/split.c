/* Pictures, not rows, are drawn: first each gets its class, then each class draws by itself. */
#include "data/split.h"

#include "base/files.h"
#include "base/memory.h"
#include "base/rng.h"
#include "io/csv.h"

#include <math.h>
#include <stdlib.h>

#define UNSEEN   (-2)
#define NO_CLASS (-1) /* without a label, or with several */

/* Working arrays; picture numbers are those of struct sample. */
struct drawing {
    int *class_of;        /* [pictures] */
    int *by_class;        /* [pictures] picture numbers, grouped by class, ascending in each */
    int *class_end;       /* [classes] where each class ends in by_class */
    bool *in_val;         /* [pictures] */
    int *rows, *val_rows; /* [classes] */
};

static enum status allocate(struct drawing *w, struct split *out, const struct dataset *d,
                            struct error *err)
{
    size_t pictures = (size_t)dataset_pictures(d), classes = (size_t)dataset_classes(d)->n;
    size_t rows = (size_t)dataset_size(d);
    w->in_val = memory_array(pictures, sizeof *w->in_val, "the split", err);
    if (!w->in_val)
        return err->status;
    const struct {
        int **array;
        size_t n;
    } wanted[] = {
        {&w->class_of, pictures}, {&w->by_class, pictures}, {&w->class_end, classes},
        {&w->rows, classes},      {&w->val_rows, classes},  {&out->train, rows},
        {&out->val, rows},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        *wanted[i].array = memory_array(wanted[i].n, sizeof **wanted[i].array, "the split", err);
        if (!*wanted[i].array)
            return err->status;
    }
    return STATUS_OK;
}

static void classify(struct drawing *w, const struct dataset *d)
{
    for (int i = 0; i < dataset_pictures(d); i++)
        w->class_of[i] = UNSEEN;
    for (int i = 0; i < dataset_size(d); i++) {
        const struct sample *s = dataset_sample(d, i);
        int *class_of = &w->class_of[s->picture];
        if (*class_of != s->label)
            *class_of = *class_of == UNSEEN ? s->label : NO_CLASS;
    }
}

/* A counting sort of the pictures that have a class. */
static void group_by_class(struct drawing *w, int n_pictures, int n_classes)
{
    for (int i = 0; i < n_pictures; i++)
        if (w->class_of[i] >= 0)
            w->class_end[w->class_of[i]]++;
    for (int c = 0, start = 0; c < n_classes; c++) {
        int count = w->class_end[c];
        w->class_end[c] = start; /* moves on to the class's end below */
        start += count;
    }
    for (int i = 0; i < n_pictures; i++)
        if (w->class_of[i] >= 0)
            w->by_class[w->class_end[w->class_of[i]]++] = i;
}

static void draw(struct drawing *w, int n_classes, double fraction, uint64_t seed)
{
    for (int c = 0, start = 0; c < n_classes; start = w->class_end[c++]) {
        int count = w->class_end[c] - start;
        int *picture = w->by_class + start;
        int wanted = (int)round(fraction * count);
        if (wanted < 1)
            wanted = 1;
        if (wanted > count - 1)
            wanted = count - 1;
        struct rng rng;
        rng_seed(&rng, seed, RNG_SPLIT, (uint64_t)c, 0);
        rng_shuffle(&rng, picture, (size_t)count);
        for (int i = 0; i < wanted; i++)
            w->in_val[picture[i]] = true;
    }
}

/* Lists the rows of both sides and counts what the user is told. */
static void list_rows(struct split *out, struct drawing *w, const struct dataset *d)
{
    for (int i = 0; i < dataset_size(d); i++) {
        const struct sample *s = dataset_sample(d, i);
        bool val = w->in_val[s->picture];
        if (val)
            out->val[out->n_val++] = i;
        else
            out->train[out->n_train++] = i;
        if (s->label >= 0) {
            w->rows[s->label]++;
            w->val_rows[s->label] += val;
        }
    }
    for (int c = 0, start = 0; c < dataset_classes(d)->n; start = w->class_end[c++]) {
        out->singletons += w->rows[c] > 0 && w->class_end[c] - start < 2;
        out->unvalidated += w->rows[c] > 0 && w->val_rows[c] == 0;
    }
}

static void free_rows(struct split *s)
{
    free(s->train);
    free(s->val);
    *s = (struct split){0};
}

enum status split_make(struct split *out, const struct dataset *d, double fraction, uint64_t seed,
                       struct error *err)
{
    struct drawing w = {0};
    *out = (struct split){0};
    if (!(fraction >= 0 && fraction < 1))
        return error_usage(err, "the share of validation rows is %g, expected 0 <= share < 1",
                           fraction);
    enum status status = allocate(&w, out, d, err);
    if (status != STATUS_OK) {
        free_rows(out);
    } else {
        classify(&w, d);
        group_by_class(&w, dataset_pictures(d), dataset_classes(d)->n);
        if (fraction > 0)
            draw(&w, dataset_classes(d)->n, fraction, seed);
        list_rows(out, &w, d);
    }
    free(w.class_of);
    free(w.by_class);
    free(w.class_end);
    free(w.in_val);
    free(w.rows);
    free(w.val_rows);
    return status;
}

enum status split_write(const struct split *s, const struct dataset *d, const char *path,
                        struct error *err)
{
    struct files_writer w;
    if (files_open(&w, path, err) != STATUS_OK)
        return err->status;
    fputs("image,label,split\n", w.stream);
    for (int i = 0, next_train = 0, next_val = 0; i < dataset_size(d); i++) {
        const struct sample *sample = dataset_sample(d, i);
        bool train = next_train < s->n_train && s->train[next_train] == i;
        bool val = next_val < s->n_val && s->val[next_val] == i;
        next_train += train;
        next_val += val;
        if (!train && !val)
            continue;
        csv_put_field(w.stream, sample->image);
        fputc(',', w.stream);
        if (sample->label >= 0)
            csv_put_field(w.stream, dataset_classes(d)->name[sample->label]);
        fputs(val ? ",val\n" : ",train\n", w.stream);
    }
    return files_commit(&w, err);
}
