/* A run as its folder's files tell it: neither network nor photos are needed. */
#ifndef RUN_PAGE_PAGE_RUN_H
#define RUN_PAGE_PAGE_RUN_H

#include "base/error.h"
#include "data/class_list.h"
#include "run/page/epoch_table.h"
#include "run/page/hard_table.h"
#include "run/page/predictions.h"
#include "run/page/thumbnails.h"
#include "run/settings/settings.h"

/* Plain; owned. */
struct page_run {
    char *folder;
    char *results, *batches, *validation, *hard_file, *thumbnails_file, *summary, *check;
    const char *summary_text; /* borrowed: what summary will hold; NULL: what it holds */
    bool has_settings;
    struct settings settings;
    struct class_list classes;
    struct epoch_table epochs;
    struct predictions
        predictions; /* n 0: no validation, or a run from before there was the file */
    struct hard_table hard;
    struct thumbnails thumbnails;
    int best;                      /* row of epochs; -1: none */
    struct class_figures *figures; /* [classes] */
};

/* Settings and the paths of its files. A folder without args.yaml is an error: it is no run. *out
 * is freed by the caller in any case, as with the next. */
enum status page_run_open(struct page_run *out, const char *folder, struct error *err);
/* Besides, all tables. Those that are not there yet, or were not written by the version that
 * trained, stay empty; one that is damaged is an error. */
enum status page_run_read(struct page_run *out, const char *folder, struct error *err);
void page_run_free(struct page_run *run); /* a zeroed one is fine */

#endif
