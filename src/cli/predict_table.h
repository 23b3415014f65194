/* The rows that atk-predict writes: a CSV table, or JSON lines. */
#ifndef CLI_PREDICT_TABLE_H
#define CLI_PREDICT_TABLE_H

#include "base/error.h"
#include "data/class_list.h"
#include "data/sample.h"
#include "run/train/evaluator.h"

#include <stdbool.h>
#include <stdio.h>

/* Plain; freed with predict_table_free. */
struct predict_table {
    FILE *stream;                     /* borrowed */
    const char *name;                 /* of it, for messages; borrowed */
    const struct class_list *classes; /* borrowed */
    int top;                          /* how many of the best classes; 0: all, in their own order */
    bool json_lines;
    double reject_below; /* 0: no column says what is rejected */
    int *order;          /* [classes] best first; NULL unless it is needed */
    int write_error;     /* errno of the first failed write; 0: none */
};

/* Writes the header of a CSV table: image,predicted,probability, with reject_below rejected, and a
 * column for each class, or with top the pairs predicted_2,probability_2 ... */
enum status predict_table_begin(struct predict_table *t, struct error *err);
/* A row. Of a probability below reject_below predicted is empty (JSON: null), and rejected 1
 * (true), else 0 (false). JSON: {"image": ..., "label": ... (where it is known), "predicted": ...,
 * "probability":
 * ..., "classes": [{"class": ..., "probability": ...}, ...]}, best first. */
enum status predict_table_put(struct predict_table *t, const struct sample *image,
                              const struct evaluator_sample *s, struct error *err);
/* What has been written reaches who reads it. A failure is told by the next put or flush, too. */
enum status predict_table_flush(struct predict_table *t, struct error *err);
/* Whether what could not be written is that nobody reads any more. */
bool predict_table_has_no_reader(const struct predict_table *t);
void predict_table_free(struct predict_table *t); /* a zeroed one is fine */

#endif
