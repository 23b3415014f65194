/* Looking at every image before training: a bad file is better found in the first minute than in
 * the last hour. */
#include "base/memory.h"
#include "run/train/session.h"
#include "run/train/session_bad.h"
#include "run/train/session_data.h"
#include "run/train/session_findings.h"
#include "run/train/session_machine.h"
#include "run/train/session_stamps.h"

#include <stdlib.h>

bool session_wants_check(const struct session *s)
{
    return s->settings->on_bad_image == BAD_IMAGE_SKIP || s->settings->cache == CACHE_DISK ||
           s->settings->mean.from_data ||
           (s->memory.cache > 0 && s->memory.cache >= s->memory.images);
}

struct checking {
    struct session *session;
    const struct session_events *events;
    const struct dataset *data;
    int n_before, n_total; /* images of the pass before this one, of both */
    struct session_traits traits;
    bool out_of_memory;
    _Atomic size_t most_bytes; /* of an image while it is decoded */
};

static void note_bad(void *context, int row, const char *message)
{
    struct checking *c = context;
    struct session *s = c->session;
    struct error ignored;

    /* A resumed run keeps its rows: what has gone bad since leaves its batches as they come. */
    if (s->settings->resume && s->settings->on_bad_image == BAD_IMAGE_SKIP)
        return;
    if (session_bad_add(s, c->data, row, message, &ignored) != STATUS_OK)
        c->out_of_memory = true;
    else if (c->events->bad)
        c->events->bad(c->events->context, &s->bad[s->n_bad - 1]);
}

static void note_done(void *context, int n_done, int n_rows)
{
    const struct checking *c = context;

    (void)n_rows;
    if (c->events->done)
        c->events->done(c->events->context, c->n_before + n_done, c->n_total);
}

/* sums, when not NULL, gets the colours; traits [rows of c->data] what the images tell. */
static enum status check_rows(struct checking *c, const int *row, int n, struct cache *cache,
                              struct loader_options options, struct colour_sums *sums,
                              struct image_traits *traits, struct error *err)
{
    const struct loader_check check = {.context = c,
                                       .bad = note_bad,
                                       .done = note_done,
                                       .stop = c->events->stop,
                                       .sums = sums,
                                       .traits = traits};

    /* Nothing computes yet: all processors may decode. */
    options.workers = c->session->threads;
    options.limits.most_bytes = &c->most_bytes;
    enum status status = loader_check_images(c->data, row, n, cache, &options, &check, err);
    if (status == STATUS_OK && c->out_of_memory)
        return error_memory(err, sizeof(struct session_bad_image), "list of bad images");
    c->n_before += n;
    return status;
}

/* In the order of the tables: a split is checked side by side. */
static int compare_bad(const void *a, const void *b)
{
    return ((const struct session_bad_image *)a)->row - ((const struct session_bad_image *)b)->row;
}

static void sort_bad(struct session *s)
{
    size_t n_first = 0;

    while (n_first < s->n_bad && s->bad[n_first].data == s->data)
        n_first++;
    if (n_first > 1) /* qsort takes no NULL, not even for no elements */
        qsort(s->bad, n_first, sizeof *s->bad, compare_bad);
}

/* Mean and std of the training images. From here on the run is one that was given these numbers:
 * args.yaml, the state and the weights files hold them. */
static enum status resolve_colours(struct session *s, const struct colour_sums *sums,
                                   struct error *err)
{
    struct settings *set = &s->resolved;

    if (!set->mean.from_data)
        return STATUS_OK;
    if (!colour_sums_mean_std(set->mean.value, set->std.value, sums))
        return error_set(err, "--std data: a colour channel has the same value in every pixel of "
                              "every training image");
    set->mean.from_data = set->std.from_data = false;
    return STATUS_OK;
}

static enum status check_both_sides(struct checking *c, struct colour_sums *sums, struct error *err)
{
    struct session *s = c->session;
    struct colour_sums *wanted = s->settings->mean.from_data ? sums : NULL;
    c->data = s->data;
    enum status status =
        check_rows(c, s->train.row, s->train.n, s->cache, session_machine_train_loader_options(s),
                   wanted, c->traits.train, err);
    if (status != STATUS_OK || !s->val.data)
        return status;
    c->data = s->val.data;
    return check_rows(c, s->val.row, s->val.n, s->val_cache, session_machine_loader_options(s),
                      NULL, c->traits.val, err);
}

static enum status drop_bad(struct session *s, struct error *err)
{
    if (session_bad_drop(s, err) != STATUS_OK)
        return err->status;
    sort_bad(s);
    if (s->train.n == 0)
        return error_set(err, "%s (and %zu more: no training image is left)", s->bad[0].message,
                         s->n_bad - 1);
    return session_data_count(s, err);
}

static enum status check(struct checking *c, struct error *err)
{
    struct session *s = c->session;
    struct colour_sums sums = {0};
    /* A dry run has no use for a cache in memory; one on disk is there for the runs to come. */
    bool caches = !s->settings->dry_run || s->settings->cache == CACHE_DISK;
    enum status status = caches ? session_machine_make_caches(s, err) : STATUS_OK;

    if (status == STATUS_OK)
        status = check_both_sides(c, &sums, err);
    if (status != STATUS_OK || (c->events->stop && *c->events->stop))
        return status;
    if (drop_bad(s, err) != STATUS_OK || session_findings_find(s, &c->traits, err) != STATUS_OK)
        return err->status;
    return resolve_colours(s, &sums, err);
}

enum status session_check(struct session *s, const struct session_events *events, struct error *err)
{
    const struct session_events none = {0};
    struct checking c = {
        .session = s, .events = events ? events : &none, .n_total = s->train.n + s->val.n};
    enum status status = session_findings_begin(&c.traits, s, err);

    if (status == STATUS_OK)
        status = check(&c, err);
    session_findings_end(&c.traits);
    session_machine_add_decoding(s, c.most_bytes);
    return status;
}

enum status session_check_files(struct session *s, struct error *err)
{
    const struct session_traits none = {0};

    if (session_stamps_take(s, true, err) != STATUS_OK)
        return err->status;
    session_machine_add_decoding(s, session_stamps_decode_bytes(s));
    return session_findings_find(s, &none, err);
}
