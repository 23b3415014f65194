/* Losses are kept rather than summed on the way: the average top-k loss of the whole set needs them
 * all, and a sum in sample order at the end does not depend on the batch size. */
#include "run/train/metrics.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

enum status metrics_create(struct metrics *out, int classes, int capacity, struct error *err)
{
    *out = (struct metrics){.classes = classes, .capacity = capacity};
    size_t c = (size_t)classes, n = (size_t)capacity;

    out->recall = memory_array(c, sizeof *out->recall, "metrics", err);
    out->loss = memory_array(n, sizeof *out->loss, "metrics", err);
    out->weight = memory_array(n, sizeof *out->weight, "metrics", err);
    out->selected = memory_array(n, sizeof *out->selected, "metrics", err);
    out->scratch = memory_array(n, sizeof *out->scratch, "metrics", err);
    if (!out->recall || !out->loss || !out->weight || !out->selected || !out->scratch ||
        confusion_create(&out->confusion, classes, capacity, err) != STATUS_OK) {
        metrics_free(out);
        return err->status;
    }
    return STATUS_OK;
}

size_t metrics_bytes(int classes, int capacity)
{
    const struct metrics *m = NULL;

    return (size_t)classes * sizeof *m->recall +
           (size_t)capacity *
               (sizeof *m->loss + sizeof *m->weight + sizeof *m->selected + sizeof *m->scratch) +
           confusion_bytes(classes, capacity);
}

void metrics_free(struct metrics *m)
{
    free(m->recall);
    confusion_free(&m->confusion);
    free(m->loss);
    free(m->weight);
    free(m->selected);
    free(m->scratch);
    *m = (struct metrics){0};
}

void metrics_reset(struct metrics *m)
{
    m->n = m->n_correct = 0;
    confusion_reset(&m->confusion);
}

void metrics_add(struct metrics *m, const float *loss, const int *label, const int *predicted,
                 int n)
{
    for (int i = 0; i < n; i++) {
        if (label[i] < 0)
            continue;
        m->loss[m->n++] = loss[i];
        m->n_correct += label[i] == predicted[i];
        confusion_add(&m->confusion, label[i], predicted[i]);
    }
}

/* Recall of each class, and their mean over the classes that occur. */
static void finish_recall(struct metrics *m)
{
    double sum = 0;
    int n_present = 0;
    for (int c = 0; c < m->classes; c++) {
        int images = m->confusion.images[c];
        m->recall[c] = images > 0 ? (double)m->confusion.correct[c] / images : NAN;
        if (images > 0) {
            sum += m->recall[c];
            n_present++;
        }
    }
    m->balanced_accuracy = n_present > 0 ? sum / n_present : NAN;
}

/* A class that was predicted and never occurs counts with 0; one of which there is neither does not
 * count. */
static void finish_f1(struct metrics *m)
{
    double sum = 0;
    int n = 0;
    for (int c = 0; c < m->classes; c++) {
        double marked = (double)m->confusion.images[c] + m->confusion.predicted[c];
        if (marked == 0)
            continue;
        sum += 2.0 * m->confusion.correct[c] / marked;
        n++;
    }
    m->macro_f1 = n > 0 ? sum / n : NAN;
}

void metrics_finish(struct metrics *m, double share)
{
    finish_recall(m);
    finish_f1(m);
    if (m->n == 0) {
        m->mean_loss = m->atk_loss = m->accuracy = NAN;
        return;
    }
    double sum = 0;
    for (int i = 0; i < m->n; i++)
        sum += (double)m->loss[i];
    m->mean_loss = sum / m->n;
    m->accuracy = (double)m->n_correct / m->n;

    const struct atk_k whole_set = {.kind = ATK_FRACTION, .value = share};
    int k = atk_select(m->weight, m->selected, m->loss, m->n, atk_resolve(&whole_set, m->n),
                       m->scratch);
    m->atk_loss = atk_mean(m->loss, m->selected, k);
}

double metrics_share(const struct atk_k *k, int batch_size)
{
    return k->kind == ATK_FRACTION ? k->value : fmin(1.0, k->value / batch_size);
}

int metrics_predict(const float *logits, int n)
{
    int best = 0;
    for (int i = 1; i < n; i++)
        if (logits[i] > logits[best])
            best = i;
    return best;
}
