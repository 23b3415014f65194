/* The best weights go into the network that trained, so that no second one takes memory. */
#include "run/page/page_images.h"

#include "base/files.h"
#include "base/memory.h"
#include "data/loader.h"
#include "image/heat_map.h"
#include "nn/model.h"
#include "run/files/checkpoint.h"
#include "run/files/mosaic.h"
#include "run/train/session_machine.h"

#include <stdlib.h>
#include <string.h>

struct maps {
    const struct page_run *run;
    const struct session *session;
    struct thumbnails *out;
    int order[THUMBNAILS_MOST_MAPS], row[THUMBNAILS_MOST_MAPS], n; /* images of run, rows of data */
    float *activation, *map;
    uint8_t *rgb;
};

static enum status load_best(const struct session *s, struct error *err)
{
    const char *path = run_folder_file(s->folder, RUN_FILE_BEST);
    struct safetensors file;
    struct checkpoint_report report = {0};

    if (safetensors_read(&file, path, err) != STATUS_OK)
        return err->status;
    enum status status = checkpoint_load(&report, model_params(s->model), &file, path, NULL, err);
    checkpoint_report_free(&report);
    safetensors_free(&file);
    return status;
}

static int find_row(const struct session_rows *rows, const char *image)
{
    for (int i = 0; i < rows->n; i++)
        if (strcmp(dataset_sample(rows->data, rows->row[i])->image, image) == 0)
            return rows->row[i];
    return -1;
}

static enum status choose(struct maps *m, struct error *err)
{
    const struct predictions *p = &m->run->predictions;
    int *order = memory_array((size_t)p->n, sizeof *order, "order of images", err);

    if (!order)
        return err->status;
    predictions_order(p, order);
    for (int i = 0; i < p->n && i < THUMBNAILS_MOST_MAPS; i++) {
        int row = find_row(&m->session->val, p->image[order[i]]);
        if (row < 0)
            continue;
        m->order[m->n] = order[i];
        m->row[m->n++] = row;
    }
    free(order);
    return STATUS_OK;
}

static enum status allocate(struct maps *m, struct error *err)
{
    const struct shape shape = model_activation_shape(m->session->model);
    size_t size = (size_t)m->session->settings->size;
    size_t pixels = (size_t)shape.height * (size_t)shape.width;

    m->activation = memory_array(pixels * (size_t)shape.channels, sizeof *m->activation,
                                 "class activation maps", err);
    m->map = memory_array(pixels, sizeof *m->map, "class activation maps", err);
    m->rgb = memory_array(size * size, 3, "class activation maps", err);
    return m->activation && m->map && m->rgb ? STATUS_OK : err->status;
}

static enum status add_map(struct maps *m, const float *x, int i, struct error *err)
{
    const struct settings *set = m->session->settings;
    const struct shape shape = model_activation_shape(m->session->model);
    const struct predictions *p = &m->run->predictions;
    const char *image = p->image[m->order[i]];
    size_t pixels = (size_t)set->size * (size_t)set->size;
    int thumbnail = thumbnails_find(m->out, THUMBNAILS_VALIDATION, image);

    model_forward_activation(m->session->model, m->activation, x, 1);
    model_activation_map(m->session->model, m->map, m->activation, p->predicted[m->order[i]]);
    mosaic_denormalise(m->rgb, x, pixels, set->mean.value, set->std.value);
    heat_map_blend(m->rgb, set->size, m->map, shape.height, shape.width);
    return thumbnails_add(m->out, THUMBNAILS_MAP, image, m->rgb, set->size,
                          thumbnail >= 0 ? (double)m->out->aspect[thumbnail] : 1, err);
}

static void ignore_bad(void *context, int row, const char *message)
{
    (void)context;
    (void)row;
    (void)message;
}

static bool may_go_on(const struct page_images_limits *limits)
{
    return !(limits->stop && *limits->stop != 0) && page_images_clock(true) < limits->until;
}

/* Each batch is one image, so that a batch's position is the image's number. */
static enum status add_all(struct maps *m, struct loader *loader,
                           const struct page_images_limits *limits, struct error *err)
{
    struct batch b = {.places = 1};
    enum status status = loader_start(loader, 0, 0, err);

    while (status == STATUS_OK && b.places > 0 && may_go_on(limits)) {
        status = loader_next(loader, &b, err);
        if (status == STATUS_OK && b.n > 0)
            status = add_map(m, b.x, b.index, err);
    }
    return status;
}

static enum status make(struct maps *m, const struct page_images_limits *limits, struct error *err)
{
    const struct session *s = m->session;
    struct loader_options options = session_machine_loader_options(s);
    struct loader *loader = NULL;

    options.batch_size = 1;
    options.n_values = 0;
    options.bad = ignore_bad;
    if (m->n == 0)
        return STATUS_OK;
    if (allocate(m, err) != STATUS_OK || load_best(s, err) != STATUS_OK ||
        loader_create(&loader, s->val.data, m->row, m->n, s->val_cache, &options, err) != STATUS_OK)
        return err->status;
    enum status status = add_all(m, loader, limits, err);
    loader_destroy(loader);
    return status;
}

enum status page_images_add_maps(struct page_run *run, const struct session *s,
                                 const struct page_images_limits *limits, struct error *err)
{
    struct maps m = {.run = run, .session = s, .out = &run->thumbnails};

    if (run->predictions.n == 0 || !may_go_on(limits) ||
        !files_exist(run_folder_file(s->folder, RUN_FILE_BEST)))
        return STATUS_OK;
    enum status status = choose(&m, err);
    if (status == STATUS_OK)
        status = make(&m, limits, err);
    free(m.activation);
    free(m.map);
    free(m.rgb);
    return status;
}
