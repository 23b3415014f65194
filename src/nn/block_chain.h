/* What blocks of convolutions one behind the other have in common, whatever their kernels and
 * widths: y = act(unit[n-1](... unit[0](x)) + shortcut(x)). A kind whose block is such a chain is a
 * function that adds the units (block_basic.c). */
#ifndef NN_BLOCK_CHAIN_H
#define NN_BLOCK_CHAIN_H

#include "nn/block_shortcut.h"

enum { BLOCK_CHAIN_MAX = 4 };

struct block_chain {
    struct block block;
    struct conv_norm unit[BLOCK_CHAIN_MAX];
    struct block_shortcut shortcut;
    int n;                                  /* units, >= 2 */
    struct kept inner[BLOCK_CHAIN_MAX - 1]; /* outputs of the units but the last, unless a norm can
                                               recompute them from what it keeps */
    size_t spare_floats[2];                 /* of a sample: such outputs, in turn, and the
                                               gradients between units where norms are frozen */
    int window;  /* samples that go through the chain together, where they can */
    float *grad; /* of all its parameters, side by side; NULL: none */
    size_t n_grads;
    int max_batch;
    struct arena *scratch;
};

/* Begins a chain with the given shortcut, then adds one unit after the other; the last one comes
 * with block_chain_end, which also builds the shortcut. Names stand behind the block's. */
void block_chain_begin(struct block_chain *k, struct build *b, enum block_shortcut_kind shortcut);
struct tensor block_chain_add(struct block_chain *k, struct build *b, const char *conv,
                              const char *norm, struct tensor in,
                              const struct conv_norm_spec *spec);
void block_chain_end(struct block_chain *k, struct build *b, const char *conv, const char *norm,
                     struct tensor in, const struct conv_norm_spec *spec,
                     const struct block_spec *block);

/* The functions that struct block_kind points to. */
void block_chain_forward(struct block *k, float *y, const float *x, struct samples samples,
                         enum model_mode mode);
void block_chain_backward(struct block *k, float *g, float *other, const float *x,
                          struct samples samples, bool wants_dx);

#endif
