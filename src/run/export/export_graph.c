/* Row by row. A row is put when all that it reads has been: a shortcut's rows stand behind the norm
 * that adds them. */
#include "run/export/export_graph.h"

#include "base/memory.h"
#include "run/export/export_node.h"
#include "run/export/export_norm.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

struct state {
    const struct export_graph *graph;
    struct onnx *onnx;
    const char *image;
    const char **value; /* [rows]: the name of a row's output; NULL until it is put */
    bool has_axis;
};

static const char channel_axis[] = "channel_axis";

static const struct layer_row *row_at(const struct state *s, int i)
{
    return &s->graph->layers->row[i];
}

static const struct param *params_of(const struct state *s, const struct layer_row *row)
{
    return &s->graph->params->item[row->first_param];
}

static const char *value_of(const struct state *s, int row)
{
    return row < 0 ? s->image : s->value[row];
}

/* What a row reads of its input: all, or a node more that takes a slice of its channels. */
static struct export_name input_of(struct state *s, const struct layer_row *row)
{
    struct onnx *o = s->onnx;
    struct export_name whole = {{0}}, slice = export_name(row->name, "in"),
                       first = export_name(row->name, "in_first"),
                       end = export_name(row->name, "in_end");
    snprintf(whole.text, sizeof whole.text, "%s", value_of(s, row->input));
    if (row->input < 0 || row_at(s, row->input)->out.channels == row->in.channels)
        return whole;
    if (!s->has_axis)
        export_integers(o, channel_axis, (const int64_t[]){1}, 1);
    s->has_axis = true;
    export_integers(o, first.text, (const int64_t[]){row->in_channel}, 1);
    export_integers(o, end.text, (const int64_t[]){row->in_channel + row->in.channels}, 1);
    export_node(o, "Slice", slice.text, whole.text, first.text);
    onnx_put_node_input(o, end.text);
    onnx_put_node_input(o, channel_axis);
    return slice;
}

/* ---- Convolutions and pools ---- */

/* The padding behind the last pixel, along an axis: as much as before the first one where that
 * gives so many outputs, else as little as the last window needs. */
static int64_t padding_behind(const struct layer_row *row, int in, int out, int before)
{
    if ((in + 2 * before - row->kernel) / row->stride + 1 == out)
        return before;
    int needed = (out - 1) * row->stride + row->kernel - in - before;
    return needed > 0 ? needed : 0;
}

/* Above, on the left, below, on the right. */
struct padding {
    int64_t side[4];
};

static struct padding padding_of(const struct layer_row *row)
{
    return (struct padding){{row->pad_top, row->pad_left,
                             padding_behind(row, row->in.height, row->out.height, row->pad_top),
                             padding_behind(row, row->in.width, row->out.width, row->pad_left)}};
}

static void put_window(struct onnx *o, const struct layer_row *row, struct padding padding)
{
    const int64_t kernel[] = {row->kernel, row->kernel}, stride[] = {row->stride, row->stride};
    onnx_put_list(o, "kernel_shape", kernel, 2);
    onnx_put_list(o, "strides", stride, 2);
    onnx_put_list(o, "pads", padding.side, 4);
}

/* The norm that is folded into a convolution, which stands behind it, or NULL. */
static const struct layer_row *folded_norm(const struct state *s, int conv)
{
    const struct layer_table *layers = s->graph->layers;
    const struct layer_row *next = conv + 1 < layers->n ? row_at(s, conv + 1) : NULL;
    bool fits = s->graph->folds_norm && next && next->operation == LAYER_NORM &&
                next->norm.kind == NORM_BATCH && next->input == conv;
    return fits ? next : NULL;
}

static void put_conv(struct state *s, int i)
{
    struct onnx *o = s->onnx;
    const struct layer_row *row = row_at(s, i), *norm = folded_norm(s, i);
    const struct param *weight = params_of(s, row);
    struct export_name input = input_of(s, row);
    if (norm)
        export_norm_fold(o, weight, norm, params_of(s, norm));
    else
        export_param(o, weight);
    export_node(o, "Conv", row->name, input.text, weight->name);
    if (norm)
        onnx_put_node_input(o, params_of(s, norm)[1].name);
    put_window(o, row, padding_of(row));
    onnx_put_integer(o, "group", row->groups);
}

/* An average over zeros of the padding, too, gets them from a node of its own: OpenCV 4.6 does not
 * look at count_include_pad. */
