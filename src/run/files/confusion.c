#include "run/files/confusion.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { ARRAYS_OF_CLASSES = 5, ARRAYS_OF_IMAGES = 2 };

size_t confusion_bytes(int classes, int capacity)
{
    return (ARRAYS_OF_CLASSES * (size_t)classes + ARRAYS_OF_IMAGES * (size_t)capacity) *
           sizeof(int);
}

enum status confusion_create(struct confusion *out, int classes, int capacity, struct error *err)
{
    size_t c = (size_t)classes, n = (size_t)capacity;
    static const char what[] = "confusion matrix";

    *out = (struct confusion){.classes = classes, .capacity = capacity};
    out->images = memory_array(c, sizeof *out->images, what, err);
    out->predicted = memory_array(c, sizeof *out->predicted, what, err);
    out->correct = memory_array(c, sizeof *out->correct, what, err);
    out->last = memory_array(c, sizeof *out->last, what, err);
    out->row = memory_array(c, sizeof *out->row, what, err);
    out->before = memory_array(n, sizeof *out->before, what, err);
    out->taken_as = memory_array(n, sizeof *out->taken_as, what, err);
    if (!out->images || !out->predicted || !out->correct || !out->last || !out->row ||
        !out->before || !out->taken_as) {
        confusion_free(out);
        return err->status;
    }
    confusion_reset(out);
    return STATUS_OK;
}

void confusion_free(struct confusion *c)
{
    free(c->images);
    free(c->predicted);
    free(c->correct);
    free(c->last);
    free(c->row);
    free(c->before);
    free(c->taken_as);
    *c = (struct confusion){0};
}

void confusion_reset(struct confusion *c)
{
    size_t bytes = (size_t)c->classes * sizeof(int);

    c->n = 0;
    memset(c->images, 0, bytes);
    memset(c->predicted, 0, bytes);
    memset(c->correct, 0, bytes);
    for (int i = 0; i < c->classes; i++)
        c->last[i] = -1;
}

void confusion_add(struct confusion *c, int label, int predicted)
{
    c->before[c->n] = c->last[label];
    c->taken_as[c->n] = predicted;
    c->last[label] = c->n++;
    c->images[label]++;
    c->predicted[predicted]++;
    c->correct[label] += label == predicted;
}

const int *confusion_row(struct confusion *c, int label)
{
    memset(c->row, 0, (size_t)c->classes * sizeof *c->row);
    for (int i = c->last[label]; i >= 0; i = c->before[i])
        c->row[c->taken_as[i]]++;
    return c->row;
}
