/* The planner: its table, and what holds whatever the table says. */
#include "nn/conv2d_plan.h"

#include "math/kernels.h"
#include "nn/conv2d.h"
#include "nn/conv2d_table.h"

#include "math/close.h"

#include <string.h>

static struct conv2d shape(int kernel, int stride, int in_c, int out_c, int size)
{
    int out = (size + stride - 1) / stride;
    return (struct conv2d){.in_h = size,
                           .in_w = size,
                           .in_c = in_c,
                           .out_h = out,
                           .out_w = out,
                           .out_c = out_c,
                           .kernel = kernel,
                           .stride = stride,
                           .pad = kernel / 2};
}

static void assert_text(const struct conv2d *c, enum conv2d_choice choice, const char *wanted)
{
    char text[32];
    struct conv2d_plan plan = conv2d_plan_choose(c, choice);
    conv2d_plan_text(text, sizeof text, &plan);
    assert_string_equal(text, wanted);
}

static void a_shape_of_the_table_gets_its_row(void **state)
{
    (void)state;
    int seen = 0;
    for (int i = 0; i < conv2d_table_rows; i++) {
        const struct conv2d_table_row *r = &conv2d_table[i];
        if (strcmp(r->level, kernels_get()->level) != 0 || r->out_c % 16 != 0)
            continue;
        struct conv2d c = shape(r->kernel, r->stride, r->in_c, r->out_c, r->size);
        struct conv2d_plan plan = conv2d_plan_choose(&c, CONV2D_AUTO);
        assert_memory_equal(&plan, &r->plan, sizeof plan);
        seen++;
    }
    assert_true(seen > 0); /* every level has rows */
}

static void every_level_has_rows(void **state)
{
    (void)state;
    static const char *const LEVELS[] = {"v4", "v3", "portable"};
    for (int level = 0; level < 3; level++) {
        int n = 0;
        for (int i = 0; i < conv2d_table_rows; i++)
            n += strcmp(conv2d_table[i].level, LEVELS[level]) == 0;
        assert_true(n > 0);
    }
}

static void winograd_is_never_taken_where_it_does_not_fit(void **state)
{
    (void)state;
    struct conv2d odd = shape(3, 1, 24, 64, 56), stride = shape(3, 2, 64, 64, 56),
                  small = shape(3, 1, 64, 64, 6), wide = shape(5, 1, 64, 64, 56);
    const struct conv2d *const SHAPES[] = {&odd, &stride, &small, &wide};
    for (int i = 0; i < 4; i++)
        for (int choice = CONV2D_AUTO; choice <= CONV2D_ALL_DIRECT; choice++) {
            struct conv2d_plan p = conv2d_plan_choose(SHAPES[i], (enum conv2d_choice)choice);
            assert_true(p.forward != CONV2D_WINOGRAD && p.backward_data != CONV2D_WINOGRAD &&
                        p.backward_weights != CONV2D_WINOGRAD);
        }
}

static void a_forced_method_is_taken_wherever_it_fits(void **state)
{
    (void)state;
    struct conv2d whole = shape(3, 1, 64, 64, 56), part = shape(3, 1, 64, 70, 56);
    assert_text(&whole, CONV2D_ALL_IM2COL, "im2col");
    assert_text(&whole, CONV2D_ALL_DIRECT, "direct");
    assert_text(&whole, CONV2D_ALL_WINOGRAD, "winograd");
    assert_text(&part, CONV2D_ALL_WINOGRAD, "im2col");
    /* Backward-weights reads whole vectors of dy. */
    assert_text(&part, CONV2D_ALL_DIRECT, "direct/direct/im2col");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shape_of_the_table_gets_its_row),
        cmocka_unit_test(every_level_has_rows),
        cmocka_unit_test(winograd_is_never_taken_where_it_does_not_fit),
        cmocka_unit_test(a_forced_method_is_taken_wherever_it_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
