#include "base/parallel.h"

#include "base/cgroup.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

static struct error err;

enum { MAX_PIECES = 1000 };

struct visits {
    atomic_int of_piece[MAX_PIECES];
    atomic_int wrong_worker;
};

static void visit(void *context, int piece, int worker)
{
    struct visits *v = context;
    atomic_fetch_add(&v->of_piece[piece], 1);
    if (worker < 0 || worker >= parallel_threads())
        atomic_fetch_add(&v->wrong_worker, 1);
}

static void assert_each_piece_runs_once(int n_pieces)
{
    static struct visits v;
    for (int i = 0; i < MAX_PIECES; i++)
        atomic_store(&v.of_piece[i], 0);
    parallel_for(visit, &v, n_pieces);
    for (int i = 0; i < MAX_PIECES; i++)
        assert_int_equal(atomic_load(&v.of_piece[i]), i < n_pieces);
    assert_int_equal(atomic_load(&v.wrong_worker), 0);
}

static void without_a_start_the_caller_does_all(void **state)
{
    (void)state;
    assert_int_equal(parallel_threads(), 1);
    assert_each_piece_runs_once(10);
}

static void every_piece_runs_exactly_once_for_any_number_of_threads(void **state)
{
    (void)state;
    static const int threads[] = {1, 2, 3, 5, 2}, pieces[] = {0, 1, 2, 7, MAX_PIECES};
    for (int t = 0; t < 5; t++) {
        assert_int_equal(parallel_start(threads[t], &err), STATUS_OK);
        assert_int_equal(parallel_threads(), threads[t]);
        for (int repeat = 0; repeat < 100; repeat++)
            for (int p = 0; p < 5; p++)
                assert_each_piece_runs_once(pieces[p]);
    }
    parallel_stop();
    assert_int_equal(parallel_threads(), 1);
    parallel_stop();
}

struct sweep {
    atomic_int of_float[MAX_PIECES];
    atomic_int calls, odd; /* odd: a piece that begins or ends where none should */
    size_t n, piece;
};

static void sweep_piece(void *context, size_t first, size_t n)
{
    struct sweep *s = context;
    size_t end = first + n;
    atomic_fetch_add(&s->calls, 1);
    if (first % s->piece != 0 || n == 0 || n > s->piece || (n < s->piece && end != s->n))
        atomic_fetch_add(&s->odd, 1);
    for (size_t i = first; i < end && i < MAX_PIECES; i++)
        atomic_fetch_add(&s->of_float[i], 1);
}

static void assert_each_float_comes_once(size_t n, size_t piece, int expected_calls)
{
    struct sweep s = {.n = n, .piece = piece};
    parallel_floats(sweep_piece, &s, n, piece);
    for (size_t i = 0; i < MAX_PIECES; i++)
        assert_int_equal(atomic_load(&s.of_float[i]), i < n);
    assert_int_equal(atomic_load(&s.calls), expected_calls);
    assert_int_equal(atomic_load(&s.odd), 0);
}

static void floats_are_cut_by_their_number_alone(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 3; threads++) {
        assert_int_equal(parallel_start(threads, &err), STATUS_OK);
        assert_each_float_comes_once(0, 16, 0);
        assert_each_float_comes_once(1, 16, 1);
        assert_each_float_comes_once(16, 16, 1);
        assert_each_float_comes_once(17, 16, 2);
        assert_each_float_comes_once(MAX_PIECES, 32, 32);
        assert_each_float_comes_once(MAX_PIECES, PARALLEL_FLOATS, 1);
    }
    parallel_stop();
}

static void add_piece(void *context, int piece, int worker)
{
    (void)worker;
    ((long *)context)[piece] += piece + 1;
}

/* Each call must see all that the one before it wrote, with plain memory. */
static void thousands_of_tiny_calls_neither_lose_pieces_nor_hang(void **state)
{
    (void)state;
    static const int threads[] = {2, 5};
    for (int t = 0; t < 2; t++) {
        enum { CALLS = 20000 };
        long sum[3] = {0};
        assert_int_equal(parallel_start(threads[t], &err), STATUS_OK);
        for (int i = 0; i < CALLS; i++) {
            parallel_for(add_piece, sum, 3);
            if (i % 1000 == 0)
                usleep(200); /* longer than the spinning: the workers sleep and must be woken */
        }
        for (int i = 0; i < 3; i++)
            assert_int_equal(sum[i], (long)CALLS * (i + 1));
    }
    parallel_stop();
}

struct meeting {
    atomic_int arrived;
    atomic_bool met;
};

/* A piece that ends only when another one has begun (or after a second, so that nothing hangs). */
static void wait_for_the_other(void *context, int piece, int worker)
{
    (void)piece;
    (void)worker;
    struct meeting *m = context;
    atomic_fetch_add(&m->arrived, 1);
    for (int i = 0; i < 10000 && atomic_load(&m->arrived) < 2; i++)
        usleep(100);
    if (atomic_load(&m->arrived) == 2)
        atomic_store(&m->met, true);
}

