/* Numbers that take the place of images in a loader's batches: what a network has made of each row,
 * in each of the views that mirroring can give. */
#ifndef DATA_LOADER_VALUES_H
#define DATA_LOADER_VALUES_H

#include <stdbool.h>
#include <stddef.h>

/* A view is hflip + 2 * vflip. */
enum { LOADER_VIEWS = 4 };

/* All borrowed. value NULL: none. */
struct loader_values {
    const float *value; /* [places, n_views, n_values] */
    const int *place;   /* [rows of the data set]; negative: the image could not be read */
    int n_values, n_views;
    int view[LOADER_VIEWS]; /* a view's place among the n_views; only those that occur are read */
};

static inline int loader_values_view(bool hflip, bool vflip)
{
    return (hflip ? 1 : 0) + (vflip ? 2 : 0);
}

/* [n_values] of a row. */
static inline const float *loader_values_at(const struct loader_values *v, int row, int view)
{
    size_t place = (size_t)v->place[row] * (size_t)v->n_views + (size_t)v->view[view];
    return v->value + place * (size_t)v->n_values;
}

#endif
