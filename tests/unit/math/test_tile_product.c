/* The micro-kernel, at every processor level, beside its double-precision twin. */
#include "math/levels.h"

/* The largest depth here is 3 x 40 products of order one, summed in order: each addition rounds by
 * at most 6e-8 of a partial sum, in practice a few of them relative to the largest result. */
#define TOLERANCE 1e-6

/* One product: sizes, and how the operands lie. */
struct product {
    int rows, columns;
    struct kernels_tile tile;
};

enum { PADDING = 3, UNTOUCHED = 7 };

/* The last float that A has, counted from its first. */
static size_t a_last(const struct product *p)
{
    const struct kernels_tile *t = &p->tile;
    return (p->rows - 1) * t->a_row + (t->depth - 1) * t->a_step + (t->segments - 1) * t->a_segment;
}

static double twin(const struct product *p, const float *a, const float *b, int row, int column)
{
    const struct kernels_tile *t = &p->tile;
    double sum = 0;
    for (int s = 0; s < t->segments; s++)
        for (int k = 0; k < t->depth; k++)
            sum += (double)a[row * t->a_row + s * t->a_segment + k * t->a_step] *
                   b[((size_t)s * t->depth + k) * t->b_step + column];
    return sum;
}

/* Memory is exactly as large as the header says that it must be (ASan sees one float more read);
 * what lies beside C's columns must stay as it was. */
static void compare(const struct kernels *k, const struct product *p)
{
    const struct kernels_tile *t = &p->tile;
    size_t b_floats = ((size_t)t->segments * t->depth - 1) * t->b_step + p->columns;
    size_t c_floats = p->rows * t->c_row;
    float *a = close_normal(a_last(p) + 1), *b = close_normal(b_floats);
    float *c = close_filled(c_floats, t->accumulate ? UNTOUCHED : NAN);
    double *want = close_doubles(c_floats);
    for (int i = 0; i < p->rows; i++)
        for (size_t j = 0; j < t->c_row; j++) {
            size_t at = i * t->c_row + j;
            bool inside = j < (size_t)p->columns;
            if (!inside)
                c[at] = UNTOUCHED;
            want[at] = inside ? twin(p, a, b, i, (int)j) : 0;
            want[at] += t->accumulate || !inside ? UNTOUCHED : 0;
        }
    k->tile_product(c, a, b, p->rows, p->columns, t);
    assert_close(c, want, c_floats, TOLERANCE);
    for (int i = 0; i < p->rows; i++)
        for (size_t j = p->columns; j < t->c_row; j++)
            assert_true(c[i * t->c_row + j] == UNTOUCHED);
    free(a);
    free(b);
    free(c);
    free(want);
}

static struct product plain(const struct kernels *k, int rows, int columns, int depth)
{
    return (struct product){rows,
                            columns,
                            {.a_row = depth,
                             .a_step = 1,
                             .depth = depth,
                             .segments = 1,
                             .b_step = k->tile_columns,
                             .c_row = columns}};
}

static void check_sizes(const struct kernels *k)
{
    for (int rows = 1; rows <= 2 * k->tile_rows + 1; rows++)
        for (int columns = 1; columns <= k->tile_columns; columns++) {
            struct product p = plain(k, rows, columns, close_pick(1, 40));
            p.tile.accumulate = rows % 2;
            compare(k, &p);
        }
}

static void every_number_of_rows_and_columns_is_right(void **state)
{
    (void)state;
    levels_each(check_sizes, 31);
}

static void check_copying(const struct kernels *k)
{
    enum { LINES = 3, STEP = 45, OUT = 41 };
    float *in = close_normal((LINES - 1) * STEP + OUT);
    for (int floats = 1; floats < OUT; floats++) {
        float *out = close_filled(LINES * OUT, UNTOUCHED);
        k->tile_copy(out, OUT, in, STEP, LINES, floats);
        for (int i = 0; i < LINES; i++)
            for (int j = 0; j < OUT; j++)
                assert_true(out[i * OUT + j] == (j < floats ? in[i * STEP + j] : UNTOUCHED));
        free(out);
    }
    free(in);
}

