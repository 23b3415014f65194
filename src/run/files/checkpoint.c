/* Writing a weights file, and the metadata in its metadata. (Loading is in checkpoint_load.c.) */
#include "run/files/checkpoint.h"

#include "base/half.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/text.h"
#include "nn/temperature.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_MODEL, KEY_CLASSES, KEY_SIZE, KEY_MEAN, KEY_STD, KEY_EXIF, N_KEYS };
static const char *const metadata_key[N_KEYS] = {"model", "classes", "size", "mean", "std", "exif"};
static const char jpeg_scale_key[] = "jpeg_scale", resize_key[] = "resize",
                  interpolation_key[] = "interpolation", crop_fraction_key[] = "crop_fraction",
                  temperature_key[] = "temperature";

/* ---- Class names ---- */

/* One a line: a name never holds a newline (data/dataset refuses it). */
static char *join_classes(const struct class_list *classes, struct error *err)
{
    size_t bytes = 1;
    for (int i = 0; i < classes->n; i++)
        bytes += strlen(classes->name[i]) + 1;
    char *text = memory_array(bytes, 1, "class names", err), *end = text;
    for (int i = 0; text && i < classes->n; i++) {
        if (i > 0)
            *end++ = '\n';
        end = stpcpy(end, classes->name[i]);
    }
    return text;
}

static enum status split_classes(struct class_list *out, const char *text, struct error *err)
{
    size_t n = 1;
    for (const char *p = text; *p != '\0'; p++)
        n += *p == '\n';
    out->name = memory_array(n, sizeof *out->name, "class names", err);
    if (!out->name)
        return err->status;
    while ((size_t)out->n < n) {
        size_t length = strcspn(text, "\n");
        if (length == 0)
            return error_set(err, "metadata key classes: name %d is empty", out->n + 1);
        char *name = memory_array(length + 1, 1, "class name", err);
        if (!name)
            return err->status;
        out->name[out->n++] = memcpy(name, text, length);
        text += length + (text[length] == '\n');
    }
    return STATUS_OK;
}

/* ---- Writing ---- */

struct writing {
    struct safetensors_entry *entry; /* [params->n] */
    uint8_t *disk;                   /* all tensors of floats, one behind the other */
    float *one;                      /* the largest of them as F32, when they are F16 */
};

static void writing_free(struct writing *w)
{
    free(w->entry);
    free(w->disk);
    free(w->one);
}

static enum status writing_alloc(struct writing *w, const struct param_list *params,
                                 enum checkpoint_dtype dtype, struct error *err)
{
    size_t n_floats = 0, largest = 0;
    for (int i = 0; i < params->n; i++) {
        size_t n = params->item[i].size;
        n_floats += n;
        largest = n > largest ? n : largest;
    }
    size_t item = dtype == CHECKPOINT_F16 ? sizeof(uint16_t) : sizeof(float);
    w->entry = memory_array((size_t)params->n, sizeof *w->entry, "table of weights to write", err);
    if (!w->entry)
        return err->status;
    w->disk = memory_array(n_floats, item, "weights to write", err);
    if (!w->disk)
        return err->status;
    if (dtype == CHECKPOINT_F16) {
        w->one = memory_array(largest, sizeof *w->one, "weights to write", err);
        if (!w->one)
            return err->status;
    }
    return STATUS_OK;
}

static enum status put_halves(uint8_t *out, const struct param *p, float *values, struct error *err)
{
    param_to_disk(values, p, p->data);
    for (size_t i = 0; i < p->size; i++) {
        uint16_t half = half_from_float(values[i]);
        if (isinf(half_to_float(half)) && isfinite(values[i]))
            return error_set(err,
                             "%s holds %g, and the largest number of F16 is 65504: --save-dtype "
                             "f32 can be used",
                             p->name, (double)values[i]);
        memcpy(out + i * sizeof half, &half, sizeof half);
    }
    return STATUS_OK;
}

