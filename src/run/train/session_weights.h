/* The file of --weights: what its header says becomes the session's network and settings, and its
 * tensors become the weights. */
#ifndef RUN_TRAIN_SESSION_WEIGHTS_H
#define RUN_TRAIN_SESSION_WEIGHTS_H

#include "run/train/session_fields.h"

/* Reads the header. Settings of images that it knows and the user has not given are taken over into
 * s->resolved; without a --model the network is the file's, into s->spec. s->weights_file says all
 * that. Nothing to do without --weights, and for a resumed run. */
enum status session_weights_find(struct session *s, struct error *err);
/* Whether no BatchNorm of the run will ever gather statistics: --freeze-bn, or a classifier that
 * learns alone to the end. */
bool session_weights_norms_are_frozen(const struct session *s);
/* Once the run folder is made: where the network is the text that the file carries, --model becomes
 * the folder's model.yaml, by which alone --config args.yaml can find it. */
enum status session_weights_name_model(struct session *s, struct error *err);
/* Into s->model; s->weights tells what was loaded. */
enum status session_weights_load(struct session *s, struct error *err);

#endif
