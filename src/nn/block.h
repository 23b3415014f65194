/* What every kind of block offers to the network, and what a model file may say of it.
 *
 * A network is a list of blocks: model.c runs them down and up and knows no more of them than this.
 * A new kind is a .c file with a struct block_kind, and a line in block_kinds.c. */
#ifndef NN_BLOCK_H
#define NN_BLOCK_H

#include "nn/kept.h"

enum { BLOCK_MAX_KEYS = 8 };

/* A key of a kind in a model file: a whole number in min..max, or one of n words, which stands for
 * its place among them. */
struct block_key {
    const char *name;
    int min, max;
    const char *const *word; /* [max + 1]; NULL: a number */
    int fallback;            /* where the file does not say; BLOCK_KEY_REQUIRED: it must */
};
enum { BLOCK_KEY_REQUIRED = -1 };

/* How the family of networks that a kind comes from names its parameters. */
struct block_names {
    const char *stem_conv, *stem_norm; /* "conv1", "bn1"; several: "conv1.0", "conv1.1", "conv1.3",
                                          ... and the last norm "bn1" */
    const char *stage;                 /* "layer", and then "1.0": stage and block */
    int first_stage;                   /* number of the first stage */
    const char *head_conv, *head_norm; /* of a convolution behind the stages */
    const char *classifier;            /* "fc" */
};

/* The settings that a stage gives to each of its blocks. */
struct block_spec {
    int width, stride;         /* output channels; 1 but in the first block of a stage */
    bool is_first;             /* of its stage */
    int value[BLOCK_MAX_KEYS]; /* of the kind's keys, in their order */
    struct norm_spec norm;
    enum kernels_activation activation;
    bool same_padding;       /* LAYER_PADDING_SAME everywhere */
    bool zero_init_residual; /* the last norm begins with weight 0, so that a block begins as its
                                shortcut alone */
};

struct block;
struct block_kind {
    const char *name; /* the name in model files: "basic" */
    const struct block_key *key;
    int n_keys;
    const struct block_names *names;
    size_t size; /* of the kind's own struct, which begins with struct block */
    /* Whether the kind can be built as the spec says; what: "stages[1]", for the message. NULL:
     * always. */
    enum status (*check)(const struct block_spec *spec, const char *what, struct error *err);
    /* Sets the kind's own fields, and of struct block `out` and what backward needs. */
    void (*build)(struct block *k, struct build *b, struct tensor in,
                  const struct block_spec *spec);
    /* y [batch, out...] from x [batch, in...]. */
    void (*forward)(struct block *k, float *y, const float *x, struct samples samples,
                    enum model_mode mode);
    /* g holds dL/dy and is destroyed, `other` is a second buffer; both have gradient_floats. Writes
     * the parameters' gradients, and if wants_dx dL/dx into the one that `returns_in_g` says. x is
     * forward's, and k->y what it wrote. */
    void (*backward)(struct block *k, float *g, float *other, const float *x,
                     struct samples samples, bool wants_dx);
};

struct block {
    const struct block_kind *kind;
    char name[64]; /* in front of its parameters' names */
    struct tensor in, out;
    struct kept y;             /* the output: for backward, by the network; or empty */
    int first_param;           /* in the parameter table */
    size_t kept_end;           /* bytes that it and the blocks below take of activations */
    size_t gradient_floats[2]; /* for a sample: what backward needs of g and of `other` */
    bool returns_in_g;         /* dL/dx is in g after backward, else in `other` */
};

static inline void block_raise_to(size_t *have, size_t needed)
{
    if (*have < needed)
        *have = needed;
}

/* The convolution's own padding under the spec's rule. */
int block_padding(const struct block_spec *spec, int kernel);

#endif
