/* The trainer's own parts, shared by trainer.c (epochs), trainer_step.c (a batch),
 * trainer_update.c (weights) and trainer_save.c (files). Nobody else includes this. */
#ifndef RUN_TRAINER_INTERNAL_H
#define RUN_TRAINER_INTERNAL_H

#include "nn/optimiser.h"
#include "nn/schedule.h"
#include "run/evaluator.h"
#include "run/run_state.h"
#include "run/trainer.h"
#include "run/trainer_facts.h"

#include <time.h>

enum { TRAINER_MOST_BLOCKS = 16 };

struct trainer {
    struct trainer_inputs in; /* borrowed */
    const struct settings *settings;
    struct param_list *params;
    struct optimiser optimiser;
    struct schedule schedule;
    struct evaluator *evaluator; /* NULL without validation, as is what metrics holds */
    struct metrics metrics;
    struct run_state state;
    struct run_state_fact fact[TRAINER_MOST_FACTS];
    struct run_state_block block[TRAINER_MOST_BLOCKS];
    struct run_state_content content; /* of state.safetensors: points to the three above */
    int n_batches, classes;
    bool restored;
    double images_per_second;    /* smoothed; 0 before the first batch */
    double saved_at, counted_at; /* trainer_clock of the last save, of save_time */

    /* of a batch [batch_size] */
    float *loss, *weight;
    float *dlogits; /* [batch_size, classes] */
    int *selected, *scratch;
};

static inline double trainer_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* trainer_step.c: loss, selection, backward, update, row and event of one batch that the loader
 * gave; `began` is the clock before it was asked for. */
enum status trainer_step(struct trainer *t, const struct batch *b, double began, struct error *err);

/* trainer_update.c: the gradient in t->params becomes the step of the batch that *out tells of,
 * whose learning rate is set. */
enum status trainer_update_create(struct trainer *t, struct error *err);
void trainer_update_destroy(struct trainer *t);
double trainer_update_rate(const struct trainer *t, int batch); /* of the present epoch; from 0 */
enum status trainer_update(struct trainer *t, struct trainer_batch *out, struct error *err);

/* trainer_save.c. Weights that are not finite are refused, so they never take the place of the last
 * good ones. */
void trainer_save_time(struct trainer *t); /* moves the time since the last call into the state */
void trainer_save_plan(struct trainer *t); /* what a state holds; once everything is created */
enum status trainer_save_state(struct trainer *t, struct error *err);
enum status trainer_save_last(struct trainer *t, struct error *err); /* and the state */
/* best.safetensors and the tables of the evaluation that chose it. */
enum status trainer_save_best(const struct trainer *t, struct error *err);

#endif
