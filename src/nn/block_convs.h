/* Convolutions one behind the other, each with norm and activation, then a max-pool if there is
 * one: a network's stem, and what stands between its stages and its classifier. */
#ifndef NN_BLOCK_CONVS_H
#define NN_BLOCK_CONVS_H

#include "nn/block.h"

struct block_convs_spec {
    const struct conv_spec *conv;      /* [n] */
    int n;                             /* 1..BLOCK_CONVS_MAX */
    struct pool_spec pool;             /* kernel 0: none */
    const char *conv_name, *norm_name; /* as in struct block_names */
    struct norm_spec norm;
    enum kernels_activation activation;
};
enum { BLOCK_CONVS_MAX = 8 };

extern const struct block_kind block_convs; /* built by block_convs_build, not by .build */
void block_convs_build(struct block *k, struct build *b, struct tensor in,
                       const struct block_convs_spec *spec);

#endif
