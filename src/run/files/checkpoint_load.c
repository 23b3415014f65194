/* Loading weights in two passes: the first only compares and fills the report, the second copies.
 * So a file that does not fit leaves the network as it was. */
#include "run/files/checkpoint.h"

#include "base/memory.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHAPE_TEXT = 96, NAMES_IN_MESSAGE = 4 };

ERROR_PRINTF(3, 4)
static enum status names_add(struct checkpoint_names *list, struct error *err, const char *format,
                             ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    char **name =
        memory_grown(list->name, &list->capacity, list->n + 1, sizeof *name, "list of names", err);
    if (!name)
        return err->status;
    list->name = name;
    list->name[list->n] = memory_string(text, err);
    if (!list->name[list->n])
        return err->status;
    list->n++;
    return STATUS_OK;
}

/* ---- Shapes and types ---- */

/* F64, F32, F16, BF16: of what a safetensors file may hold. */
static bool is_float(const char *dtype)
{
    return strchr(dtype, 'F') && safetensors_item_bytes(dtype) > 0;
}

static bool fits(const struct param *p, const struct safetensors_entry *e)
{
    if (p->kind == PARAM_COUNTER)
        return strcmp(e->dtype, "I64") == 0 && e->n_bytes == sizeof(int64_t);
    if (!is_float(e->dtype) || e->n_dims != p->n_dims)
        return false;
    for (int d = 0; d < p->n_dims; d++)
        if (e->dim[d] != p->dim[d])
            return false;
    return true;
}

/* A classifier's tensor whose number of classes (the first dimension) is all that differs. */
static bool has_other_classes(const struct param *p, const struct safetensors_entry *e)
{
    if (!p->head || !is_float(e->dtype) || e->n_dims != p->n_dims || e->dim[0] == p->dim[0])
        return false;
    for (int d = 1; d < p->n_dims; d++)
        if (e->dim[d] != p->dim[d])
            return false;
    return true;
}

static const char *shape_text(char out[SHAPE_TEXT], const char *dtype, const int64_t *dim,
                              int n_dims)
{
    int n = snprintf(out, SHAPE_TEXT, "%s [", dtype);
    for (int d = 0; d < n_dims && n < SHAPE_TEXT; d++)
        n += snprintf(out + n, (size_t)(SHAPE_TEXT - n), "%s%lld", d > 0 ? "," : "",
                      (long long)dim[d]);
    if (n < SHAPE_TEXT)
        snprintf(out + n, (size_t)(SHAPE_TEXT - n), "]");
    return out;
}

static enum status add_other_shape(struct checkpoint_names *list, const struct param *p,
                                   const struct safetensors_entry *e, struct error *err)
{
    int64_t wanted[4];
    for (int d = 0; d < p->n_dims; d++)
        wanted[d] = p->dim[d];
    char found_text[SHAPE_TEXT], wanted_text[SHAPE_TEXT];
    return names_add(
        list, err, "%s %s instead of %s", p->name,
        shape_text(found_text, e->dtype, e->dim, e->n_dims),
        shape_text(wanted_text, p->kind == PARAM_COUNTER ? "I64" : "F32", wanted, p->n_dims));
}

/* ---- First pass ---- */

/* Whether the file's classifier as a whole has another class count: its tensors then stay together,
 * even if one of them alone would fit. */
static bool head_differs(const struct param_list *params, const struct safetensors *file)
{
    for (int i = 0; i < params->n; i++) {
        const struct param *p = &params->item[i];
        const struct safetensors_entry *e = p->head ? safetensors_find(file, p->name) : NULL;
        if (e && has_other_classes(p, e))
            return true;
    }
    return false;
}

static enum status compare(struct checkpoint_report *r, const struct param_list *params,
                           const struct safetensors *file, bool keep_head, struct error *err)
{
    enum status status = STATUS_OK;
    for (int i = 0; i < params->n && status == STATUS_OK; i++) {
        const struct param *p = &params->item[i];
        const struct safetensors_entry *e = safetensors_find(file, p->name);
        if (!e) {
            if (p->kind != PARAM_COUNTER)
                status = names_add(&r->missing, err, "%s", p->name);
        } else if (keep_head && p->head && (fits(p, e) || has_other_classes(p, e))) {
            status = add_other_shape(&r->head_kept, p, e, err);
        } else if (!fits(p, e)) {
            status = add_other_shape(&r->other_shape, p, e, err);
        } else {
            r->n_loaded++;
        }
    }
    for (size_t i = 0; i < file->n_entries && status == STATUS_OK; i++)
        if (!param_find(params, file->entry[i].name))
            status = names_add(&r->left_over, err, "%s", file->entry[i].name);
    return status;
}

