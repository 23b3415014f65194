#include "data/folds.h"

#include "base/memory.h"
#include "data/strata.h"

#include <stdlib.h>

static void deal(struct folds *f, const struct strata *s)
{
    int next = 0;
    for (int i = 0; i < s->n_images; i++)
        f->of_image[i] = FOLDS_NONE;
    f->n_always = s->n_images;
    for (int c = 0; c < s->n_classes; c++) {
        if (strata_count(s, c) == 1)
            f->singletons++;
        if (strata_count(s, c) < 2)
            continue;
        for (int i = strata_start(s, c); i < s->end[c]; i++) {
            f->of_image[s->image[i]] = next;
            f->test_count[next]++;
            f->n_always--;
            next = (next + 1) % f->n;
        }
    }
}

enum status folds_make(struct folds *out, const struct dataset *d, int n, uint64_t seed,
                       struct error *err)
{
    struct strata strata;
    *out = (struct folds){.n = n};
    if (n < 2)
        return error_usage(err, "%d folds, expected two or more", n);
    if (strata_make(&strata, d, err) != STATUS_OK)
        return err->status;
    enum status status = STATUS_OK;
    out->of_image = memory_array((size_t)strata.n_images, sizeof *out->of_image, "folds", err);
    out->test_count =
        out->of_image ? memory_array((size_t)n, sizeof *out->test_count, "folds", err) : NULL;
    if (!out->test_count) {
        status = err->status;
    } else {
        strata_shuffle(&strata, seed, RNG_TEST_SPLIT);
        deal(out, &strata);
        int dealt = strata.n_images - out->n_always;
        if (dealt < n)
            status = error_set(err, "%s: %d images for %d folds: some would have none to test with",
                               dataset_path(d), dealt, n);
    }
    strata_free(&strata);
    if (status != STATUS_OK)
        folds_free(out);
    return status;
}

void folds_free(struct folds *f)
{
    free(f->of_image);
    free(f->test_count);
    *f = (struct folds){0};
}
