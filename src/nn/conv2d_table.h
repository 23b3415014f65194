/* What `make bench-kernels` measured to be fastest, by processor level and shape. */
#ifndef NN_CONV2D_TABLE_H
#define NN_CONV2D_TABLE_H

#include "nn/conv2d_plan.h"

struct conv2d_table_row {
    const char *level; /* as struct kernels names it */
    int kernel, stride, in_c, out_c, size;
    struct conv2d_plan plan;
};
extern const struct conv2d_table_row conv2d_table[];
extern const int conv2d_table_rows;

#endif
