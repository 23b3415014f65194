#include "run/train/session_weights.h"

#include "base/memory.h"
#include "base/text.h"
#include "io/safetensors.h"
#include "run/files/model_file.h"
#include "run/files/model_library.h"
#include "run/files/weights_library.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Metadata keys of atk-train's own files and of scripts/convert-weights, and the settings that they
 * are values of. crop_fraction is behind resize, because it says nothing unless that is crop. */
static const struct {
    const char *key, *setting;
} known[SESSION_MOST_TAKEN - 1] = {
    {"mean", "mean"},     {"std", "std"},
    {"size", "size"},     {"interpolation", "interpolation"},
    {"resize", "resize"}, {"crop_fraction", "crop-fraction"},
};

/* ---- Settings ---- */

/* Sets item to the metadata's text, in which numbers have spaces between them. */
static enum status set_to(struct settings *s, const struct setting *item, const char *key,
                          const char *meta, const char *path, struct error *err)
{
    char text[SETTINGS_TEXT_BYTES];
    struct error problem;
    snprintf(text, sizeof text, "%s", meta);
    for (char *p = text; *p != '\0'; p++)
        *p = *p == ' ' ? ',' : *p;
    if (settings_set(s, item, text, key, &problem) == STATUS_OK)
        return STATUS_OK;
    return error_set(err, "%s: metadata key %s", path, problem.message);
}

static enum status take_over(struct session *s, const struct setting *item, const char *key,
                             const char *meta, bool given, struct error *err)
{
    struct session_weights_file *w = &s->weights_file;
    struct settings theirs = s->resolved;
    char ours_text[SETTINGS_TEXT_BYTES];
    if (set_to(&theirs, item, key, meta, w->path, err) != STATUS_OK)
        return err->status;
    struct session_taken *t = &w->taken[w->n_taken];
    *t = (struct session_taken){.item = item, .is_taken = !given};
    snprintf(t->text, sizeof t->text, "%s", settings_text(&theirs, item, ours_text));
    if (!given)
        s->resolved = theirs;
    else if (strcmp(t->text, settings_text(&s->resolved, item, ours_text)) == 0)
        return STATUS_OK; /* given, and the same: nothing to tell */
    w->n_taken++;
    return STATUS_OK;
}

static enum status take_settings(struct session *s, const struct safetensors *file,
                                 const struct settings *user, struct error *err)
{
    for (int i = 0; i < SESSION_MOST_TAKEN - 1; i++) {
        const char *meta = safetensors_meta(file, known[i].key);
        const struct setting *item = settings_table_find(known[i].setting);
        bool is_fraction = strcmp(known[i].key, "crop_fraction") == 0;
        if (!meta || (is_fraction && s->resolved.resize != IMAGE_FIT_CROP))
            continue;
        if (take_over(s, item, known[i].key, meta, settings_given(user, item), err) != STATUS_OK)
            return err->status;
    }
    if (settings_check(&s->resolved, err) != STATUS_OK)
        return error_prefix(err, "%s, with what it says of images", s->weights_file.path);
    return STATUS_OK;
}

/* ---- The network ---- */

/* A name of the library, and no text of a model file, which is made of "key: value". */
static bool is_name(const char *text)
{
    return !strpbrk(text, ":\n");
}

static enum status name_model(struct session *s, const char *name, struct error *err)
{
    char *copy = memory_string(name, err);
    if (!copy)
        return err->status;
    free(s->weights_file.model);
    s->resolved.model = s->weights_file.model = copy;
    return STATUS_OK;
}

static enum status take_network(struct session *s, const struct safetensors *file,
                                struct error *err)
{
    struct session_weights_file *w = &s->weights_file;
    const char *model = safetensors_meta(file, "model");
    if (model && !is_name(model)) {
        w->has_model_text = true;
        if (model_file_parse(&s->spec, model, strlen(model), w->path, err) != STATUS_OK)
            return err->status;
        return name_model(s, s->spec.name, err);
    }
    const char *name = model ? model : safetensors_meta(file, "architecture");
    if (!name)
        return error_usage(err, "%s does not say of which network it is: give --model NAME|FILE",
                           w->path);
    if (model_library_find(&s->spec, name, err) != STATUS_OK)
        return error_prefix(err, "%s says of which network it is", w->path);
    return name_model(s, name, err);
}

