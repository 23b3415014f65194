/* Depthwise convolution, forward and backward-data: both gather, each result from the pixels under
 * its window, always in the order of the filter's taps, so that bits do not depend on how rows are
 * cut.
 *
 * GROUP results of a row at a time: a pixel is loaded once for all of them, a tap too. Registers of
 * channels follow each other, so that memory is read on and on: with one register going over a
 * whole row before the next, layers that do not fit in the cache took twice as long. The rows under
 * a window come again from the second-level cache; those of the next window are asked for while
 * this one is computed (a third of the time, where they lie in memory). Channels past the last
 * whole register are computed in a register that overlaps the one before. */
#include "math/kernels/activation.h"
#include "math/kernels/level.h"

#if defined(__AVX512F__)
enum { GROUP = 8, PAIRS = 4 };
#else
enum { GROUP = 4, PAIRS = 4 };
#endif
enum { LINE = 16 }; /* floats of a cache line */

/* One pass: `in` [height, width] is gathered into `out`. */
struct gather {
    float *out;
    const float *in, *filter;
    size_t pixel; /* channels: the distance of pixels, and of taps */
    int height, width, out_height, out_width;
    int kernel, stride, top, left;
    bool flip;                  /* taps from last to first: backward-data with stride 1 */
    const float *scale, *shift; /* NULL: none */
    enum kernels_activation activation;
    bool accumulate;
};

typedef void row_function(const struct gather *g, int h);

static inline int smaller(int a, int b)
{
    return a < b ? a : b;
}

static inline __attribute__((always_inline)) vec take(const float *p, int lanes)
{
    return lanes == LANES ? load(p) : load_first(p, lanes);
}

/* The epilogue of n sums of channels c .. c + lanes - 1. */
static inline __attribute__((always_inline)) void finish(vec *sum, const struct gather *g, int n,
                                                         size_t c, int lanes)
{
    if (g->scale) {
        const vec scale = take(g->scale + c, lanes), shift = take(g->shift + c, lanes);
#pragma GCC unroll 8
        for (int i = 0; i < n; i++)
            sum[i] = sum[i] * scale + shift;
    }
    if (g->activation == KERNELS_RELU)
#pragma GCC unroll 8
        for (int i = 0; i < n; i++)
            sum[i] = activation_of(sum[i], KERNELS_RELU);
    if (g->activation == KERNELS_RELU6)
#pragma GCC unroll 8
        for (int i = 0; i < n; i++)
            sum[i] = activation_of(sum[i], KERNELS_RELU6);
}

static inline __attribute__((always_inline)) void put(float *out, vec v, bool accumulate, int lanes)
{
    if (accumulate)
        v += take(out, lanes);
    if (lanes == LANES)
        store(out, v);
    else
        store_first(out, v, lanes);
}

/* Where channel c of (row, column) lies in `in`. Offsets are unsigned: the column may be outside as
 * long as what is added later leads back, and the sanitizers have less to check. */
static inline size_t offset(const struct gather *g, int row, int column, size_t c)
{
    return ((size_t)row * (size_t)g->width + (size_t)column) * g->pixel + c;
}

/* Column `at`, which may be outside at a border. */
static inline __attribute__((always_inline)) vec column(const struct gather *g, size_t offset,
                                                        int at, bool border)
{
    if (border && (at < 0 || at >= g->width))
        return (vec){0};
    return load(g->in + offset);
}

/* Asks for n columns, once for each cache line. */
static inline __attribute__((always_inline)) void fetch(const struct gather *g, size_t offset,
                                                        size_t c, int n)
{
    if (c % LINE == 0)
#pragma GCC unroll 16
        for (int j = 0; j < n; j++)
            __builtin_prefetch(g->in + (offset + (size_t)j * g->pixel));
}

