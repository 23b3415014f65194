/* Writing a weights file, and the card in its metadata. (Loading is in checkpoint_load.c.) */
#include "run/files/checkpoint.h"

#include "base/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_MODEL, KEY_CLASSES, KEY_SIZE, KEY_MEAN, KEY_STD, KEY_EXIF, N_KEYS };
static const char *const card_key[N_KEYS] = {"model", "classes", "size", "mean", "std", "exif"};
static const char jpeg_scale_key[] = "jpeg_scale";

/* Class names one a line: a name never holds a newline (data/dataset refuses it). */
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

static enum status write_entries(const char *path, struct safetensors_entry *entry, float *disk,
                                 const struct param_list *params, const char *const *key,
                                 const char *const *value, size_t n_meta, struct error *err)
{
    for (int i = 0; i < params->n; i++) {
        struct param *p = &params->item[i];
        struct safetensors_entry *e = &entry[i];
        e->name = p->name;
        if (p->kind == PARAM_COUNTER) {
            strcpy(e->dtype, "I64");
            e->data = &p->counter;
            e->n_bytes = sizeof p->counter;
            continue;
        }
        param_to_disk(disk, p, p->data);
        strcpy(e->dtype, "F32");
        e->n_dims = p->n_dims;
        for (int d = 0; d < p->n_dims; d++)
            e->dim[d] = p->dim[d];
        e->data = disk;
        e->n_bytes = p->size * sizeof(float);
        disk += p->size;
    }
    return safetensors_write(path, entry, (size_t)params->n, key, value, n_meta, err);
}

enum status checkpoint_write(const char *path, const struct param_list *params,
                             const struct checkpoint_card *card, struct error *err)
{
    char size[16], mean[64], std[64];
    snprintf(size, sizeof size, "%d", card->size);
    snprintf(mean, sizeof mean, "%.9g %.9g %.9g", card->mean[0], card->mean[1], card->mean[2]);
    snprintf(std, sizeof std, "%.9g %.9g %.9g", card->std[0], card->std[1], card->std[2]);

    size_t n_floats = 0;
    for (int i = 0; i < params->n; i++)
        n_floats += params->item[i].size;

    char *classes = join_classes(&card->classes, err);
    float *disk = memory_array(n_floats, sizeof *disk, "weights to write", err);
    struct safetensors_entry *entry =
        memory_array((size_t)params->n, sizeof *entry, "table of weights to write", err);
    const char *const key[] = {
        "format",           "atk_version",      card_key[KEY_MODEL], card_key[KEY_CLASSES],
        card_key[KEY_SIZE], card_key[KEY_MEAN], card_key[KEY_STD],   card_key[KEY_EXIF],
        jpeg_scale_key};
    const char *const value[] = {"pt",
                                 ATK_VERSION,
                                 card->model,
                                 classes,
                                 size,
                                 mean,
                                 std,
                                 card->apply_exif ? "apply" : "ignore",
                                 image_jpeg_scale_name[card->jpeg_scale]};
    bool all = classes && disk && entry;
    enum status status =
        all ? write_entries(path, entry, disk, params, key, value, sizeof key / sizeof key[0], err)
            : err->status;
    free(classes);
    free(disk);
    free(entry);
    return status;
}

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

/* Files of before the key was known hold networks that saw the full decode. */
static enum status read_jpeg_scale(enum image_jpeg_scale *out, const char *text, struct error *err)
{
    *out = IMAGE_JPEG_OFF;
    for (int i = 0; text && i <= IMAGE_JPEG_OFF; i++) {
        if (strcmp(text, image_jpeg_scale_name[i]) == 0) {
            *out = (enum image_jpeg_scale)i;
            return STATUS_OK;
        }
    }
    return text ? error_set(err, "metadata key jpeg_scale: \"%s\" is not auto, fast or off", text)
                : STATUS_OK;
}

static enum status read_values(struct checkpoint_card *out, const char *const *value,
                               struct error *err)
{
    const char *exif = value[KEY_EXIF];
    out->apply_exif = strcmp(exif, "apply") == 0;
    if (!out->apply_exif && strcmp(exif, "ignore") != 0)
        return error_set(err, "metadata key exif: \"%s\" is neither apply nor ignore", exif);
    out->model = memory_string(value[KEY_MODEL], err);
    if (!out->model || split_classes(&out->classes, value[KEY_CLASSES], err) != STATUS_OK ||
        read_size(&out->size, value[KEY_SIZE], err) != STATUS_OK ||
        read_rgb(out->mean, "mean", value[KEY_MEAN], false, err) != STATUS_OK ||
        read_rgb(out->std, "std", value[KEY_STD], true, err) != STATUS_OK)
        return err->status;
    return STATUS_OK;
}

enum status checkpoint_card_read(struct checkpoint_card *out, const struct safetensors *file,
                                 const char *path, struct error *err)
{
    *out = (struct checkpoint_card){0};
    const char *value[N_KEYS];
    char absent[64] = "";
    for (int i = 0; i < N_KEYS; i++) {
        value[i] = safetensors_meta(file, card_key[i]);
        if (!value[i]) {
            strcat(absent, absent[0] == '\0' ? "" : ", ");
            strcat(absent, card_key[i]);
        }
    }
    if (absent[0] != '\0')
        return error_set(err, "%s: not a model that atk-train wrote: its metadata lacks %s", path,
                         absent);
    enum status status = read_values(out, value, err);
    if (status == STATUS_OK)
        status = read_jpeg_scale(&out->jpeg_scale, safetensors_meta(file, jpeg_scale_key), err);
    if (status != STATUS_OK) {
        checkpoint_card_free(out);
        error_prefix(err, "%s", path);
    }
    return status;
}

void checkpoint_card_free(struct checkpoint_card *card)
{
    free(card->model);
    class_list_free(&card->classes);
    *card = (struct checkpoint_card){0};
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
    names_free(&report->head_kept);
    *report = (struct checkpoint_report){0};
}
