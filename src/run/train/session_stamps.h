/* Size and time of change of each image, kept with a run: a resumed one then knows which images are
 * no longer those that it began with. */
#ifndef RUN_TRAIN_SESSION_STAMPS_H
#define RUN_TRAIN_SESSION_STAMPS_H

#include "base/error.h"
#include "run/train/session_fields.h"

/* What the image of the largest file takes while it is decoded: a guess at the largest image, for
 * when not all are read. 0 where it cannot be told. After session_stamps_take. */
size_t session_stamps_decode_bytes(const struct session *s);
/* Looks at each image, into s->train_stamp and s->val_stamp. must_be_there: one that is no readable
 * file is an error that names it; otherwise nothing is done when they have been looked at. */
enum status session_stamps_take(struct session *s, bool must_be_there, struct error *err);
/* Writes images.safetensors: "train" and "val" I64 [rows], a hash of both; 0: it could not be seen.
 */
enum status session_stamps_write(struct session *s, struct error *err);
/* s->n_replaced and s->first_replaced by that file. A run from before there was one has none. */
enum status session_stamps_compare(struct session *s, struct error *err);

#endif
