/* Which images of a run get a thumbnail on its page, and the thumbnails: made in a training run,
 * where the photos are, for whoever writes the page later. */
#ifndef RUN_PAGE_PAGE_IMAGES_H
#define RUN_PAGE_PAGE_IMAGES_H

#include "base/error.h"
#include "run/page/page_run.h"
#include "run/train/session_fields.h"

#include <signal.h>
#include <stdbool.h>

/* What may be spent on it. Whatever is left out then has no thumbnail, or gets it the next time. */
struct page_images_limits {
    double until; /* page_images_clock */
    const volatile sig_atomic_t *stop;
};
/* Seconds of processor time, of this thread or of all threads of the program. */
double page_images_clock(bool of_all_threads);

/* Makes run->thumbnails those of the images that are wanted now: of validation images the worst
 * ones, and for each cell of the confusion matrix a few; of training images the hardest. At most
 * THUMBNAILS_MOST; those that are there already stay, others are read from their files. An image
 * that cannot be read has none. */
enum status page_images_fill(struct page_run *run, const struct session *s,
                             const struct page_images_limits *limits, struct error *err);
/* Adds class activation maps of the worst THUMBNAILS_MOST_MAPS validation images, for their
 * predicted classes: of the weights in best.safetensors, which are put into the session's network.
 * When training is over. */
enum status page_images_add_maps(struct page_run *run, const struct session *s,
                                 const struct page_images_limits *limits, struct error *err);

/* Whether an image is being read now: that may take however long its file does. A signal's handler
 * may ask. */
bool page_images_reads(void);

#endif
