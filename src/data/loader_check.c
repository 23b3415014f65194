/* Every image once, before training: bad files are better found in the first minute than in the
 * last hour, and the cache is warm afterwards. */
#include "base/memory.h"
#include "data/image_fetch.h"
#include "data/loader.h"
#include "data/pipeline.h"

#include <stdlib.h>

enum { WINDOW_PER_WORKER = 16 }; /* so that one slow image does not hold up the others */

struct check {
    const struct dataset *dataset;
    const int *rows;
    struct cache *cache;
    const struct loader_options *opt;
    struct image_fit fit;
    unsigned char *scratch; /* [workers, scratch_bytes] */
    size_t scratch_bytes;
    struct error *failed;        /* [window] */
    struct colour_sums *sums;    /* [workers]; NULL: not wanted */
    struct image_traits *traits; /* [rows of the data set]; NULL: not wanted */
    int window;
};

/* Without bars. */
static void add_colours(struct colour_sums *sums, const struct resized_image *image,
                        const struct image_fit *fit)
{
    const struct image_fit_place shown = image_fit_shown(fit, image->aspect);
    for (int y = shown.y; y < shown.y + shown.height; y++)
        colour_sums_add(sums, image->rgb + 3 * ((size_t)y * (size_t)fit->size + (size_t)shown.x),
                        (size_t)shown.width);
}

static void check_image(void *context, int position, int worker)
{
    struct check *c = context;
    struct resized_image *scratch = (void *)(c->scratch + (size_t)worker * c->scratch_bytes);
    struct error *failed = &c->failed[position % c->window];
    const struct resized_image *image;
    failed->status = STATUS_OK;
    if (image_fetch(&image, scratch, c->dataset, c->rows[position], c->cache, &c->fit,
                    &c->opt->limits, failed) != STATUS_OK)
        return;
    if (c->sums)
        add_colours(&c->sums[worker], image, &c->fit);
    if (c->traits)
        c->traits[c->rows[position]] = image_traits_of(image, c->fit.size);
}

/* Walks behind the threads in order. */
static void report(const struct check *c, struct pipeline *pipeline, int n_rows,
                   const struct loader_check *check)
{
    for (int i = 0; i < n_rows && !(check->stop && *check->stop); i++) {
        if (pipeline_wait(pipeline, i + 1) < 0)
            break;
        const struct error *failed = &c->failed[i % c->window];
        if (failed->status != STATUS_OK && check->bad)
            check->bad(check->context, c->rows[i], failed->message);
        pipeline_release(pipeline, i + 1);
        if (check->done)
            check->done(check->context, i + 1, n_rows);
    }
}

static enum status allocate(struct check *c, const struct loader_check *check, struct error *err)
{
    size_t workers = (size_t)c->opt->workers;
    c->scratch_bytes = (resized_image_bytes(c->fit.size) + 7) / 8 * 8; /* all aligned */
    c->scratch = memory_array(workers, c->scratch_bytes, "images", err);
    if (!c->scratch)
        return err->status;
    c->failed = memory_array((size_t)c->window, sizeof *c->failed, "messages", err);
    if (!c->failed || !check->sums)
        return c->failed ? STATUS_OK : err->status;
    c->sums = memory_array(workers, sizeof *c->sums, "sums of colours", err);
    return c->sums ? STATUS_OK : err->status;
}

static enum status run(struct check *c, int n_rows, const struct loader_check *check,
                       struct error *err)
{
    struct pipeline *pipeline;
    if (pipeline_create(&pipeline, c->opt->workers, c->window, check_image, c, err) != STATUS_OK)
        return err->status;
    pipeline_start(pipeline, 0, n_rows);
    report(c, pipeline, n_rows, check);
    pipeline_destroy(pipeline); /* its threads are gone: their sums are whole */
    for (int i = 0; c->sums && i < c->opt->workers; i++)
        colour_sums_merge(check->sums, &c->sums[i]);
    return STATUS_OK;
}

enum status loader_check_images(const struct dataset *d, const int *rows, int n_rows,
                                struct cache *cache, const struct loader_options *opt,
                                const struct loader_check *check, struct error *err)
{
    struct check c = {
        .dataset = d,
        .rows = rows,
        .cache = cache,
        .opt = opt,
        .fit = loader_image_fit(opt),
        .traits = check->traits,
        .window = WINDOW_PER_WORKER * opt->workers,
    };
    enum status status = allocate(&c, check, err);
    if (status == STATUS_OK)
        status = run(&c, n_rows, check, err);
    free(c.sums);
    free(c.failed);
    free(c.scratch);
    return status;
}