static void copied_lines_have_their_floats_and_nothing_behind_them(void **state)
{
    (void)state;
    levels_each(check_copying, 26);
}

/* As backward-weights reads it: a column of A is contiguous. */
static void check_packing(const struct kernels *k)
{
    enum { DEPTH = 5, STEP = 40 };
    float *b = close_normal(DEPTH * STEP);
    for (int columns = 1; columns <= k->tile_columns; columns++) {
        float *panel = close_filled((size_t)(DEPTH * k->tile_columns), NAN);
        k->tile_pack(panel, b, DEPTH, columns, STEP);
        for (int d = 0; d < DEPTH; d++)
            for (int j = 0; j < k->tile_columns; j++)
                assert_true(panel[d * k->tile_columns + j] == (j < columns ? b[d * STEP + j] : 0));
        free(panel);
    }
    free(b);
}

static void a_packed_panel_has_the_columns_and_zeros_behind_them(void **state)
{
    (void)state;
    levels_each(check_packing, 27);
}

static void check_transposed(const struct kernels *k)
{
    for (int i = 0; i < 40; i++) {
        struct product p = plain(k, close_pick(1, 40), close_pick(1, k->tile_columns), 17);
        p.tile.a_row = 1;
        p.tile.a_step = p.rows + close_pick(0, PADDING);
        compare(k, &p);
    }
}

static void a_may_lie_transposed(void **state)
{
    (void)state;
    levels_each(check_transposed, 32);
}

/* As the direct convolution reads it: rows overlap, segments are rows of an image apart, and C's
 * rows are every second pixel. */
static void check_segments(const struct kernels *k)
{
    for (int i = 0; i < 60; i++) {
        struct product p = plain(k, close_pick(1, 30), close_pick(1, k->tile_columns), 1);
        struct kernels_tile *t = &p.tile;
        t->depth = close_pick(1, 40);
        t->segments = close_pick(1, 3);
        t->a_row = close_pick(1, 20);
        t->a_segment = p.rows * t->a_row + t->depth;
        t->b_step += close_pick(0, PADDING);
        t->c_row += close_pick(0, PADDING) * p.columns;
        t->accumulate = i % 2;
        compare(k, &p);
    }
}

static void segments_overlapping_rows_and_spread_results_are_right(void **state)
{
    (void)state;
    levels_each(check_segments, 33);
}

/* Convolutions rely on it: how many rows a product has must not change a row's bits. */
static void compare_with_single_rows(const struct kernels *k, int rows, int columns)
{
    struct product p = plain(k, rows, columns, 37);
    float *a = close_normal(a_last(&p) + 1), *b = close_normal(37 * (size_t)k->tile_columns);
    float *together = close_filled(p.rows * p.tile.c_row, NAN);
    float *alone = close_filled(p.tile.c_row, NAN);
    k->tile_product(together, a, b, p.rows, p.columns, &p.tile);
    for (int i = 0; i < p.rows; i++) {
        k->tile_product(alone, a + i * p.tile.a_row, b, 1, p.columns, &p.tile);
        assert_memory_equal(alone, together + i * p.tile.c_row, p.tile.c_row * sizeof *alone);
    }
    free(a);
    free(b);
    free(together);
    free(alone);
}

static void check_same_bits(const struct kernels *k)
{
    const int columns[] = {8, 16, k->tile_columns - 3, k->tile_columns};
    for (int rows = 1; rows <= 2 * k->tile_rows + 1; rows++)
        for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
            compare_with_single_rows(k, rows, columns[i]);
}

static void a_rows_bits_do_not_depend_on_the_number_of_rows(void **state)
{
    (void)state;
    levels_each(check_same_bits, 34);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_number_of_rows_and_columns_is_right),
        cmocka_unit_test(a_packed_panel_has_the_columns_and_zeros_behind_them),
        cmocka_unit_test(copied_lines_have_their_floats_and_nothing_behind_them),
        cmocka_unit_test(a_may_lie_transposed),
        cmocka_unit_test(segments_overlapping_rows_and_spread_results_are_right),
        cmocka_unit_test(a_rows_bits_do_not_depend_on_the_number_of_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
