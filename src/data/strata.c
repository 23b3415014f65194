#include "data/strata.h"

#include "base/memory.h"

#include <stdlib.h>

enum { UNSEEN = -2 };

static enum status allocate(struct strata *s, struct error *err)
{
    size_t images = (size_t)s->n_images, classes = (size_t)s->n_classes;
    s->class_of = memory_array(images, sizeof *s->class_of, "the images' classes", err);
    s->image = s->class_of ? memory_array(images, sizeof *s->image, "image numbers", err) : NULL;
    s->end = s->image ? memory_array(classes, sizeof *s->end, "class counts", err) : NULL;
    return s->end ? STATUS_OK : err->status;
}

static void classify(struct strata *s, const struct dataset *d)
{
    for (int i = 0; i < s->n_images; i++)
        s->class_of[i] = UNSEEN;
    for (int i = 0; i < dataset_size(d); i++) {
        const struct sample *sample = dataset_sample(d, i);
        int *class_of = &s->class_of[sample->identity];
        if (*class_of != sample->label)
            *class_of = *class_of == UNSEEN ? sample->label : STRATA_NO_CLASS;
    }
}

/* A counting sort of the images that have a class. */
static void group(struct strata *s)
{
    for (int i = 0; i < s->n_images; i++)
        if (s->class_of[i] >= 0)
            s->end[s->class_of[i]]++;
    for (int c = 0, start = 0; c < s->n_classes; c++) {
        int count = s->end[c];
        s->end[c] = start; /* moves on to the class's end below */
        start += count;
    }
    for (int i = 0; i < s->n_images; i++)
        if (s->class_of[i] >= 0)
            s->image[s->end[s->class_of[i]]++] = i;
}

enum status strata_make(struct strata *out, const struct dataset *d, struct error *err)
{
    *out = (struct strata){.n_images = dataset_images(d), .n_classes = dataset_classes(d)->n};
    if (allocate(out, err) != STATUS_OK) {
        strata_free(out);
        return err->status;
    }
    classify(out, d);
    group(out);
    return STATUS_OK;
}

int strata_start(const struct strata *s, int class_number)
{
    return class_number > 0 ? s->end[class_number - 1] : 0;
}

int strata_count(const struct strata *s, int class_number)
{
    return s->end[class_number] - strata_start(s, class_number);
}

void strata_shuffle(struct strata *s, uint64_t seed, enum rng_stream purpose)
{
    for (int c = 0; c < s->n_classes; c++) {
        struct rng rng;
        rng_seed(&rng, seed, purpose, (uint64_t)c, 0);
        rng_shuffle(&rng, s->image + strata_start(s, c), (size_t)strata_count(s, c));
    }
}

void strata_free(struct strata *s)
{
    free(s->class_of);
    free(s->image);
    free(s->end);
    *s = (struct strata){0};
}
