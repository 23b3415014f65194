/* The folder of one run: its files' paths, and its two growing tables.
 *
 * Written so that a kill at any instant leaves each file either old or new, never half: whole files
 * go through base/files (temporary file, fsync, rename), table rows are appended with one write()
 * each, and a row that did not fit on the disk is taken back. A folder that is open is locked
 * against a second program that would resume the same run.
 *
 * Not written here, but into paths that this file gives: args.yaml (run/settings/settings),
 * model.yaml (run/files/model_file), classes.txt (class_list_write), split.csv (split_write),
 * data_check.json (run/train/session_findings), the
 * two tables of a confusion matrix (run/files/class_tables), val_predictions.csv
 * (run/files/val_predictions), summary.json (run/train/summary),
 * images.safetensors (run/train/session_stamps), train_batch* (run/files/first_batches),
 * report.html and thumbnails.safetensors (run/page), *.safetensors (run/files/checkpoint).
 */
#ifndef RUN_FILES_RUN_FOLDER_H
#define RUN_FILES_RUN_FOLDER_H

#include "base/error.h"
#include "data/dataset.h"
#include "run/files/first_batches.h"
#include "run/files/table_file.h"

#include <stdbool.h>
#include <stdint.h>

enum run_file {
    RUN_FILE_ARGS,            /* args.yaml */
    RUN_FILE_MODEL,           /* model.yaml */
    RUN_FILE_CLASSES,         /* classes.txt */
    RUN_FILE_SPLIT,           /* split.csv */
    RUN_FILE_BAD_IMAGES,      /* bad_images.csv, which grows: only when there are any */
    RUN_FILE_DATA_CHECK,      /* data_check.json: what is odd about the data */
    RUN_FILE_BATCHES,         /* batches.csv: one row per batch */
    RUN_FILE_RESULTS,         /* results.csv: one row per epoch */
    RUN_FILE_BEST,            /* best.safetensors */
    RUN_FILE_LAST,            /* last.safetensors */
    RUN_FILE_STATE,           /* state.safetensors: what --resume needs */
    RUN_FILE_CONFUSION,       /* confusion_matrix.csv, of the best epoch */
    RUN_FILE_PER_CLASS,       /* per_class.csv, of the best epoch */
    RUN_FILE_VAL_PREDICTIONS, /* val_predictions.csv, of the best epoch */
    RUN_FILE_HARD,            /* hard_examples.csv */
    RUN_FILE_SUMMARY,         /* summary.json */
    RUN_FILE_IMAGES,          /* images.safetensors: their sizes and time stamps */
    RUN_FILE_REPORT,          /* report.html: all figures as a page */
    RUN_FILE_THUMBNAILS,      /* thumbnails.safetensors: small images for it */
    /* train_batch_0.png ... and train_batches.csv, as run/files/first_batches counts them */
    RUN_FILE_FIRST_BATCHES,
    RUN_FILE_LAST_OF_FIRST_BATCHES = RUN_FILE_FIRST_BATCHES + FIRST_BATCHES,
    RUN_N_FILES
};

struct run_folder;

/* Makes the folder and both tables with their header lines. path NULL: the first free of
 * runs/train1, runs/train2, ...; a path that exists already is refused (usage error). mkdir decides
 * between programs that start together. classes: for the header of results.csv (not kept). */
enum status run_folder_create(struct run_folder **out, const char *path,
                              const struct class_list *classes, struct error *err);
/* Tells early, before images are read, what create would refuse: a path that exists, a place
 * where nothing can be written. Changes nothing. */
enum status run_folder_check(const char *path, struct error *err);
/* *holds: the run in `folder` has a file, and `path` leads to it. */
enum status run_folder_holds(bool *holds, const char *folder, const char *path, struct error *err);
/* Opens an existing run for --resume; refused when a running program holds it. */
enum status run_folder_open(struct run_folder **out, const char *path, struct error *err);
void run_folder_close(struct run_folder *f); /* NULL is fine */

/* Closes a run that could not begin, and removes its files and its folder. */
void run_folder_discard(struct run_folder *f);

const char *run_folder_path(const struct run_folder *f); /* "runs/train1"; borrowed */
/* Likewise of a folder that is not opened, for who only reads; the caller frees *path. */
enum status run_folder_join(char **path, const char *folder, enum run_file file, struct error *err);
/* "runs/train1/args.yaml"; borrowed, valid until run_folder_close. */
const char *run_folder_file(const struct run_folder *f, enum run_file file);

/* Columns of batches.csv in this order; the three that a clock decides come last, so that the rest
 * of a row is the same in every repetition of a run. */
struct run_batch_row {
    int epoch, batch; /* from 1 */
    int images, k;    /* in the batch; averaged by the loss */
    double loss, mean_loss, accuracy, learning_rate, gradient_norm;
    double threshold; /* the smallest loss that counts */
    double seconds, wait_seconds, images_per_second;
};
enum status run_folder_append_batch(struct run_folder *f, const struct run_batch_row *row,
                                    struct error *err);

/* Columns of results.csv: epoch, train_loss, train_mean_loss, train_accuracy, val_mean_loss,
 * val_loss, val_accuracy, val_balanced_accuracy, val_macro_f1, learning_rate, "recall NAME" for
 * each class, selected and "selected NAME" for each class (shares of the training images that
 * counted), seconds. Fields without a value (no validation, NaN) stay empty. */
struct run_epoch_row {
    int epoch; /* from 1 */
    double train_loss, train_mean_loss, train_accuracy, learning_rate;
    bool validated;
    double val_mean_loss, val_loss; /* cross-entropy; average top-k at the training share */
    double val_accuracy, val_balanced_accuracy, val_macro_f1;
    const double *recall; /* [n_classes]; NaN: no image of that class. NULL if not validated */
    double selected;
    const double *class_selected; /* [n_classes]; NaN: no image of that class was seen */
    int n_classes;                /* as given to run_folder_create, also when not validated */
    double seconds;
};
enum status run_folder_append_epoch(struct run_folder *f, const struct run_epoch_row *row,
                                    struct error *err);

/* Where the two tables end at present, kept in state.safetensors. sync brings the rows to the disk
 * first, so that a saved state never counts rows that a power cut could take away. */
struct run_folder_marks {
    struct table_mark batches, results;
};
enum status run_folder_sync(struct run_folder *f, struct run_folder_marks *out, struct error *err);
/* Resume: forgets the rows that were written after the state was saved. A table that is shorter
 * than that, or holds other rows, is an error. */
enum status run_folder_truncate(struct run_folder *f, const struct run_folder_marks *marks,
                                struct error *err);

#endif