/* n results of row h, from column w on. */
static inline __attribute__((always_inline)) void
group(const struct gather *g, int h, int w, size_t c, int kernel, int stride, int n, bool border)
{
    const size_t pixel = g->pixel, tap_step = g->flip ? -pixel : pixel;
    const int up = h * stride - g->top, left = w * stride - g->left;
    const int r_first = up < 0 ? -up : 0, r_end = smaller(kernel, g->height - up);
    size_t in = offset(g, up + r_first, left, c);
    size_t tap = (g->flip ? (size_t)(kernel * kernel - 1) * pixel : 0) + c +
                 (size_t)(r_first * kernel) * tap_step;
    vec sum[GROUP];
#pragma GCC unroll 8
    for (int i = 0; i < n; i++)
        sum[i] = (vec){0};
    for (int r = r_first; r < r_end; r++) {
        vec x[(GROUP - 1) * 2 + 5];
#pragma GCC unroll 19
        for (int j = 0; j < (n - 1) * stride + kernel; j++)
            x[j] = column(g, in + (size_t)j * pixel, left + j, border);
        in += (size_t)g->width * pixel;
#pragma GCC unroll 5
        for (int s = 0; s < kernel; s++) {
            const vec weight = load(g->filter + tap);
            tap += tap_step;
#pragma GCC unroll 8
            for (int i = 0; i < n; i++)
                sum[i] += x[i * stride + s] * weight; /* cppcheck-suppress uninitvar */
        }
    }
    finish(sum, g, n, c, LANES);
    float *out = g->out + (((size_t)h * (size_t)g->out_width + (size_t)w) * pixel + c);
#pragma GCC unroll 8
    for (int i = 0; i < n; i++)
        put(out + (size_t)i * pixel, sum[i], g->accumulate, LANES);
    for (int r = up + kernel; r < smaller(up + kernel + stride, g->height); r++)
        fetch(g, offset(g, r, w * stride, c), c, n * stride);
}

static inline size_t next_register(const struct gather *g, size_t c)
{
    const size_t next = c + LANES, last = g->pixel - LANES;
    return next < g->pixel && next > last ? last : next;
}

/* Each number of results is a function of its own, so that the compiler can unroll it and keep all
 * sums in registers. */
typedef void groups_function(const struct gather *g, int h, int w);
struct groups {
    groups_function *inside, *border[GROUP];
};

#define FUNCTION(name, call)                                                                       \
    static __attribute__((noinline)) void name(const struct gather *g, int h, int w)               \
    {                                                                                              \
        for (size_t c = 0; c < g->pixel; c = next_register(g, c))                                  \
            call;                                                                                  \
    }
#define BORDER(kernel, stride, n)                                                                  \
    FUNCTION(border_##kernel##_##stride##_##n,                                                     \
             group(g, h, w, c, kernel, stride, n <= GROUP ? n : 1, true))
