#include "data/label_noise.h"

#include "base/memory.h"
#include "data/strata.h"

#include <math.h>
#include <stdlib.h>

/* class_number [n_present] = the classes that have images, ascending. */
static int list_present(int *class_number, const struct strata *s)
{
    int n = 0;
    for (int c = 0; c < s->n_classes; c++)
        if (strata_count(s, c) > 0)
            class_number[n++] = c;
    return n;
}

/* One of the n classes but `own`. */
static int draw_other(struct rng *rng, const int *class_number, int n, int own)
{
    int drawn = (int)rng_below(rng, (uint64_t)n - 1);
    /* The numbers without its own: those from it on are one further. */
    for (int i = 0; i <= drawn && i < n; i++)
        if (class_number[i] == own)
            return class_number[drawn + 1];
    return class_number[drawn];
}

static enum status draw(struct label_noise *out, struct strata *s, int *class_number, double share,
                        uint64_t seed, const char *path, struct error *err)
{
    struct rng rng;
    int n_present = list_present(class_number, s);
    int n = s->n_classes > 0 ? s->end[s->n_classes - 1] : 0;
    if (n_present < 2)
        return error_set(err, "%s: fewer than two classes have an image of no other class", path);
    out->n = (int)round(share * n);
    if (out->n == 0)
        return error_set(err, "--share: %g of %d images is none", share, n);
    rng_seed(&rng, seed, RNG_FLIP, 0, 0);
    rng_shuffle(&rng, s->image, (size_t)n);
    for (int i = 0; i < s->n_images; i++)
        out->label[i] = LABEL_NOISE_NONE;
    for (int i = 0; i < out->n; i++) {
        int image = s->image[i];
        out->label[image] = draw_other(&rng, class_number, n_present, s->class_of[image]);
    }
    return STATUS_OK;
}

enum status label_noise_make(struct label_noise *out, const struct dataset *d, double share,
                             uint64_t seed, struct error *err)
{
    struct strata strata;
    *out = (struct label_noise){0};
    if (strata_make(&strata, d, err) != STATUS_OK)
        return err->status;
    int *class_number =
        memory_array((size_t)strata.n_classes, sizeof *class_number, "class numbers", err);
    out->label = class_number ? memory_array((size_t)strata.n_images, sizeof *out->label,
                                             "wrong labels", err)
                              : NULL;
    enum status status = out->label
                             ? draw(out, &strata, class_number, share, seed, dataset_path(d), err)
                             : err->status;
    if (status != STATUS_OK) {
        free(out->label);
        *out = (struct label_noise){0};
    }
    free(class_number);
    strata_free(&strata);
    return status;
}
