#include "nn/conv/conv2d_phases.h"

#include "base/parallel.h"

#include <string.h>

/* Position rows (or columns) of a phase. */
static int phase_size(int in, int phase, int stride)
{
    return phase < in ? (in - phase + stride - 1) / stride : 0;
}

/* The filter rows (or columns) r with (phase + pad - r) divisible by the stride, r descending:
 * their sources (phase + pad - r) / stride ascend by one from *first. */
static int taps_of_phase(int *r, int *first, const struct conv2d *c, int pad, int phase)
{
    int n = 0;
    for (int i = c->kernel - 1; i >= 0; i--)
        if ((phase + pad - i) % c->stride == 0)
            r[n++] = i;
    if (n > 0)
        *first = (phase + pad - r[0]) / c->stride;
    return n;
}

struct turn_job {
    const struct conv2d *conv;
    float *turned;
    int tap[LAYER_MAX_KERNEL * LAYER_MAX_KERNEL]; /* r * kernel + s of the block */
    int n_taps, pieces_each;
};
enum {
    TURN_SIDE = 16,          /* of the squares that are turned at a time */
    TURN_FLOATS = 16 * 1024, /* of a block, turned by one piece of work */
};

/* Rows of `turned`, [out_c, in_c], that are turned together. */
static int turned_rows(const struct conv2d *c)
{
    int rows = TURN_FLOATS / c->in.channels / TURN_SIDE * TURN_SIDE;
    return rows > 0 ? rows : TURN_SIDE;
}

static void turn_tap(void *context, int piece, int worker)
{
    const struct turn_job *j = context;
    const struct conv2d *c = j->conv;
    (void)worker;
    int in_c = c->in.channels, out_c = c->out.channels;
    int tap = piece / j->pieces_each, first = piece % j->pieces_each * turned_rows(c);
    int end = first + turned_rows(c) < out_c ? first + turned_rows(c) : out_c;
    size_t block = (size_t)in_c * (size_t)out_c;
    const float *in = c->weight->data + (size_t)j->tap[tap] * block; /* [in_c, out_c] */
    float *out = j->turned + (size_t)tap * block;                    /* [out_c, in_c] */
    for (int c0 = 0; c0 < in_c; c0 += TURN_SIDE)
        for (int k0 = first; k0 < end; k0 += TURN_SIDE)
            for (int k = k0; k < k0 + TURN_SIDE && k < end; k++)
                for (int i = c0; i < c0 + TURN_SIDE && i < in_c; i++)
                    out[(size_t)k * (size_t)in_c + (size_t)i] =
                        in[(size_t)i * (size_t)out_c + (size_t)k];
}

void conv2d_phases_turn(float *turned, const struct conv2d *c)
{
    struct turn_job turn = {.conv = c,
                            .turned = turned,
                            .pieces_each = (c->out.channels + turned_rows(c) - 1) / turned_rows(c)};
    int rows[LAYER_MAX_KERNEL], columns[LAYER_MAX_KERNEL], unused;
    for (int top = 0; top < c->stride; top++)
        for (int left = 0; left < c->stride; left++) {
            int n_rows = taps_of_phase(rows, &unused, c, c->pad_top, top),
                n_columns = taps_of_phase(columns, &unused, c, c->pad_left, left);
            for (int r = 0; r < n_rows; r++)
                for (int s = 0; s < n_columns; s++)
                    turn.tap[turn.n_taps++] = rows[r] * c->kernel + columns[s];
        }
    parallel_for(turn_tap, &turn, turn.n_taps * turn.pieces_each);
}

static void zero_phase(float *dx, const struct conv2d *c, struct samples samples, int top, int left)
{
    size_t channels = (size_t)c->in.channels, pitch = (size_t)c->in_pitch;
    for (int i = 0; i < samples.n; i++) {
        float *sample = dx + (size_t)samples.index[i] * conv2d_in_floats(c);
        for (int h = top; h < c->in.height; h += c->stride)
            for (int w = left; w < c->in.width; w += c->stride)
                memset(sample + ((size_t)h * (size_t)c->in.width + (size_t)w) * pitch, 0,
                       sizeof *dx * channels);
    }
}

