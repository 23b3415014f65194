/* An activation that forward keeps for backward, [max_batch, floats]: as float32, where forward
 * writes it, or as halves (IEEE binary16), which it is rounded to once the layers above have read
 * it. What backward computes with is float32 in either case.
 *
 * As halves numbers keep 11 bits; masks of ReLU and ReLU6 are those of the float32 numbers to the
 * bit (kernels.h, half_store), and what exceeds the largest half, 65504, becomes that and is
 * counted. */
#ifndef NN_KEPT_H
#define NN_KEPT_H

#include "nn/layer.h"

struct kept {
    float *values; /* one of these, or, where nothing is kept, none */
    uint16_t *halves;
    size_t floats; /* of a sample */
    int max_batch;
    atomic_ullong *n_saturated; /* the model's */
};

/* Takes memory from b->activations, of the kind that the build asks for. */
void kept_build(struct kept *k, struct build *b, size_t floats);
static inline bool kept_is_empty(const struct kept *k)
{
    return !k->values && !k->halves;
}
/* Of n samples from `first` on, which count from there. */
static inline struct kept kept_from(const struct kept *k, size_t first, int n)
{
    struct kept part = *k;
    part.max_batch = n;
    part.values = k->values ? k->values + first * k->floats : NULL;
    part.halves = k->halves ? k->halves + first * k->floats : NULL;
    return part;
}

/* Behind a forward pass, from where it has written the samples; nothing if that is k->values, or
 * nothing is kept. */
void kept_store(const struct kept *k, const float *values, struct samples samples,
                const struct arena *scratch);
/* The samples: k->values, or an array from `scratch`, which the caller gives back. Backward may
 * write there. */
float *kept_read(const struct kept *k, struct samples samples, struct arena *scratch);
/* For backward functions that want y, the output of an activation, to mask its gradient g:
 * k->values or, of halves, NULL, and g is masked already. */
const float *kept_mask(const struct kept *k, float *g, enum kernels_activation activation,
                       struct samples samples, const struct arena *scratch);

#endif
