#include "data/augment.h"

#include "data/augment_colour.h"
#include "data/resized_image_of.h"
#include "image/rotate.h"
#include "scratch.h"

#include <math.h>

enum { IN = 24, OUT = 16, DRAWS = 4000 };

static struct error err;

static const struct augment_options nothing = {.crop_scale = {1, 1}, .crop_ratio = {1, 1}};
static const struct augment_options everything = {
    .hflip = 0.5,
    .vflip = 0.25,
    .crop_scale = {0.3, 0.9},
    .crop_ratio = {0.75, 4 / 3.0},
    .rotate = 20,
    .brightness = 0.4,
    .contrast = 0.3,
    .saturation = 1.5,
    .hue = 0.1,
    .erase = 0.4,
};

static struct augment_view draw(const struct augment_options *opt, int row)
{
    struct augment_view view;
    augment_draw(&view, opt, 1.5, &(struct augment_moment){.seed = 3, .epoch = 2, .row = row});
    return view;
}

static void a_view_depends_on_seed_epoch_row_and_occurrence(void **state)
{
    (void)state;
    const struct augment_moment base = {3, 2, 7, 0};
    const struct augment_moment others[] = {{4, 2, 7, 0}, {3, 3, 7, 0}, {3, 2, 8, 0}, {3, 2, 7, 1}};
    struct augment_view a, b;
    augment_draw(&a, &everything, 1.5, &base);
    augment_draw(&b, &everything, 1.5, &base);
    assert_memory_equal(&a, &b, sizeof a);
    for (int i = 0; i < 4; i++) {
        augment_draw(&b, &everything, 1.5, &others[i]);
        assert_true(a.brightness != b.brightness && a.rotate != b.rotate && a.crop.x != b.crop.x);
    }
}

static void without_strength_a_view_is_the_image_itself(void **state)
{
    (void)state;
    assert_false(augment_is_on(&nothing));
    for (int row = 0; row < 100; row++) {
        struct augment_view view = draw(&nothing, row);
        assert_true(!view.hflip && !view.vflip && view.crop.x == 0 && view.crop.y == 0);
        assert_true(view.crop.width == 1 && view.crop.height == 1 && view.erase.width == 0);
        assert_true(view.brightness == 1 && view.contrast == 1 && view.saturation == 1);
        assert_true(view.rotate == 0 && view.hue == 0);
    }
}

static void each_option_alone_switches_it_on_and_leaves_the_others_draws(void **state)
{
    (void)state;
    for (int option = 0; option < 9; option++) {
        struct augment_options opt = nothing, all = everything;
        double *one[] = {&opt.hflip,      &opt.vflip, &opt.rotate, &opt.brightness,   &opt.contrast,
                         &opt.saturation, &opt.hue,   &opt.erase,  &opt.crop_scale[0]};
        double *off[] = {&all.hflip,      &all.vflip, &all.rotate, &all.brightness,   &all.contrast,
                         &all.saturation, &all.hue,   &all.erase,  &all.crop_scale[0]};
        *one[option] = 0.5;
        assert_true(augment_is_on(&opt));
        *off[option] = option == 8;
        all.crop_scale[1] = option == 8 ? 1 : all.crop_scale[1];
        for (int row = 0; row < 50; row++) {
            struct augment_view a = draw(&everything, row), b = draw(&all, row);
            assert_true(option == 0 || a.hflip == b.hflip);
            assert_true(option == 1 || a.vflip == b.vflip);
            assert_true(option == 2 || a.rotate == b.rotate);
            assert_true(option == 3 || a.brightness == b.brightness);
            assert_true(option == 4 || a.contrast == b.contrast);
            assert_true(option == 5 || a.saturation == b.saturation);
            assert_true(option == 6 || a.hue == b.hue);
            assert_true(option == 7 || memcmp(&a.erase, &b.erase, sizeof a.erase) == 0);
            assert_true(option == 8 || memcmp(&a.crop, &b.crop, sizeof a.crop) == 0);
        }
    }
}

struct spread {
    double low, high, sum;
};

static void take(struct spread *s, double value)
{
    s->low = fmin(s->low, value);
    s->high = fmax(s->high, value);
    s->sum += value / DRAWS;
}

