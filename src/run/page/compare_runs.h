/* Which runs a command line means: run folders, or folders of sweeps with theirs in runs/. */
#ifndef RUN_PAGE_COMPARE_RUNS_H
#define RUN_PAGE_COMPARE_RUNS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Plain; owned. */
struct compare_runs {
    char **folder; /* [n] */
    int n;
    size_t capacity;
    bool is_sweep; /* one sweep, and nothing else */
    char *page;    /* where the comparison goes unless told: SWEEP/report.html, comparison.html */
};
/* The runs of a sweep come by their names. A folder that is neither, and a sweep without a run, is
 * an error. *out is freed by the caller in any case. */
enum status compare_runs_find(struct compare_runs *out, char *const *folder, int n,
                              struct error *err);
void compare_runs_free(struct compare_runs *r); /* a zeroed one is fine */

#endif
