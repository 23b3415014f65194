/* Weights files: safetensors with torchvision's names, conv weights [O,I,kh,kw], so that PyTorch
 * loads them, and with metadata that says everything atk-predict needs. (What only a resumed run
 * needs is in run/files/run_state.h.) */
#ifndef RUN_FILES_CHECKPOINT_H
#define RUN_FILES_CHECKPOINT_H

#include "base/error.h"
#include "data/dataset.h"
#include "image/image.h"
#include "image/image_fit.h"
#include "io/safetensors.h"
#include "nn/param.h"

#include <stdbool.h>
#include <stddef.h>

/* What a weights file says about itself: which network, which classes, which pictures.
 * Metadata keys: format ("pt"), atk_version, model (YAML), classes (one a line), size, mean, std
 * ("r g b"), exif ("apply" or "ignore"), jpeg_scale ("auto", "fast" or "off"); and, where they are
 * not "squash" and "bilinear", as in files of before there was a choice, resize (with
 * crop_fraction, a number in 0..1, for "crop") and interpolation. */
struct checkpoint_card {
    char *model; /* text of a model file, as run/files/model_file reads it; owned */
    struct class_list classes;
    struct image_fit fit;
    float mean[3], std[3];
    bool apply_exif;
    enum image_jpeg_scale jpeg_scale; /* off when the file does not say */
};
/* The card of a file. A file of foreign origin has none: the message says which keys are missing.
 * path is for messages. */
enum status checkpoint_card_read(struct checkpoint_card *out, const struct safetensors *file,
                                 const char *path, struct error *err);
void checkpoint_card_free(struct checkpoint_card *card); /* a zeroed one is fine */

/* Atomic; same weights and card, same bytes. */
enum status checkpoint_write(const char *path, const struct param_list *params,
                             const struct checkpoint_card *card, struct error *err);

struct checkpoint_names {
    char **name;
    size_t n, capacity;
};
/* What fitted and what did not. num_batches_tracked is optional and never reported missing. */
struct checkpoint_report {
    int n_loaded;                        /* tensors */
    struct checkpoint_names missing;     /* the network has it, the file does not */
    struct checkpoint_names left_over;   /* the file has it, the network does not */
    struct checkpoint_names other_shape; /* "layer1.0.conv1.weight [64,64,3,3] instead of [...]" */
    struct checkpoint_names head_kept;   /* classifier of another class count, left at its initial
                                            values; in the form of other_shape */
};
/* Loads weights and buffers. Anything in the first three lists is an error whose message names the
 * first of each (the report has all); params are then unchanged. A classifier that differs in its
 * class count alone goes to head_kept when that is allowed, else it is an error as well. F32, F64,
 * F16 and BF16 tensors are taken (converted to float32). The report is filled in any case and freed
 * by the caller; path is for messages. */
enum status checkpoint_load(struct checkpoint_report *report, struct param_list *params,
                            const struct safetensors *file, const char *path,
                            bool other_classes_allowed, struct error *err);
void checkpoint_report_free(struct checkpoint_report *report); /* a zeroed one is fine */

#endif
