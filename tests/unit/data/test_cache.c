#include "data/cache.h"

#include "data/resized_image_of.h"
#include "failing_alloc.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { SIZE = 4, VALUES = SIZE * SIZE * 3, BYTES = sizeof(struct resized_image) + VALUES };

static struct error err;

static int held_by(const struct cache *c, int n_rows)
{
    int held = 0;
    for (int i = 0; i < n_rows; i++)
        held += cache_find(c, i) != NULL;
    return held;
}

static struct cache *create(int n_rows, size_t budget)
{
    struct cache *c;
    assert_int_equal(cache_create(&c, n_rows, SIZE, budget, &err), STATUS_OK);
    return c;
}

static void a_stored_image_is_found_and_others_are_not(void **state)
{
    (void)state;
    struct cache *c = create(3, 1000);
    SQUARE_OF(image, SIZE);
    memset(image->rgb, 7, VALUES);
    image->aspect = 1.5;
    assert_null(cache_find(c, 1));
    cache_store(c, 1, image);
    image->rgb[0] = 8;
    image->aspect = 2;
    for (int again = 0; again < 2; again++) { /* the first one stays */
        const struct resized_image *found = cache_find(c, 1);
        assert_non_null(found);
        assert_int_equal(found->rgb[0], 7);
        assert_int_equal(found->rgb[VALUES - 1], 7);
        assert_true(found->aspect == 1.5);
        cache_store(c, 1, image);
    }
    assert_null(cache_find(c, 0));
    cache_destroy(c);
    cache_destroy(NULL);
}

static void the_budget_is_kept_to_the_byte(void **state)
{
    (void)state;
    SQUARE_OF(image, SIZE);
    for (size_t budget = 0; budget < 4 * BYTES; budget++) {
        struct cache *c = create(5, budget);
        for (int i = 0; i < 5; i++)
            cache_store(c, i, image);
        for (int i = 0; i < 5; i++)
            assert_int_equal(cache_find(c, i) != NULL, (size_t)i < budget / BYTES);
        cache_destroy(c);
    }
}

static void without_memory_a_image_is_not_kept_and_costs_nothing(void **state)
{
    (void)state;
    SQUARE_OF(image, SIZE);
    struct cache *c = create(1, BYTES);
    failing_alloc_after(1);
    cache_store(c, 0, image);
    failing_alloc_off();
    assert_null(cache_find(c, 0));
    cache_store(c, 0, image); /* the room that was reserved is free again */
    assert_non_null(cache_find(c, 0));
    cache_destroy(c);
}

static void creation_survives_a_failing_allocation(void **state)
{
    (void)state;
    struct cache *c;
    FAILING_ALLOC_EACH(cache_create(&c, 10, SIZE, 1000, &err), &err)
        assert_null(c);
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
    SQUARE_OF(image, SIZE);
    for (int i = 0; i < ROWS; i++) {
        memset(image->rgb, i % 251, VALUES);
        cache_store(r->cache, i, image);
        for (int j = 0; j < ROWS; j += 7) {
            const struct resized_image *found = cache_find(r->cache, j);
            r->wrong += found && (found->rgb[0] != j % 251 || found->rgb[VALUES - 1] != j % 251);
        }
    }
    return NULL;
}

static void threads_see_whole_images_and_stay_within_the_budget(void **state)
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
    assert_in_range(held_by(c, ROWS), 295,
                    300); /* a thread that comes second holds room for a moment */
    cache_destroy(c);
}

static void keys_of_a_disk_are_remembered_and_the_first_one_stays(void **state)
{
    (void)state;
    struct cache *c;
    struct image_key key = {{1, 2}}, other = {{3, 4}}, found;
    assert_int_equal(cache_create_on_disk(&c, 2, NULL, &err), STATUS_OK);
    assert_false(cache_key(c, &found, 0));
    cache_remember(c, 0, &key);
    cache_remember(c, 0, &other);
    assert_true(cache_key(c, &found, 0));
    assert_true(image_key_equal(&found, &key));
    assert_false(cache_key(c, &found, 1));
    assert_null(cache_find(c, 0));
    cache_destroy(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stored_image_is_found_and_others_are_not),
        cmocka_unit_test(the_budget_is_kept_to_the_byte),
        cmocka_unit_test(without_memory_a_image_is_not_kept_and_costs_nothing),
        cmocka_unit_test(creation_survives_a_failing_allocation),
        cmocka_unit_test(keys_of_a_disk_are_remembered_and_the_first_one_stays),
        cmocka_unit_test(threads_see_whole_images_and_stay_within_the_budget),
    };
    return cmocka_run_group_tests_name("data/cache", tests, NULL, NULL);
}
