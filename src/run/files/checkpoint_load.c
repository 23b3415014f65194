/* Loading weights in three passes: the first only compares and fills the report, the second looks
 * at the values, the third copies. So a file that does not fit leaves the network as it was. */
#include "run/files/checkpoint.h"

#include "base/half.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/string_index.h"
#include "run/files/weights_guess.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHAPE_TEXT = 96, NAMES_IN_MESSAGE = 2 };

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

/* A classifier's tensor of any number of classes (the first dimension). */
static bool fits_but_for_classes(const struct param *p, const struct safetensors_entry *e)
{
    if (!p->head || !is_float(e->dtype) || e->n_dims != p->n_dims || e->dim[0] < 1)
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

/* ---- Which row of the file's classifier is for which class ---- */

struct rows {
    int *of;    /* [n] of our classes: the file's row, or -1; NULL: as they are */
    int n;      /* our classes */
    int n_file; /* rows of the file's classifier; 0: it has none, or of no shape that fits */
};

/* The number of classes of the file's classifier, of which each tensor must have as many. */
static int file_classes(const struct param_list *params, const struct safetensors *file)
{
    int64_t n = 0;
    for (int i = 0; i < params->n; i++) {
        const struct param *p = &params->item[i];
        const struct safetensors_entry *e = p->head ? safetensors_find(file, p->name) : NULL;
        if (!p->head)
            continue;
        if (!e || !fits_but_for_classes(p, e) || (n > 0 && e->dim[0] != n))
            return 0;
        n = e->dim[0];
    }
    return n <= INT_MAX ? (int)n : 0;
}

static enum status find_by_name(struct checkpoint_report *r, struct rows *rows,
                                const struct class_list *classes,
                                const struct class_list *file_names, struct error *err)
{
    struct string_index index = {0};
    enum status status = STATUS_OK;
    int number;
    for (int i = 0; i < file_names->n && status == STATUS_OK; i++)
        status = string_index_add(&index, &number, file_names->name[i], err);
    if (status == STATUS_OK && index.n < file_names->n)
        status = error_set(err, "metadata key classes: a name occurs twice");
    for (int i = 0; i < classes->n && status == STATUS_OK; i++) {
        rows->of[i] = string_index_find(&index, classes->name[i]);
        if (rows->of[i] >= 0)
            r->n_matched++;
        else
            status = names_add(&r->new_classes, err, "%s", classes->name[i]);
    }
    string_index_free(&index);
    return status;
}

static enum status match_classes(struct checkpoint_report *r, struct rows *rows,
                                 const struct class_list *classes,
                                 const struct class_list *file_names, struct error *err)
{
    rows->of = memory_array((size_t)classes->n, sizeof *rows->of, "rows of the classifier", err);
    if (!rows->of)
        return err->status;
    for (int i = 0; i < classes->n; i++)
        rows->of[i] = file_names->n == 0 && rows->n_file == classes->n ? i : -1;
    if (file_names->n == 0) {
        r->classifier = rows->n_file == classes->n ? CHECKPOINT_BY_POSITION : CHECKPOINT_NO_NAMES;
        return STATUS_OK;
    }
    if (file_names->n != rows->n_file)
        return error_set(err, "metadata key classes: %d names for the %d rows of the classifier",
                         file_names->n, rows->n_file);
    if (find_by_name(r, rows, classes, file_names, err) != STATUS_OK)
        return err->status;
    r->classifier = r->n_matched > 0 ? CHECKPOINT_BY_NAME : CHECKPOINT_NO_MATCH;
    return STATUS_OK;
}

static enum status find_rows(struct checkpoint_report *r, struct rows *rows,
                             const struct param_list *params, const struct safetensors *file,
                             const char *path, const struct class_list *classes, struct error *err)
{
    struct class_list file_names;
    *rows = (struct rows){.n = classes ? classes->n : 0, .n_file = file_classes(params, file)};
    r->file_classes = rows->n_file;
    if (!classes || rows->n_file == 0)
        return STATUS_OK;
    if (checkpoint_classes(&file_names, file, path, err) != STATUS_OK)
        return err->status;
    enum status status = match_classes(r, rows, classes, &file_names, err);
    class_list_free(&file_names);
    return status == STATUS_OK ? STATUS_OK : error_prefix(err, "%s", path);
}

/* ---- First pass ---- */

/* Whether nothing of the tensor is taken: a classifier that begins anew. */
static bool begins_anew(const struct checkpoint_report *r, const struct param *p)
{
    return p->head &&
           (r->classifier == CHECKPOINT_NO_NAMES || r->classifier == CHECKPOINT_NO_MATCH);
}

static enum status compare(struct checkpoint_report *r, const struct param_list *params,
                           const struct safetensors *file, const struct rows *rows,
                           struct error *err)
{
    enum status status = STATUS_OK;
    for (int i = 0; i < params->n && status == STATUS_OK; i++) {
        const struct param *p = &params->item[i];
        const struct safetensors_entry *e = safetensors_find(file, p->name);
        bool by_rows = rows->of && p->head;
        if (!e) {
            if (p->kind != PARAM_COUNTER)
                status = names_add(&r->missing, err, "%s", p->name);
        } else if (!by_rows && !fits(p, e)) {
            status = add_other_shape(&r->other_shape, p, e, err);
        } else {
            r->n_loaded += !begins_anew(r, p);
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

static enum status refuse_misfits(const struct checkpoint_report *r,
                                  const struct param_list *params, const struct safetensors *file,
                                  const char *path, struct error *err)
{
    char text[1024] = "";
    describe(text, sizeof text, &r->missing, "missing");
    describe(text, sizeof text, &r->left_over, "left over");
    describe(text, sizeof text, &r->other_shape, "of another shape");
    if (text[0] == '\0')
        return STATUS_OK;
    char guess[LIBRARY_NAME_BYTES];
    bool guessed = weights_guess(guess, file, params);
    return error_set(err, "%s: the weights do not fit the network%s%s: %s", path,
                     guessed ? "; these look like " : "", guessed ? guess : "", text);
}

/* ---- Second pass ---- */

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
            out[i] = half ? half_to_float(bits) : half_bfloat_to_float(bits);
        }
    }
}

static size_t count_items(const struct safetensors_entry *e)
{
    return e->n_bytes / safetensors_item_bytes(e->dtype);
}

/* The values as floats: where they lie if they are, else in the buffer. */
static const float *floats(float *buffer, const struct safetensors_entry *e)
{
    if (strcmp(e->dtype, "F32") == 0 && (uintptr_t)e->data % _Alignof(float) == 0)
        return e->data;
    convert(buffer, e, count_items(e));
    return buffer;
}

/* Memory for the largest of the file's tensors that are loaded, and of the network's. */
static float *make_buffer(const struct param_list *params, const struct safetensors *file,
                          struct error *err)
{
    size_t largest = 0;
    for (int i = 0; i < params->n; i++) {
        const struct param *p = &params->item[i];
        const struct safetensors_entry *e = safetensors_find(file, p->name);
        if (p->size > largest)
            largest = p->size;
        if (e && p->head && count_items(e) > largest)
            largest = count_items(e);
    }
    float *buffer = memory_array(largest, sizeof *buffer, "weights", err);
    return buffer;
}

/* "[3,0,1,2]" of the item'th value. */
static void put_place(char *out, size_t size, const struct safetensors_entry *e, size_t item)
{
    int64_t place[SAFETENSORS_MAX_DIMS] = {0}, rest = (int64_t)item;
    for (int d = e->n_dims - 1; d >= 0; d--) {
        place[d] = rest % e->dim[d];
        rest /= e->dim[d];
    }
    size_t n = 0;
    for (int d = 0; d < e->n_dims && n < size; d++)
        n += (size_t)snprintf(out + n, size - n, "%s%" PRId64, d > 0 ? "," : "[", place[d]);
    if (n < size)
        snprintf(out + n, size - n, e->n_dims > 0 ? "]" : "[]");
}

/* In blocks without a way out, which the compiler turns into vectors. */
static bool are_finite(const float *value, size_t n)
{
    enum { BLOCK = 64 };
    const uint32_t exponent = 0x7f800000;
    size_t i = 0;
    for (; i + BLOCK <= n; i += BLOCK) {
        uint32_t bits[BLOCK], bad = 0;
        memcpy(bits, value + i, sizeof bits);
        for (int k = 0; k < BLOCK; k++)
            bad |= (bits[k] & exponent) == exponent;
        if (bad)
            return false;
    }
    while (i < n && isfinite(value[i]))
        i++;
    return i == n;
}

static enum status check_values(const struct param *p, const struct safetensors_entry *e,
                                const float *value, const char *path, struct error *err)
{
    bool variance = text_ends_in(p->name, ".running_var");
    size_t n = count_items(e), i = 0;
    if (!variance && are_finite(value, n))
        return STATUS_OK;
    while (i < n && isfinite(value[i]) && !(variance && value[i] < 0))
        i++;
    if (i == n)
        return STATUS_OK;
    char place[SHAPE_TEXT];
    put_place(place, sizeof place, e, i);
    return error_set(err, "%s: %s%s is %g, %s", path, p->name, place, (double)value[i],
                     isfinite(value[i]) ? "and no variance is negative"
                                        : "which no network can compute with");
}

static enum status check_all(const struct checkpoint_report *r, const struct param_list *params,
                             const struct safetensors *file, float *buffer, const char *path,
                             struct error *err)
{
    for (int i = 0; i < params->n; i++) {
        const struct param *p = &params->item[i];
        const struct safetensors_entry *e = safetensors_find(file, p->name);
        if (!e || p->kind == PARAM_COUNTER || begins_anew(r, p))
            continue;
        if (check_values(p, e, floats(buffer, e), path, err) != STATUS_OK)
            return err->status;
    }
    return STATUS_OK;
}

/* ---- Third pass ---- */

/* A classifier's tensor; in the memory of the network its rows follow each other as on disk. */
static void copy_rows(struct param *p, const float *from, const struct rows *rows)
{
    size_t width = p->size / (size_t)rows->n;
    for (int i = 0; i < rows->n; i++)
        if (rows->of[i] >= 0)
            memcpy(p->data + (size_t)i * width, from + (size_t)rows->of[i] * width,
                   width * sizeof *from);
}

static void copy_all(struct param_list *params, const struct safetensors *file,
                     const struct rows *rows, float *buffer)
{
    for (int i = 0; i < params->n; i++) {
        struct param *p = &params->item[i];
        const struct safetensors_entry *e = safetensors_find(file, p->name);
        if (!e)
            continue;
        if (p->kind == PARAM_COUNTER) {
            memcpy(&p->counter, e->data, sizeof p->counter);
            continue;
        }
        const float *values = floats(buffer, e);
        if (rows->of && p->head)
            copy_rows(p, values, rows);
        else
            param_from_disk(p->data, p, values);
    }
}

static enum status load_rows(struct checkpoint_report *report, struct param_list *params,
                             const struct safetensors *file, const char *path,
                             const struct rows *rows, struct error *err)
{
    if (compare(report, params, file, rows, err) != STATUS_OK ||
        refuse_misfits(report, params, file, path, err) != STATUS_OK)
        return err->status;
    float *buffer = make_buffer(params, file, err);
    if (!buffer)
        return err->status;
    enum status status = check_all(report, params, file, buffer, path, err);
    if (status == STATUS_OK)
        copy_all(params, file, rows, buffer);
    free(buffer);
    return status;
}

enum status checkpoint_load(struct checkpoint_report *report, struct param_list *params,
                            const struct safetensors *file, const char *path,
                            const struct class_list *classes, struct error *err)
{
    struct rows rows;
    *report = (struct checkpoint_report){0};
    enum status status = find_rows(report, &rows, params, file, path, classes, err);
    if (status == STATUS_OK)
        status = load_rows(report, params, file, path, &rows, err);
    free(rows.of);
    if (status != STATUS_OK)
        report->n_loaded = 0;
    return status;
}
