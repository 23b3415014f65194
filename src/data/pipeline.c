/* One lock for everything: it is taken twice for each image, which takes milliseconds to decode.
 *
 * The processors belong to the consumer, too. All threads work at the start of a run; from then on
 * one fewer each time that the consumer comes back to a full window, and one more each time that it
 * has to wait. So there are just enough of them, one when all comes from a cache. */
#include "data/pipeline.h"

#include "base/clock.h"
#include "base/memory.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PATIENCE_SECONDS = 2 }; /* from a signal on, of each wait */

static struct {
    const volatile sig_atomic_t *stop; /* NULL: nobody watches */
    void (*end)(void *context);
    void *context;
    bool gave_up;
} watch;

struct worker {
    struct pipeline *pipeline;
    pthread_t thread;
    int number;
};

struct pipeline {
    void (*work)(void *context, int position, int worker);
    void *context;
    int window;
    struct worker *worker; /* [n_workers] */
    int n_workers;         /* threads that run */

    pthread_mutex_t lock; /* over all that follows */
    pthread_cond_t room;  /* the workers wait here for a position that they may take */
    pthread_cond_t done;  /* the consumer waits here */
    bool quit;
    int next, end; /* the position to hand out, and where the run ends */
    int finished;  /* all positions below it are done */
    int released;  /* the consumer is through with positions below it */
    int busy;      /* positions under way */
    int active;    /* threads that may work at the same time, 1..n_workers */
    bool *is_done; /* [window] for finished <= position < next, at position % window */
};

void pipeline_watch(const volatile sig_atomic_t *stop, void (*end)(void *context), void *context)
{
    watch.stop = stop;
    watch.end = end;
    watch.context = context;
    watch.gave_up = false;
}

bool pipeline_gave_up(void)
{
    return watch.gave_up;
}

/* Takes the next position, waiting for one; -1 when the pipeline is to end. */
static int take(struct pipeline *p)
{
    /* next - released rather than released + window: that sum may not fit in an int. */
    while (!p->quit &&
           (p->next == p->end || p->next - p->released >= p->window || p->busy >= p->active))
        pthread_cond_wait(&p->room, &p->lock);
    if (p->quit)
        return -1;
    p->busy++;
    return p->next++;
}

static void give_back(struct pipeline *p, int position)
{
    int before = p->finished;
    p->busy--;
    p->is_done[position % p->window] = true;
    while (p->finished < p->next && p->is_done[p->finished % p->window])
        p->is_done[p->finished++ % p->window] = false;
    if (p->finished > before || p->busy == 0)
        pthread_cond_signal(&p->done);
}

static void *run_worker(void *argument)
{
    const struct worker *w = argument;
    struct pipeline *p = w->pipeline;
    pthread_mutex_lock(&p->lock);
    for (int position = take(p); position >= 0; position = take(p)) {
        pthread_mutex_unlock(&p->lock);
        p->work(p->context, position, w->number);
        pthread_mutex_lock(&p->lock);
        give_back(p, position);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

static enum status start_threads(struct pipeline *p, int workers, struct error *err)
{
    sigset_t all, before;
    int failure = 0;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* threads inherit it */
    while (failure == 0 && p->n_workers < workers) {
        struct worker *w = &p->worker[p->n_workers];
        *w = (struct worker){.pipeline = p, .number = p->n_workers};
        failure = pthread_create(&w->thread, NULL, run_worker, w);
        p->n_workers += failure == 0;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failure != 0)
        return error_set(err, "cannot start decode thread %d of %d: %s", p->n_workers + 1, workers,
                         strerror(failure));
    return STATUS_OK;
}

enum status pipeline_create(struct pipeline **out, int workers, int window,
                            void (*work)(void *context, int position, int worker), void *context,
                            struct error *err)
{
    const char *what = "the decode threads";
    struct pipeline *p = memory_array(1, sizeof *p, what, err);
    *out = NULL;
    if (!p)
        return err->status;
    p->work = work;
    p->context = context;
    p->window = window;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->room, NULL);
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&p->done, &clock);
    pthread_condattr_destroy(&clock);
    p->is_done = memory_array((size_t)window, sizeof *p->is_done, what, err);
    p->worker = p->is_done ? memory_array((size_t)workers, sizeof *p->worker, what, err) : NULL;
    if (!p->worker || start_threads(p, workers, err) != STATUS_OK) {
        pipeline_destroy(p);
        return err->status;
    }
    *out = p;
    return STATUS_OK;
}

static bool stop_asked(void)
{
    return watch.stop && *watch.stop != 0;
}

/* Waits for `done`, with the lock held; no longer than until the next look at the signal. */
static void wait_done(struct pipeline *p)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += 250000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    pthread_cond_timedwait(&p->done, &p->lock, &until);
}

/* Whether a wait is to end without its result. *since: when it first knew of the signal; 0 before
 * its first look. */
static bool out_of_patience(double *since)
{
    if (!stop_asked())
        return false;
    if (*since == 0)
        *since = clock_seconds();
    return watch.gave_up || clock_seconds() - *since >= PATIENCE_SECONDS;
}

/* Waits until no thread works on a position. The caller holds the lock. */
static void wait_for_threads(struct pipeline *p)
{
    double since = 0;
    while (p->busy > 0) {
        if (out_of_patience(&since))
            watch.end(watch.context);
        wait_done(p);
    }
}

/* With the lock held. Afterwards all that was handed out is done, and no place of is_done is set.
 */
static void drain(struct pipeline *p)
{
    p->end = p->next;
    wait_for_threads(p);
}

void pipeline_start(struct pipeline *p, int first, int end)
{
    pthread_mutex_lock(&p->lock);
    drain(p);
    p->next = p->finished = p->released = first;
    p->end = end;
    p->active = p->n_workers;
    pthread_cond_broadcast(&p->room);
    pthread_mutex_unlock(&p->lock);
}

double pipeline_wait(struct pipeline *p, int until)
{
    double before = clock_seconds(), since = 0;
    bool gives_up = false;
    pthread_mutex_lock(&p->lock);
    if (p->finished < until && p->active < p->n_workers) {
        p->active++;
        pthread_cond_signal(&p->room);
    }
    while (p->finished < until && !gives_up) {
        gives_up = out_of_patience(&since);
        if (!gives_up)
            wait_done(p);
    }
    watch.gave_up = watch.gave_up || gives_up;
    pthread_mutex_unlock(&p->lock);
    return gives_up ? -1 : clock_seconds() - before;
}

int pipeline_first_undone(struct pipeline *p)
{
    pthread_mutex_lock(&p->lock);
    int first = p->finished;
    pthread_mutex_unlock(&p->lock);
    return first;
}

void pipeline_release(struct pipeline *p, int until)
{
    pthread_mutex_lock(&p->lock);
    if (until > p->released && p->next - p->released >= p->window && p->busy == 0 && p->active > 1)
        p->active--;
    p->released = until;
    pthread_cond_broadcast(&p->room);
    pthread_mutex_unlock(&p->lock);
}

void pipeline_stop(struct pipeline *p)
{
    pthread_mutex_lock(&p->lock);
    drain(p);
    pthread_mutex_unlock(&p->lock);
}

void pipeline_destroy(struct pipeline *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->quit = true;
    pthread_cond_broadcast(&p->room);
    wait_for_threads(p);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < p->n_workers; i++)
        pthread_join(p->worker[i].thread, NULL);
    pthread_cond_destroy(&p->done);
    pthread_cond_destroy(&p->room);
    pthread_mutex_destroy(&p->lock);
    free(p->worker);
    free(p->is_done);
    free(p);
}
