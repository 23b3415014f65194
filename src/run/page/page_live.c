#include "run/page/page_live.h"

#include "base/clock.h"
#include "run/page/page_images.h"
#include "run/page/run_page.h"

#include <math.h>

static const double seconds_between = 10, times_cost = 100;
static const double pixel_seconds = 1, pixel_share = 0.02;
static const double end_reserve = 0.2; /* of that for the last page itself */

void page_live_begin(struct page_live *p, const struct session *s,
                     const volatile sig_atomic_t *stop)
{
    *p = (struct page_live){.stop = stop, .written_at = clock_seconds()};
    if (!s->settings->no_report)
        p->session = s;
}

static bool is_time(const struct page_live *p)
{
    double waited = clock_seconds() - p->written_at;

    return p->session && waited >= seconds_between && waited >= times_cost * p->cost &&
           !(p->stop && *p->stop != 0);
}

/* What may still be spent on pixels. */
static double pixel_budget(const struct page_live *p)
{
    double allowed = fmax(pixel_seconds, pixel_share * page_images_clock(true));

    return fmax(0, allowed - end_reserve - p->pixel_seconds);
}

static enum status fill_images(struct page_live *p, struct page_run *run, struct error *err)
{
    double began = page_images_clock(false);
    const struct page_images_limits limits = {began + pixel_budget(p), p->stop};
    enum status status = page_images_fill(run, p->session, &limits, err);

    p->pixel_seconds += page_images_clock(false) - began;
    return status;
}

static enum status add_maps(struct page_live *p, struct page_run *run, struct error *err)
{
    double began = page_images_clock(true);
    const struct page_images_limits limits = {began + pixel_budget(p), p->stop};
    enum status status = page_images_add_maps(run, p->session, &limits, err);

    p->pixel_seconds += page_images_clock(true) - began;
    return status;
}

static enum status write_run(struct page_live *p, struct page_run *run,
                             const struct run_document_progress *progress, struct error *err)
{
    if (fill_images(p, run, err) != STATUS_OK ||
        (!progress && add_maps(p, run, err) != STATUS_OK) ||
        thumbnails_write(&run->thumbnails, run->thumbnails_file, err) != STATUS_OK)
        return err->status;
    return run_page_put(run, progress, err);
}

static enum status write_page(struct page_live *p, const struct run_document_progress *progress,
                              const char *summary, struct error *err)
{
    struct page_run run;
    double began = page_images_clock(false);
    enum status status = page_run_read(&run, run_folder_path(p->session->folder), err);

    run.summary_text = summary;
    if (status == STATUS_OK)
        status = write_run(p, &run, progress, err);
    page_run_free(&run);
    p->cost = page_images_clock(false) - began;
    p->written_at = clock_seconds();
    return status;
}

enum status page_live_batch(struct page_live *p, const struct trainer_batch *b, struct error *err)
{
    if (p->progress.epoch != b->epoch || p->progress.batch == 0)
        p->loss_sum = p->n_images = 0;
    p->loss_sum += b->loss * b->n;
    p->n_images += b->n;
    p->progress = (struct run_document_progress){
        .epoch = b->epoch,
        .epochs = b->n_epochs,
        .batch = b->batch,
        .batches = b->n_batches,
        .loss = p->loss_sum / p->n_images,
        .images_per_second = b->images_per_second,
    };
    return is_time(p) ? write_page(p, &p->progress, NULL, err) : STATUS_OK;
}

enum status page_live_epoch(struct page_live *p, const struct trainer_epoch *e, struct error *err)
{
    p->progress.epoch = e->epoch;
    p->progress.epochs = e->n_epochs;
    p->progress.batch = 0;
    p->progress.loss = e->train_loss;
    return is_time(p) ? write_page(p, &p->progress, NULL, err) : STATUS_OK;
}

enum status page_live_end(struct page_live *p, const char *summary, struct error *err)
{
    return p->session ? write_page(p, NULL, summary, err) : STATUS_OK;
}