/* "res2net50d" of "models/res2net50d.yaml". */
static void plain_name(char *out, size_t size, const char *model)
{
    const char *slash = strrchr(model, '/'), *name = slash ? slash + 1 : model;
    size_t length = strlen(name) - (text_ends_in(name, ".yaml") ? strlen(".yaml") : 0);
    snprintf(out, size, "%.*s", (int)length, name);
}

/* Of another network than the one that is given: there are networks with the same tensors, which
 * compute other functions of them. */
static void compare_network(struct session *s, const struct safetensors *file)
{
    struct session_weights_file *w = &s->weights_file;
    const char *name = safetensors_meta(file, "model");
    char given[sizeof w->taken[0].text];
    struct model_spec spec;
    struct error ignored;
    if (name && !is_name(name))
        name = model_file_parse(&spec, name, strlen(name), w->path, &ignored) == STATUS_OK
                   ? spec.name
                   : NULL;
    name = name ? name : safetensors_meta(file, "architecture");
    plain_name(given, sizeof given, s->resolved.model);
    if (!name || strcmp(name, given) == 0)
        return;
    struct session_taken *t = &w->taken[w->n_taken++];
    *t = (struct session_taken){.item = settings_table_find("model")};
    snprintf(t->text, sizeof t->text, "%s", name);
}

enum status session_weights_name_model(struct session *s, struct error *err)
{
    if (!s->weights_file.has_model_text)
        return STATUS_OK;
    return name_model(s, run_folder_file(s->folder, RUN_FILE_MODEL), err);
}

/* ---- The file ---- */

static enum status count_classes(struct session_weights_file *w, const struct safetensors *file,
                                 struct error *err)
{
    struct class_list names;
    if (checkpoint_classes(&names, file, w->path, err) != STATUS_OK)
        return err->status;
    const char *number = safetensors_meta(file, "num_classes");
    w->n_classes = names.n > 0 ? names.n : number ? atoi(number) : 0;
    class_list_free(&names);
    return STATUS_OK;
}

static enum status take_header(struct session *s, const struct safetensors *file,
                               const struct settings *user, struct error *err)
{
    struct session_weights_file *w = &s->weights_file;
    const char *batch_norm = safetensors_meta(file, "batch_norm");
    w->is_folded = batch_norm && strcmp(batch_norm, "folded") == 0;
    if (count_classes(w, file, err) != STATUS_OK || take_settings(s, file, user, err) != STATUS_OK)
        return err->status;
    w->has_network = !settings_given(user, settings_table_find("model"));
    if (w->has_network)
        return take_network(s, file, err);
    compare_network(s, file);
    return STATUS_OK;
}

enum status session_weights_find(struct session *s, struct error *err)
{
    const struct settings user = s->resolved;
    struct safetensors file = {0};
    if (!user.weights || user.resume)
        return STATUS_OK;
    if (weights_library_find(&s->weights_file.path, user.weights, err) != STATUS_OK)
        return err->status;
    enum status status = safetensors_read_header(&file, s->weights_file.path, err);
    if (status == STATUS_OK)
        status = take_header(s, &file, &user, err);
    safetensors_free(&file);
    return status;
}

bool session_weights_norms_are_frozen(const struct session *s)
{
    const struct settings *set = s->settings;
    return set->freeze_bn || (strcmp(set->train, "head") == 0 && set->unfreeze_epoch == 0);
}

enum status session_weights_load(struct session *s, struct error *err)
{
    const char *path = s->weights_file.path;
    struct safetensors file;
    if (safetensors_read(&file, path, err) != STATUS_OK)
        return err->status;
    enum status status = checkpoint_load(&s->weights, model_params(s->model), &file, path,
                                         dataset_classes(s->data), err);
    safetensors_free(&file);
    return status;
}