static void run_forward(const struct conv2d *c, float *y, const float *x, struct samples samples,
                        bool accumulate, const struct conv2d_finish *finish,
                        void (*run)(const struct conv2d_phase *phase))
{
    bool measures = arena_measures(c->scratch);
    struct conv2d_phase p = {
        .source = x,
        .filter = measures ? NULL : c->weight->data,
        .out = y,
        .depth = c->kernel * c->kernel * c->in.channels,
        .out_pitch = c->out.channels,
        .out_shape = c->out,
        .shape = {c->in.height, c->in.width, c->in.channels, c->in_pitch, c->out.width, c->stride,
                  p.run, c->kernel},
        .rows = c->out.height,
        .spread = 1,
        .accumulate = accumulate,
        .finish = finish,
        .samples = samples,
        .scratch = c->scratch,
    };
    for (int r = 0; r < c->kernel; r++)
        p.run[r] = (struct im2col_run){r - c->pad_top, -c->pad_left, c->kernel};
    run(&p);
}

static void run_phase(const struct conv2d *c, float *dx, const float *dy, const float *filter,
                      int top, int left, int *depth, struct samples samples, bool accumulate,
                      void (*run)(const struct conv2d_phase *phase))
{
    int rows[LAYER_MAX_KERNEL], columns[LAYER_MAX_KERNEL], dh = 0, dw = 0;
    int n_rows = taps_of_phase(rows, &dh, c, c->pad_top, top),
        n_columns = taps_of_phase(columns, &dw, c, c->pad_left, left);
    struct conv2d_phase p = {
        .source = dy,
        .filter = filter,
        .out = dx,
        .depth = n_rows * n_columns * c->out.channels,
        .out_pitch = c->in_pitch,
        .out_shape = c->in,
        .shape = {c->out.height, c->out.width, c->out.channels, c->out.channels,
                  phase_size(c->in.width, left, c->stride), 1, p.run, n_rows},
        .rows = phase_size(c->in.height, top, c->stride),
        .spread = c->stride,
        .top = top,
        .left = left,
        .accumulate = accumulate,
        .samples = samples,
        .scratch = c->scratch,
    };
    *depth = p.depth;
    if (p.rows == 0 || p.shape.out_width == 0)
        return;
    if (p.depth == 0) {
        if (!accumulate && !arena_measures(c->scratch))
            zero_phase(dx, c, samples, top, left);
        return;
    }
    for (int r = 0; r < n_rows; r++)
        p.run[r] = (struct im2col_run){dh + r, dw, n_columns};
    run(&p);
}

void conv2d_phases_run(const struct conv2d *c, enum conv2d_pass pass, float *out,
                       const float *source, struct samples samples, bool accumulate,
                       const struct conv2d_finish *finish,
                       void (*run)(const struct conv2d_phase *phase))
{
    if (pass == CONV2D_FORWARD) {
        run_forward(c, out, source, samples, accumulate, finish, run);
        return;
    }
    size_t mark = c->scratch->used, at = 0;
    float *turned = arena_floats(c->scratch, (size_t)c->kernel * (size_t)c->kernel *
                                                 (size_t)c->in.channels * (size_t)c->out.channels);
    bool measures = arena_measures(c->scratch);
    if (!measures)
        conv2d_phases_turn(turned, c);
    for (int top = 0; top < c->stride; top++)
        for (int left = 0; left < c->stride; left++) {
            int depth;
            run_phase(c, out, source, measures ? NULL : turned + at, top, left, &depth, samples,
                      accumulate, run);
            at += (size_t)depth * (size_t)c->in.channels;
        }
    arena_release(c->scratch, mark);
}
