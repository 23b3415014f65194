#include "data/pipeline.h"

#include "failing_alloc.h"

#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { WINDOW = 6, LAST = 1000 };

static struct error err;

struct job {
    int result[WINDOW];  /* of position p at p % WINDOW, without a lock: TSan watches */
    atomic_int consumed; /* the consumer has released positions below it */
    atomic_int n_done, beyond_window, wrong_worker, signals_open;
    int workers;
    long pause_ns; /* for every third position */
};

static void work(void *context, int position, int worker)
{
    struct job *job = context;
    sigset_t mask;
    const struct timespec pause = {.tv_nsec = job->pause_ns};
    if (position % 3 == 0 && job->pause_ns)
        nanosleep(&pause, NULL);
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    job->signals_open += !sigismember(&mask, SIGINT) || !sigismember(&mask, SIGTERM);
    job->wrong_worker += worker < 0 || worker >= job->workers;
    job->beyond_window += position - job->consumed >= WINDOW;
    job->result[position % WINDOW] = ~position;
    job->n_done++;
}

static struct pipeline *create(struct job *job, int workers)
{
    struct pipeline *p;
    job->workers = workers;
    assert_int_equal(pipeline_create(&p, workers, WINDOW, work, job, &err), STATUS_OK);
    return p;
}

static void consume(struct pipeline *p, struct job *job, int first, int end, int step)
{
    for (int i = first; i < end; i += step) {
        int until = i + step < end ? i + step : end;
        assert_true(pipeline_wait(p, until) >= 0);
        for (int j = i; j < until; j++)
            assert_int_equal(job->result[j % WINDOW], ~j);
        job->consumed = until;
        pipeline_release(p, until);
    }
}

static void results_come_in_order_for_any_number_of_threads(void **state)
{
    (void)state;
    for (int workers = 1; workers <= 8; workers *= 2) {
        for (int step = 1; step <= WINDOW; step += 2) {
            struct job job = {.pause_ns = 1000};
            struct pipeline *p = create(&job, workers);
            pipeline_start(p, 0, LAST);
            consume(p, &job, 0, LAST, step);
            assert_int_equal(job.n_done, LAST);
            assert_int_equal(job.beyond_window, 0);
            assert_int_equal(job.wrong_worker, 0);
            assert_int_equal(job.signals_open, 0);
            pipeline_destroy(p);
        }
    }
}

static void a_run_can_be_left_and_begun_anew_at_any_time(void **state)
{
    (void)state;
    struct job job = {.pause_ns = 200000};
    struct pipeline *p = create(&job, 3);
    for (int round = 0; round < 50; round++) {
        pipeline_stop(p); /* before `consumed` goes back */
        job.consumed = 2 * round;
        pipeline_start(p, 2 * round, 2 * round + 20);
        consume(p, &job, 2 * round, 2 * round + round % 5, 1);
    }
    pipeline_stop(p);
    int done = job.n_done;
    pipeline_stop(p);
    assert_int_equal(job.n_done, done); /* nothing goes on after a stop */
    pipeline_start(p, 5, 5);
    assert_true(pipeline_wait(p, 5) >= 0); /* a run over nothing is done at once */
    pipeline_destroy(p);
    pipeline_destroy(NULL);
}

/* Counts how many threads are in it at once. */
struct crowd {
    atomic_int in, most, n_done;
    atomic_int wanted; /* each waits for so many, but not for ever */
    atomic_int held;   /* this position is not done until it is another one; -1: none is held */
};

static void pause_ms(long ms)
{
    const struct timespec pause = {.tv_nsec = ms * 1000000};
    nanosleep(&pause, NULL);
}

static void work_in_crowd(void *context, int position, int worker)
{
    struct crowd *crowd = context;
    int in = atomic_fetch_add(&crowd->in, 1) + 1;
    (void)worker;
    if (in > crowd->most)
        crowd->most = in;
    pause_ms(1);
    for (int ms = 0; ms < 100 && crowd->most < crowd->wanted; ms++)
        pause_ms(1);
    while (crowd->held == position)
        pause_ms(1);
    crowd->in--;
    crowd->n_done++;
}

static struct pipeline *start_crowd(struct crowd *crowd)
{
    struct pipeline *p;
    assert_int_equal(pipeline_create(&p, 4, WINDOW, work_in_crowd, crowd, &err), STATUS_OK);
    pipeline_start(p, 0, LAST);
    return p;
}

static void wait_until_done(const struct crowd *crowd, int n)
{
    for (int ms = 0; crowd->n_done < n; ms++) {
        assert_true(ms < 20000);
        pause_ms(1);
    }
    pause_ms(20); /* given back, too */
}

enum { ROUNDS = 6 };

/* Comes for whole windows, and late. Returns the most threads that worked at once on the last. */
static int crowd_of_a_slow_consumer(struct pipeline *p, struct crowd *crowd, int *position)
{
    int most = 0;
    crowd->wanted = 0;
    for (int round = 0; round < ROUNDS; round++) {
        *position += WINDOW;
        wait_until_done(crowd, *position);
        pipeline_wait(p, *position);
        most = crowd->most;
        crowd->most = 0;
        pipeline_release(p, *position);
    }
    return most;
}

/* Waits for each position. */
static int crowd_of_a_fast_consumer(struct pipeline *p, struct crowd *crowd, int *position)
{
    int most = 0;
    crowd->wanted = 4;
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < WINDOW; i++)
            pipeline_wait(p, ++*position);
        most = crowd->most;
        crowd->most = 0;
        pipeline_release(p, *position);
    }
    return most;
}

