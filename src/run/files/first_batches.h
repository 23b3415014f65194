/* The first batches of a run as images, exactly as the network gets them: train_batch_0.png ...,
 * and train_batches.csv, which says what is where. So a wrong column, a turned photo or too strong
 * an augmentation is seen before an hour is spent. */
#ifndef RUN_FILES_FIRST_BATCHES_H
#define RUN_FILES_FIRST_BATCHES_H

#include "base/error.h"
#include "data/dataset.h"
#include "data/loader.h"

enum { FIRST_BATCHES = 3 };

/* Names within a folder: FIRST_BATCHES images, then the table. */
extern const char *const first_batches_file[FIRST_BATCHES + 1];

/* path: of those files, each written whole or not at all; fewer images when an epoch has fewer
 * batches. The table's columns are image (the file's name), row and column (from 1, from the top
 * left), image (as in the CSV) and label; of a batch of more than MOSAIC_MAX_CELLS images those
 * many are shown. opt is what the loader was created with. The loader is at the beginning of its
 * first epoch afterwards as a fresh one is before it: loader_start is due in both cases. */
enum status first_batches_write(const char *const path[FIRST_BATCHES + 1], struct loader *loader,
                                const struct dataset *data, const struct loader_options *opt,
                                struct error *err);

#endif
