/* hard_examples.csv, read back: what a run has seen of its training images. */
#ifndef RUN_PAGE_HARD_TABLE_H
#define RUN_PAGE_HARD_TABLE_H

#include "base/error.h"
#include "data/class_list.h"
#include "run/page/page_table.h"

struct hard_row {
    const char *image; /* as written in the table of the run */
    int label, predicted;
    double seen, selected, mean_loss, last_loss;
};
/* Plain; owns its rows, the hardest image first. All zero: none. */
struct hard_table {
    struct hard_row *row;
    int n;
    struct page_table table;
};

enum status hard_table_read(struct hard_table *out, const char *path,
                            const struct class_list *classes, struct error *err);
void hard_table_free(struct hard_table *t); /* a zeroed one is fine */

#endif
