/* Part of run/train/session: --cache-features, for a run that trains the classifier alone. */
#ifndef RUN_TRAIN_SESSION_FEATURES_H
#define RUN_TRAIN_SESSION_FEATURES_H

#include "base/error.h"
#include "run/train/session.h"

/* After session_open, and once the weights are those of the run (a resumed one has them from its
 * state): computes the features of all rows, or finds them in the file, and gives them to the
 * loaders. Without session.keeps_features nothing. When it fails, or is stopped, a run that has not
 * begun is taken back with its folder. */
enum status session_features_compute(struct session *s, const struct session_events *events,
                                     struct error *err);
/* Whether the loaders have what they are to have. */
bool session_features_ready(const struct session *s);

#endif
