#include "run/train/session_features.h"

#include "run/train/session_bad.h"
#include "run/train/session_features_plan.h"
#include "run/train/session_machine.h"

struct telling {
    const struct session_events *events;
    int n_before, n_total;
};

static void tell(void *context, int n_done)
{
    const struct telling *t = context;
    if (t->events->done)
        t->events->done(t->events->context, t->n_before + n_done, t->n_total);
}

static bool stopped(const struct session_events *events)
{
    return events->stop && *events->stop != 0;
}

static enum status compute_both(struct session *s, struct features_input in,
                                const struct session_events *events, struct error *err)
{
    bool validates = s->val_loader;
    struct telling telling = {events, 0, s->train.n + (validates ? s->val.n : 0)};
    const struct features_events tells = {&telling, tell, events->stop};

    in.data = s->data;
    in.row = s->train.row;
    in.n = s->train.n;
    in.cache = s->cache;
    session_bad_watch(s, s->data, &in.images);
    session_features_plan_training(in.view, s->settings);
    if (features_compute(&s->train_features, &in, &tells, err) != STATUS_OK)
        return err->status;
    if (!validates || stopped(events))
        return STATUS_OK;
    telling.n_before = s->train.n;
    in.data = s->val.data;
    in.row = s->val.row;
    in.n = s->val.n;
    in.cache = s->val_cache;
    session_bad_watch(s, s->val.data, &in.images);
    session_features_plan_validation(in.view, s->settings);
    return features_compute(&s->val_features, &in, &tells, err);
}

/* Without a file they are computed all the same. */
static void open_file(struct session *s, const struct image_key *key)
{
    if (s->settings->cache != CACHE_NONE)
        (void)features_open_file(&s->features_file, s->settings->cache_dir, key,
                                 s->summary.n_features, &s->features_trouble);
}

static enum status compute(struct session *s, const struct session_events *events,
                           struct error *err)
{
    struct features_input in = {.model = s->model, .images = session_machine_loader_options(s)};

    in.key = features_key(s->model, &s->summary, s->metadata.model, &in.images);
    open_file(s, &in.key);
    in.file = s->features_file;
    if (compute_both(s, in, events, err) != STATUS_OK)
        return err->status;
    if (s->features_file)
        (void)disk_cache_trouble(s->features_file, &s->features_trouble);
    if (stopped(events))
        return STATUS_OK;
    loader_use_values(s->train_loader, &s->train_features.values);
    if (s->val_loader)
        loader_use_values(s->val_loader, &s->val_features.values);
    return STATUS_OK;
}

bool session_features_ready(const struct session *s)
{
    return !s->keeps_features || loader_values(s->train_loader);
}

enum status session_features_compute(struct session *s, const struct session_events *events,
                                     struct error *err)
{
    const struct session_events none = {0};
    enum status status = s->keeps_features ? compute(s, events ? events : &none, err) : STATUS_OK;

    if (!session_features_ready(s) && !s->settings->resume && s->folder) {
        run_folder_discard(s->folder);
        s->folder = NULL;
    }
    return status;
}
