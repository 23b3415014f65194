/* The blocks of a network, from the image to the last activation: stem, stages, head convolution.
 */
#ifndef NN_BLOCK_LIST_H
#define NN_BLOCK_LIST_H

#include "nn/model_spec.h"

struct block_list {
    struct block **item; /* [n], owned */
    int n;
};

/* Allocates blocks of the kinds that the spec asks for; block_list_free also after a failure. */
enum status block_list_create(struct block_list *out, const struct model_spec *spec,
                              struct error *err);
/* The lowest block that `names` (comma-separated; of blocks, or of stages: "layer4") speaks of; n
 * for "head", 0 for "all" or NULL. *lowest is set. */
enum status block_list_find(int *lowest, const struct block_list *list, const char *names,
                            struct error *err);
/* Builds them, one pass of nn/layer.h. An output of no pixels is an error: the images are too small
 * (of size x size pixels). With b->training blocks from `lowest` on learn, and their outputs are
 * kept, as is what the lowest one reads; b->training is then as before. */
enum status block_list_build(struct block_list *list, struct build *b,
                             const struct model_spec *spec, int size, int lowest,
                             struct error *err);
void block_list_free(struct block_list *list);

#endif
