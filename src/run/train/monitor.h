/* Which epoch is the best (--monitor), and when no better one is waited for (--early-stop):
 * functions of the run's state alone, so that a resumed run decides as one in a piece. */
#ifndef RUN_TRAIN_MONITOR_H
#define RUN_TRAIN_MONITOR_H

#include "run/files/run_state.h"
#include "run/settings/settings.h"
#include "run/train/metrics.h"

#include <stdbool.h>

/* Whether an epoch with these figures is better than the best so far. Better is a higher accuracy,
 * a higher balanced accuracy or a lower mean cross-entropy; at a tie the lower mean cross-entropy
 * (of equal ones the higher accuracy) decides, and of epochs that tie in both the first stays. The
 * first epoch is the best so far whatever it has; any number is better than NaN. */
bool monitor_is_best(enum monitor monitor, const struct run_state *s, const struct metrics *m);

/* Whether so many epochs have been done since the best one. early_stop 0, or no best epoch: never.
 */
bool monitor_gives_up(int early_stop, const struct run_state *s);

#endif
