/* The table of one processor level. */
#include "math/kernels/level.h"

#define TEXT2(x) #x
#define TEXT(x)  TEXT2(x)

extern const struct kernels KERNEL(kernels);
const struct kernels KERNEL(kernels) = {
    .level = TEXT(KERNEL_LEVEL),
    .norm_moments = KERNEL(norm_sweep_moments),
    .norm_apply = KERNEL(norm_sweep_apply),
    .norm_backward_sums = KERNEL(norm_sweep_backward_sums),
    .norm_backward_apply = KERNEL(norm_sweep_backward_apply),
    .pool_max = KERNEL(pool_sweep_max),
    .pool_max_backward = KERNEL(pool_sweep_max_backward),
    .adam = KERNEL(param_sweep_adam),
    .sum_parts = KERNEL(param_sweep_sum_parts),
};
