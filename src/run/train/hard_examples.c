#include "run/train/hard_examples.h"

#include "base/files.h"
#include "base/memory.h"
#include "io/csv.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct hard_examples_rank {
    double mean_loss;
    int64_t selected;
    int place, row;
};

static enum status allocate(struct hard_examples *h, struct error *err)
{
    size_t n = (size_t)h->n, classes = (size_t)h->classes;
    static const char what[] = "counts of the training images";

    h->row = memory_array(n, sizeof *h->row, what, err);
    h->place = memory_array((size_t)dataset_size(h->data), sizeof *h->place, what, err);
    h->seen = memory_array(n, sizeof *h->seen, what, err);
    h->selected = memory_array(n, sizeof *h->selected, what, err);
    h->last_prediction = memory_array(n, sizeof *h->last_prediction, what, err);
    h->loss_sum = memory_array(n, sizeof *h->loss_sum, what, err);
    h->last_loss = memory_array(n, sizeof *h->last_loss, what, err);
    h->class_seen = memory_array(classes, sizeof *h->class_seen, what, err);
    h->class_selected = memory_array(classes, sizeof *h->class_selected, what, err);
    h->rank = memory_array(n, sizeof *h->rank, what, err);
    if (!h->row || !h->place || !h->seen || !h->selected || !h->last_prediction || !h->loss_sum ||
        !h->last_loss || !h->class_seen || !h->class_selected || !h->rank)
        return err->status;
    return STATUS_OK;
}

size_t hard_examples_bytes(int n_table, int n, int classes)
{
    const struct hard_examples *h = NULL;
    size_t one = sizeof *h->row + sizeof *h->seen + sizeof *h->selected +
                 sizeof *h->last_prediction + sizeof *h->loss_sum + sizeof *h->last_loss +
                 sizeof *h->rank;

    return (size_t)n * one + (size_t)n_table * sizeof *h->place +
           (size_t)classes * (sizeof *h->class_seen + sizeof *h->class_selected);
}

enum status hard_examples_create(struct hard_examples *out, const struct dataset *data,
                                 const int *rows, int n, struct error *err)
{
    *out = (struct hard_examples){.data = data, .n = n, .classes = dataset_classes(data)->n};
    enum status status = allocate(out, err);
    if (status != STATUS_OK) {
        hard_examples_free(out);
        return status;
    }
    for (int i = 0; i < n; i++) {
        out->row[i] = rows[i];
        out->place[rows[i]] = i;
    }
    return STATUS_OK;
}

void hard_examples_free(struct hard_examples *h)
{
    free(h->row);
    free(h->place);
    free(h->seen);
    free(h->selected);
    free(h->last_prediction);
    free(h->loss_sum);
    free(h->last_loss);
    free(h->class_seen);
    free(h->class_selected);
    free(h->rank);
    *h = (struct hard_examples){0};
}

void hard_examples_add(struct hard_examples *h, const int *row, const float *loss,
                       const int *predicted, const float *weight, int n)
{
    for (int i = 0; i < n; i++) {
        int at = h->place[row[i]], label = dataset_sample(h->data, row[i])->label;
        bool counted = weight[i] > 0;
        h->seen[at]++;
        h->selected[at] += counted;
        h->loss_sum[at] += (double)loss[i];
        h->last_loss[at] = loss[i];
        h->last_prediction[at] = predicted[i];
        h->class_seen[label]++;
        h->class_selected[label] += counted;
    }
}

double hard_examples_class_share(const struct hard_examples *h, int class)
{
    int64_t seen = h->class_seen[class];
    return seen > 0 ? (double)h->class_selected[class] / (double)seen : NAN;
}

double hard_examples_share(const struct hard_examples *h)
{
    int64_t seen = 0, selected = 0;
    for (int c = 0; c < h->classes; c++) {
        seen += h->class_seen[c];
        selected += h->class_selected[c];
    }
    return seen > 0 ? (double)selected / (double)seen : NAN;
}

void hard_examples_begin_epoch(struct hard_examples *h)
{
    memset(h->class_seen, 0, (size_t)h->classes * sizeof *h->class_seen);
    memset(h->class_selected, 0, (size_t)h->classes * sizeof *h->class_selected);
}

static int harder_first(const void *a, const void *b)
{
    const struct hard_examples_rank *x = a, *y = b;
    if (x->mean_loss != y->mean_loss)
        return x->mean_loss > y->mean_loss ? -1 : 1;
    if (x->selected != y->selected)
        return x->selected > y->selected ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static int rank_seen(const struct hard_examples *h)
{
    int n = 0;
    for (int i = 0; i < h->n; i++)
        if (h->seen[i] > 0)
            h->rank[n++] = (struct hard_examples_rank){h->loss_sum[i] / (double)h->seen[i],
                                                       h->selected[i], i, h->row[i]};
    if (n > 1)
        qsort(h->rank, (size_t)n, sizeof *h->rank, harder_first);
    return n;
}

enum status hard_examples_write(const struct hard_examples *h, const char *path, struct error *err)
{
    const struct class_list *classes = dataset_classes(h->data);
    struct files_writer w;
    enum status status = files_open(&w, path, err);

    if (status != STATUS_OK)
        return status;
    fputs("image,label,times_seen,times_selected,mean_loss,last_loss,last_prediction\n", w.stream);
    int n = rank_seen(h);
    for (int i = 0; i < n; i++) {
        const struct hard_examples_rank *r = &h->rank[i];
        const struct sample *sample = dataset_sample(h->data, r->row);
        csv_put_field(w.stream, sample->image);
        fputc(',', w.stream);
        csv_put_field(w.stream, classes->name[sample->label]);
        fprintf(w.stream, ",%lld,%lld,%.6g,%.6g,", (long long)h->seen[r->place],
                (long long)r->selected, r->mean_loss, (double)h->last_loss[r->place]);
        csv_put_field(w.stream, classes->name[h->last_prediction[r->place]]);
        fputc('\n', w.stream);
    }
    return files_commit(&w, err);
}
