/* What must be the same in all parts of a run for a resume to give the bytes of an uninterrupted
 * one, as text that a refusal can show. The number of epochs is not among it: more of them only
 * continue further. */
#ifndef RUN_TRAINER_FACTS_H
#define RUN_TRAINER_FACTS_H

#include "run/run_state.h"
#include "run/trainer.h"

enum { TRAINER_N_FACTS = 18 };

void trainer_facts(struct run_state_fact out[TRAINER_N_FACTS], const struct trainer_inputs *in);

#endif
