/* Coverage against accuracy: when images whose probability is below a limit are left to a human,
 * how many are left to the network, and how many of these it gets right (a risk-coverage curve). */
#ifndef RUN_TRAIN_COVERAGE_H
#define RUN_TRAIN_COVERAGE_H

#include <stdbool.h>

struct coverage_row {
    double limit;
    int kept, correct; /* images whose probability is at least that; of them right */
};

/* The limits 0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95 and 0.99, and one more, in its place, where it is
 * above 0 and not among them. */
enum { COVERAGE_MOST_ROWS = 9 };
struct coverage {
    struct coverage_row row[COVERAGE_MOST_ROWS]; /* n of them, limits ascending */
    int n, images;
};

void coverage_begin(struct coverage *out, double limit);
/* Probability of the predicted class. */
void coverage_add(struct coverage *c, double probability, bool is_correct);

#endif