static void put_pool(struct state *s, const struct layer_row *row)
{
    struct onnx *o = s->onnx;
    struct padding padding = padding_of(row);
    struct export_name input = input_of(s, row);
    assert(row->kernel > 0);
    if (row->pad_counts) {
        const int64_t *side = padding.side,
                      pads[] = {0, 0, side[0], side[1], 0, 0, side[2], side[3]};
        struct export_name padded = export_name(row->name, "padded");
        export_node(o, "Pad", padded.text, input.text, NULL);
        onnx_put_list(o, "pads", pads, 8);
        input = padded;
        padding = (struct padding){{0}};
    }
    export_node(o, row->operation == LAYER_MAX_POOL ? "MaxPool" : "AveragePool", row->name,
                input.text, NULL);
    put_window(o, row, padding);
}

/* ---- Norm, sum, activation ---- */

static void put_activation(struct onnx *o, const char *output, const char *input,
                           enum kernels_activation activation)
{
    if (activation == KERNELS_RELU) {
        export_node(o, "Relu", output, input, NULL);
        return;
    }
    assert(activation == KERNELS_RELU6);
    export_node(o, "Clip", output, input, NULL);
    onnx_put_real(o, "min", 0);
    onnx_put_real(o, "max", 6);
}

/* Up to three nodes, the last of which has the row's name. Returns the name of what comes out. */
static const char *put_norm(struct state *s, int i)
{
    struct onnx *o = s->onnx;
    const struct layer_row *row = row_at(s, i);
    struct export_name normal = export_name(row->name, "norm"), sum = export_name(row->name, "sum");
    bool activates = row->activation != KERNELS_NONE, adds = row->residual >= 0;
    bool normalises =
        row->norm.kind != NORM_NONE && !(row->input == i - 1 && folded_norm(s, row->input) == row);
    const char *x = value_of(s, row->input);
    if (normalises) {
        const char *to = adds || activates ? normal.text : row->name;
        export_norm_put(o, row, params_of(s, row), to, x);
        x = to;
    }
    if (adds) {
        const char *to = activates ? sum.text : row->name;
        export_node(o, "Add", to, x, value_of(s, row->residual));
        x = to;
    }
    if (activates)
        put_activation(o, row->name, x, row->activation);
    return normalises || adds || activates ? row->name : x;
}

/* ---- The rest ---- */

static void put_concat(struct state *s, const struct layer_row *row)
{
    struct export_name last = input_of(s, row);
    onnx_put_node(s->onnx, "Concat", row->name);
    for (int i = 0; i < row->n_parts; i++)
        onnx_put_node_input(s->onnx, value_of(s, row->part[i]));
    onnx_put_node_input(s->onnx, last.text);
    onnx_put_integer(s->onnx, "axis", 1);
}

static void put_linear(struct state *s, const struct layer_row *row)
{
    struct onnx *o = s->onnx;
    const struct param *param = params_of(s, row);
    struct export_name mean = export_name(row->name, "mean"),
                       features = export_name(row->name, "features");
    export_param(o, &param[0]);
    export_param(o, &param[1]);
    export_node(o, "GlobalAveragePool", mean.text, value_of(s, row->input), NULL);
    export_node(o, "Flatten", features.text, mean.text, NULL);
    export_node(o, "Gemm", row->name, features.text, param[0].name);
    onnx_put_node_input(o, param[1].name);
    onnx_put_integer(o, "transB", 1);
}

static void put_row(struct state *s, int i);

static void put_what_it_reads(struct state *s, const struct layer_row *row)
{
    if (row->input >= 0)
        put_row(s, row->input);
    if (row->residual >= 0)
        put_row(s, row->residual);
    for (int i = 0; i < row->n_parts; i++)
        put_row(s, row->part[i]);
}

static void put_row(struct state *s, int i)
{
    const struct layer_row *row = row_at(s, i);
    if (s->value[i])
        return;
    put_what_it_reads(s, row);
    s->value[i] = row->name;
    switch (row->operation) {
    case LAYER_CONV:
        put_conv(s, i);
        break;
    case LAYER_NORM:
        s->value[i] = put_norm(s, i);
        break;
    case LAYER_MAX_POOL:
    case LAYER_AVERAGE_POOL:
        put_pool(s, row);
        break;
    case LAYER_LINEAR:
        put_linear(s, row);
        break;
    case LAYER_SUM: {
        struct export_name input = input_of(s, row);
        export_node(s->onnx, "Add", row->name, input.text, value_of(s, row->residual));
        break;
    }
    case LAYER_CONCAT:
        put_concat(s, row);
        break;
    }
}

enum status export_graph_put(const char **logits, const struct export_graph *graph,
                             const char *image, struct error *err)
{
    int n = graph->layers->n;
    struct state s = {.graph = graph, .onnx = graph->onnx, .image = image};
    s.value = memory_array((size_t)n, sizeof *s.value, "names of values", err);
    if (!s.value)
        return err->status;
    for (int i = 0; i < n; i++)
        put_row(&s, i);
    *logits = s.value[n - 1];
    free(s.value);
    return STATUS_OK;
}
