/* To which run a file belongs. */
#ifndef RUN_FILES_RUN_OWNER_H
#define RUN_FILES_RUN_OWNER_H

#include "base/error.h"

#include <stdbool.h>

/* *holds: `path` leads to a file of the run that `model` names, which is a run folder, or a weights
 * file in one. The weights file itself is the caller's to ask about (files_same). */
enum status run_owner_holds(bool *holds, const char *model, const char *path, struct error *err);

#endif
