/* The planner: its table, and what holds whatever the table says. */
#include "nn/conv/conv2d_plan.h"

#include "math/kernels.h"

#include "math/close.h"

#include <string.h>

static struct conv2d shape(int kernel, int stride, int in_c, int out_c, int size)
{
    int out = (size + stride - 1) / stride;
    return (struct conv2d){.in = {size, size, in_c},
                           .out = {out, out, out_c},
                           .kernel = kernel,
                           .stride = stride,
                           .groups = 1,
                           .pad_top = kernel / 2,
                           .pad_left = kernel / 2};
}

static void assert_frozen_text(struct conv2d *c, enum conv2d_choice choice, bool has_frozen_norm,
                               const char *wanted)
{
    char text[32];
    conv2d_plan_choose(c, choice, has_frozen_norm);
    conv2d_plan_text(text, sizeof text, c);
    assert_string_equal(text, wanted);
}

static void assert_text(struct conv2d *c, enum conv2d_choice choice, const char *wanted)
{
    assert_frozen_text(c, choice, false, wanted);
}

/* What runs, which args.yaml tells. */
static void behind_a_frozen_norm_the_backward_pass_is_one(void **state)
{
    (void)state;
    struct conv2d pointwise = shape(1, 1, 64, 64, 56), strided = shape(1, 2, 64, 128, 56),
                  depthwise = shape(3, 1, 64, 64, 56);
    pointwise.pad_top = pointwise.pad_left = 0;
    pointwise.in_pitch = strided.in_pitch = depthwise.in_pitch = 64;
    depthwise.groups = 64;
    assert_frozen_text(&pointwise, CONV2D_ALL_DIRECT, true, "direct/pointwise/pointwise");
    assert_frozen_text(&pointwise, CONV2D_ALL_IM2COL, true, "im2col");
    assert_frozen_text(&strided, CONV2D_ALL_DIRECT, true, "direct");
    assert_frozen_text(&depthwise, CONV2D_AUTO, true, "depthwise");
    assert_text(&pointwise, CONV2D_ALL_DIRECT, "direct"); /* behind another norm */
}

static void a_shape_of_the_table_gets_its_row(void **state)
{
    (void)state;
    int seen = 0;
    for (int i = 0; i < conv2d_plan_table_rows; i++) {
        const struct conv2d_plan_row *r = &conv2d_plan_table[i];
        if (strcmp(r->level, kernels_get()->level) != 0)
            continue;
        struct conv2d c = shape(r->kernel, r->stride, r->in_c, r->out_c, r->size);
        conv2d_plan_choose(&c, CONV2D_AUTO, false);
        assert_memory_equal(c.plan, r->plan, sizeof c.plan);
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
        for (int i = 0; i < conv2d_plan_table_rows; i++)
            n += strcmp(conv2d_plan_table[i].level, LEVELS[level]) == 0;
        assert_true(n > 0);
    }
}

static bool takes_winograd(struct conv2d c, enum conv2d_choice choice)
{
    conv2d_plan_choose(&c, choice, false);
    for (int pass = 0; pass < CONV2D_PASSES; pass++)
        if (c.plan[pass] == CONV2D_WINOGRAD)
            return true;
    return false;
}

static void winograd_is_never_taken_where_it_does_not_fit(void **state)
{
    (void)state;
    struct conv2d few_in = shape(3, 1, 23, 64, 56), few_out = shape(3, 1, 64, 20, 56),
                  stride = shape(3, 2, 64, 64, 56), wide = shape(5, 1, 64, 64, 56),
                  unpadded = shape(3, 1, 64, 64, 56), depthwise = shape(3, 1, 64, 64, 56);
    unpadded.pad_top = unpadded.pad_left = 0;
    unpadded.out.height = unpadded.out.width = 54;
    depthwise.groups = 64;
    const struct conv2d *const SHAPES[] = {&few_in, &few_out,  &stride,
                                           &wide,   &unpadded, &depthwise};
    for (int i = 0; i < 6; i++)
        for (int choice = CONV2D_AUTO; choice <= CONV2D_ALL_DIRECT; choice++)
            assert_false(takes_winograd(*SHAPES[i], (enum conv2d_choice)choice));
}

/* Forced and by the table (whose nearest row is winograd's); each axis counts. */
static void winograd_begins_at_images_of_seven_pixels(void **state)
{
    (void)state;
    const enum conv2d_choice choices[] = {CONV2D_AUTO, CONV2D_ALL_WINOGRAD};
    for (int i = 0; i < 2; i++) {
        struct conv2d c = shape(3, 1, 64, 64, 7);
        assert_true(takes_winograd(c, choices[i]));
        c.in.height = c.out.height = 6;
        assert_false(takes_winograd(c, choices[i]));
        c = shape(3, 1, 64, 64, 7);
        c.in.width = c.out.width = 6;
        assert_false(takes_winograd(c, choices[i]));
        assert_false(takes_winograd(shape(3, 1, 64, 64, 6), choices[i]));
    }
}

static void a_wanted_method_that_does_not_fit_gives_way_to_the_next(void **state)
{
    (void)state;
    const enum conv2d_kind winograd[] = {CONV2D_WINOGRAD, CONV2D_WINOGRAD, CONV2D_WINOGRAD};
    const enum conv2d_kind mixed[] = {CONV2D_WINOGRAD, CONV2D_IM2COL, CONV2D_DIRECT};
    struct conv2d many = shape(3, 1, 64, 70, 56), few = shape(3, 1, 64, 20, 56);
    char text[32];
    conv2d_plan_set(&many, mixed);
    conv2d_plan_text(text, sizeof text, &many);
    assert_string_equal(text, "winograd/im2col/direct");
    conv2d_plan_set(&few, winograd);
    conv2d_plan_text(text, sizeof text, &few);
    assert_string_equal(text, "direct");
}

static void a_forced_method_is_taken_wherever_it_fits(void **state)
{
    (void)state;
    struct conv2d whole = shape(3, 1, 64, 64, 56), part = shape(3, 1, 26, 70, 56),
                  few = shape(3, 1, 64, 20, 56);
    assert_text(&whole, CONV2D_ALL_IM2COL, "im2col");
    assert_text(&whole, CONV2D_ALL_DIRECT, "direct");
    assert_text(&whole, CONV2D_ALL_WINOGRAD, "winograd");
    assert_text(&part, CONV2D_ALL_DIRECT, "direct");
    assert_text(&part, CONV2D_ALL_WINOGRAD, "winograd");
    assert_text(&few, CONV2D_ALL_WINOGRAD, "im2col");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(behind_a_frozen_norm_the_backward_pass_is_one),
        cmocka_unit_test(a_shape_of_the_table_gets_its_row),
        cmocka_unit_test(every_level_has_rows),
        cmocka_unit_test(winograd_is_never_taken_where_it_does_not_fit),
        cmocka_unit_test(winograd_begins_at_images_of_seven_pixels),
        cmocka_unit_test(a_wanted_method_that_does_not_fit_gives_way_to_the_next),
        cmocka_unit_test(a_forced_method_is_taken_wherever_it_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
