/* --resume: where a run goes on, and what has changed since it stopped. */
#ifndef CLI_RESUME_H
#define CLI_RESUME_H

#include "cli/console.h"
#include "run/train/session.h"
#include "run/train/trainer.h"

/* Restores the trainer from the run folder of `s`, says after which epoch it goes on, and warns of
 * each thing that makes the rest another than it would have been (an error with --strict). */
enum status resume_run(struct console *c, struct session *s, struct trainer *t, struct error *err);

#endif
