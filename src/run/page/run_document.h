/* The figures of a run as one JSON document: what the script of its page draws.
 *
 * Arrays that belong together are columns: {"label": [..], "loss": [..]}, one element for each
 * image, epoch or class. Classes are numbers into "classes", thumbnails numbers into "images". */
#ifndef RUN_PAGE_RUN_DOCUMENT_H
#define RUN_PAGE_RUN_DOCUMENT_H

#include "base/error.h"
#include "io/json_document.h"
#include "run/page/page_run.h"

/* Of a run under way; epochs and batches from 1. */
struct run_document_progress {
    int epoch, epochs, batch, batches; /* batch 0: the epoch has just ended */
    double loss, images_per_second;    /* of the epoch so far; NaN: none */
};

/* How many images are listed: those with the largest loss, and of each class the hardest few. */
enum { RUN_DOCUMENT_MOST_IMAGES = 5000, RUN_DOCUMENT_MOST_TRAINING = 2000 };

/* progress NULL: the run is not under way. */
enum status run_document_put(struct json_document *d, const struct page_run *run,
                             const struct run_document_progress *progress, struct error *err);

/* The time by the clock on the wall, as ISO 8601. */
void run_document_put_time(struct json_document *d, const char *key);

/* Parts of it. run_document_figures.c: "epochs", "per_class", "matrix", "curves", "calibration",
 * "coverage". */
enum status run_document_put_figures(struct json_document *d, const struct page_run *run,
                                     struct error *err);
/* run_document_images.c: "validation", "training", "images". */
enum status run_document_put_images(struct json_document *d, const struct page_run *run,
                                    struct error *err);

#endif
