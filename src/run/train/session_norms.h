/* Part of run/train/session: weights whose BatchNorm is folded into the convolutions, which leaves
 * it without statistics to go on from. */
#ifndef RUN_TRAIN_SESSION_NORMS_H
#define RUN_TRAIN_SESSION_NORMS_H

#include "base/error.h"
#include "run/train/session.h"

/* How many training images (views, as augmentation makes them) the run measures first; 0: there is
 * nothing to measure. */
int session_norms_images(const struct session *s);
/* After session_open: the images go through the network, and the statistics of what each BatchNorm
 * gets become its own (MODEL_MEASURE); what the network computes stays the same. When it fails, or
 * is stopped, the run is taken back with its folder. */
enum status session_norms_measure(struct session *s, const struct session_events *events,
                                  struct error *err);

#endif
