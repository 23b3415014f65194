/* Only an error message asks for this, so that making each network is cheap enough. */
#include "run/files/weights_guess.h"

#include "base/text.h"
#include "nn/model.h"
#include "run/files/model_library.h"

#include <string.h>

static const double least_share = 0.5;

static bool same_shape(const struct param *p, const struct safetensors_entry *e)
{
    if (e->n_dims != p->n_dims)
        return false;
    for (int d = 0; d < p->n_dims; d++)
        if (e->dim[d] != p->dim[d])
            return false;
    return true;
}

/* How many of the tensors that either has are in both. */
static double shared(const struct safetensors *file, const struct param_list *params)
{
    int n_all = 0, n_same = 0;
    for (int i = 0; i < params->n; i++) {
        const struct param *p = &params->item[i];
        if (p->head || p->kind == PARAM_COUNTER)
            continue;
        const struct safetensors_entry *e = safetensors_find(file, p->name);
        n_all++;
        n_same += e && same_shape(p, e);
    }
    for (size_t i = 0; i < file->n_entries; i++) {
        const char *name = file->entry[i].name;
        n_all += !param_find(params, name) && !text_ends_in(name, ".num_batches_tracked");
    }
    return n_all > 0 ? (double)n_same / n_all : 0;
}

static double shared_with(const struct safetensors *file, const char *name)
{
    const struct model_options options = {.classes = 2, .size = 224, .max_batch = 1};
    struct model_spec spec;
    struct model *model = NULL;
    struct error ignored;
    double share = 0;
    if (model_library_find(&spec, name, &ignored) == STATUS_OK &&
        model_create(&model, &spec, &options, &ignored) == STATUS_OK)
        share = shared(file, model_params(model));
    model_destroy(model);
    return share;
}

bool weights_guess(char name[LIBRARY_NAME_BYTES], const struct safetensors *file,
                   const struct param_list *params)
{
    struct library_names known;
    struct error ignored;
    double best = shared(file, params);
    bool found = false;
    if (best < least_share)
        best = least_share;
    if (library_list(&known, LIBRARY_MODELS, &ignored) != STATUS_OK)
        return false;
    for (int i = 0; i < known.n; i++) {
        double share = shared_with(file, known.name[i]);
        if (share <= best)
            continue;
        best = share;
        strcpy(name, known.name[i]);
        found = true;
    }
    return found;
}