static void two_threads_do_work_at_the_same_time(void **state)
{
    (void)state;
    struct meeting m = {0};
    assert_int_equal(parallel_start(2, &err), STATUS_OK);
    usleep(1000); /* the worker sleeps */
    parallel_for(wait_for_the_other, &m, 2);
    assert_true(atomic_load(&m.met));
    parallel_stop();
}

enum { FEW = 10 };

struct shares {
    struct meeting meeting;
    int first[2], n[2]; /* each thread's first piece, and how many it ran */
};

/* The first piece of each of two shares waits for the other's. */
static void begin_together(void *context, int piece, int worker)
{
    struct shares *s = context;
    if (s->n[worker]++ == 0)
        s->first[worker] = piece;
    if (piece == 0 || piece == FEW / 2)
        wait_for_the_other(&s->meeting, piece, worker);
}

static void each_thread_begins_with_its_own_share(void **state)
{
    (void)state;
    assert_int_equal(parallel_start(2, &err), STATUS_OK);
    for (int repeat = 0; repeat < 20; repeat++) {
        struct shares s = {0};
        parallel_for(begin_together, &s, FEW);
        assert_true(atomic_load(&s.meeting.met));
        assert_int_equal(s.first[0], 0);
        assert_int_equal(s.first[1], FEW / 2);
        assert_int_equal(s.n[0] + s.n[1], FEW);
    }
    parallel_stop();
}

/* The first piece ends when all others have been done (or after a second). */
static void wait_for_all_others(void *context, int piece, int worker)
{
    struct meeting *m = context;
    (void)worker;
    if (piece > 0) {
        atomic_fetch_add(&m->arrived, 1);
        return;
    }
    for (int i = 0; i < 10000 && atomic_load(&m->arrived) < FEW - 1; i++)
        usleep(100);
    atomic_store(&m->met, atomic_load(&m->arrived) == FEW - 1);
}

static void a_thread_without_work_takes_from_the_others_share(void **state)
{
    (void)state;
    struct meeting m = {0};
    assert_int_equal(parallel_start(2, &err), STATUS_OK);
    parallel_for(wait_for_all_others, &m, FEW);
    assert_true(atomic_load(&m.met));
    parallel_stop();
}

static void sleep_in_one_piece(void *context, int piece, int worker)
{
    (void)worker;
    if (piece == *(int *)context)
        usleep(3000);
}

static void the_caller_waits_for_a_slow_piece(void **state)
{
    (void)state;
    assert_int_equal(parallel_start(3, &err), STATUS_OK);
    for (int slow = 0; slow < 3; slow++)
        parallel_for(sleep_in_one_piece, &slow, 3);
    assert_each_piece_runs_once(3);
    parallel_stop();
}

static void note_blocked_signal(void *context, int piece, int worker)
{
    (void)piece;
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    if ((worker > 0) != sigismember(&blocked, SIGTERM))
        atomic_fetch_add((atomic_int *)context, 1);
    usleep(100);
}

static void signals_go_to_the_thread_that_started_the_pool(void **state)
{
    (void)state;
    atomic_int wrong = 0;
    assert_int_equal(parallel_start(3, &err), STATUS_OK);
    parallel_for(note_blocked_signal, &wrong, 30);
    assert_int_equal(atomic_load(&wrong), 0);
    parallel_stop();
}

static void a_thread_count_out_of_range_is_refused(void **state)
{
    (void)state;
    assert_int_equal(parallel_start(0, &err), STATUS_USAGE);
    assert_string_equal(err.message, "threads: 0 is not in 1..1024");
    assert_int_equal(parallel_start(1025, &err), STATUS_USAGE);
}

static void processors_are_those_that_this_process_may_use(void **state)
{
    (void)state;
    cpu_set_t all, one;
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    int n = parallel_processors();
    assert_in_range(n, 1, CPU_COUNT(&all));
    double quota = cgroup_cpu_quota("/proc/self/cgroup", "/sys/fs/cgroup");
    if (quota > 0)
        assert_true(n < quota + 1);

    int first = 0;
    while (!CPU_ISSET(first, &all))
        first++;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(parallel_processors(), 1);
    sched_setaffinity(0, sizeof all, &all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_start_the_caller_does_all),
        cmocka_unit_test(every_piece_runs_exactly_once_for_any_number_of_threads),
        cmocka_unit_test(floats_are_cut_by_their_number_alone),
        cmocka_unit_test(thousands_of_tiny_calls_neither_lose_pieces_nor_hang),
        cmocka_unit_test(two_threads_do_work_at_the_same_time),
        cmocka_unit_test(each_thread_begins_with_its_own_share),
        cmocka_unit_test(a_thread_without_work_takes_from_the_others_share),
        cmocka_unit_test(the_caller_waits_for_a_slow_piece),
        cmocka_unit_test(signals_go_to_the_thread_that_started_the_pool),
        cmocka_unit_test(a_thread_count_out_of_range_is_refused),
        cmocka_unit_test(processors_are_those_that_this_process_may_use),
    };
    return cmocka_run_group_tests_name("parallel", tests, NULL, NULL);
}
