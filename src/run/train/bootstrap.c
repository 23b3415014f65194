#include "run/train/bootstrap.h"

#include "base/memory.h"
#include "base/rng.h"

#include <stdlib.h>
#include <string.h>

enum { ACCURACY, BALANCED, MACRO_F1, FIGURES };

struct work {
    int *images, *predicted, *correct; /* [classes] of a draw */
    double *figure[FIGURES];           /* [BOOTSTRAP_DRAWS] */
};

static enum status work_create(struct work *w, int classes, struct error *err)
{
    static const char what[] = "bootstrap";
    size_t n = (size_t)classes;
    w->images = memory_array(n, sizeof *w->images, what, err);
    w->predicted = memory_array(n, sizeof *w->predicted, what, err);
    w->correct = memory_array(n, sizeof *w->correct, what, err);
    if (!w->images || !w->predicted || !w->correct)
        return err->status;
    for (int i = 0; i < FIGURES; i++) {
        w->figure[i] = memory_array(BOOTSTRAP_DRAWS, sizeof *w->figure[i], what, err);
        if (!w->figure[i])
            return err->status;
    }
    return STATUS_OK;
}

static void work_free(struct work *w)
{
    free(w->images);
    free(w->predicted);
    free(w->correct);
    for (int i = 0; i < FIGURES; i++)
        free(w->figure[i]);
}

static void draw(struct work *w, const int *label, const int *predicted, int n, int classes,
                 struct rng *rng)
{
    size_t bytes = (size_t)classes * sizeof(int);
    memset(w->images, 0, bytes);
    memset(w->predicted, 0, bytes);
    memset(w->correct, 0, bytes);
    for (int i = 0; i < n; i++) {
        uint64_t at = rng_below(rng, (uint64_t)n);
        w->images[label[at]]++;
        w->predicted[predicted[at]]++;
        w->correct[label[at]] += label[at] == predicted[at];
    }
}

static void note(const struct work *w, int place, int n, int classes)
{
    double recall = 0, f1 = 0;
    int n_correct = 0, n_present = 0, n_marked = 0;
    for (int c = 0; c < classes; c++) {
        int marked = w->images[c] + w->predicted[c];
        n_correct += w->correct[c];
        n_present += w->images[c] > 0;
        n_marked += marked > 0;
        recall += w->images[c] > 0 ? (double)w->correct[c] / w->images[c] : 0;
        f1 += marked > 0 ? 2.0 * w->correct[c] / marked : 0;
    }
    w->figure[ACCURACY][place] = (double)n_correct / n;
    w->figure[BALANCED][place] = recall / n_present;
    w->figure[MACRO_F1][place] = f1 / n_marked;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double percentile(const double *sorted, double share)
{
    double at = share * (BOOTSTRAP_DRAWS - 1);
    int below = (int)at;
    return sorted[below] + (at - below) * (sorted[below + 1] - sorted[below]);
}

static struct bootstrap_interval interval(double *figure)
{
    qsort(figure, BOOTSTRAP_DRAWS, sizeof *figure, ascending);
    return (struct bootstrap_interval){percentile(figure, 0.025), percentile(figure, 0.975)};
}

enum status bootstrap_run(struct bootstrap_intervals *out, const int *label, const int *predicted,
                          int n, int classes, uint64_t seed, struct error *err)
{
    struct work w = {0};
    enum status status = work_create(&w, classes, err);
    for (int i = 0; status == STATUS_OK && i < BOOTSTRAP_DRAWS; i++) {
        struct rng rng;
        rng_seed(&rng, seed, RNG_BOOTSTRAP, (uint64_t)i, 0);
        draw(&w, label, predicted, n, classes, &rng);
        note(&w, i, n, classes);
    }
    if (status == STATUS_OK)
        *out = (struct bootstrap_intervals){.accuracy = interval(w.figure[ACCURACY]),
                                            .balanced_accuracy = interval(w.figure[BALANCED]),
                                            .macro_f1 = interval(w.figure[MACRO_F1])};
    work_free(&w);
    return status;
}
