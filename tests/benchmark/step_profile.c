#include "step_profile.h"

#include "base/parallel.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MOST_THREADS = 64, MOST_ROWS = 1024 };

/* One call of parallel_for, and the serial time in front of it. The last of a step has no work. */
struct region {
    const void *work;
    double gap, seconds, longest;
    size_t first_piece;
    int pieces;
};

/* Regions with one function, or gaps between two (first, second). */
struct row {
    const void *first, *second;
    double seconds, longest;
    int64_t calls, pieces;
};

static struct {
    bool active;
    int steps;
    double last;             /* when the last region ended */
    const void *floats_name; /* the function that parallel_floats was called with, while it runs */
    struct region *region;
    size_t n_regions, most_regions;
    double *piece; /* seconds of each */
    size_t n_pieces, most_pieces;
} profile;

static double thread_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* *array [*most] of elements of `size` bytes has room for `wanted`. */
static void grow(void *array, size_t *most, size_t wanted, size_t size)
{
    void **a = array;
    if (wanted <= *most)
        return;
    *most = 2 * wanted + 1024;
    *a = realloc(*a, *most * size);
    if (!*a) {
        perror("step profile");
        exit(1);
    }
}

static struct region *add_region(const void *work)
{
    double now = thread_seconds();
    grow(&profile.region, &profile.most_regions, profile.n_regions + 1, sizeof *profile.region);
    struct region *r = &profile.region[profile.n_regions++];
    *r = (struct region){.work = work, .gap = now - profile.last, .first_piece = profile.n_pieces};
    return r;
}

static void run_region(void (*work)(void *context, int piece, int worker), void *context,
                       int n_pieces, const void *name)
{
    struct region *r = add_region(name);
    grow(&profile.piece, &profile.most_pieces, profile.n_pieces + (size_t)n_pieces,
         sizeof *profile.piece);
    double now = thread_seconds();
    for (int piece = 0; piece < n_pieces; piece++) {
        double began = now;
        work(context, piece, 0);
        now = thread_seconds();
        double seconds = now - began;
        profile.piece[profile.n_pieces++] = seconds;
        r->seconds += seconds;
        r->longest = seconds > r->longest ? seconds : r->longest;
        r->pieces++;
    }
    profile.last = now;
}

void __real_parallel_for(void (*work)(void *context, int piece, int worker), void *context,
                         int n_pieces);
void __wrap_parallel_for(void (*work)(void *context, int piece, int worker), void *context,
                         int n_pieces);
void __real_parallel_floats(void (*work)(void *context, size_t first, size_t n), void *context,
                            size_t n_floats, size_t piece_floats);
void __wrap_parallel_floats(void (*work)(void *context, size_t first, size_t n), void *context,
                            size_t n_floats, size_t piece_floats);

void __wrap_parallel_for(void (*work)(void *context, int piece, int worker), void *context,
                         int n_pieces)
{
    const void *name = profile.floats_name ? profile.floats_name : (const void *)(uintptr_t)work;
    if (profile.active)
        run_region(work, context, n_pieces, name);
    else
        __real_parallel_for(work, context, n_pieces);
}

/* It calls parallel_for with a function of its own: the name is that of `work`. */
void __wrap_parallel_floats(void (*work)(void *context, size_t first, size_t n), void *context,
                            size_t n_floats, size_t piece_floats)
{
    profile.floats_name = (const void *)(uintptr_t)work;
    __real_parallel_floats(work, context, n_floats, piece_floats);
    profile.floats_name = NULL;
}

void step_profile_begin(void)
{
    profile.active = true;
    profile.last = thread_seconds();
}

void step_profile_end(void)
{
    add_region(NULL);
    profile.active = false;
    profile.steps++;
}

/* The thread that is free first takes the next piece of its own share, or of the one that follows,
 * as base/parallel.c does. */
static double region_seconds(const struct region *r, int threads)
{
    double busy_until[MOST_THREADS] = {0}, end = 0;
    int next[MOST_THREADS];
    for (int t = 0; t < threads; t++)
        next[t] = r->pieces * t / threads;
    for (int i = 0; i < r->pieces; i++) {
        int free_thread = 0;
        for (int t = 1; t < threads; t++)
            if (busy_until[t] < busy_until[free_thread])
                free_thread = t;
        int from = free_thread;
        while (next[from] == r->pieces * (from + 1) / threads)
            from = from + 1 < threads ? from + 1 : 0;
        double *until = &busy_until[free_thread];
        *until += profile.piece[r->first_piece + (size_t)next[from]++];
        end = *until > end ? *until : end;
    }
    return end;
}

static struct row *find_row(struct row *row, int *n, const void *first, const void *second)
{
    for (int i = 0; i < *n; i++)
        if (row[i].first == first && row[i].second == second)
            return &row[i];
    if (*n == MOST_ROWS) { /* the rest in the last one */
        return &row[MOST_ROWS - 1];
    }
    row[*n] = (struct row){.first = first, .second = second};
    return &row[(*n)++];
}

static long long offset_of(const void *function)
{
    extern const char __executable_start[];
    return function ? (long long)((const char *)function - __executable_start) : 0;
}

static void print_rows(const char *name, const struct row *row, int n)
{
    printf(", \"%s\": [", name);
    for (int i = 0; i < n; i++)
        printf("%s{\"first\": %lld, \"second\": %lld, \"seconds\": %.9f, \"longest\": %.9f, "
               "\"calls\": %.1f, \"pieces\": %.1f}",
               i ? ", " : "", offset_of(row[i].first), offset_of(row[i].second),
               row[i].seconds / profile.steps, row[i].longest, (double)row[i].calls / profile.steps,
               (double)row[i].pieces / profile.steps);
    printf("]");
}

static void print_threads(double between)
{
    printf(", \"threads\": {");
    for (int threads = 1; threads <= MOST_THREADS; threads *= 2) {
        double seconds = between;
        for (size_t i = 0; i < profile.n_regions; i++)
            seconds += region_seconds(&profile.region[i], threads);
        printf("%s\"%d\": %.9f", threads > 1 ? ", " : "", threads, seconds / profile.steps);
    }
    printf("}");
}

void step_profile_print(void)
{
    static struct row work[MOST_ROWS], gap[MOST_ROWS];
    int n_works = 0, n_gaps = 0;
    double between = 0, alone = 0;
    const void *before = NULL;
    for (size_t i = 0; i < profile.n_regions; i++) {
        const struct region *r = &profile.region[i];
        struct row *g = find_row(gap, &n_gaps, before, r->work);
        g->seconds += r->gap;
        g->longest = r->gap > g->longest ? r->gap : g->longest;
        g->calls++;
        between += r->gap;
        before = r->work;
        if (!r->work)
            continue;
        /* A region of one piece has a row of its own: no second thread helps. */
        struct row *w = find_row(work, &n_works, r->work, r->pieces > 1 ? NULL : r->work);
        w->seconds += r->seconds;
        w->longest = r->longest > w->longest ? r->longest : w->longest;
        w->calls++;
        w->pieces += r->pieces;
        alone += r->pieces > 1 ? 0 : r->seconds;
    }
    printf("{\"between\": %.9f, \"alone\": %.9f", between / profile.steps, alone / profile.steps);
    print_threads(between);
    print_rows("regions", work, n_works);
    print_rows("gaps", gap, n_gaps);
    printf("}\n");
}

void step_profile_free(void)
{
    free(profile.region);
    free(profile.piece);
}
