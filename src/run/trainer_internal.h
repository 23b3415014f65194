/* The trainer's own parts, shared by trainer.c (epochs), trainer_step.c (a batch),
 * trainer_update.c (weights) and trainer_save.c (files). Of others only find_lr.c includes this,
 * which takes steps without a run around them. */
#ifndef RUN_TRAINER_INTERNAL_H
#define RUN_TRAINER_INTERNAL_H

#include "nn/clip.h"
#include "nn/ema.h"
#include "nn/optimiser.h"
#include "nn/schedule.h"
#include "run/evaluator.h"
#include "run/run_state.h"
#include "run/trainer.h"
#include "run/trainer_facts.h"

enum { TRAINER_MOST_BLOCKS = 16 };

struct trainer {
    struct trainer_inputs in; /* borrowed */
    const struct settings *settings;
    struct param_list *params;
    struct optimiser optimiser;
    struct schedule schedule;
    struct clip clip;
    struct ema ema;              /* weight NULL: off */
    struct evaluator *evaluator; /* NULL without validation, as is what metrics holds */
    struct metrics metrics;
    struct run_state state;
    struct run_state_fact fact[TRAINER_MOST_FACTS];
    struct run_state_block block[TRAINER_MOST_BLOCKS];
    struct run_state_content content; /* of state.safetensors: points to the three above */
    int n_batches, classes;
    bool restored, out_of_time;
    double images_per_second;    /* smoothed; 0 before the first batch */
    double saved_at, counted_at; /* clock_seconds of the last save, of save_time */

    /* of a batch [batch_size] */
    float *loss, *weight;
    float *dlogits; /* [batch_size, classes] */
    int *selected, *scratch;
};

/* trainer_step.c: loss, selection, backward, update, row and event of one batch that the loader
 * gave; `began` is the clock before it was asked for. */
enum status trainer_step(struct trainer *t, const struct batch *b, double began, struct error *err);

/* trainer_update.c: the gradient in t->params becomes the step of the batch that *out tells of; its
 * norm is set. One that is not finite is an error, and changes no weight. */
enum status trainer_update_create(struct trainer *t, struct error *err);
void trainer_update_destroy(struct trainer *t);
double trainer_update_rate(const struct trainer *t, int batch); /* of the present epoch; from 0 */
enum status trainer_update(struct trainer *t, struct trainer_batch *out, struct error *err);
/* Puts the averaged weights in the place of the last ones, and back; nothing without --ema. */
void trainer_update_exchange(struct trainer *t);

/* trainer_save.c. Weights that are not finite are refused, so they never take the place of the last
 * good ones. */
void trainer_save_time(struct trainer *t); /* moves the time since the last call into the state */
void trainer_save_plan(struct trainer *t); /* what a state holds; once everything is created */
enum status trainer_save_state(struct trainer *t, struct error *err);
enum status trainer_save_last(struct trainer *t, struct error *err); /* and the state */
/* best.safetensors and the tables of the evaluation that chose it. */
enum status trainer_save_best(struct trainer *t, struct error *err);

#endif
