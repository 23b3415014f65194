/* The result of a run as one line of JSON: summary.json, and the last line of --json. */
#ifndef RUN_TRAIN_SUMMARY_H
#define RUN_TRAIN_SUMMARY_H

#include "base/error.h"
#include "run/train/session.h"
#include "run/train/trainer.h"

#include <stdio.h>

/* One object with a newline behind it. A figure that there is none of is null. */
enum status summary_write(FILE *stream, const struct session *s,
                          const struct trainer_result *result, struct error *err);
/* Into the run folder. */
enum status summary_save(const struct session *s, const struct trainer_result *result,
                         struct error *err);

#endif
