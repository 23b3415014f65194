/* Part of run/train/session: whether the features of a run can be computed once, and what they take
 * (--cache-features). */
#ifndef RUN_TRAIN_SESSION_FEATURES_PLAN_H
#define RUN_TRAIN_SESSION_FEATURES_PLAN_H

#include "run/train/session_fields.h"

/* The classifier alone learns, to the end of the run; augmentation does nothing but mirror. */
bool session_features_plan_possible(const struct settings *set);
/* The views that training can draw, and those that validation looks at. */
void session_features_plan_training(bool view[LOADER_VIEWS], const struct settings *set);
void session_features_plan_validation(bool view[LOADER_VIEWS], const struct settings *set);
/* Of loader_options; 0: it is not possible. After the summary, as the next one. */
int session_features_plan_values(const struct session *s);
/* Those that are kept, and what it takes to compute them from such images. */
size_t session_features_plan_bytes(const struct session *s, const struct loader_options *images);

#endif