#define GROUPS(kernel, stride)                                                                     \
    FUNCTION(inside_##kernel##_##stride, group(g, h, w, c, kernel, stride, GROUP, false))          \
    BORDER(kernel, stride, 1)                                                                      \
    BORDER(kernel, stride, 2)                                                                      \
    BORDER(kernel, stride, 3)                                                                      \
    BORDER(kernel, stride, 4)                                                                      \
    FEW_MORE(kernel, stride)                                                                       \
    static const struct groups groups_##kernel##_##stride = {                                      \
        inside_##kernel##_##stride,                                                                \
        {border_##kernel##_##stride##_1, border_##kernel##_##stride##_2,                           \
         border_##kernel##_##stride##_3,                                                           \
         border_##kernel##_##stride##_4 FEW_MORE_NAMES(kernel, stride)}};
#if defined(__AVX512F__)
#define FEW_MORE(kernel, stride)                                                                   \
    BORDER(kernel, stride, 5)                                                                      \
    BORDER(kernel, stride, 6)                                                                      \
    BORDER(kernel, stride, 7)                                                                      \
    BORDER(kernel, stride, 8)
#define FEW_MORE_NAMES(kernel, stride)                                                             \
    , border_##kernel##_##stride##_5, border_##kernel##_##stride##_6,                              \
        border_##kernel##_##stride##_7, border_##kernel##_##stride##_8
#else
#define FEW_MORE(kernel, stride)
#define FEW_MORE_NAMES(kernel, stride)
#endif
GROUPS(3, 1)
GROUPS(3, 2)
GROUPS(5, 1)
GROUPS(5, 2)

static inline __attribute__((always_inline)) void
row_of_groups(const struct gather *g, int h, int kernel, int stride, const struct groups *groups)
{
    for (int w = 0; w < g->out_width; w += GROUP) {
        const int left = w * stride - g->left;
        if (left >= 0 && left + (GROUP - 1) * stride + kernel <= g->width &&
            w + GROUP <= g->out_width)
            groups->inside(g, h, w);
        else
            groups->border[smaller(GROUP, g->out_width - w) - 1](g, h, w);
    }
}

/* Backward-data with stride 2. Results 2b - left and 2b + 1 - left are a pair: even taps reach the
 * first and odd ones the second, both from columns b, b - 1, ... of `in`. n pairs from b on. */
static inline __attribute__((always_inline)) void pairs(const struct gather *g, int h, int b,
                                                        size_t c, int kernel, int n, bool border)
{
    const int before = (kernel - 1) / 2, w = 2 * b - g->left;
    const size_t pixel = g->pixel;
    vec sum[2 * PAIRS];
#pragma GCC unroll 8
    for (int i = 0; i < 2 * n; i++)
        sum[i] = (vec){0};
    for (int r = (h + g->top) % 2; r < kernel; r += 2) {
        const int row = (h + g->top - r) / 2;
        if (h + g->top < r || row >= g->height)
            continue;
        const size_t in = offset(g, row, b - before, c), tap = (size_t)(r * kernel) * pixel + c;
        vec x[PAIRS + 2];
#pragma GCC unroll 6
        for (int j = 0; j < n + before; j++)
            x[j] = column(g, in + (size_t)j * pixel, b - before + j, border);
#pragma GCC unroll 5
        for (int s = 0; s < kernel; s++) {
            const vec weight = load(g->filter + (tap + (size_t)s * pixel));
#pragma GCC unroll 4
            for (int i = 0; i < n; i++)
                /* cppcheck-suppress uninitvar */
                sum[2 * i + s % 2] += x[i - s / 2 + before] * weight;
        }
    }
    const size_t out = ((size_t)h * (size_t)g->out_width + (size_t)w) * pixel + c;
#pragma GCC unroll 8
    for (int i = 0; i < 2 * n; i++)
        if (!border || (w + i >= 0 && w + i < g->out_width))
            put(g->out + (out + (size_t)i * pixel), sum[i], g->accumulate, LANES);
    const int next = (h + g->top) / 2 + 1;
    if ((h + g->top) % 2 == 1 && next < g->height)
        fetch(g, offset(g, next, b, c), c, n);
}

FUNCTION(pairs_inside_3, pairs(g, h, w, c, 3, PAIRS, false))
FUNCTION(pairs_inside_5, pairs(g, h, w, c, 5, PAIRS, false))
FUNCTION(pairs_border_3, pairs(g, h, w, c, 3, PAIRS, true))
FUNCTION(pairs_border_5, pairs(g, h, w, c, 5, PAIRS, true))

static inline __attribute__((always_inline)) void row_of_pairs(const struct gather *g, int h,
                                                               int kernel, groups_function *inside,
                                                               groups_function *border)
{
    const int end = (g->out_width - 1 + g->left) / 2 + 1, before = (kernel - 1) / 2;
    for (int b = g->left / 2; b < end; b += PAIRS) {
        const int w = 2 * b - g->left;
        const bool is_inside =
            b >= before && b + PAIRS <= g->width && w >= 0 && w + 2 * PAIRS <= g->out_width;
        (is_inside ? inside : border)(g, h, b);
    }
}

/* Any kernel, any stride: the taps that reach a result along one axis, and where from. */
struct taps {
    int tap, tap_step, n;
    int source, source_step;
};

typedef struct taps taps_function(int at, int kernel, int stride, int padding, int size);

static struct taps forward_taps(int at, int kernel, int stride, int padding, int size)
{
    int source = at * stride - padding, tap = source < 0 ? -source : 0;
    return (struct taps){tap, 1, smaller(kernel, size - source) - tap, source + tap, 1};
}

static struct taps backward_taps(int at, int kernel, int stride, int padding, int size)
{
    struct taps t = {(at + padding) % stride, stride, 0, (at + padding) / stride, -1};
    if (t.source >= size) {
        t.tap += (t.source - size + 1) * stride;
        t.source = size - 1;
    }
    if (t.tap < kernel)
        t.n = smaller((kernel - 1 - t.tap) / stride, t.source) + 1;
    return t;
}

/* One result, some channels of it. */
static vec any_sum(const struct gather *g, const struct taps *rows, const struct taps *columns,
                   size_t c, int lanes)
{
    vec sum = {0};
    for (int r = 0; r < rows->n; r++)
        for (int s = 0; s < columns->n; s++) {
            const int row = rows->source + r * rows->source_step;
            const int column = columns->source + s * columns->source_step;
            const int tap =
                (rows->tap + r * rows->tap_step) * g->kernel + columns->tap + s * columns->tap_step;
            sum += load_first(g->in + offset(g, row, column, c), lanes) *
                   load_first(g->filter + ((size_t)tap * g->pixel + c), lanes);
        }
    return sum;
}

static void row_of_any(const struct gather *g, int h, taps_function *taps_of)
{
    const struct taps rows = taps_of(h, g->kernel, g->stride, g->top, g->height);
    for (int w = 0; w < g->out_width; w++) {
        const struct taps columns = taps_of(w, g->kernel, g->stride, g->left, g->width);
        float *out = g->out + ((size_t)h * (size_t)g->out_width + (size_t)w) * g->pixel;
        for (size_t c = 0; c < g->pixel; c += LANES) {
            const int lanes = g->pixel - c < LANES ? (int)(g->pixel - c) : LANES;
            vec sum = any_sum(g, &rows, &columns, c, lanes);
            finish(&sum, g, 1, c, lanes);
            put(out + c, sum, g->accumulate, lanes);
        }
    }
}

#define ROW(name, call)                                                                            \
    static void name(const struct gather *g, int h)                                                \
    {                                                                                              \
        call;                                                                                      \
    }
ROW(row_3_1, row_of_groups(g, h, 3, 1, &groups_3_1))
ROW(row_3_2, row_of_groups(g, h, 3, 2, &groups_3_2))
ROW(row_5_1, row_of_groups(g, h, 5, 1, &groups_5_1))
ROW(row_5_2, row_of_groups(g, h, 5, 2, &groups_5_2))
ROW(row_3_pairs, row_of_pairs(g, h, 3, pairs_inside_3, pairs_border_3))
ROW(row_5_pairs, row_of_pairs(g, h, 5, pairs_inside_5, pairs_border_5))
ROW(row_forward, row_of_any(g, h, forward_taps))
ROW(row_backward, row_of_any(g, h, backward_taps))

static bool is_fast(const struct kernels_depthwise *d)
{
    return d->channels >= LANES && (d->kernel == 3 || d->kernel == 5) && d->stride <= 2;
}

void KERNEL(depthwise_sweep_forward)(float *y, const float *x, const float *filter,
                                     const struct kernels_epilogue *epilogue,
                                     const struct kernels_depthwise *d, int first_row, int n_rows)
{
    const struct gather g = {.out = y,
                             .in = x,
                             .filter = filter,
                             .pixel = (size_t)d->channels,
                             .height = d->height,
                             .width = d->width,
                             .out_height = d->out_height,
                             .out_width = d->out_width,
                             .kernel = d->kernel,
                             .stride = d->stride,
                             .top = d->top,
                             .left = d->left,
                             .scale = epilogue ? epilogue->scale : NULL,
                             .shift = epilogue ? epilogue->shift : NULL,
                             .activation = epilogue ? epilogue->activation : KERNELS_NONE};
    row_function *row = row_forward;
    if (is_fast(d))
        row = d->kernel == 3 ? (d->stride == 1 ? row_3_1 : row_3_2)
                             : (d->stride == 1 ? row_5_1 : row_5_2);
    for (int h = first_row; h < first_row + n_rows; h++)
        row(&g, h);
}

void KERNEL(depthwise_sweep_backward_data)(float *dx, const float *dy, const float *filter,
                                           const struct kernels_depthwise *d, int first_row,
                                           int n_rows, bool accumulate)
{
    struct gather g = {.out = dx,
                       .in = dy,
                       .filter = filter,
                       .pixel = (size_t)d->channels,
                       .height = d->out_height,
                       .width = d->out_width,
                       .out_height = d->height,
                       .out_width = d->width,
                       .kernel = d->kernel,
                       .stride = d->stride,
                       .top = d->top,
                       .left = d->left,
                       .accumulate = accumulate};
    /* Registers that overlap would add twice. */
    const bool fast = is_fast(d) && !(accumulate && d->channels % LANES != 0);
    row_function *row = row_backward;
    if (fast && d->stride == 2)
        row = d->kernel == 3 ? row_3_pairs : row_5_pairs;
    if (fast && d->stride == 1) {
        row = d->kernel == 3 ? row_3_1 : row_5_1;
        g.flip = true;
        g.top = d->kernel - 1 - d->top;
        g.left = d->kernel - 1 - d->left;
    }
    for (int h = first_row; h < first_row + n_rows; h++)
        row(&g, h);
}
