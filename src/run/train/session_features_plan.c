#include "run/train/session_features_plan.h"

#include <string.h>

static bool only_mirrors(const struct augment_options *opt)
{
    struct augment_options rest = *opt;

    rest.hflip = rest.vflip = 0;
    return !augment_is_on(&rest);
}

bool session_features_plan_possible(const struct settings *set)
{
    return set->cache_features == CACHE_FEATURES_AUTO && strcmp(set->train, "head") == 0 &&
           set->unfreeze_epoch == 0 && only_mirrors(&set->views);
}

void session_features_plan_training(bool view[LOADER_VIEWS], const struct settings *set)
{
    const struct augment_options *opt = &set->views;

    for (int across = 0; across < 2; across++)
        for (int down = 0; down < 2; down++)
            view[loader_values_view(across, down)] = (across ? opt->hflip > 0 : opt->hflip < 1) &&
                                                     (down ? opt->vflip > 0 : opt->vflip < 1);
}

void session_features_plan_validation(bool view[LOADER_VIEWS], const struct settings *set)
{
    memset(view, 0, LOADER_VIEWS * sizeof *view);
    view[loader_values_view(false, false)] = true;
    view[loader_values_view(true, false)] = set->tta == TTA_FLIP;
}

static int count_views(const bool view[LOADER_VIEWS])
{
    int n = 0;

    for (int i = 0; i < LOADER_VIEWS; i++)
        n += view[i];
    return n;
}

int session_features_plan_values(const struct session *s)
{
    return session_features_plan_possible(s->settings) ? s->summary.n_features : 0;
}

/* In validation's turn training's working memory is given back. */
size_t session_features_plan_bytes(const struct session *s, const struct loader_options *images)
{
    bool train[LOADER_VIEWS], val[LOADER_VIEWS];
    int n_values = s->summary.n_features;
    int n_most = s->train.n > s->val.n ? s->train.n : s->val.n;

    session_features_plan_training(train, s->settings);
    session_features_plan_validation(val, s->settings);
    size_t bytes = features_bytes(dataset_size(s->data), s->train.n, count_views(train), n_values);
    if (s->val.data)
        bytes += features_bytes(dataset_size(s->val.data), s->val.n, count_views(val), n_values);
    /* And the best classifier, until it is saved. */
    return bytes + features_working_bytes(images, n_most, n_values) + s->summary.gradient_bytes;
}
