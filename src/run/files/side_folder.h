/* The folder of what is tried out before a run (a dry run's images, a range test's curve): beside
 * the run that is meant, never that run's own, so that the same command without the trying can
 * follow. It may be there already when all that it holds is of an earlier trial: that is
 * replaced. */
#ifndef RUN_FILES_SIDE_FOLDER_H
#define RUN_FILES_SIDE_FOLDER_H

#include "base/error.h"

struct side_folder {
    const char *option; /* "--dry-run": whose files these are */
    const char *name;   /* "dry-run": the folder is runs/dry-run or, with --out DIR, DIR-dry-run */
    const char *const *file; /* [n_files] names of all that may be in it */
    int n_files;
};

/* out: of --out, or NULL. A folder with any other file is a usage error, a place where nothing can
 * be written a failure. Tells so early, before images are read; changes nothing. */
enum status side_folder_check(const struct side_folder *f, const char *out, struct error *err);
/* Checks again and makes the folder if need be. *path is its name; the caller frees it in any
 * case. */
enum status side_folder_make(char **path, const struct side_folder *f, const char *out,
                             struct error *err);

#endif
