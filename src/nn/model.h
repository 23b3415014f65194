/* The network: composed from a model_spec, run forward and backward. Knows no files and no pixels.
 *
 * Activations are NHWC float32. Parameters are named as in torchvision's ResNet. */
#ifndef NN_MODEL_H
#define NN_MODEL_H

#include "base/error.h"
#include "nn/layer.h"
#include "nn/model_spec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct model_options {
    int classes;   /* >= 1 */
    int size;      /* images are [size, size, 3] */
    int max_batch; /* largest batch that forward will get */
    bool training; /* false: no gradients and no saved activations; MODEL_TRAIN and backward are
                      then not allowed */
    enum conv2d_choice convolutions; /* 0: the planner chooses */
    bool freeze_batch_norm; /* BatchNorm uses and keeps its running statistics in training too; its
                               weight and bias still learn */
    /* What learns: "all" (or NULL), "head" (the classifier), or names of blocks or stages
     * ("layer4", "blocks.5.0", "layer3,layer4"): everything from the lowest of these on. The rest
     * is frozen: no gradients, no kept activations, running statistics used and kept. */
    const char *train;
    bool unfreezes;     /* model_unfreeze will come: memory for all */
    bool keeps_halves;  /* what backward needs of the activations is kept as halves (nn/kept.h) */
    bool full_backward; /* visit all samples, also where it would be exact to visit the selected
                           ones alone */
};

struct model;
/* After parallel_start: each thread gets scratch memory. Plans memory, allocates it once, leaves
 * weights zero (see model_init). No allocation happens after this. */
enum status model_create(struct model **out, const struct model_spec *spec,
                         const struct model_options *opt, struct error *err);
void model_destroy(struct model *m); /* NULL is fine */
/* As each parameter says of itself (nn/param.h): convolutions N(0, sqrt(2 / fan_out)) (He, as
 * torchvision's ResNet); norms 1 and 0; classifier uniform in +-1/sqrt(fan_in) (PyTorch's
 * nn.Linear). One stream of numbers per parameter, by its place in the table. */
void model_init(struct model *m, uint64_t seed);

/* x [batch, size, size, 3] -> logits [batch, classes], borrowed until the next forward. x must stay
 * unchanged until backward returns. 1 <= batch <= max_batch. All modes but the training ones
 * destroy what a training forward kept. MODEL_MEASURE needs options.training, and changes
 * parameters of what learns, or will after model_unfreeze. */
const float *model_forward(struct model *m, const float *x, int batch, enum model_mode mode);
/* Sets every gradient to that of sum(dlogits * logits). The last forward must have been one in
 * MODEL_TRAIN or MODEL_TRAIN_RECOMPUTE (an assertion). dlogits
 * [batch, classes]. selected [n_selected]: ascending indices of the samples whose dlogits are not
 * zero. When samples do not influence each other (model_samples_independent) only these are
 * visited, which is exact; else the full batch is. */
void model_backward(struct model *m, const float *dlogits, const int *selected, int n_selected);
/* No BatchNorm among what learns, or a frozen one. */
bool model_samples_independent(const struct model *m);
/* From here on everything learns. After model_create with options.unfreezes. */
void model_unfreeze(struct model *m);

/* The network in two parts, for features that are computed once. features [batch, model_n_features]
 * of x, as an evaluation computes them; each sample's are the same bits whatever the rest of the
 * batch is. Then the classifier alone: as model_forward, of samples with these features, for
 * training where nothing else learns. */
int model_n_features(const struct model *m);
void model_compute_features(struct model *m, float *features, const float *x, int batch);
const float *model_classify_features(struct model *m, const float *features, int batch,
                                     enum model_mode mode);

/* Class activation maps (nn/cam.h). The shape of what the classifier averages over height and
 * width, for one sample. */
struct shape model_activation_shape(const struct model *m);
/* As model_forward in MODEL_EVAL, to the same bits; besides, activation [batch, height, width,
 * channels] = the last block's output. */
const float *model_forward_activation(struct model *m, float *activation, const float *x,
                                      int batch);
/* map [height, width] of a class, from the activation [height, width, channels] of one sample. */
void model_activation_map(const struct model *m, float *map, const float *activation, int class);

/* With options.keeps_halves: how many numbers of all training forwards so far were larger than the
 * largest half, and kept as that. */
uint64_t model_saturated(const struct model *m);

struct param_list *model_params(struct model *m);
const struct model_options *model_options(const struct model *m);
const struct model_spec *model_spec(const struct model *m);

/* For the layer table and --dry-run; nothing is allocated that grows with the image. */
struct model_summary {
    struct layer_table layers; /* free with model_summary_free */
    int64_t parameters, multiply_adds;
    int n_features;          /* as model_n_features */
    size_t parameter_bytes;  /* weights and buffers */
    size_t gradient_bytes;   /* 0 without training */
    size_t activation_bytes; /* activations, their gradients and scratch memory, for max_batch */
};
enum status model_summarise(struct model_summary *out, const struct model_spec *spec,
                            const struct model_options *opt, struct error *err);
void model_summary_free(struct model_summary *s);

#endif
