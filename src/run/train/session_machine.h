/* Part of run/train/session: threads, memory, caches. */
#ifndef RUN_TRAIN_SESSION_MACHINE_H
#define RUN_TRAIN_SESSION_MACHINE_H

#include "base/error.h"
#include "run/train/session_fields.h"

/* Fills threads, workers, summary and memory from settings, spec and rows. */
enum status session_machine_plan(struct session *s, struct error *err);
/* An error when a limit that nothing can make larger is sure to be crossed: the plan, which is
 * right within a tenth, is more than a tenth above what is left. Before anything of it is
 * allocated. */
enum status session_machine_check_memory(const struct session *s, struct error *err);
/* Once; a second call does nothing. */
enum status session_machine_make_caches(struct session *s, struct error *err);
/* For images as they are, in order; and for training. */
struct loader_options session_machine_loader_options(const struct session *s);
struct loader_options session_machine_train_loader_options(const struct session *s);
struct model_options session_machine_model_options(const struct session *s);

/* The largest image takes so many bytes while it is decoded: each decoding thread may have one. */
void session_machine_add_decoding(struct session *s, size_t bytes);

#endif
