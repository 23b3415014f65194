/* A page that compares runs: figures over what differs between them, a dot for each seed. */
#ifndef RUN_PAGE_COMPARE_PAGE_H
#define RUN_PAGE_COMPARE_PAGE_H

#include "base/error.h"
#include "io/json_document.h"
#include "run/page/compare_runs.h"

/* Atomic. Runs that differ in nothing but seed, data and machine are one setting, repeated. */
enum status compare_page_write(const char *path, const struct compare_runs *runs,
                               struct error *err);
/* Its figures; path: of the page, from whose folder the links lead. */
enum status compare_page_document(struct json_document *d, const char *path,
                                  const struct compare_runs *runs, struct error *err);

/* Mean of n values and its 95 % interval by Student's t (one value: no interval, NaN; none: all
 * NaN). Values that are NaN do not count; *used is how many do. */
struct compare_page_mean {
    int used;
    double mean, low, high;
};
struct compare_page_mean compare_page_mean(const double *value, int n);

#endif
