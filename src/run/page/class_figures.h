/* What predictions say of each class, and of the probabilities: counts, precision, recall, F1,
 * precision-recall curves, calibration. As sklearn.metrics defines them. */
#ifndef RUN_PAGE_CLASS_FIGURES_H
#define RUN_PAGE_CLASS_FIGURES_H

#include "base/error.h"
#include "run/page/predictions.h"

/* Of one class against the rest. A figure that would divide by zero is NaN. */
struct class_figures {
    int support, predicted, correct; /* images of the class, taken for it, both */
    double precision, recall, f1;    /* f1 = 2 correct / (support + predicted) */
};
void class_figures_count(struct class_figures *out, const struct predictions *p); /* [classes] */

/* The curve over all thresholds, from the highest. point i: the precision where so many images of
 * the class are found that recall has the value; only where recall grows, at most CURVE_POINTS of
 * those, evenly spread (the last one is always there). average_precision is the sum over all
 * thresholds of precision x what recall grows by (sklearn's average_precision_score), of the whole
 * curve. Images of equal probability are found together. */
enum { CLASS_FIGURES_CURVE_POINTS = 64 };
struct class_figures_curve {
    double recall[CLASS_FIGURES_CURVE_POINTS], precision[CLASS_FIGURES_CURVE_POINTS];
    int n;                    /* 0: the class has no images */
    double average_precision; /* NaN then */
};
/* order [n] is scratch. */
void class_figures_curve(struct class_figures_curve *out, const struct predictions *p, int class,
                         int *order);

/* Images by the probability of their predicted class, in bins of equal width: bin i holds those
 * above i / BINS, up to (i + 1) / BINS. ece: the mean over images of |share that is right - mean
 * probability| of their bin (Naeini et al. 2015; Guo et al. 2017). */
enum { CLASS_FIGURES_BINS = 15 };
struct class_figures_calibration {
    int images[CLASS_FIGURES_BINS];
    double accuracy[CLASS_FIGURES_BINS], confidence[CLASS_FIGURES_BINS]; /* NaN: no images */
    double ece;                                                          /* NaN: none at all */
};
void class_figures_calibrate(struct class_figures_calibration *out, const struct predictions *p);

/* Wilson's score interval of a share of n independent trials, 95 %; n 0: 0 to 1. */
void class_figures_interval(double *low, double *high, double share, int n);

#endif