/* At the start all of them; each time that the consumer finds its window done, one fewer; each time
 * that it has to wait, one more. */
static void as_many_threads_work_as_the_consumer_needs(void **state)
{
    (void)state;
    struct crowd crowd = {.wanted = 4, .held = -1};
    struct pipeline *p = start_crowd(&crowd);
    int position = 0;
    wait_until_done(&crowd, WINDOW);
    assert_int_equal(crowd.most, 4);
    assert_int_equal(crowd_of_a_slow_consumer(p, &crowd, &position), 1);
    assert_int_equal(crowd_of_a_fast_consumer(p, &crowd, &position), 4);
    assert_int_equal(crowd_of_a_slow_consumer(p, &crowd, &position), 1);
    pipeline_destroy(p);
}

static void who_comes_while_work_is_under_way_takes_no_thread_away(void **state)
{
    (void)state;
    struct crowd crowd = {.held = WINDOW - 1};
    struct pipeline *p = start_crowd(&crowd);
    for (int i = 1; i < WINDOW; i++) {
        wait_until_done(&crowd, WINDOW - 2 + i);
        pipeline_release(p, i);
    }
    wait_until_done(&crowd, 2 * WINDOW - 2);
    crowd.most = 0;
    crowd.wanted = 4;
    crowd.held = -1;
    wait_until_done(&crowd, 2 * WINDOW - 1);
    pipeline_release(p, WINDOW - 1); /* again: nothing new is read, and no thread goes */
    pipeline_release(p, 2 * WINDOW - 1);
    wait_until_done(&crowd, 3 * WINDOW - 1);
    assert_in_range(crowd.most, 3, 4); /* one goes for the last release, which found all done */
    pipeline_destroy(p);
}

static void it_can_be_destroyed_while_threads_work(void **state)
{
    (void)state;
    for (int round = 0; round < 50; round++) {
        struct job job = {.pause_ns = 100000};
        struct pipeline *p = create(&job, 4);
        pipeline_start(p, 0, LAST);
        if (round % 2)
            pipeline_wait(p, round % (WINDOW + 1));
        pipeline_destroy(p);
        assert_true(job.n_done <= WINDOW);
    }
}

static void waiting_is_measured(void **state)
{
    (void)state;
    struct job job = {.pause_ns = 300000000};
    struct pipeline *p = create(&job, 1);
    pipeline_start(p, 0, 3);
    double waited = pipeline_wait(p, 1);
    assert_true(waited > 0.05); /* of 0.3 s; a loaded machine may begin to wait late */
    pipeline_wait(p, 3);
    assert_true(pipeline_wait(p, 3) < 0.2); /* it is done already */
    pipeline_destroy(p);
}

static sem_t comes;

static void wait_for_it(void *context, int position, int worker)
{
    (void)context, (void)position, (void)worker;
    sem_wait(&comes);
}

static void end(void *context)
{
    ++*(int *)context;
    sem_post(&comes); /* the program would end here */
}

static void after_a_signal_no_wait_is_long(void **state)
{
    (void)state;
    volatile sig_atomic_t stop = 1;
    int n_ends = 0;
    struct pipeline *p;
    sem_init(&comes, 0, 1);
    pipeline_watch(&stop, end, &n_ends);
    assert_int_equal(pipeline_create(&p, 1, WINDOW, wait_for_it, NULL, &err), STATUS_OK);
    pipeline_start(p, 5, 9);
    assert_true(pipeline_wait(p, 6) >= 0); /* it is done soon enough */
    assert_false(pipeline_gave_up());
    assert_true(pipeline_wait(p, 7) < 0);
    assert_true(pipeline_gave_up());
    assert_int_equal(pipeline_first_undone(p), 6);
    assert_int_equal(n_ends, 0); /* there is still something to be saved */
    pipeline_destroy(p);
    assert_true(n_ends > 0);
    pipeline_watch(NULL, NULL, NULL);
    sem_destroy(&comes);
}

static void positions_up_to_the_largest_int_work(void **state)
{
    (void)state;
    struct job job = {.consumed = INT32_MAX - 20};
    struct pipeline *p = create(&job, 2);
    pipeline_start(p, INT32_MAX - 20, INT32_MAX);
    pipeline_wait(p, INT32_MAX - 20 + WINDOW);
    pipeline_stop(p);
    assert_int_equal(job.n_done, WINDOW);
    pipeline_destroy(p);
}

static void a_failing_allocation_gives_a_clean_error(void **state)
{
    (void)state;
    struct job job = {.workers = 2};
    struct pipeline *p;
    FAILING_ALLOC_EACH(pipeline_create(&p, 2, WINDOW, work, &job, &err), &err)
        assert_null(p);
    pipeline_destroy(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_come_in_order_for_any_number_of_threads),
        cmocka_unit_test(a_run_can_be_left_and_begun_anew_at_any_time),
        cmocka_unit_test(as_many_threads_work_as_the_consumer_needs),
        cmocka_unit_test(who_comes_while_work_is_under_way_takes_no_thread_away),
        cmocka_unit_test(it_can_be_destroyed_while_threads_work),
        cmocka_unit_test(waiting_is_measured),
        cmocka_unit_test(after_a_signal_no_wait_is_long),
        cmocka_unit_test(positions_up_to_the_largest_int_work),
        cmocka_unit_test(a_failing_allocation_gives_a_clean_error),
    };
    return cmocka_run_group_tests_name("data/pipeline", tests, NULL, NULL);
}
