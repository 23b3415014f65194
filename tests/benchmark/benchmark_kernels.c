/* Times each method of convolution on the shapes of the project's networks: processor time of one
 * thread, the least of several rounds. Prints GFLOP/s of the direct algorithm and writes a CSV.
 * With --check it compares the methods with the reference (im2col) instead, with --depthwise it
 * times the depthwise kernels. The level is ATK_KERNELS' or the processor's best. */
#include "base/arena.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "math/gemm.h"
#include "math/kernels.h"
#include "nn/conv/conv2d.h"
#include "nn/conv/conv2d_method.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BATCH = 4, METHODS = CONV2D_KINDS, PASSES = CONV2D_PASSES };

/* Each is run at `size` (of images of 448 pixels) and at half of it. */
static const struct bench_shape {
    int kernel, stride, in_c, out_c, size;
} SHAPES[] = {
    /* resnet18 and resnet18-gn */
    {7, 2, 3, 64, 448},
    {3, 1, 64, 64, 112},
    {3, 2, 64, 128, 112},
    {1, 2, 64, 128, 112},
    {3, 1, 128, 128, 56},
    {3, 2, 128, 256, 56},
    {1, 2, 128, 256, 56},
    {3, 1, 256, 256, 28},
    {3, 2, 256, 512, 28},
    {1, 2, 256, 512, 28},
    {3, 1, 512, 512, 14},
    /* resnet10-gn */
    {7, 2, 3, 32, 448},
    {3, 1, 32, 32, 112},
    {3, 2, 32, 64, 112},
    {1, 2, 32, 64, 112},
    {3, 1, 64, 64, 56},
    {3, 2, 64, 128, 56},
    {1, 2, 64, 128, 56},
    {3, 1, 128, 128, 28},
    {3, 2, 128, 256, 28},
    {1, 2, 128, 256, 28},
    {3, 1, 256, 256, 14},
    /* a net of five stages made for 448 */
    {4, 4, 3, 24, 448},
    {3, 2, 24, 32, 112},
    {3, 1, 32, 32, 56},
    {3, 2, 32, 64, 56},
    {1, 2, 32, 64, 56},
    {3, 2, 64, 128, 28},
    {1, 2, 64, 128, 28},
    {3, 1, 128, 128, 14},
    {3, 2, 128, 256, 14},
    {1, 2, 128, 256, 14},
    {3, 2, 256, 256, 7},
    {1, 2, 256, 256, 7},
    /* efficientnet-lite0 */
    {3, 2, 3, 32, 448},
    {1, 1, 32, 16, 224},
    {1, 1, 16, 96, 224},
    {1, 1, 96, 24, 112},
    {1, 1, 24, 144, 112},
    {1, 1, 144, 40, 56},
    {1, 1, 40, 240, 56},
    {1, 1, 240, 80, 28},
    {1, 1, 80, 480, 28},
    {1, 1, 480, 112, 28},
    {1, 1, 112, 672, 28},
    {1, 1, 672, 192, 14},
    {1, 1, 192, 1152, 14},
    {1, 1, 1152, 192, 14},
    {1, 1, 320, 1280, 14},
    /* resnet50 */
    {1, 1, 64, 64, 112},
    {1, 1, 64, 256, 112},
    {1, 1, 256, 64, 112},
    {3, 2, 128, 128, 112},
    {1, 1, 128, 512, 56},
    {1, 1, 512, 128, 56},
    {1, 1, 256, 1024, 28},
    {1, 1, 1024, 256, 28},
    {1, 2, 512, 1024, 56},
    {1, 1, 512, 2048, 14},
    {1, 1, 2048, 512, 14},
    {3, 2, 512, 512, 28},
    /* res2net50-vd-26w-4s: slices of 26, 52, 104 and 208 channels */
    {3, 1, 32, 64, 224},
    {3, 1, 26, 26, 112},
    {1, 1, 64, 104, 112},
    {1, 1, 256, 104, 112},
    {3, 2, 52, 52, 112},
    {3, 1, 52, 52, 56},
    {1, 1, 208, 512, 56},
    {3, 2, 104, 104, 56},
    {3, 1, 104, 104, 28},
    {1, 1, 416, 1024, 28},
    {3, 1, 208, 208, 14},
};

static const char *const PASS[PASSES] = {"forward", "data", "weights"};
static const enum conv2d_choice CHOICE[METHODS] = {CONV2D_ALL_IM2COL, CONV2D_ALL_DIRECT,
                                                   CONV2D_ALL_WINOGRAD};

static const struct samples ALL = {(const int[BATCH]){0, 1, 2, 3}, BATCH};

