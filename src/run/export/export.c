#include "run/export/export.h"

#include "base/text_stream.h"
#include "io/onnx.h"
#include "nn/model.h"
#include "run/export/export_graph.h"
#include "run/export/export_node.h"

#include <stdio.h>
#include <stdlib.h>

static const char image[] = "image", probabilities[] = "probabilities", batch[] = "N";

/* ---- Metadata ---- */

static enum status put_classes(struct onnx *o, const struct class_list *classes, struct error *err)
{
    struct text_stream text;
    char *joined;
    if (text_stream_open(&text, "class names", err) != STATUS_OK)
        return err->status;
    for (int i = 0; i < classes->n; i++)
        fprintf(text.stream, "%s%s", i > 0 ? "\n" : "", classes->name[i]);
    if (text_stream_close(&joined, NULL, &text, "class names", err) != STATUS_OK)
        return err->status;
    onnx_put_metadata(o, "classes", joined);
    free(joined);
    return STATUS_OK;
}

static void put_three(struct onnx *o, const char *key, const float value[3])
{
    char text[64];
    snprintf(text, sizeof text, "%.9g %.9g %.9g", (double)value[0], (double)value[1],
             (double)value[2]);
    onnx_put_metadata(o, key, text);
}

static enum status put_metadata(struct onnx *o, const struct checkpoint_metadata *m,
                                struct error *err)
{
    const struct image_fit *fit = &m->fit;
    char text[32];
    snprintf(text, sizeof text, "%d", fit->size);
    onnx_put_metadata(o, "size", text);
    onnx_put_metadata(o, "resize", image_fit_resize_name[fit->resize]);
    if (fit->resize == IMAGE_FIT_CROP) {
        snprintf(text, sizeof text, "%.17g", fit->crop_fraction);
        onnx_put_metadata(o, "crop_fraction", text);
    }
    onnx_put_metadata(o, "interpolation", image_fit_interpolation_name[fit->interpolation]);
    onnx_put_metadata(o, "exif", m->apply_exif ? "apply" : "ignore");
    put_three(o, "mean", m->mean);
    put_three(o, "std", m->std);
    snprintf(text, sizeof text, "%.9g", m->temperature);
    onnx_put_metadata(o, "temperature", text);
    return put_classes(o, &m->classes, err);
}

/* ---- Before and behind the network ---- */

static void put_channels(struct onnx *o, const char *name, const double value[3])
{
    float *values = onnx_put_floats(o, name, (const int64_t[]){1, 3, 1, 1}, 4);
    for (int c = 0; values && c < 3; c++)
        values[c] = (float)value[c];
}

/* (image / 255 - mean) / std. The mean is not folded into the first convolution: behind the edge
 * that sees zeros, which are the mean. */
static const char *put_input(struct onnx *o, const struct checkpoint_metadata *m,
                             const struct export_options *options)
{
    static const char cast[] = "image.float", centred[] = "image.centred",
                      normal[] = "image.normalised", mean_name[] = "image.mean",
                      scale_name[] = "image.scale";
    const int64_t size = m->fit.size, dim[] = {0, 3, size, size};
    const char *x = image;
    double mean[3], scale[3];
    for (int c = 0; c < 3; c++) {
        mean[c] = 255.0 * (double)m->mean[c];
        scale[c] = 1 / (255.0 * (double)m->std[c]);
    }
    onnx_put_input(o, image, options->uint8_input ? ONNX_UINT8 : ONNX_FLOAT, batch, dim, 4);
    if (options->uint8_input) {
        export_node(o, "Cast", cast, x, NULL);
        onnx_put_integer(o, "to", ONNX_FLOAT);
        x = cast;
    }
    put_channels(o, mean_name, mean);
    put_channels(o, scale_name, scale);
    export_node(o, "Sub", centred, x, mean_name);
    export_node(o, "Mul", normal, centred, scale_name);
    return normal;
}

/* The softmax of logits / temperature. */
static void put_output(struct onnx *o, const struct checkpoint_metadata *m, const char *logits)
{
    static const char scaled[] = "logits.scaled", inverse_name[] = "logits.inverse_temperature";
    if (m->temperature != 1) {
        float *inverse = onnx_put_floats(o, inverse_name, (const int64_t[]){1}, 1);
        if (inverse)
            *inverse = (float)(1 / m->temperature);
        export_node(o, "Mul", scaled, logits, inverse_name);
        logits = scaled;
    }
    export_node(o, "Softmax", probabilities, logits, NULL);
    onnx_put_integer(o, "axis", 1);
    onnx_put_output(o, probabilities, ONNX_FLOAT, batch, (const int64_t[]){0, m->classes.n}, 2);
}

/* ---- The file ---- */

static enum status put_all(struct onnx *o, struct predictor *predictor,
                           const struct export_options *options, struct error *err)
{
    struct model *model = predictor_model(predictor);
    const struct checkpoint_metadata *metadata = predictor_metadata(predictor);
    struct model_summary summary;
    const char *logits;
    if (model_summarise(&summary, model_spec(model), model_options(model), err) != STATUS_OK)
        return err->status;
    const struct export_graph graph = {.onnx = o,
                                       .layers = &summary.layers,
                                       .params = model_params(model),
                                       .folds_norm = options->folds_norm};
    enum status status = export_graph_put(&logits, &graph, put_input(o, metadata, options), err);
    if (status == STATUS_OK) {
        put_output(o, metadata, logits);
        status = put_metadata(o, metadata, err);
    }
    model_summary_free(&summary);
    return status;
}

enum status export_write(struct export_result *out, const char *path, struct predictor *predictor,
                         const struct export_options *options, struct error *err)
{
    const struct model_spec *spec = model_spec(predictor_model(predictor));
    if (options->folds_norm && spec->norm.kind != NORM_BATCH)
        return error_usage(err,
                           "--fold-norm: BatchNorm alone can be folded, and this network has %s",
                           spec->norm.kind == NORM_GROUP ? "GroupNorm" : "no norm");
    struct onnx *o = onnx_create(spec->name, "atk-train", ATK_VERSION, err);
    if (!o)
        return err->status;
    enum status status = put_all(o, predictor, options, err);
    *out = (struct export_result){.nodes = onnx_nodes(o)};
    if (status == STATUS_OK)
        status = onnx_write(&out->bytes, o, path, err);
    onnx_destroy(o);
    return status;
}
