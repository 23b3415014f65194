#include "data/sampler.h"

#include "data/scratch_files.h"

#include <math.h>

enum { ROWS = 60, CLASSES = 4 };

/* Of 60 rows 48, 9, 3 and 0 are of the four classes. */
static const int count[CLASSES] = {48, 9, 3, 0};
static struct dataset *data;
static struct arena memory;
static struct sampler sampler;

static int label_of(int row)
{
    return row % 20 == 0 ? 2 : row % 20 <= 3 ? 1 : 0;
}

static int set_up(void **state)
{
    static char a[] = "a", b[] = "b", c[] = "c", d[] = "d";
    static char *names[CLASSES] = {a, b, c, d};
    const struct class_list classes = {names, CLASSES};
    const struct dataset_options opt = {.image_column = "image",
                                        .label_column = "label",
                                        .header = true,
                                        .delimiter = ',',
                                        .classes = &classes};
    struct error err;
    char text[2048] = "image,label\n";
    if (scratch_make(state))
        return -1;
    for (int i = 0; i < ROWS; i++)
        sprintf(text + strlen(text), "%d.png,%s\n", i, names[label_of(i)]);
    memory = (struct arena){0};
    sampler_lay_out(&sampler, ROWS, CLASSES, &memory);
    if (dataset_load(&data, scratch_write_text("set.csv", text), &opt, &err) ||
        arena_commit(&memory, "a sampler", &err))
        return -1;
    sampler_lay_out(&sampler, ROWS, CLASSES, &memory);
    for (int i = 0; i < ROWS; i++)
        sampler.row[i] = i;
    return 0;
}

static int tear_down(void **state)
{
    dataset_destroy(data);
    arena_destroy(&memory);
    return scratch_remove(state);
}

static void every_row_comes_once_in_the_order_given_or_in_a_new_one(void **state)
{
    (void)state;
    int seen[ROWS] = {0}, moved = 0, first[ROWS];
    sampler_keep_order(&sampler);
    assert_memory_equal(sampler.order, sampler.row, sizeof first);
    sampler_shuffle(&sampler, 1, 0);
    for (int i = 0; i < ROWS; i++) {
        seen[sampler.order[i]]++;
        moved += sampler.order[i] != i;
        assert_int_equal(sampler.occurrence[i], 0);
    }
    for (int i = 0; i < ROWS; i++)
        assert_int_equal(seen[i], 1);
    assert_true(moved > ROWS / 2);
    memcpy(first, sampler.order, sizeof first);
    sampler_shuffle(&sampler, 1, 1);
    assert_memory_not_equal(sampler.order, first, sizeof first);
}

static void balanced_draws_depend_on_seed_and_epoch_alone(void **state)
{
    (void)state;
    int order[ROWS], occurrence[ROWS];
    sampler_balance(&sampler, data, 1, 5);
    memcpy(order, sampler.order, sizeof order);
    memcpy(occurrence, sampler.occurrence, sizeof occurrence);
    sampler_balance(&sampler, data, 1, 6);
    assert_memory_not_equal(sampler.order, order, sizeof order);
    sampler_balance(&sampler, data, 2, 5);
    assert_memory_not_equal(sampler.order, order, sizeof order);
    sampler_balance(&sampler, data, 1, 5); /* whatever came before */
    assert_memory_equal(sampler.order, order, sizeof order);
    assert_memory_equal(sampler.occurrence, occurrence, sizeof occurrence);
}

static void each_class_that_is_there_gets_an_equal_share(void **state)
{
    (void)state;
    enum { EPOCHS = 400 };
    int drawn[CLASSES] = {0}, times[ROWS] = {0};
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
        sampler_balance(&sampler, data, 3, epoch);
        for (int i = 0; i < ROWS; i++) {
            drawn[label_of(sampler.order[i])]++;
            times[sampler.order[i]]++;
        }
    }
    const double visits = (double)EPOCHS * ROWS;
    for (int c = 0; c < CLASSES; c++) /* 5 standard errors of a third */
        assert_true(fabs(drawn[c] - (c < 3 ? visits / 3 : 0)) < 5 * sqrt(visits * 2 / 9));
    for (int row = 0; row < ROWS; row++) { /* less than as many independent draws would vary */
        double expected = visits / 3 / count[label_of(row)];
        assert_true(fabs(times[row] - expected) < 5 * sqrt(expected));
    }
}

static void a_row_comes_again_only_after_all_of_its_class_and_knows_how_often_it_came(void **state)
{
    (void)state;
    for (int epoch = 0; epoch < 20; epoch++) {
        int times[ROWS] = {0};
        sampler_balance(&sampler, data, 4, epoch);
        for (int i = 0; i < ROWS; i++) {
            int row = sampler.order[i];
            assert_int_equal(sampler.occurrence[i], times[row]++);
            for (int other = 0; other < ROWS; other++)
                if (label_of(other) == label_of(row))
                    assert_true(times[other] >= times[row] - 1);
        }
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(every_row_comes_once_in_the_order_given_or_in_a_new_one),
        TEST(balanced_draws_depend_on_seed_and_epoch_alone),
        TEST(each_class_that_is_there_gets_an_equal_share),
        TEST(a_row_comes_again_only_after_all_of_its_class_and_knows_how_often_it_came),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
