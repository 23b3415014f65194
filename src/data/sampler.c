#include "data/sampler.h"

#include "base/rng.h"

#include <string.h>

void sampler_lay_out(struct sampler *s, int n, int n_classes, struct arena *arena)
{
    size_t rows = (size_t)n, classes = (size_t)n_classes;

    s->n = n;
    s->n_classes = n_classes;
    s->row = arena_take(arena, rows, sizeof *s->row);
    s->order = arena_take(arena, rows, sizeof *s->order);
    s->occurrence = arena_take(arena, rows, sizeof *s->occurrence);
    if (n_classes == 0)
        return;
    s->pool = arena_take(arena, rows, sizeof *s->pool);
    s->first = arena_take(arena, classes + 1, sizeof *s->first);
    s->next = arena_take(arena, classes, sizeof *s->next);
    s->round = arena_take(arena, classes, sizeof *s->round);
    s->present = arena_take(arena, classes, sizeof *s->present);
}

void sampler_keep_order(struct sampler *s)
{
    memcpy(s->order, s->row, (size_t)s->n * sizeof *s->order);
    memset(s->occurrence, 0, (size_t)s->n * sizeof *s->occurrence);
}

void sampler_shuffle(struct sampler *s, uint64_t seed, int epoch)
{
    struct rng rng;

    sampler_keep_order(s);
    rng_seed(&rng, seed, RNG_SHUFFLE, (uint64_t)epoch, 0);
    rng_shuffle(&rng, s->order, (size_t)s->n);
}

/* Rows class by class, each time from the order given: an epoch does not depend on those before. */
static void fill_pool(struct sampler *s, const struct dataset *d)
{
    int at = 0;

    memset(s->next, 0, (size_t)s->n_classes * sizeof *s->next);
    for (int i = 0; i < s->n; i++)
        s->next[dataset_sample(d, s->row[i])->label]++;
    for (int c = 0; c < s->n_classes; c++) {
        s->first[c] = at;
        at += s->next[c];
        s->next[c] = s->first[c];
    }
    s->first[s->n_classes] = at;
    for (int i = 0; i < s->n; i++)
        s->pool[s->next[dataset_sample(d, s->row[i])->label]++] = s->row[i];
}

static void shuffle_class(struct sampler *s, int c, struct rng *rng)
{
    rng_shuffle(rng, s->pool + s->first[c], (size_t)(s->first[c + 1] - s->first[c]));
    s->next[c] = s->first[c];
}

void sampler_balance(struct sampler *s, const struct dataset *d, uint64_t seed, int epoch)
{
    struct rng rng;
    int n_present = 0;

    rng_seed(&rng, seed, RNG_SHUFFLE, (uint64_t)epoch, 1);
    fill_pool(s, d);
    for (int c = 0; c < s->n_classes; c++) {
        if (s->first[c] < s->first[c + 1])
            s->present[n_present++] = c;
        shuffle_class(s, c, &rng);
        s->round[c] = 0;
    }
    for (int i = 0; i < s->n; i++) {
        int c = s->present[rng_below(&rng, (uint64_t)n_present)];
        if (s->next[c] == s->first[c + 1]) {
            shuffle_class(s, c, &rng);
            s->round[c]++;
        }
        s->order[i] = s->pool[s->next[c]++];
        s->occurrence[i] = s->round[c];
    }
}
