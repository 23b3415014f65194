/* The images of a dry run, in a folder of their own (run/files/side_folder, "dry-run"). */
#ifndef RUN_TRAIN_DRY_RUN_H
#define RUN_TRAIN_DRY_RUN_H

#include "base/error.h"
#include "run/train/session.h"

/* side_folder_check. */
enum status dry_run_check(const struct settings *settings, struct error *err);
/* After session_check: makes the folder if need be and writes the first batches of the run
 * (run/files/first_batches). *folder is its name; the caller frees it in any case. */
enum status dry_run_write(char **folder, struct session *s, struct error *err);

#endif
