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

/* Of the tensors of floats in a file. F16: half the bytes, 11 bits of each number; PyTorch converts
 * it back when it loads. */
enum checkpoint_dtype { CHECKPOINT_F32, CHECKPOINT_F16 };

/* What a weights file says about itself: which network, which classes, which images.
 * Metadata keys: format ("pt"), atk_version, model (YAML), classes (one a line), size, mean, std
 * ("r g b"), exif ("apply" or "ignore"), jpeg_scale ("auto", "fast" or "off"); and, where they are
 * not "squash" and "bilinear", as in files of before there was a choice, resize (with
 * crop_fraction, a number in 0..1, for "crop") and interpolation;
 * temperature (a number, nn/temperature) where it is not 1;
 * batch_norm ("folded") where BatchNorm is frozen and every running mean is 0 and variance 1: what
 * it did is folded into the convolutions. */
struct checkpoint_metadata {
    char *model; /* text of a model file, as run/files/model_file reads it; owned */
    struct class_list classes;
    struct image_fit fit;
    float mean[3], std[3];
    bool apply_exif;
    enum image_jpeg_scale jpeg_scale; /* off when the file does not say */
    double temperature; /* of probabilities, nn/temperature; 1 when the file does not say. To be
                           written: 0 is 1, too */
    /* For checkpoint_write alone: */
    enum checkpoint_dtype dtype;
    bool batch_norm_is_frozen;
};
/* The metadata of a file. A file of foreign origin has none: the message says which keys are
 * missing. path is for messages. */
enum status checkpoint_metadata_read(struct checkpoint_metadata *out,
                                     const struct safetensors *file, const char *path,
                                     struct error *err);
void checkpoint_metadata_free(struct checkpoint_metadata *metadata); /* a zeroed one is fine */

/* Atomic; same weights and metadata, same bytes. F16: a number beyond its 65504 is an error that
 * names the tensor. */
enum status checkpoint_write(const char *path, const struct param_list *params,
                             const struct checkpoint_metadata *metadata, struct error *err);

/* Writes the file again (atomically) with that temperature in its metadata; all else stays. */
enum status checkpoint_set_temperature(const char *path, double temperature, struct error *err);

/* The class names of a file, whoever wrote it: metadata key classes, one a line. None (n = 0) when
 * it says nothing. path is for messages. */
enum status checkpoint_classes(struct class_list *out, const struct safetensors *file,
                               const char *path, struct error *err);

struct checkpoint_names {
    char **name;
    size_t n, capacity;
};
/* What became of the classifier. */
enum checkpoint_classifier {
    CHECKPOINT_WHOLE,   /* taken as it is: no class names were given */
    CHECKPOINT_BY_NAME, /* the rows of classes that the file knows by name; the others keep their
                           initial values */
    CHECKPOINT_BY_POSITION, /* as it is: the file names no classes, and has as many */
    CHECKPOINT_NO_NAMES,    /* initial values: the file names no classes and has another number */
    CHECKPOINT_NO_MATCH     /* initial values: none of the file's classes has a name of ours */
};
/* What fitted and what did not. num_batches_tracked is optional and never reported missing. */
struct checkpoint_report {
    int n_loaded;                        /* tensors */
    struct checkpoint_names missing;     /* the network has it, the file does not */
    struct checkpoint_names left_over;   /* the file has it, the network does not */
    struct checkpoint_names other_shape; /* "layer1.0.conv1.weight [64,64,3,3] instead of [...]" */
    enum checkpoint_classifier classifier;
    int file_classes;                    /* rows of the file's classifier */
    int n_matched;                       /* classes that were found by name */
    struct checkpoint_names new_classes; /* the others: their names */
};
/* Loads weights and buffers. Errors, which leave params unchanged: anything in the first three
 * lists (the message names the first of each, and the network in models/ that the file seems to be
 * of; the report has all); a value that is not finite in float32, or a negative variance (tensor
 * and place are named). classes: the names of the classifier's rows, by which those of the file are
 * found; NULL: the file must have all of them, in this order. F32, F64, F16 and BF16 tensors are
 * taken (converted to float32). The report is filled in any case and freed by the caller; path is
 * for messages. After parallel_start. */
enum status checkpoint_load(struct checkpoint_report *report, struct param_list *params,
                            const struct safetensors *file, const char *path,
                            const struct class_list *classes, struct error *err);
void checkpoint_report_free(struct checkpoint_report *report); /* a zeroed one is fine */

#endif
