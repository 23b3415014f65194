/* The pool is one counter, `unclaimed`. A thread claims a piece by taking one from it, and only
 * then reads which job the piece belongs to: parallel_for cannot return, and so cannot change the
 * job, while a claimed piece is unfinished. Hence no generation numbers, and a worker that wakes
 * late finds the counter at zero and sleeps again; nobody waits for it.
 *
 * Which piece it is comes then: the next of the thread's own share, a part of the pieces in a row,
 * or, where that is used up, of the following thread's. So a thread finds in one layer most of what
 * it wrote in the one before, in its own cache. There are as many pieces as claims: each finds one.
 *
 * Sleeping and waking is the usual pair of promises, kept by sequentially consistent atomics: who
 * wants to sleep says so (`sleepers`, `caller_sleeps`) and then looks at the counter once more; who
 * changes the counter does so first and then looks whether anyone sleeps. */
#include "base/parallel.h"

#include "base/cgroup.h"
#include "base/clock.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

enum { MAX_THREADS = 1024 };

struct share {
    _Alignas(64) atomic_int next; /* may pass the end: several threads may find the last piece */
    int end;
};

static struct {
    pthread_t thread[MAX_THREADS]; /* [1 .. n_threads-1]; 0 is whoever calls parallel_for */
    int n_threads;                 /* 0 before the first start: the caller alone */
    double spin_seconds;

    void (*work)(void *context, int piece, int worker);
    void *context;
    struct share share[MAX_THREADS];  /* of the pieces, for each thread */
    atomic_int unclaimed, unfinished; /* pieces */

    pthread_mutex_t mutex;
    pthread_cond_t wake, finished;
    atomic_int sleepers;
    atomic_bool caller_sleeps, stopping;
} pool = {.mutex = PTHREAD_MUTEX_INITIALIZER,
          .wake = PTHREAD_COND_INITIALIZER,
          .finished = PTHREAD_COND_INITIALIZER};

int parallel_processors(void)
{
    cpu_set_t allowed;
    long n = sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? CPU_COUNT(&allowed)
                                                                 : sysconf(_SC_NPROCESSORS_ONLN);
    double quota = cgroup_cpu_quota("/proc/self/cgroup", "/sys/fs/cgroup");
    if (quota > 0 && ceil(quota) < (double)n)
        n = (long)ceil(quota);
    return n < 1 ? 1 : n > MAX_THREADS ? MAX_THREADS : (int)n;
}

static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static bool work_waits(void)
{
    return atomic_load(&pool.unclaimed) > 0 || atomic_load(&pool.stopping);
}

static bool all_finished(void)
{
    return atomic_load(&pool.unfinished) == 0;
}

/* True as soon as the condition holds, false when the spinning time is over. */
static bool spin_until(bool (*condition)(void))
{
    if (condition())
        return true;
    if (pool.spin_seconds == 0)
        return false;
    double end = clock_seconds() + pool.spin_seconds;
    do {
        for (int i = 0; i < 16; i++)
            relax();
        if (condition())
            return true;
    } while (clock_seconds() < end);
    return false;
}

/* For a thread that has claimed one. */
static int find_piece(int worker)
{
    for (int i = worker;; i = i + 1 < pool.n_threads ? i + 1 : 0) {
        struct share *s = &pool.share[i];
        if (atomic_load(&s->next) < s->end) {
            int piece = atomic_fetch_add(&s->next, 1);
            if (piece < s->end)
                return piece;
        }
    }
}

static void run_pieces(int worker)
{
    int done = 0, unclaimed = atomic_load(&pool.unclaimed);
    while (unclaimed > 0) {
        /* On failure the exchange reloads `unclaimed`. */
        if (!atomic_compare_exchange_weak(&pool.unclaimed, &unclaimed, unclaimed - 1))
            continue;
        pool.work(pool.context, find_piece(worker), worker);
        done++;
        unclaimed = atomic_load(&pool.unclaimed);
    }
    if (done == 0 || atomic_fetch_sub(&pool.unfinished, done) != done)
        return;
    if (atomic_load(&pool.caller_sleeps)) {
        pthread_mutex_lock(&pool.mutex);
        pthread_cond_signal(&pool.finished);
        pthread_mutex_unlock(&pool.mutex);
    }
}

static void *worker_main(void *argument)
{
    int worker = (int)(intptr_t)argument;
    while (!atomic_load(&pool.stopping)) {
        if (!spin_until(work_waits)) {
            pthread_mutex_lock(&pool.mutex);
            atomic_fetch_add(&pool.sleepers, 1);
            while (!work_waits())
                pthread_cond_wait(&pool.wake, &pool.mutex);
            atomic_fetch_sub(&pool.sleepers, 1);
            pthread_mutex_unlock(&pool.mutex);
        }
        run_pieces(worker);
    }
    return NULL;
}

static void wake_sleepers(void)
{
    if (atomic_load(&pool.sleepers) == 0)
        return;
    pthread_mutex_lock(&pool.mutex);
    pthread_cond_broadcast(&pool.wake);
    pthread_mutex_unlock(&pool.mutex);
}

enum status parallel_start(int n_threads, struct error *err)
{
    if (n_threads < 1 || n_threads > MAX_THREADS)
        return error_usage(err, "threads: %d is not in 1..%d", n_threads, MAX_THREADS);
    parallel_stop();
    atomic_store(&pool.stopping, false);
    /* Layers follow each other within microseconds, a sleep and a wake cost some ten; but a thread
     * that spins on a processor which another one needs only delays it. */
    pool.spin_seconds = n_threads <= parallel_processors() ? 40e-6 : 0;
    pool.n_threads = 1;

    /* Signals are for the thread that started us: a worker must not run the handlers. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failure = 0;
    while (pool.n_threads < n_threads && failure == 0) {
        failure = pthread_create(&pool.thread[pool.n_threads], NULL, worker_main,
                                 (void *)(intptr_t)pool.n_threads);
        pool.n_threads += failure == 0;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);

    if (failure == 0)
        return STATUS_OK;
    int started = pool.n_threads;
    parallel_stop();
    errno = failure;
    return error_errno(err, "cannot start thread %d of %d", started + 1, n_threads);
}

void parallel_stop(void)
{
    atomic_store(&pool.stopping, true);
    wake_sleepers();
    for (int i = 1; i < pool.n_threads; i++)
        pthread_join(pool.thread[i], NULL);
    pool.n_threads = 0;
}

int parallel_threads(void)
{
    return pool.n_threads > 0 ? pool.n_threads : 1;
}

void parallel_for(void (*work)(void *context, int piece, int worker), void *context, int n_pieces)
{
    if (parallel_threads() == 1 || n_pieces <= 1) {
        for (int piece = 0; piece < n_pieces; piece++)
            work(context, piece, 0);
        return;
    }
    pool.work = work;
    pool.context = context;
    for (int64_t i = 0; i < pool.n_threads; i++) {
        atomic_store(&pool.share[i].next, (int)(n_pieces * i / pool.n_threads));
        pool.share[i].end = (int)(n_pieces * (i + 1) / pool.n_threads);
    }
    atomic_store(&pool.unfinished, n_pieces);
    atomic_store(&pool.unclaimed, n_pieces); /* publishes all of the above */
    wake_sleepers();
    run_pieces(0);

    if (!spin_until(all_finished)) {
        pthread_mutex_lock(&pool.mutex);
        atomic_store(&pool.caller_sleeps, true);
        while (!all_finished())
            pthread_cond_wait(&pool.finished, &pool.mutex);
        atomic_store(&pool.caller_sleeps, false);
        pthread_mutex_unlock(&pool.mutex);
    }
}
