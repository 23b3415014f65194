/* GroupNorm is InstanceNormalization of groups in place of channels, then a weight and a bias for
 * each channel. */
#include "run/export/export_norm.h"

#include "run/export/export_node.h"

#include <math.h>
#include <stddef.h>

enum { WEIGHT, BIAS, MEAN, VARIANCE }; /* of a norm's parameters */

static void put_filled(struct onnx *o, const char *name, int n, float value)
{
    float *values = onnx_put_floats(o, name, &(int64_t){n}, 1);
    for (int i = 0; values && i < n; i++)
        values[i] = value;
}

static void put_group(struct onnx *o, const struct layer_row *row, const struct param *param,
                      const char *output, const char *input)
{
    const char *name = row->name;
    const int64_t channels = row->out.channels;
    const struct export_name groups = export_name(name, "groups"),
                             normal = export_name(name, "normal"),
                             channel = export_name(name, "channels"),
                             scaled = export_name(name, "scaled"),
                             groups_shape = export_name(name, "groups_shape"),
                             channel_shape = export_name(name, "channels_shape"),
                             one = export_name(name, "one"), zero = export_name(name, "zero");
    /* 0: as it is (the batch); -1: all that is left. */
    export_integers(o, groups_shape.text, (const int64_t[]){0, row->norm.groups, -1}, 3);
    export_integers(o, channel_shape.text,
                    (const int64_t[]){0, channels, row->out.height, row->out.width}, 4);
    put_filled(o, one.text, row->norm.groups, 1);
    put_filled(o, zero.text, row->norm.groups, 0);
    export_param_shaped(o, &param[WEIGHT], (const int64_t[]){channels, 1, 1}, 3);
    export_param_shaped(o, &param[BIAS], (const int64_t[]){channels, 1, 1}, 3);
    export_node(o, "Reshape", groups.text, input, groups_shape.text);
    export_node(o, "InstanceNormalization", normal.text, groups.text, one.text);
    onnx_put_node_input(o, zero.text);
    onnx_put_real(o, "epsilon", row->norm.epsilon);
    export_node(o, "Reshape", channel.text, normal.text, channel_shape.text);
    export_node(o, "Mul", scaled.text, channel.text, param[WEIGHT].name);
    export_node(o, "Add", output, scaled.text, param[BIAS].name);
}

void export_norm_put(struct onnx *o, const struct layer_row *row, const struct param *param,
                     const char *output, const char *input)
{
    if (row->norm.kind == NORM_GROUP) {
        put_group(o, row, param, output, input);
        return;
    }
    export_node(o, "BatchNormalization", output, input, NULL);
    onnx_put_real(o, "epsilon", row->norm.epsilon);
    for (int i = WEIGHT; i <= VARIANCE; i++) {
        export_param(o, &param[i]);
        onnx_put_node_input(o, param[i].name);
    }
}

void export_norm_fold(struct onnx *o, const struct param *conv, const struct layer_row *norm,
                      const struct param *param)
{
    int64_t dim[4] = {conv->dim[0], conv->dim[1], conv->dim[2], conv->dim[3]};
    size_t channels = (size_t)dim[0], each = conv->size / channels;
    float *weight = onnx_put_floats(o, conv->name, dim, 4),
          *bias = onnx_put_floats(o, param[BIAS].name, dim, 1);
    if (!weight || !bias)
        return;
    param_to_disk(weight, conv, conv->data);
    for (size_t c = 0; c < channels; c++) {
        double scale = (double)param[WEIGHT].data[c] /
                       sqrt((double)param[VARIANCE].data[c] + norm->norm.epsilon);
        bias[c] = (float)((double)param[BIAS].data[c] - (double)param[MEAN].data[c] * scale);
        for (size_t i = c * each; i < (c + 1) * each; i++)
            weight[i] = (float)(scale * (double)weight[i]);
    }
}
