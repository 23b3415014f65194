/* From settings to everything that a training run needs, in three steps:
 *   session_load   reads tables and network description, makes the split, plans memory; cheap
 *   session_check  decodes every image (also fills the cache) and drops or refuses bad ones
 *   session_open   allocates network and loaders and makes, or reopens, the run folder
 * --dry-run takes the first two (and run/train/dry_run), --find-lr all three, the last without a
 * run folder and without what validates. Until session_open nothing is written. Prints nothing:
 * what a user should hear about is in the fields. */
#ifndef RUN_TRAIN_SESSION_H
#define RUN_TRAIN_SESSION_H

#include "base/error.h"
#include "run/train/session_fields.h"
#include "run/train/trainer_inputs.h"

#include <signal.h>
#include <stdbool.h>

/* *s is closed by the caller in any case, as with the next two. */
enum status session_load(struct session *s, const struct settings *settings, struct error *err);
/* The first half of it: tables, classes, split. session_check and what is said of the data need no
 * more; --dry-run must be set, so that nothing is kept. */
enum status session_load_data(struct session *s, const struct settings *settings,
                              const struct session_labels *labels, struct error *err);

struct session_events { /* any may be NULL */
    void *context;
    void (*bad)(void *context, const struct session_bad_image *image);
    void (*done)(void *context, int n_done, int n_total);
    const volatile sig_atomic_t *stop; /* non-zero: return soon, with STATUS_OK */
};
/* Whether training must be preceded by session_check: when bad images are to be skipped, when
 * mean and std are to be found in the images, or when the images stay in memory afterwards and
 * so are not read in vain. */
bool session_wants_check(const struct session *s);
/* Bad images are listed and taken out of the rows. That there are any is not an error here; that
 * no training image is left is. What is odd about the data becomes s->findings. */
enum status session_check(struct session *s, const struct session_events *events,
                          struct error *err);
/* Without session_check: at least every file is there and can be opened. s->findings are those of
 * the tables. */
enum status session_check_files(struct session *s, struct error *err);

/* Starts the threads. A new run's folder gets args.yaml, model.yaml, classes.txt, split.csv (unless
 * --val), bad_images.csv (if there are any) and the first batches as images. A resumed run takes
 * its network from its own model.yaml. */
enum status session_open(struct session *s, struct error *err);
/* train_loader alone, which session_open does as well; once. */
enum status session_open_train_loader(struct session *s, struct error *err);
/* args.yaml again: a resumed run may have got more epochs. Once its state has been accepted. */
enum status session_save_settings(struct session *s, struct error *err);
/* After session_open: all that a trainer needs from the session. stop, began and events are the
 * caller's to add. */
struct trainer_inputs session_trainer_inputs(const struct session *s);
/* Removes the folder of a new run that has no state yet, and so could not be resumed. */
void session_discard_new_folder(struct session *s);
void session_close(struct session *s); /* a zeroed one is fine */

const struct class_list *session_classes(const struct session *s);

#endif
