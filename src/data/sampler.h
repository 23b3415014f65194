/* Which rows an epoch visits, and in which order: a function of rows, seed and epoch alone. */
#ifndef DATA_SAMPLER_H
#define DATA_SAMPLER_H

#include "base/arena.h"
#include "data/dataset.h"

#include <stdint.h>

/* All arrays belong to the arena that it was laid out in. */
struct sampler {
    int n;                   /* rows, and visits of an epoch */
    int n_classes;           /* of the data set, when draws are balanced; else 0 */
    int *row;                /* [n] as given */
    int *order, *occurrence; /* [n] the visits; how often the row came before in this epoch */

    int *pool;            /* [n] rows class by class, shuffled */
    int *first, *next;    /* [n_classes + 1], [n_classes] places in it */
    int *round, *present; /* [n_classes] times through the class; classes that have rows */
};

/* Called twice, as base/arena.h says; then `row` is to be filled. */
void sampler_lay_out(struct sampler *s, int n, int n_classes, struct arena *arena);

/* The three ways to fill order and occurrence. */
void sampler_keep_order(struct sampler *s);
void sampler_shuffle(struct sampler *s, uint64_t seed, int epoch);
/* n visits, each of which goes to any class that has rows with the same probability: so a row is
 * drawn by the inverse of its class's frequency, as with PyTorch's WeightedRandomSampler. Unlike
 * there, a class's rows take turns in shuffled order: none comes again before all have come. Every
 * row has a label. */
void sampler_balance(struct sampler *s, const struct dataset *d, uint64_t seed, int epoch);

#endif
