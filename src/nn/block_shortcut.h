/* What a residual block adds to its branch: nothing, its input, or a 1x1 convolution of the input
 * with norm, which takes the block's stride itself or comes behind an average pool that does
 * (ResNet-D, He et al. 2019, "Bag of Tricks"). */
#ifndef NN_BLOCK_SHORTCUT_H
#define NN_BLOCK_SHORTCUT_H

#include "nn/average_pool.h"
#include "nn/block.h"
#include "nn/conv_norm.h"

enum block_shortcut_kind {
    BLOCK_SHORTCUT_NONE,
    BLOCK_SHORTCUT_IDENTITY,
    BLOCK_SHORTCUT_CONV,
    BLOCK_SHORTCUT_POOL, /* the pool is left out where there is no stride */
};

/* Of a kind's key "shortcut", which says what it is where the shape changes: conv, average-pool. */
extern const char *const block_shortcut_words[2];

struct block_shortcut {
    enum block_shortcut_kind kind;
    bool has_pool;
    struct average_pool pool;
    struct kept pooled; /* the pool's output */
    struct conv_norm conv;
    struct arena *scratch;
    int max_batch;
};

/* By the block's input and the key's value; basic blocks and bottlenecks have no third case. */
enum block_shortcut_kind block_shortcut_choose(struct tensor in, const struct block_spec *spec,
                                               int key);
/* Of a shortcut that is built when `ahead` more rows have been: the row whose output is added; -1:
 * none. */
int block_shortcut_row(enum block_shortcut_kind kind, const struct build *b, struct tensor in,
                       const struct block_spec *spec, int ahead);
/* Names stand behind the block's: "downsample.0" and "downsample.1", with a pool one more each. */
void block_shortcut_build(struct block_shortcut *s, enum block_shortcut_kind kind, struct build *b,
                          const struct block *block, const struct block_spec *spec);
/* Returns what is added: NULL, x, or y, which it has then written. x and y begin with the batch's
 * sample `first`, from which `samples` count. */
const float *block_shortcut_forward(struct block_shortcut *s, float *y, const float *x,
                                    size_t first, struct samples samples, enum model_mode mode);
/* From g, the gradient of what was added: the parameters' gradients, and the input's, which is
 * added to dx unless that is NULL. An identity does nothing: its gradient is g. */
void block_shortcut_backward(struct block_shortcut *s, float *dx, float *g, const float *x,
                             size_t first, struct samples samples);

#endif
