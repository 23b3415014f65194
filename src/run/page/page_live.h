/* The page of a run under way: written when it begins to have figures, then at most every ten
 * seconds, and at the end.
 *
 * What it costs is bounded: it is not written again before a hundred times the last writing's
 * processor time has gone by, and pixels (thumbnails, class activation maps) take at most a second
 * or two per cent of the run's processor time, whichever is more. */
#ifndef RUN_PAGE_PAGE_LIVE_H
#define RUN_PAGE_PAGE_LIVE_H

#include "base/error.h"
#include "run/page/run_document.h"
#include "run/train/session.h"
#include "run/train/trainer_inputs.h"

#include <signal.h>
#include <stdbool.h>

/* Plain; all zero: no page is written. */
struct page_live {
    const struct session *session; /* borrowed; NULL: none */
    const volatile sig_atomic_t *stop;
    struct run_document_progress progress;
    double loss_sum, n_images;
    double written_at, cost; /* clock_seconds of the last writing; its processor time */
    double pixel_seconds;    /* spent on pixels so far */
};

/* s has its run folder. No page with --no-report. */
void page_live_begin(struct page_live *p, const struct session *s,
                     const volatile sig_atomic_t *stop);
/* After each batch and each epoch: writes when it is time. A failure concerns the page alone. */
enum status page_live_batch(struct page_live *p, const struct trainer_batch *b, struct error *err);
enum status page_live_epoch(struct page_live *p, const struct trainer_epoch *e, struct error *err);
/* When training is over. summary: what summary.json will hold, which is written behind the page:
 * whoever finds it finds a run that nothing is left to do for. Changes the session's weights. */
enum status page_live_end(struct page_live *p, const char *summary, struct error *err);

#endif