/* Uniform: the ends come near, the mean lies in the middle (5 standard errors). */
static void assert_uniform(const struct spread *s, double low, double high)
{
    double width = high - low;
    assert_true(s->low >= low && s->low < low + 0.01 * width);
    assert_true(s->high <= high && s->high > high - 0.01 * width);
    assert_true(fabs(s->sum - (low + high) / 2) < 5 * width / sqrt(12.0 * DRAWS));
}

static void numbers_fill_their_ranges_evenly(void **state)
{
    (void)state;
    struct spread s[5];
    int hflips = 0, vflips = 0, erased = 0;
    for (int i = 0; i < 5; i++)
        s[i] = (struct spread){INFINITY, -INFINITY, 0};
    for (int row = 0; row < DRAWS; row++) {
        struct augment_view view = draw(&everything, row);
        hflips += view.hflip;
        vflips += view.vflip;
        erased += view.erase.width > 0;
        take(&s[0], view.rotate);
        take(&s[1], view.brightness);
        take(&s[2], view.contrast);
        take(&s[3], view.saturation);
        take(&s[4], view.hue);
    }
    assert_uniform(&s[0], -20, 20);
    assert_uniform(&s[1], 0.6, 1.4);
    assert_uniform(&s[2], 0.7, 1.3);
    assert_uniform(&s[3], 0, 2.5);
    assert_uniform(&s[4], -0.1, 0.1);
    /* 5 standard errors of a share. */
    assert_true(fabs(hflips - 0.5 * DRAWS) < 5 * sqrt(0.25 * DRAWS));
    assert_true(fabs(vflips - 0.25 * DRAWS) < 5 * sqrt(0.1875 * DRAWS));
    assert_true(fabs(erased - 0.4 * DRAWS) < 5 * sqrt(0.24 * DRAWS));
}

static void crops_and_erased_parts_have_the_areas_and_ratios_asked_for(void **state)
{
    (void)state;
    const double aspect = 1.5, slack = 1e-12;
    for (int row = 0; row < DRAWS; row++) {
        struct augment_view view = draw(&everything, row);
        const struct augment_box *c = &view.crop, *e = &view.erase;
        double area = c->width * c->height, ratio = c->width * aspect / c->height;
        assert_true(area >= 0.3 - slack && area <= 0.9 + slack);
        assert_true(ratio >= 0.75 - slack && ratio <= 4 / 3.0 + slack);
        assert_true(c->x >= 0 && c->y >= 0 && c->x + c->width <= 1 + slack &&
                    c->y + c->height <= 1 + slack);
        if (e->width == 0)
            continue;
        area = e->width * e->height;
        ratio = e->height / e->width;
        assert_true(area >= 0.02 - slack && area <= 0.33 + slack);
        assert_true(ratio >= 0.3 - slack && ratio <= 3.3 + slack);
        assert_true(e->x >= 0 && e->y >= 0 && e->x + e->width < 1 + slack &&
                    e->y + e->height < 1 + slack);
    }
}

static void what_never_fits_is_the_largest_part_in_the_middle(void **state)
{
    (void)state;
    struct augment_options opt = nothing;
    struct augment_view view;
    opt.crop_scale[0] = 0.999; /* of an image ten times as wide as high */
    augment_draw(&view, &opt, 10, &(struct augment_moment){0});
    assert_true(view.crop.height == 1 && fabs(view.crop.width - 0.1) < 1e-12);
    assert_true(view.crop.y == 0 && fabs(view.crop.x - 0.45) < 1e-12);
}

static void the_default_scale_keeps_a_middling_crop_from_growing(void **state)
{
    (void)state;
    struct augment_options opt = nothing;
    assert_true(augment_default_scale(&opt) == 1);
    opt.crop_scale[0] = 0.5;
    opt.crop_scale[1] = 0.5;
    assert_true(fabs(augment_default_scale(&opt) - sqrt(2)) < 1e-12);
    opt.crop_scale[0] = 0.01;
    assert_true(augment_default_scale(&opt) == fmin(1 / sqrt(0.255), 2));
    opt.crop_scale[1] = 0.02;
    assert_true(augment_default_scale(&opt) == 2);
}

/* ---- applied ---- */

struct workspace {
    struct arena memory;
    struct augment augment;
};

static void set_up(struct workspace *b, int side_in)
{
    const struct image_fit kept = {.size = side_in};
    *b = (struct workspace){0};
    augment_lay_out(&b->augment, &everything, &kept, OUT, &b->memory);
    assert_int_equal(arena_commit(&b->memory, "an augmentation", &err), STATUS_OK);
    augment_lay_out(&b->augment, &everything, &kept, OUT, &b->memory);
}

