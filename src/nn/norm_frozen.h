/* Backward of a BatchNorm whose statistics stay as they are. */
#ifndef NN_NORM_FROZEN_H
#define NN_NORM_FROZEN_H

#include "nn/norm.h"

/* z = conv(x) need not be kept: dL/dz is scale * m, with m = g where
 * the activation lets it pass, and 0 elsewhere. Hence, for each channel c with filter w[c] and M[c]
 * = dL/dw[c] / scale, the filter's gradient from m:
 *
 *     dL/dbias   = sum of m
 *     dL/dweight = sum of m * (z - mean) * rstd = (<w[c], M[c]> - mean * sum of m) * rstd
 *
 * since z is linear in w: so both are exact where the weight is 0, too.
 *
 * masked [batch, pixels, channels] = m: g itself where that has no gaps, or another; the bias's
 * gradient is written. g and y as in norm_backward. */
void norm_frozen_mask(struct norm *n, float *masked, float *g, const float *y,
                      struct samples samples);
/* The bias's gradient where another has masked: sum [channels] of m. */
void norm_frozen_take_sum(struct norm *n, const double *sum);
double norm_frozen_scale(const struct norm *n, int channel); /* weight * rstd */
/* Writes the weight's gradient, from product = <w, M>, behind norm_frozen_mask. */
void norm_frozen_weight_gradient(struct norm *n, int channel, double product);

#endif
