/* A trained network, or several whose probabilities are averaged, ready to classify images:
 * everything that is needed is in the weights files. */
#ifndef RUN_TRAIN_PREDICTOR_H
#define RUN_TRAIN_PREDICTOR_H

#include "base/error.h"
#include "data/dataset.h"
#include "run/files/checkpoint.h"
#include "run/train/evaluator.h"
#include "run/train/metrics.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct predictor;
/* path: a safetensors file, or a run folder, whose best.safetensors is taken, or last.safetensors
 * when no validation chose a best one. batch_size is how many images go through the network at
 * once; it decides memory and speed, not results. */
enum status predictor_open(struct predictor **out, const char *path, int batch_size,
                           struct error *err);
/* A further network, whose probabilities are averaged with those of the others. Its classes must be
 * those of the first one, in the same order: an error names both files. Each network gets its
 * images as its own file says. After a failure the predictor can only be closed. */
enum status predictor_add(struct predictor *p, const char *path, struct error *err);
void predictor_close(struct predictor *p);                                       /* NULL is fine */
const struct checkpoint_metadata *predictor_metadata(const struct predictor *p); /* of the first */
const char *predictor_file(const struct predictor *p);       /* of the first; borrowed */
struct shape predictor_map_shape(const struct predictor *p); /* of its evaluator_sample.map */
struct model *predictor_model(struct predictor *p); /* the first; it stays the predictor's */

struct predictor_options {
    int workers; /* decode threads */
    int64_t max_pixels;
    bool flip;            /* as evaluator_create takes it */
    bool draw_maps;       /* evaluator_sample.map is set, of the first network */
    bool skip_bad_images; /* else the first one that cannot be read ends the run with an error */
};

/* Any pointer may be NULL. */
struct predictor_events {
    void *context;
    /* In the data set's order. A failure ends the run and is passed on. */
    enum status (*sample)(void *context, const struct evaluator_sample *s, struct error *err);
    /* An image that cannot be read and is skipped. */
    void (*bad)(void *context, int row, const char *message);
    void (*progress)(void *context, int n_done); /* rows, skipped ones included */
    const volatile sig_atomic_t *stop;           /* non-zero: end soon */
};

/* Classifies every row of a data set, with probabilities at the temperature that each network's
 * metadata say; those with a label are added to metrics, whose losses are those of temperature 1.
 * *stopped tells that events->stop ended it early, with STATUS_OK. */
enum status predictor_run(struct predictor *p, struct metrics *metrics, bool *stopped,
                          const struct dataset *data, const struct predictor_options *opt,
                          const struct predictor_events *events, struct error *err);

#endif