static const uint8_t *view_of(struct workspace *b, const struct resized_image *image,
                              const struct augment_view *view)
{
    const uint8_t *rgb;
    assert_int_equal(augment_apply(&rgb, &b->augment, image, view, &err), STATUS_OK);
    return rgb;
}

static void fill(struct resized_image *image, int side)
{
    image->aspect = 1.5;
    for (int i = 0; i < 3 * side * side; i++)
        image->rgb[i] = (uint8_t)(i * 89 + i / 7 * 31);
}

/* The view with its light. */
static void apply(uint8_t *rgb, struct workspace *b, const struct resized_image *image,
                  const struct augment_view *view)
{
    memcpy(rgb, view_of(b, image, view), (size_t)3 * OUT * OUT);
    augment_colour_map(rgb, (size_t)OUT * OUT, b->augment.light);
}

static void without_change_the_image_itself_is_the_view(void **state)
{
    (void)state;
    SQUARE_OF(image, OUT);
    struct workspace b;
    set_up(&b, OUT);
    assert_ptr_equal(view_of(&b, image, &augment_nothing), image->rgb);
    for (int v = 0; v < 256; v++)
        assert_int_equal(b.augment.light[v], v);
    arena_destroy(&b.memory);
}

static void the_steps_come_in_the_order_that_is_said(void **state)
{
    (void)state;
    SQUARE_OF(large, IN);
    SQUARE_OF(small, OUT);
    uint8_t shaped[3 * OUT * OUT], want[3 * OUT * OUT], got[3 * OUT * OUT], table[256];
    const size_t n = OUT * OUT;
    struct augment_view view = augment_nothing;
    struct workspace b;
    for (int whole = 0; whole < 2; whole++) {
        const struct resized_image *image = whole ? small : large;
        fill(whole ? small : large, whole ? OUT : IN);
        set_up(&b, whole ? OUT : IN);
        view = augment_nothing;
        view.hflip = !whole;
        view.crop = whole ? augment_nothing.crop : (struct augment_box){0.1, 0.2, 0.75, 0.6};
        apply(shaped, &b, image, &view);
        view.rotate = 15;
        view.brightness = 1.2;
        view.contrast = 0.8;
        rotate_run(want, shaped, OUT, view.rotate);
        augment_colour_light(table, want, n, view.brightness, view.contrast);
        augment_colour_map(want, n, table);
        apply(got, &b, image, &view);
        assert_memory_equal(got, want, sizeof want);
        view.saturation = 1.3;
        view.hue = 0.07;
        augment_colour_saturate(want, n, view.saturation);
        augment_colour_turn_hue(want, n, view.hue);
        apply(got, &b, image, &view);
        assert_memory_equal(got, want, sizeof want);
        arena_destroy(&b.memory);
    }
}

static void one_colour_change_alone_leaves_the_image_itself_as_it_was(void **state)
{
    (void)state;
    SQUARE_OF(image, OUT);
    SQUARE_OF(kept, OUT);
    uint8_t got[3 * OUT * OUT];
    struct workspace b;
    fill(image, OUT);
    fill(kept, OUT);
    set_up(&b, OUT);
    for (int kind = 0; kind < 4; kind++) {
        struct augment_view view = augment_nothing;
        view.brightness = kind == 0 ? 0.5 : 1;
        view.contrast = kind == 1 ? 0.5 : 1;
        view.saturation = kind == 2 ? 0.5 : 1;
        view.hue = kind == 3 ? 0.2 : 0;
        apply(got, &b, image, &view);
        assert_memory_not_equal(got, kept->rgb, 3 * OUT * OUT);
        assert_memory_equal(image->rgb, kept->rgb, 3 * OUT * OUT);
    }
    arena_destroy(&b.memory);
}

static void a_mirrored_view_is_exact(void **state)
{
    (void)state;
    SQUARE_OF(image, OUT);
    struct augment_view view = augment_nothing;
    struct workspace b;
    fill(image, OUT);
    set_up(&b, OUT);
    view.hflip = true;
    const uint8_t *got = view_of(&b, image, &view);
    for (int y = 0; y < OUT; y++)
        for (int x = 0; x < OUT; x++)
            assert_memory_equal(got + 3 * (y * OUT + x), image->rgb + 3 * (y * OUT + OUT - 1 - x),
                                3);
    arena_destroy(&b.memory);
}

