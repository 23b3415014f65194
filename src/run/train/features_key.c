#include "run/train/features.h"

#include "base/files.h"
#include "math/gemm.h"
#include "math/kernels.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add_text(struct image_key *key, const char *text)
{
    image_key_add(key, text, strlen(text));
}

static void add_weights(struct image_key *key, const struct param_list *params)
{
    for (int i = 0; i < params->n; i++) {
        const struct param *p = &params->item[i];
        if (!p->head)
            image_key_add(key, p->data, p->size * sizeof *p->data);
    }
}

/* Who computes, and how. */
static void add_computation(struct image_key *key, const struct model_summary *summary)
{
    add_text(key, ATK_VERSION);
    add_text(key, kernels_get()->level);
    add_text(key, gemm_blas_name());
    for (int i = 0; i < summary->layers.n; i++)
        add_text(key, summary->layers.row[i].method);
}

struct image_key features_key(struct model *model, const struct model_summary *summary,
                              const char *text, const struct loader_options *images)
{
    struct image_key key = {{1, 2}};
    char pixels[DISK_CACHE_NAME_BYTES];

    disk_cache_name(pixels, &images->fit, &images->limits);
    add_text(&key, pixels);
    image_key_add(&key, images->mean, sizeof images->mean);
    image_key_add(&key, images->std, sizeof images->std);
    add_text(&key, text);
    add_computation(&key, summary);
    add_weights(&key, model_params(model));
    return key;
}

enum status features_open_file(struct disk_cache **out, const char *folder,
                               const struct image_key *key, int n_values, struct error *err)
{
    char name[64];
    char *standard = NULL, *path = NULL;
    enum status status = folder ? STATUS_OK : disk_cache_default_folder(&standard, err);

    *out = NULL;
    snprintf(name, sizeof name, "%016" PRIx64 "%016" PRIx64, key->half[0], key->half[1]);
    if (status == STATUS_OK)
        status = files_join(&path, standard ? standard : folder, "features", err);
    if (status == STATUS_OK)
        status = disk_cache_open_records(out, path, name, (size_t)n_values * sizeof(float), err);
    free(standard);
    free(path);
    return status;
}
