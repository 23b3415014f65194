/* Threads that work ahead of one consumer, position by position.
 *
 * The positions of a run are handed out in ascending order, each to whichever worker is free, and
 * never farther ahead than `window` positions of what the consumer has released: so results can
 * live in a ring of `window` places, and what one consumer sees does not depend on the threads.
 *
 * Of the threads only as many work at a time as it takes to stay ahead of the consumer. */
#ifndef DATA_PIPELINE_H
#define DATA_PIPELINE_H

#include "base/error.h"

#include <signal.h>
#include <stdbool.h>

struct pipeline;
/* For a program that is to end soon after a signal, also when a thread is in a read that does not
 * come back. Once *stop is not 0, no wait for the threads takes more than two seconds:
 * pipeline_wait gives up, and what cannot go on without them (pipeline_start, _stop, _destroy)
 * calls end(context), which does not return; for what a thread works on cannot be freed. */
void pipeline_watch(const volatile sig_atomic_t *stop, void (*end)(void *context), void *context);
/* Whether any pipeline_wait has. */
bool pipeline_gave_up(void);

/* work(context, position, worker) runs on one of the threads; worker in 0..workers-1 names it, for
 * scratch memory. The threads have all signals blocked, so that the main thread gets them. */
enum status pipeline_create(struct pipeline **out, int workers, int window,
                            void (*work)(void *context, int position, int worker), void *context,
                            struct error *err);
/* A run over first..end-1. Ends the run under way first, as pipeline_stop does. */
void pipeline_start(struct pipeline *p, int first, int end);
/* Waits until all positions of the run below `until` (<= end) are done, and returns how many
 * seconds that took; negative when it has given up (pipeline_watch). Their results must lie within
 * the window, or this waits for ever. */
double pipeline_wait(struct pipeline *p, int until);
/* The first position that is not done; of the run under way. */
int pipeline_first_undone(struct pipeline *p);
/* Results of positions below `until` are no longer needed. */
void pipeline_release(struct pipeline *p, int until);
/* Hands out no more positions and waits for those under way. */
void pipeline_stop(struct pipeline *p);
void pipeline_destroy(struct pipeline *p); /* stops and ends the threads; NULL is fine */

#endif