/* One convolution with its arrays; the results of the three passes do not overlap. */
struct workspace {
    struct conv2d conv;
    struct build build;
    struct param param[1];
    struct arena arrays, scratch;
    float *data[4]; /* x, dy, y, dx */
    size_t in, out; /* floats of x and dx, of y and dy */
};

static void run_pass(const struct workspace *b, int pass, struct samples samples)
{
    if (pass == CONV2D_FORWARD)
        conv2d_forward(&b->conv, b->data[2], b->data[0], samples);
    else if (pass == CONV2D_BACKWARD_DATA)
        conv2d_backward_data(&b->conv, b->data[3], b->data[1], samples, false);
    else
        conv2d_backward_weights(&b->conv, b->data[0], b->data[1], samples);
}

static void take_arrays(struct workspace *b)
{
    b->param->data = arena_floats(&b->arrays, b->param->size);
    b->param->grad = arena_floats(&b->arrays, b->param->size);
    for (int i = 0; i < 4; i++)
        b->data[i] = arena_floats(&b->arrays, i % 3 == 0 ? b->in : b->out);
}

static enum status create(struct workspace *b, const struct bench_shape *s, int size,
                          enum conv2d_choice choice, struct error *err)
{
    memset(b, 0, sizeof *b);
    b->arrays.shows_addresses = b->scratch.shows_addresses = true;
    b->build = (struct build){.activations = &b->arrays,
                              .scratch = &b->scratch,
                              .param = b->param,
                              .max_batch = BATCH,
                              .training = true,
                              .convolutions = choice};
    conv2d_build(&b->conv, &b->build, "conv", (struct tensor){{size, size, s->in_c}, -1},
                 &(struct conv_spec){.width = s->out_c,
                                     .kernel = s->kernel,
                                     .stride = s->stride,
                                     .padding = layer_usual_padding(s->kernel),
                                     .groups = 1});
    b->in = BATCH * shape_floats(b->conv.in);
    b->out = BATCH * shape_floats(b->conv.out);
    take_arrays(b);
    for (int pass = 0; pass < PASSES; pass++)
        run_pass(b, pass, (struct samples){NULL, BATCH}); /* measures */
    if (arena_commit(&b->arrays, "a convolution's arrays", err) != STATUS_OK ||
        arena_commit(&b->scratch, "a convolution's scratch memory", err) != STATUS_OK)
        return err->status;
    take_arrays(b);
    struct rng rng;
    rng_seed(&rng, 1, RNG_TEST, 0, 0);
    for (size_t i = 0; i < b->param->size; i++)
        b->param->data[i] = (float)rng_uniform(&rng) - 0.5f;
    for (int i = 0; i < 2; i++)
        for (size_t j = 0; j < (i == 0 ? b->in : b->out); j++)
            b->data[i][j] = (float)rng_uniform(&rng) - 0.5f;
    return STATUS_OK;
}

static void destroy(struct workspace *b)
{
    arena_destroy(&b->arrays);
    arena_destroy(&b->scratch);
}

/* Whether the networks need it: an image gets no gradient. */
static bool is_used(const struct bench_shape *s, int pass)
{
    return pass != 1 || s->in_c > 3;
}