/* ", 3 missing (a, b, c)" behind the text so far. */
static void describe(char *text, size_t size, const struct checkpoint_names *list, const char *what)
{
    if (list->n == 0)
        return;
    size_t n = strlen(text);
    snprintf(text + n, size - n, "%s%zu %s (", n > 0 ? ", " : "", list->n, what);
    for (size_t i = 0; i < list->n && i < NAMES_IN_MESSAGE; i++) {
        n = strlen(text);
        snprintf(text + n, size - n, "%s%s", i > 0 ? ", " : "", list->name[i]);
    }
    n = strlen(text);
    snprintf(text + n, size - n, "%s)", list->n > NAMES_IN_MESSAGE ? ", ..." : "");
}

static enum status refuse_misfits(const struct checkpoint_report *r, const char *path,
                                  struct error *err)
{
    char text[1024] = "";
    describe(text, sizeof text, &r->missing, "missing");
    describe(text, sizeof text, &r->left_over, "left over");
    describe(text, sizeof text, &r->other_shape, "of another shape");
    if (text[0] == '\0')
        return STATUS_OK;
    return error_set(err, "%s: the weights do not fit the network: %s", path, text);
}

/* ---- Second pass ---- */

static float float_from_half(uint16_t bits)
{
    int exponent = bits >> 10 & 31, fraction = bits & 1023;
    float magnitude;
    if (exponent == 31)
        magnitude = fraction != 0 ? NAN : INFINITY;
    else if (exponent == 0)
        magnitude = ldexpf((float)fraction, -24);
    else
        magnitude = ldexpf((float)(fraction + 1024), exponent - 25);
    return bits >> 15 ? -magnitude : magnitude;
}

static float float_from_bfloat(uint16_t bits)
{
    uint32_t wide = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &wide, sizeof value);
    return value;
}

static void convert(float *out, const struct safetensors_entry *e, size_t n)
{
    const unsigned char *bytes = e->data; /* not aligned */
    if (strcmp(e->dtype, "F32") == 0) {
        memcpy(out, bytes, n * sizeof *out);
    } else if (strcmp(e->dtype, "F64") == 0) {
        for (size_t i = 0; i < n; i++) {
            double value;
            memcpy(&value, bytes + i * sizeof value, sizeof value);
            out[i] = (float)value;
        }
    } else {
        bool half = strcmp(e->dtype, "F16") == 0;
        for (size_t i = 0; i < n; i++) {
            uint16_t bits;
            memcpy(&bits, bytes + i * sizeof bits, sizeof bits);
            out[i] = half ? float_from_half(bits) : float_from_bfloat(bits);
        }
    }
}

static enum status copy(struct param_list *params, const struct safetensors *file, bool keep_head,
                        struct error *err)
{
    size_t largest = 0;
    for (int i = 0; i < params->n; i++)
        if (params->item[i].size > largest)
            largest = params->item[i].size;
    float *disk = memory_array(largest, sizeof *disk, "weights", err);
    if (!disk)
        return err->status;
    for (int i = 0; i < params->n; i++) {
        struct param *p = &params->item[i];
        const struct safetensors_entry *e = safetensors_find(file, p->name);
        if (!e || (keep_head && p->head))
            continue;
        if (p->kind == PARAM_COUNTER) {
            memcpy(&p->counter, e->data, sizeof p->counter);
        } else {
            convert(disk, e, p->size);
            param_from_disk(p->data, p, disk);
        }
    }
    free(disk);
    return STATUS_OK;
}

enum status checkpoint_load(struct checkpoint_report *report, struct param_list *params,
                            const struct safetensors *file, const char *path,
                            bool other_classes_allowed, struct error *err)
{
    *report = (struct checkpoint_report){0};
    bool keep_head = other_classes_allowed && head_differs(params, file);
    enum status status = compare(report, params, file, keep_head, err);
    if (status == STATUS_OK)
        status = refuse_misfits(report, path, err);
    if (status == STATUS_OK)
        status = copy(params, file, keep_head, err);
    if (status != STATUS_OK)
        report->n_loaded = 0;
    return status;
}
