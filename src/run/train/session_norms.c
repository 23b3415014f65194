#include "run/train/session_norms.h"

#include "run/train/session_weights.h"

/* A mean over so many is good to some per cent of the standard deviation, which is what a momentum
 * of 0.1 leaves to a few batches, too. */
enum { ENOUGH_IMAGES = 512 };

static int n_batches(const struct session *s)
{
    int batch = s->settings->batch_size, n = (ENOUGH_IMAGES + batch - 1) / batch;
    int all = (s->train.n + batch - 1) / batch;
    return n < all ? n : all;
}

int session_norms_images(const struct session *s)
{
    if (!s->weights_file.is_folded || s->spec.norm.kind != NORM_BATCH ||
        session_weights_norms_are_frozen(s))
        return 0;
    int n = n_batches(s) * s->settings->batch_size;
    return n < s->train.n ? n : s->train.n;
}

static bool stopped(const struct session_events *events)
{
    return events->stop && *events->stop != 0;
}

static enum status measure(const struct session *s, const struct session_events *events,
                           struct error *err)
{
    struct batch b;
    int n = n_batches(s), n_done = 0;
    if (loader_start(s->train_loader, 0, 0, err) != STATUS_OK)
        return err->status;
    for (int i = 0; i < n && !stopped(events); i++) {
        if (loader_next(s->train_loader, &b, err) != STATUS_OK)
            return err->status;
        if (b.n == 0)
            return error_set(err, "statistics of BatchNorm: no image of batch %d can be read",
                             i + 1);
        model_forward(s->model, b.x, b.n, i + 1 < n ? MODEL_MEASURE : MODEL_MEASURE_END);
        n_done += b.n;
        if (events->done)
            events->done(events->context, n_done, session_norms_images(s));
    }
    return STATUS_OK;
}

enum status session_norms_measure(struct session *s, const struct session_events *events,
                                  struct error *err)
{
    if (session_norms_images(s) == 0)
        return STATUS_OK;
    enum status status = measure(s, events, err);
    if ((status != STATUS_OK || stopped(events)) && s->folder) {
        run_folder_discard(s->folder);
        s->folder = NULL;
    }
    return status;
}