static double processor_time(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double time_pass(const struct workspace *b, int pass)
{
    double start = processor_time();
    run_pass(b, pass, ALL);
    return processor_time() - start;
}

/* Rounds go through methods and passes in turn, so that a slow moment of the machine hits all. */
static void time_shape(struct workspace b[METHODS], const struct bench_shape *s, int size,
                       int rounds, FILE *csv)
{
    double best[METHODS][PASSES];
    double flops = 2.0 * (double)b[0].out * s->kernel * s->kernel * s->in_c;
    printf("%dx%d/%d %3d->%3d @%3d ", s->kernel, s->kernel, s->stride, s->in_c, s->out_c, size);
    for (int round = -1; round < rounds; round++) /* the first warms up */
        for (int m = 0; m < METHODS; m++)
            for (int p = 0; p < PASSES; p++) {
                double seconds = is_used(s, p) ? time_pass(&b[m], p) : 0;
                if (round <= 0 || seconds < best[m][p])
                    best[m][p] = seconds;
            }
    for (int p = 0; p < PASSES; p++) {
        printf(" |");
        for (int m = 0; m < METHODS; m++) {
            if (b[m].conv.plan[p] != (enum conv2d_kind)m || !is_used(s, p)) {
                printf("     -");
                continue;
            }
            printf(" %5.0f", flops / best[m][p] * 1e-9);
            if (csv)
                fprintf(csv, "%s,%d,%d,%d,%d,%d,%s,%s,%.4f,%.1f\n", kernels_get()->level, s->kernel,
                        s->stride, s->in_c, s->out_c, size, PASS[p], conv2d_methods[m]->name,
                        best[m][p] * 1e3, flops / best[m][p] * 1e-9);
        }
    }
    printf("\n");
    fflush(stdout);
}

static double distance(const float *got, const float *want, size_t n)
{
    double largest = 0, difference = 0;
    for (size_t i = 0; i < n; i++) {
        largest = fmax(largest, fabs(want[i]));
        difference = fmax(difference, isnan(got[i]) ? INFINITY : fabs((double)got[i] - want[i]));
    }
    return largest > 0 ? difference / largest : difference;
}

/* Prints how far each method is from im2col, relative to the largest value; whether all are near.
 */
static bool check_shape(struct workspace b[METHODS], const struct bench_shape *s, int size)
{
    const double ALLOWED = 3e-5; /* Winograd and the reference itself, thousands of products each */
    bool good = true;
    printf("%dx%d/%d %3d->%3d @%3d ", s->kernel, s->kernel, s->stride, s->in_c, s->out_c, size);
    for (int p = 0; p < PASSES; p++)
        for (int m = 0; m < METHODS; m++) {
            run_pass(&b[m], p, ALL);
            if (m == 0 || b[m].conv.plan[p] != (enum conv2d_kind)m)
                continue;
            const float *got = p == 0 ? b[m].data[2] : p == 1 ? b[m].data[3] : b[m].param->grad;
            const float *want = p == 0 ? b[0].data[2] : p == 1 ? b[0].data[3] : b[0].param->grad;
            double d = distance(got, want, p == 0 ? b->out : p == 1 ? b->in : b->param->size);
            printf("  %s %s %.1e%s", conv2d_methods[m]->name, PASS[p], d,
                   d > ALLOWED ? " FAR" : "");
            good = good && d <= ALLOWED;
        }
    printf("\n");
    return good;
}

/* Depthwise layers of EfficientNet-Lite0 at 224, TensorFlow's padding. */
static const struct depthwise_shape {
    int kernel, stride, channels, size;
} DEPTHWISE[] = {
    {3, 1, 32, 112}, {3, 2, 96, 112}, {3, 1, 144, 56}, {5, 2, 144, 56},
    {5, 1, 240, 28}, {3, 2, 240, 28}, {3, 1, 480, 14}, {5, 1, 480, 14},
    {5, 1, 672, 14}, {5, 2, 672, 14}, {5, 1, 1152, 7}, {3, 1, 1152, 7},
};
enum { DEPTHWISE_BATCH = 16 };

/* x, dx, y, dy of a batch and filter, dw, scale, shift. */
struct depthwise_bench {
    struct kernels_depthwise d;
    size_t in, out;
    float *x, *dx, *y, *dy, *filter, *dw, *scale, *shift;
};

static enum status depthwise_create(struct depthwise_bench *b, struct arena *arena,
                                    const struct depthwise_shape *s, struct error *err)
{
    const int out = (s->size + s->stride - 1) / s->stride;
    const int pad = (out - 1) * s->stride + s->kernel - s->size;
    b->d = (struct kernels_depthwise){s->size,   s->size,   s->channels, out,    out,
                                      s->kernel, s->stride, pad / 2,     pad / 2};
    const size_t channels = (size_t)s->channels, taps = (size_t)(s->kernel * s->kernel);
    b->in = (size_t)(s->size * s->size) * channels;
    b->out = (size_t)(out * out) * channels;
    for (int pass = 0; pass < 2; pass++) {
        b->x = arena_floats(arena, DEPTHWISE_BATCH * b->in);
        b->dx = arena_floats(arena, DEPTHWISE_BATCH * b->in);
        b->y = arena_floats(arena, DEPTHWISE_BATCH * b->out);
        b->dy = arena_floats(arena, DEPTHWISE_BATCH * b->out);
        b->filter = arena_floats(arena, taps * channels);
        b->dw = arena_floats(arena, taps * channels);
        b->scale = arena_floats(arena, channels);
        b->shift = arena_floats(arena, channels);
        if (pass == 0 && arena_commit(arena, "a convolution's arrays", err) != STATUS_OK)
            return err->status;
    }
    for (size_t i = 0; i < DEPTHWISE_BATCH * b->in; i++)
        b->x[i] = (float)(i % 17) - 8;
    for (size_t i = 0; i < DEPTHWISE_BATCH * b->out; i++)
        b->dy[i] = (float)(i % 13) - 6;
    for (size_t i = 0; i < taps * channels; i++)
        b->filter[i] = (float)(i % 5) - 2;
    return STATUS_OK;
}

static void depthwise_pass(const struct depthwise_bench *b, int pass)
{
    const struct kernels *k = kernels_get();
    const struct kernels_epilogue epilogue = {b->scale, b->shift, KERNELS_RELU6};
    for (size_t i = 0; i < DEPTHWISE_BATCH; i++) {
        const float *x = b->x + i * b->in, *dy = b->dy + i * b->out;
        if (pass == 0)
            k->depthwise_forward(b->y + i * b->out, x, b->filter, &epilogue, &b->d, 0,
                                 b->d.out_height);
        else if (pass == 1)
            k->depthwise_backward_data(b->dx + i * b->in, dy, b->filter, &b->d, 0, b->d.height,
                                       false);
        else
            k->depthwise_backward_weights(b->dw, x, dy, &b->d, 0, b->d.out_height, i > 0);
    }
}

static enum status run_depthwise(int rounds, struct error *err)
{
    printf("level %s, batch %d, one thread\nms (GFLOP/s): forward | backward-data | "
           "backward-weights\n",
           kernels_get()->level, DEPTHWISE_BATCH);
    for (size_t i = 0; i < sizeof DEPTHWISE / sizeof DEPTHWISE[0]; i++) {
        const struct depthwise_shape *s = &DEPTHWISE[i];
        struct depthwise_bench b;
        struct arena arena = {0};
        enum status status = depthwise_create(&b, &arena, s, err);
        if (status == STATUS_OK)
            printf("%dx%d/%d %4d @%3d", s->kernel, s->kernel, s->stride, s->channels, s->size);
        for (int pass = 0; pass < PASSES && status == STATUS_OK; pass++) {
            double best = INFINITY;
            for (int round = -1; round < rounds; round++) {
                double start = processor_time();
                depthwise_pass(&b, pass);
                best = fmin(best, processor_time() - start);
            }
            double flops = 2.0 * (double)(DEPTHWISE_BATCH * b.out) * s->kernel * s->kernel;
            printf(" | %6.2f (%5.1f)", best * 1e3, flops / best * 1e-9);
        }
        printf("\n");
        arena_destroy(&arena);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static enum status run(int rounds, bool check, FILE *csv, struct error *err)
{
    enum status status = STATUS_OK;
    bool good = true;
    printf("level %s, batch %d, one thread\n%s", kernels_get()->level, BATCH,
           check ? ""
                 : "GFLOP/s of im2col, direct, winograd: forward | backward-data | "
                   "backward-weights\n");
    if (csv)
        fprintf(csv, "level,kernel,stride,in_c,out_c,size,pass,method,milliseconds,gflops\n");
    for (size_t i = 0; i < sizeof SHAPES / sizeof SHAPES[0] && status == STATUS_OK; i++)
        for (int half = 0; half < 2 && status == STATUS_OK; half++) {
            int size = (SHAPES[i].size + half) / (1 + half);
            struct workspace b[METHODS] = {0};
            for (int m = 0; m < METHODS && status == STATUS_OK; m++)
                status = create(&b[m], &SHAPES[i], size, CHOICE[m], err);
            if (status == STATUS_OK && check)
                good = check_shape(b, &SHAPES[i], size) && good;
            else if (status == STATUS_OK)
                time_shape(b, &SHAPES[i], size, rounds, csv);
            for (int m = 0; m < METHODS; m++)
                destroy(&b[m]);
        }
    if (status == STATUS_OK && !good)
        status = error_set(err, "a method is farther from im2col than allowed");
    return status;
}

int main(int argc, char **argv)
{
    static const struct option OPTIONS[] = {{"rounds", required_argument, NULL, 'r'},
                                            {"csv", required_argument, NULL, 'c'},
                                            {"check", no_argument, NULL, 'k'},
                                            {"depthwise", no_argument, NULL, 'd'},
                                            {NULL, 0, NULL, 0}};
    int option, rounds = 5;
    bool check = false, depthwise = false;
    const char *path = NULL;
    while ((option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
        if (option == 'r')
            rounds = atoi(optarg);
        else if (option == 'c')
            path = optarg;
        else if (option == 'k')
            check = true;
        else if (option == 'd')
            depthwise = true;
        else
            rounds = 0;
    }
    if (rounds < 1 || optind != argc) {
        fprintf(stderr,
                "usage: benchmark-kernels [--rounds N] [--csv FILE] [--check | --depthwise]\n");
        return STATUS_USAGE;
    }
    FILE *csv = path ? fopen(path, "w") : NULL;
    if (path && !csv) {
        perror(path);
        return STATUS_FAILED;
    }
    struct error err;
    gemm_start(1, &(struct error){0});
    enum status status = depthwise ? run_depthwise(rounds, &err) : run(rounds, check, csv, &err);
    if (status != STATUS_OK)
        fprintf(stderr, "bench-kernels: %s\n", err.message);
    if (csv && fclose(csv) != 0) {
        perror(path);
        return STATUS_FAILED;
    }
    return (int)status;
}