static void fill_counter(struct safetensors_entry *e, const struct param *p)
{
    strcpy(e->dtype, "I64");
    e->data = &p->counter;
    e->n_bytes = sizeof p->counter;
}

static enum status fill_entries(struct writing *w, const struct param_list *params,
                                enum checkpoint_dtype dtype, struct error *err)
{
    uint8_t *disk = w->disk;
    for (int i = 0; i < params->n; i++) {
        const struct param *p = &params->item[i];
        struct safetensors_entry *e = &w->entry[i];
        e->name = p->name;
        if (p->kind == PARAM_COUNTER) {
            fill_counter(e, p);
            continue;
        }
        strcpy(e->dtype, dtype == CHECKPOINT_F16 ? "F16" : "F32");
        e->n_dims = p->n_dims;
        for (int d = 0; d < p->n_dims; d++)
            e->dim[d] = p->dim[d];
        e->data = disk;
        e->n_bytes = p->size * safetensors_item_bytes(e->dtype);
        if (dtype == CHECKPOINT_F32)
            param_to_disk((float *)(void *)disk, p, p->data);
        else if (put_halves(disk, p, w->one, err) != STATUS_OK)
            return err->status;
        disk += e->n_bytes;
    }
    return STATUS_OK;
}

static bool all_are(const struct param *p, float value)
{
    for (size_t i = 0; i < p->size; i++)
        if (p->data[i] != value)
            return false;
    return true;
}

/* Whether there is BatchNorm, and none of it has statistics. */
static bool statistics_are_plain(const struct param_list *params)
{
    bool found = false;
    for (int i = 0; i < params->n; i++) {
        const struct param *p = &params->item[i];
        if (p->kind != PARAM_BUFFER)
            continue;
        found = true;
        if (!all_are(p, text_ends_in(p->name, ".running_var") ? 1 : 0))
            return false;
    }
    return found;
}

enum { MOST_META = 14 };

/* The values that are texts of this file's making. */
struct metadata_text {
    char size[16], mean[64], std[64], crop_fraction[32], temperature[32], *classes;
};

/* Key and value of everything that the metadata says; returns how many. */
static size_t list_metadata(const char *key[MOST_META], const char *value[MOST_META],
                            const struct checkpoint_metadata *metadata, struct metadata_text *text,
                            bool is_folded)
{
    const struct image_fit *fit = &metadata->fit;
    size_t n = 0;
    snprintf(text->size, sizeof text->size, "%d", fit->size);
    snprintf(text->mean, sizeof text->mean, "%.9g %.9g %.9g", (double)metadata->mean[0],
             (double)metadata->mean[1], (double)metadata->mean[2]);
    snprintf(text->std, sizeof text->std, "%.9g %.9g %.9g", (double)metadata->std[0],
             (double)metadata->std[1], (double)metadata->std[2]);
    snprintf(text->crop_fraction, sizeof text->crop_fraction, "%.17g", fit->crop_fraction);
    snprintf(text->temperature, sizeof text->temperature, "%.9g", metadata->temperature);
    bool is_calibrated = metadata->temperature != 0 && metadata->temperature != 1;
    const struct {
        bool said;
        const char *key, *value;
    } all[MOST_META] = {
        {true, "format", "pt"},
        {true, "atk_version", ATK_VERSION},
        {true, metadata_key[KEY_MODEL], metadata->model},
        {true, metadata_key[KEY_CLASSES], text->classes},
        {true, metadata_key[KEY_SIZE], text->size},
        {true, metadata_key[KEY_MEAN], text->mean},
        {true, metadata_key[KEY_STD], text->std},
        {true, metadata_key[KEY_EXIF], metadata->apply_exif ? "apply" : "ignore"},
        {true, jpeg_scale_key, image_jpeg_scale_name[metadata->jpeg_scale]},
        {fit->resize != IMAGE_FIT_SQUASH, resize_key, image_fit_resize_name[fit->resize]},
        {fit->resize == IMAGE_FIT_CROP, crop_fraction_key, text->crop_fraction},
        {fit->interpolation != IMAGE_FIT_BILINEAR, interpolation_key,
         image_fit_interpolation_name[fit->interpolation]},
        {is_calibrated, temperature_key, text->temperature},
        {is_folded, "batch_norm", "folded"},
    };
    for (int i = 0; i < MOST_META; i++) {
        if (all[i].said) {
            key[n] = all[i].key;
            value[n++] = all[i].value;
        }
    }
    return n;
}

