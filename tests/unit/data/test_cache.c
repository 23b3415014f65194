#include "data/cache.h"

#include "failing_alloc.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { SIZE = 4, BYTES = SIZE * SIZE * 3 };

static struct error err;

static struct cache *create(int n_rows, size_t budget)
{
    struct cache *c;
    assert_int_equal(cache_create(&c, n_rows, SIZE, budget, &err), STATUS_OK);
    return c;
}

static void a_stored_picture_is_found_and_others_are_not(void **state)
{
    (void)state;
    struct cache *c = create(3, 1000);
    uint8_t rgb[BYTES];
    memset(rgb, 7, sizeof rgb);
    assert_null(cache_find(c, 1));
    cache_store(c, 1, rgb);
    rgb[0] = 8;
    assert_non_null(cache_find(c, 1));
    assert_int_equal(cache_find(c, 1)[0], 7);
    cache_store(c, 1, rgb); /* the first one stays */
    assert_int_equal(cache_find(c, 1)[0], 7);
    assert_int_equal(cache_bytes(c), BYTES);
    assert_null(cache_find(c, 0));
    cache_destroy(c);
    cache_destroy(NULL);
}

static void the_budget_is_kept_to_the_byte(void **state)
{
    (void)state;
    uint8_t rgb[BYTES] = {0};
    for (size_t budget = 0; budget < 4 * BYTES; budget++) {
        struct cache *c = create(5, budget);
        for (int i = 0; i < 5; i++)
            cache_store(c, i, rgb);
        assert_int_equal(cache_bytes(c), budget / BYTES * BYTES);
        for (int i = 0; i < 5; i++)
            assert_int_equal(cache_find(c, i) != NULL, (size_t)i < budget / BYTES);
        cache_destroy(c);
    }
}

static void without_memory_a_picture_is_not_kept_and_costs_nothing(void **state)
{
    (void)state;
    uint8_t rgb[BYTES] = {0};
    struct cache *c = create(1, BYTES);
    failing_alloc_after(1);
    cache_store(c, 0, rgb);
    failing_alloc_off();
    assert_null(cache_find(c, 0));
    assert_int_equal(cache_bytes(c), 0);
    cache_store(c, 0, rgb);
    assert_non_null(cache_find(c, 0));
    cache_destroy(c);
}

static void creation_survives_a_failing_allocation(void **state)
{
    (void)state;
    struct cache *c;
    for (long n = 1;; n++) {
        failing_alloc_after(n);
        enum status status = cache_create(&c, 10, SIZE, 1000, &err);
        long used = failing_alloc_count();
        failing_alloc_off();
        if (used < n) {
            assert_int_equal(status, STATUS_OK);
            break;
        }
        assert_int_equal(status, STATUS_FAILED);
        assert_null(c);
    }
    cache_destroy(c);
}

enum { ROWS = 500, THREADS = 4 };

struct racer {
    pthread_t thread;
    struct cache *cache;
    int wrong;
};

/* Stores all rows and looks at all of them; assertions are for the main thread. */
static void *race(void *argument)
{
    struct racer *r = argument;
    uint8_t rgb[BYTES];
    for (int i = 0; i < ROWS; i++) {
        memset(rgb, i % 251, sizeof rgb);
        cache_store(r->cache, i, rgb);
        for (int j = 0; j < ROWS; j += 7) {
            const uint8_t *found = cache_find(r->cache, j);
            r->wrong += found && (found[0] != j % 251 || found[BYTES - 1] != j % 251);
        }
    }
    return NULL;
}

static void threads_see_whole_pictures_and_stay_within_the_budget(void **state)
{
    (void)state;
    struct cache *c = create(ROWS, 300 * BYTES);
    struct racer racer[THREADS] = {0};
    for (int i = 0; i < THREADS; i++) {
        racer[i].cache = c;
        assert_int_equal(pthread_create(&racer[i].thread, NULL, race, &racer[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(racer[i].thread, NULL);
        assert_int_equal(racer[i].wrong, 0);
    }
    size_t held = 0;
    for (int i = 0; i < ROWS; i++)
        held += cache_find(c, i) != NULL;
    assert_int_equal(cache_bytes(c), held * BYTES);
    assert_in_range(held, 295, 300); /* a thread that comes second holds room for a moment */
    cache_destroy(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stored_picture_is_found_and_others_are_not),
        cmocka_unit_test(the_budget_is_kept_to_the_byte),
        cmocka_unit_test(without_memory_a_picture_is_not_kept_and_costs_nothing),
        cmocka_unit_test(creation_survives_a_failing_allocation),
        cmocka_unit_test(threads_see_whole_pictures_and_stay_within_the_budget),
    };
    return cmocka_run_group_tests_name("data/cache", tests, NULL, NULL);
}
