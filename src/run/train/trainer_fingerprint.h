/* What must be the same in all parts of a run for a resume to give the bytes of an uninterrupted
 * one, as text that a refusal can show: data, classes, network, and every setting that the table
 * marks as SETTING_FIXED. */
#ifndef RUN_TRAIN_TRAINER_FINGERPRINT_H
#define RUN_TRAIN_TRAINER_FINGERPRINT_H

#include "run/files/run_state.h"
#include "run/train/trainer_inputs.h"

/* More than the table of settings has rows (a test holds it to that). */
enum { TRAINER_MOST_FINGERPRINTS = 128 };

/* Returns how many there are. */
int trainer_fingerprint(struct run_state_fingerprint out[TRAINER_MOST_FINGERPRINTS],
                        const struct trainer_inputs *in);

#endif