enum status checkpoint_write(const char *path, const struct param_list *params,
                             const struct checkpoint_metadata *metadata, struct error *err)
{
    const char *key[MOST_META], *value[MOST_META];
    bool is_folded = metadata->batch_norm_is_frozen && statistics_are_plain(params);
    struct writing w = {0};
    struct metadata_text text = {.classes = join_classes(&metadata->classes, err)};
    enum status status =
        text.classes ? writing_alloc(&w, params, metadata->dtype, err) : err->status;
    if (status == STATUS_OK && fill_entries(&w, params, metadata->dtype, err) != STATUS_OK)
        status = error_prefix(err, "cannot write %s", path);
    if (status == STATUS_OK)
        status = safetensors_write(path, w.entry, (size_t)params->n, key, value,
                                   list_metadata(key, value, metadata, &text, is_folded), err);
    writing_free(&w);
    free(text.classes);
    return status;
}

/* ---- The metadata ---- */

static enum status read_size(int *out, const char *text, struct error *err)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (end == text || *end != '\0' || value < 1 || value > 65536)
        return error_set(err, "metadata key size: \"%s\" is not an integer in 1..65536", text);
    *out = (int)value;
    return STATUS_OK;
}

static enum status read_rgb(float out[3], const char *key, const char *text, bool positive,
                            struct error *err)
{
    const char *p = text;
    for (int c = 0; c < 3; c++) {
        char *end;
        out[c] = strtof(p, &end);
        if (end == p || !isfinite(out[c]) || (positive && !(out[c] > 0)))
            return error_set(err, "metadata key %s: \"%s\" is not three %snumbers", key, text,
                             positive ? "positive " : "");
        p = end;
    }
    if (*p != '\0')
        return error_set(err, "metadata key %s: \"%s\" holds more than three numbers", key, text);
    return STATUS_OK;
}

/* *out = the place of the key's value among n names, or as it was when the file does not say. */
static enum status read_name(int *out, const struct safetensors *file, const char *key,
                             const char *const *name, int n, struct error *err)
{
    const char *text = safetensors_meta(file, key);
    char known[64] = "";
    for (int i = 0; i < n; i++) {
        if (!text || strcmp(text, name[i]) == 0) {
            *out = text ? i : *out;
            return STATUS_OK;
        }
        strcat(strcat(known, i == 0 ? "" : i < n - 1 ? ", " : " or "), name[i]);
    }
    return error_set(err, "metadata key %s: \"%s\" is not %s", key, text, known);
}

static enum status read_crop_fraction(double *out, const struct safetensors *file,
                                      struct error *err)
{
    const char *text = safetensors_meta(file, crop_fraction_key);
    *out = IMAGE_FIT_CROP_FRACTION_DEFAULT;
    if (text && (!number_parse(out, text) || !(*out > 0 && *out <= 1)))
        return error_set(
            err, "metadata key crop_fraction: \"%s\" is not a number above 0, at most 1", text);
    return STATUS_OK;
}

static enum status read_temperature(double *out, const struct safetensors *file, struct error *err)
{
    const char *text = safetensors_meta(file, temperature_key);
    *out = 1;
    if (text &&
        (!number_parse(out, text) || !(*out >= TEMPERATURE_LEAST && *out <= TEMPERATURE_MOST)))
        return error_set(err, "metadata key temperature: \"%s\" is not a number in %g..%g", text,
                         TEMPERATURE_LEAST, TEMPERATURE_MOST);
    return STATUS_OK;
}

