/* Where a dry run puts its pictures: a folder beside the run that is meant, never that run's own,
 * so that the same command without --dry-run can follow. */
#ifndef RUN_DRY_RUN_H
#define RUN_DRY_RUN_H

#include "base/error.h"
#include "run/session.h"

/* The folder is runs/dry-run or, with --out DIR, DIR-dry-run. It may be there already when all that
 * it holds is an earlier dry run's pictures: these are replaced. A folder with any other file is a
 * usage error, a place where nothing can be written a failure. Tells so early, before pictures are
 * read; changes nothing. */
enum status dry_run_check(const struct settings *settings, struct error *err);
/* After session_check: makes the folder if need be and writes the first batches of the run
 * (run/first_batches). *folder is its name; the caller frees it in any case. */
enum status dry_run_write(char **folder, struct session *s, struct error *err);

#endif
