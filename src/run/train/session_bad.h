/* Images that cannot be read, with --on-bad-image skip. What the look at all images before
 * training finds leaves the run for good; what goes bad later leaves its batches alone, so that
 * rows, order and split stay what they were, in a resumed run too. bad_images.csv lists both. */
#ifndef RUN_TRAIN_SESSION_BAD_H
#define RUN_TRAIN_SESSION_BAD_H

#include "base/error.h"
#include "run/train/session_fields.h"

/* Appends a copy of the message to s->bad. */
enum status session_bad_add(struct session *s, const struct dataset *data, int row,
                            const char *message, struct error *err);
/* Takes the rows of s->bad out of those that are trained on and validated with. */
enum status session_bad_drop(struct session *s, struct error *err);
/* bad_images.csv of a new run. */
enum status session_bad_write(const struct session *s, const char *path, struct error *err);
/* For a resumed run: the rows that its bad_images.csv says left before training, into s->bad, and
 * out of the others, whatever can be read now. */
enum status session_bad_leave_again(struct session *s, struct error *err);
/* A loader's images that cannot be read are told once (s->tell_late), listed and left out. */
void session_bad_watch(struct session *s, const struct dataset *data, struct loader_options *opt);
void session_bad_free(struct session *s);

#endif
