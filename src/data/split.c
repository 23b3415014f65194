/* Images, not rows, are drawn: each class by itself. */
#include "data/split.h"

#include "base/files.h"
#include "base/memory.h"
#include "data/strata.h"
#include "io/csv.h"

#include <math.h>
#include <stdlib.h>

struct drawing {
    struct strata strata;
    bool *in_val;         /* [images] */
    int *rows, *val_rows; /* [classes] */
};

static enum status allocate(struct drawing *w, struct split *out, const struct dataset *d,
                            struct error *err)
{
    size_t classes = (size_t)dataset_classes(d)->n, rows = (size_t)dataset_size(d);
    const struct {
        int **array;
        size_t n;
    } wanted[] = {
        {&w->rows, classes}, {&w->val_rows, classes}, {&out->train, rows}, {&out->val, rows}};
    w->in_val = memory_array((size_t)dataset_images(d), sizeof *w->in_val, "the split", err);
    if (!w->in_val)
        return err->status;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        *wanted[i].array = memory_array(wanted[i].n, sizeof **wanted[i].array, "the split", err);
        if (!*wanted[i].array)
            return err->status;
    }
    return strata_make(&w->strata, d, err);
}

static void draw(struct drawing *w, double fraction, uint64_t seed, enum rng_stream purpose)
{
    struct strata *s = &w->strata;
    strata_shuffle(s, seed, purpose);
    for (int c = 0; c < s->n_classes; c++) {
        const int *image = s->image + strata_start(s, c);
        int count = strata_count(s, c), wanted = (int)round(fraction * count);
        if (wanted < 1)
            wanted = 1;
        if (wanted > count - 1)
            wanted = count - 1;
        for (int i = 0; i < wanted; i++)
            w->in_val[image[i]] = true;
    }
}

/* Lists the rows of both sides and counts what the user is told. */
static void list_rows(struct split *out, struct drawing *w, const struct dataset *d)
{
    for (int i = 0; i < dataset_size(d); i++) {
        const struct sample *s = dataset_sample(d, i);
        bool val = w->in_val[s->identity];
        if (val)
            out->val[out->n_val++] = i;
        else
            out->train[out->n_train++] = i;
        if (s->label >= 0) {
            w->rows[s->label]++;
            w->val_rows[s->label] += val;
        }
    }
    for (int c = 0; c < dataset_classes(d)->n; c++) {
        out->singletons += w->rows[c] > 0 && strata_count(&w->strata, c) < 2;
        out->unvalidated += w->rows[c] > 0 && w->val_rows[c] == 0;
    }
}

static void free_rows(struct split *s)
{
    free(s->train);
    free(s->val);
    *s = (struct split){0};
}

static enum status make(struct split *out, const struct dataset *d, double fraction, uint64_t seed,
                        enum rng_stream purpose, struct error *err)
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
        if (fraction > 0)
            draw(&w, fraction, seed, purpose);
        list_rows(out, &w, d);
    }
    strata_free(&w.strata);
    free(w.in_val);
    free(w.rows);
    free(w.val_rows);
    return status;
}

enum status split_make(struct split *out, const struct dataset *d, double fraction, uint64_t seed,
                       struct error *err)
{
    return make(out, d, fraction, seed, RNG_SPLIT, err);
}

enum status split_make_test(struct split *out, const struct dataset *d, double fraction,
                            uint64_t seed, struct error *err)
{
    return make(out, d, fraction, seed, RNG_TEST_SPLIT, err);
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