static void the_box_is_erased_to_zero_and_nothing_else(void **state)
{
    (void)state;
    float x[OUT * OUT * 3];
    struct augment_view view = augment_nothing;
    for (int i = 0; i < OUT * OUT * 3; i++)
        x[i] = (float)(i + 1);
    augment_erase(x, OUT, &view);
    for (int i = 0; i < OUT * OUT * 3; i++)
        assert_true(x[i] == (float)(i + 1));
    view.erase = (struct augment_box){2.4 / OUT, 5.6 / OUT, 3.0 / OUT, 7.0 / OUT};
    augment_erase(x, OUT, &view);
    for (int i = 0; i < OUT * OUT * 3; i++) {
        int column = i / 3 % OUT, row = i / 3 / OUT;
        bool inside = column >= 2 && column < 5 && row >= 6 && row < 13;
        assert_true(x[i] == (inside ? 0 : (float)(i + 1)));
    }
}

/* An image of the columns 3..10 of 16: which columns are left when nothing, or what, is done. */
static void bars_are_erased_wherever_the_view_has_moved_them(void **state)
{
    (void)state;
    const struct image_fit_place shown = {.x = 3, .y = 0, .width = 8, .height = OUT};
    float x[OUT * OUT * 3];
    for (int i = 0; i < 6; i++) {
        struct augment_view view = augment_nothing;
        view.hflip = i == 1 || i == 4;
        view.vflip = i == 2;
        view.rotate = i == 3 || i == 4 ? 90 : i == 5 ? 180 : 0; /* the left goes to the bottom */
        for (int k = 0; k < OUT * OUT * 3; k++)
            x[k] = (float)(k + 1);
        augment_erase_bars(x, OUT, &shown, OUT, &view);
        for (int row = 0; row < OUT; row++) {
            for (int column = 0; column < OUT; column++) {
                int from = i == 0 || i == 2   ? column
                           : i == 1 || i == 5 ? OUT - 1 - column
                           : i == 3           ? OUT - 1 - row
                                              : row;
                bool kept = from >= 3 && from < 11;
                for (int k = 3 * (OUT * row + column), end = k + 3; k < end; k++)
                    assert_true(x[k] == (kept ? (float)(k + 1) : 0));
            }
        }
    }
}

static void at_an_angle_bars_are_erased_as_the_image_is_turned(void **state)
{
    (void)state;
    const struct image_fit_place shown = {.x = 0, .y = 4, .width = OUT, .height = 9};
    struct augment_view view = augment_nothing;
    uint8_t in[OUT * OUT * 3] = {0}, turned[OUT * OUT * 3];
    float x[OUT * OUT * 3];
    view.rotate = 25;
    memset(in + (size_t)3 * OUT * 4, 255, (size_t)3 * OUT * 9); /* white, between black bars */
    rotate_run(turned, in, OUT, view.rotate);
    for (int i = 0; i < OUT * OUT * 3; i++)
        x[i] = 1;
    augment_erase_bars(x, OUT, &shown, OUT, &view);
    for (int i = 0; i < OUT * OUT * 3; i++) /* between them lies the middle of the edge */
        assert_true(turned[i] > 180 ? x[i] == 1 : turned[i] < 75 ? x[i] == 0 : true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_view_depends_on_seed_epoch_row_and_occurrence),
        cmocka_unit_test(without_strength_a_view_is_the_image_itself),
        cmocka_unit_test(each_option_alone_switches_it_on_and_leaves_the_others_draws),
        cmocka_unit_test(numbers_fill_their_ranges_evenly),
        cmocka_unit_test(crops_and_erased_parts_have_the_areas_and_ratios_asked_for),
        cmocka_unit_test(what_never_fits_is_the_largest_part_in_the_middle),
        cmocka_unit_test(the_default_scale_keeps_a_middling_crop_from_growing),
        cmocka_unit_test(without_change_the_image_itself_is_the_view),
        cmocka_unit_test(the_steps_come_in_the_order_that_is_said),
        cmocka_unit_test(one_colour_change_alone_leaves_the_image_itself_as_it_was),
        cmocka_unit_test(a_mirrored_view_is_exact),
        cmocka_unit_test(bars_are_erased_wherever_the_view_has_moved_them),
        cmocka_unit_test(at_an_angle_bars_are_erased_as_the_image_is_turned),
        cmocka_unit_test(the_box_is_erased_to_zero_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
