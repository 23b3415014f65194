#include "nn/param.h"

#include "math/close.h"

#include <string.h>

enum { I = 2, KH = 2, KW = 3, MOST_O = 35 };

static void check_convolution(int outs)
{
    const struct param p = {.kind = PARAM_CONV,
                            .n_dims = 4,
                            .dim = {outs, I, KH, KW},
                            .size = (size_t)outs * I * KH * KW};
    float memory[MOST_O * I * KH * KW], disk[MOST_O * I * KH * KW], back[MOST_O * I * KH * KW];
    for (int r = 0; r < KH; r++)
        for (int s = 0; s < KW; s++)
            for (int i = 0; i < I; i++)
                for (int o = 0; o < outs; o++)
                    memory[((r * KW + s) * I + i) * outs + o] =
                        (float)(1000 * o + 100 * i + 10 * r + s);
    param_to_disk(disk, &p, memory);
    int at = 0;
    for (int o = 0; o < outs; o++)
        for (int i = 0; i < I; i++)
            for (int r = 0; r < KH; r++)
                for (int s = 0; s < KW; s++)
                    assert_true(disk[at++] == (float)(1000 * o + 100 * i + 10 * r + s));
    param_from_disk(back, &p, disk);
    assert_memory_equal(back, memory, p.size * sizeof *memory);
}

/* Outputs go by sixteen: fewer, just as many, and two times with a rest. */
static void a_convolution_on_disk_is_output_input_row_column(void **state)
{
    (void)state;
    check_convolution(3);
    check_convolution(16);
    check_convolution(MOST_O);
}

static void everything_else_is_the_same_in_memory_and_on_disk(void **state)
{
    (void)state;
    const struct param linear = {.kind = PARAM_LINEAR, .n_dims = 2, .dim = {2, 3}, .size = 6};
    const float values[6] = {1, 2, 3, 4, 5, 6};
    float disk[6], back[6];
    param_to_disk(disk, &linear, values);
    assert_memory_equal(disk, values, sizeof values);
    param_from_disk(back, &linear, disk);
    assert_memory_equal(back, values, sizeof values);
}

static void parameters_are_found_by_their_whole_name_and_buffers_are_not_trained(void **state)
{
    (void)state;
    struct param item[] = {{.name = "fc.weight", .kind = PARAM_LINEAR},
                           {.name = "bn1.running_mean", .kind = PARAM_BUFFER},
                           {.name = "bn1.num_batches_tracked", .kind = PARAM_COUNTER}};
    const struct param_list list = {.item = item, .n = 3};
    assert_ptr_equal(param_find(&list, "bn1.running_mean"), &item[1]);
    assert_null(param_find(&list, "fc"));
    assert_true(param_is_trained(&item[0]));
    assert_false(param_is_trained(&item[1]));
    assert_false(param_is_trained(&item[2]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_convolution_on_disk_is_output_input_row_column),
        cmocka_unit_test(everything_else_is_the_same_in_memory_and_on_disk),
        cmocka_unit_test(parameters_are_found_by_their_whole_name_and_buffers_are_not_trained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
