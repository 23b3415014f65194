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
    .mask = KERNEL(mask_sweep),
    .double_dot = KERNEL(double_sums_dot),
    .double_product = KERNEL(double_product),
    .double_scale = KERNEL(double_sums_scale),
    .slice_add = KERNEL(slice_sweep_add),
    .activation_backward = KERNEL(norm_sweep_activation_backward),
    .pool_max = KERNEL(pool_sweep_max),
    .pool_max_backward = KERNEL(pool_sweep_max_backward),
    .pool_average = KERNEL(pool_average_sweep),
    .pool_average_backward = KERNEL(pool_average_sweep_backward),
    .depthwise_forward = KERNEL(depthwise_sweep_forward),
    .depthwise_backward_data = KERNEL(depthwise_sweep_backward_data),
    .depthwise_backward_weights = KERNEL(depthwise_weights_sweep),
    .tile_product = KERNEL(tile_product),
    .tile_pack = KERNEL(tile_product_pack),
    .tile_copy = KERNEL(tile_product_copy),
    .tile_rows = TILE_ROWS,
    .tile_columns = TILE_COLUMNS,
    .winograd_input = KERNEL(winograd_sweep_input),
    .winograd_output = KERNEL(winograd_sweep_output),
    .winograd_gradient = KERNEL(winograd_sweep_gradient),
    .winograd_filter = KERNEL(winograd_sweep_filter),
    .winograd_filter_gradient = KERNEL(winograd_sweep_filter_gradient),
    .half_store = KERNEL(half_sweep_store),
    .half_load = KERNEL(half_sweep_load),
    .half_mask = KERNEL(half_sweep_mask),
    .adam = KERNEL(param_sweep_adam),
    .adamw = KERNEL(param_sweep_adamw),
    .sgd = KERNEL(param_sweep_sgd),
    .sum_squares = KERNEL(param_sweep_sum_squares),
    .scale = KERNEL(param_sweep_scale),
    .blend = KERNEL(param_sweep_blend),
    .sum_parts = KERNEL(param_sweep_sum_parts),
};
