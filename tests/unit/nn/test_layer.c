/* nn/layer: where windows begin and how many there are, and the texts of the layer table. */
#include "nn/layer.h"

#include "math/close.h"

#include <string.h>

static void same_padding_is_tensorflows(void **state)
{
    (void)state;
    static const struct {
        int in, kernel, stride, before, out;
    } by_hand[] = {
        /* ceil(in / stride) windows; zeros before the first pixel, as many or one more behind the
         * last: "0+1" is none before and one behind. */
        {1, 1, 1, 0, 1},
        {1, 2, 1, 0, 1} /* 0+1 */,
        {1, 3, 1, 1, 1} /* 1+1 */,
        {1, 4, 1, 1, 1} /* 1+2 */,
        {1, 5, 1, 2, 1} /* 2+2 */,
        {5, 1, 1, 0, 5},
        {5, 2, 1, 0, 5} /* 0+1 */,
        {5, 3, 1, 1, 5} /* 1+1 */,
        {5, 4, 1, 1, 5} /* 1+2 */,
        {5, 5, 1, 2, 5} /* 2+2 */,
        {1, 3, 2, 1, 1} /* 1+1 */,
        {2, 3, 2, 0, 1} /* 0+1 */,
        {3, 3, 2, 1, 2} /* 1+1 */,
        {4, 3, 2, 0, 2} /* 0+1 */,
        {5, 3, 2, 1, 3} /* 1+1 */,
        {6, 3, 2, 0, 3} /* 0+1 */,
        {7, 3, 2, 1, 4} /* 1+1 */,
        {8, 3, 2, 0, 4} /* 0+1 */,
        {9, 3, 2, 1, 5} /* 1+1 */,
        {8, 5, 2, 1, 4} /* 1+2 */,
        {9, 5, 2, 2, 5} /* 2+2 */,
        {7, 1, 2, 0, 4},
        {8, 1, 2, 0, 4} /* the last pixel is not read: 0+0, not -1 */,
        {8, 2, 2, 0, 4},
        {9, 2, 2, 0, 5} /* 0+1 */,
        {7, 3, 3, 1, 3} /* 1+1 */,
        {8, 3, 3, 0, 3} /* 0+1 */,
        {9, 3, 3, 0, 3},
        {7, 4, 3, 1, 3} /* 1+2 */,
        {9, 5, 3, 1, 3} /* 1+1 */,
        {9, 1, 3, 0, 3},
    };
    for (size_t i = 0; i < sizeof by_hand / sizeof by_hand[0]; i++) {
        int in = by_hand[i].in, kernel = by_hand[i].kernel, stride = by_hand[i].stride;
        assert_int_equal(layer_padding_before(in, kernel, stride, LAYER_PADDING_SAME),
                         by_hand[i].before);
        assert_int_equal(layer_out_size(in, kernel, stride, LAYER_PADDING_SAME), by_hand[i].out);
    }
}

/* Windows that begin at 0, stride, ... and end within `length` pixels. */
static int windows(int length, int kernel, int stride)
{
    int n = 0;
    for (int first = 0; first + kernel <= length; first += stride)
        n++;
    return n;
}

/* The least number of zeros with which ceil(in / stride) windows fit, the smaller half in front. */
static void same_padding_is_as_small_as_it_can_be(void **state)
{
    (void)state;
    for (int in = 1; in <= 20; in++)
        for (int kernel = 1; kernel <= 7; kernel++)
            for (int stride = 1; stride <= 4; stride++) {
                int positions = 0, zeros = 0;
                for (int pixel = 0; pixel < in; pixel += stride)
                    positions++;
                while (windows(in + zeros, kernel, stride) < positions)
                    zeros++;
                assert_int_equal(layer_out_size(in, kernel, stride, LAYER_PADDING_SAME), positions);
                assert_int_equal(layer_padding_before(in, kernel, stride, LAYER_PADDING_SAME),
                                 zeros / 2);
            }
}

static void a_number_of_zeros_is_on_both_sides(void **state)
{
    (void)state;
    for (int in = 1; in <= 12; in++)
        for (int kernel = 1; kernel <= 7; kernel++)
            for (int stride = 1; stride <= 3; stride++)
                for (int padding = 0; padding <= 3; padding++) {
                    assert_int_equal(layer_padding_before(in, kernel, stride, padding), padding);
                    assert_int_equal(layer_out_size(in, kernel, stride, padding),
                                     windows(in + 2 * padding, kernel, stride));
                }
    assert_int_equal(layer_out_size(2, 7, 1, 2), 0); /* 6 pixels with their zeros */
}

static void odd_kernels_keep_the_size_and_even_ones_have_no_padding(void **state)
{
    (void)state;
    static const int padding[] = {0, 0, 0, 1, 0, 2, 0, 3};
    for (int kernel = 1; kernel <= 7; kernel++)
        assert_int_equal(layer_usual_padding(kernel), padding[kernel]);
}

static void a_layer_is_described_in_a_few_words(void **state)
{
    (void)state;
    const struct {
        struct layer_row row;
        const char *text;
    } cases[] = {
        {{.operation = LAYER_CONV,
          .in = {9, 9, 64},
          .out = {5, 5, 128},
          .kernel = 3,
          .stride = 2,
          .groups = 1},
         "conv 3x3/2 64->128"},
        {{.operation = LAYER_CONV,
          .in = {9, 9, 32},
          .out = {9, 9, 32},
          .kernel = 5,
          .stride = 1,
          .groups = 32},
         "depthwise 5x5/1 32->32"},
        {{.operation = LAYER_NORM, .norm = {NORM_GROUP, 8, 1e-5, 0}}, "group norm, 8 groups"},
        {{.operation = LAYER_NORM, .norm = {NORM_BATCH, 0, 1e-5, 0.1}}, "batch norm"},
        {{.operation = LAYER_NORM}, "no norm"},
        {{.operation = LAYER_MAX_POOL, .kernel = 3, .stride = 2}, "max pool 3x3/2"},
        {{.operation = LAYER_AVERAGE_POOL, .kernel = 2, .stride = 2}, "average pool 2x2/2"},
        {{.operation = LAYER_AVERAGE_POOL}, "average pool"},
        {{.operation = LAYER_SUM}, "sum"},
        {{.operation = LAYER_CONCAT, .n_parts = 3}, "concatenation of 4"},
        {{.operation = LAYER_LINEAR, .in = {1, 1, 512}, .out = {1, 1, 7}}, "linear 512->7"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[64];
        layer_describe(text, sizeof text, &cases[i].row);
        assert_string_equal(text, cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_padding_is_tensorflows),
        cmocka_unit_test(same_padding_is_as_small_as_it_can_be),
        cmocka_unit_test(a_number_of_zeros_is_on_both_sides),
        cmocka_unit_test(odd_kernels_keep_the_size_and_even_ones_have_no_padding),
        cmocka_unit_test(a_layer_is_described_in_a_few_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