/* Keys that came later. Files of before hold networks that saw the full decode, squashed and
 * bilinear. */
static enum status read_later_keys(struct checkpoint_metadata *out, const struct safetensors *file,
                                   struct error *err)
{
    int scale = IMAGE_JPEG_OFF, resize = IMAGE_FIT_SQUASH, interpolation = IMAGE_FIT_BILINEAR;
    if (read_name(&scale, file, jpeg_scale_key, image_jpeg_scale_name, 3, err) != STATUS_OK ||
        read_name(&resize, file, resize_key, image_fit_resize_name, 3, err) != STATUS_OK ||
        read_name(&interpolation, file, interpolation_key, image_fit_interpolation_name, 2, err) !=
            STATUS_OK)
        return err->status;
    out->jpeg_scale = (enum image_jpeg_scale)scale;
    out->fit.resize = (enum image_fit_resize)resize;
    out->fit.interpolation = (enum image_fit_interpolation)interpolation;
    if (read_crop_fraction(&out->fit.crop_fraction, file, err) != STATUS_OK)
        return err->status;
    return read_temperature(&out->temperature, file, err);
}

static enum status read_values(struct checkpoint_metadata *out, const char *const *value,
                               struct error *err)
{
    const char *exif = value[KEY_EXIF];
    out->apply_exif = strcmp(exif, "apply") == 0;
    if (!out->apply_exif && strcmp(exif, "ignore") != 0)
        return error_set(err, "metadata key exif: \"%s\" is neither apply nor ignore", exif);
    out->model = memory_string(value[KEY_MODEL], err);
    if (!out->model || split_classes(&out->classes, value[KEY_CLASSES], err) != STATUS_OK ||
        read_size(&out->fit.size, value[KEY_SIZE], err) != STATUS_OK ||
        read_rgb(out->mean, "mean", value[KEY_MEAN], false, err) != STATUS_OK ||
        read_rgb(out->std, "std", value[KEY_STD], true, err) != STATUS_OK)
        return err->status;
    return STATUS_OK;
}

enum status checkpoint_metadata_read(struct checkpoint_metadata *out,
                                     const struct safetensors *file, const char *path,
                                     struct error *err)
{
    *out = (struct checkpoint_metadata){0};
    const char *value[N_KEYS];
    char absent[64] = "";
    for (int i = 0; i < N_KEYS; i++) {
        value[i] = safetensors_meta(file, metadata_key[i]);
        if (!value[i]) {
            strcat(absent, absent[0] == '\0' ? "" : ", ");
            strcat(absent, metadata_key[i]);
        }
    }
    if (absent[0] != '\0')
        return error_set(err, "%s: not a model that atk-train wrote: its metadata lacks %s", path,
                         absent);
    enum status status = read_values(out, value, err);
    if (status == STATUS_OK)
        status = read_later_keys(out, file, err);
    if (status != STATUS_OK) {
        checkpoint_metadata_free(out);
        error_prefix(err, "%s", path);
    }
    return status;
}

enum status checkpoint_classes(struct class_list *out, const struct safetensors *file,
                               const char *path, struct error *err)
{
    const char *text = safetensors_meta(file, metadata_key[KEY_CLASSES]);
    *out = (struct class_list){0};
    if (!text || split_classes(out, text, err) == STATUS_OK)
        return STATUS_OK;
    class_list_free(out);
    return error_prefix(err, "%s", path);
}

void checkpoint_metadata_free(struct checkpoint_metadata *metadata)
{
    free(metadata->model);
    class_list_free(&metadata->classes);
    *metadata = (struct checkpoint_metadata){0};
}

static void names_free(struct checkpoint_names *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->name[i]);
    free(list->name);
}

void checkpoint_report_free(struct checkpoint_report *report)
{
    names_free(&report->missing);
    names_free(&report->left_over);
    names_free(&report->other_shape);
    names_free(&report->new_classes);
    *report = (struct checkpoint_report){0};
}
