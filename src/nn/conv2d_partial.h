/* Sums of a filter's gradient that ranges of the positions have made, added up. */
#ifndef NN_CONV2D_PARTIAL_H
#define NN_CONV2D_PARTIAL_H

#include <stddef.h>

/* out [n] = the sum of n_parts arrays of n floats that lie end to end in `parts`, in order. */
void conv2d_partial_sum(float *out, const float *parts, size_t n, int n_parts);

#endif
