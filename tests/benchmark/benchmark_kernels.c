/* Times each method of convolution on the shapes of the project's networks (conv_shapes.h):
 * processor time of one thread, the least of several rounds. Prints GFLOP/s of the direct algorithm
 * and how near the planned method is to the roof: the processor's FMA peak, or what memory allows
 * to a pass that reads and writes each array once. Writes a CSV. With --check it compares the
 * methods with the reference (im2col) instead. The level is ATK_KERNELS' or the processor's best.
 */
#include "conv_workspace.h"
#include "machine_limits.h"

#include "math/gemm.h"
#include "math/kernels.h"
#include "nn/conv/conv2d_method.h"
#include "nn/conv/conv2d_plan.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { METHODS = CONV2D_KINDS, PASSES = CONV2D_PASSES };

#define CLEARLY 1.05 /* as scripts/conv2d_table.py has it */

static const char *const PASS[PASSES] = {"forward", "data", "weights"};
/* The last takes depthwise shapes, whatever the choice. */
static const enum conv2d_choice CHOICE[METHODS] = {CONV2D_ALL_IM2COL, CONV2D_ALL_DIRECT,
                                                   CONV2D_ALL_WINOGRAD, CONV2D_AUTO};

struct options {
    int rounds;
    bool check, depthwise;
    const char *network, *csv;
};

/* A shape in work: each method's own arrays, and what the planner says of it. */
struct layer {
    const struct conv_shape *shape;
    int size;
    struct conv_workspace by[METHODS];
    enum conv2d_kind plan[PASSES];
};

static bool runs(const struct layer *l, int method, int pass)
{
    return l->by[method].conv.plan[pass] == (enum conv2d_kind)method;
}

/* Whether the networks need it: an image gets no gradient. */
static bool is_used(const struct layer *l, int pass)
{
    return pass != CONV2D_BACKWARD_DATA || l->shape->in_c > 3;
}

static double processor_time(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double time_pass(const struct conv_workspace *w, int pass)
{
    double start = processor_time();
    conv_workspace_run(w, (enum conv2d_pass)pass);
    return processor_time() - start;
}

static void print_shape(const struct layer *l)
{
    const struct conv_shape *s = l->shape;
    printf("%-19s %dx%d/%d %4d", s->network, s->kernel, s->kernel, s->stride, s->in_c);
    if (s->is_depthwise)
        printf(" depthwise");
    else
        printf("%s->%4d ", s->in_pitch ? "sl" : "  ", s->out_c);
    printf(" @%3d", l->size);
}

/* Rounds go through methods and passes in turn, so that a slow moment of the machine hits all. */
static void time_methods(double best[METHODS][PASSES], const struct layer *l, int rounds)
{
    for (int round = -1; round < rounds; round++) /* the first warms up */
        for (int m = 0; m < METHODS; m++)
            for (int p = 0; p < PASSES; p++) {
                bool needed = is_used(l, p) && runs(l, m, p);
                double seconds = needed ? time_pass(&l->by[m], p) : 0;
                if (round <= 0 || seconds < best[m][p])
                    best[m][p] = seconds;
            }
}

static void time_layer(const struct layer *l, int rounds, const struct machine_limits *limits,
                       FILE *csv)
{
    const struct conv_shape *s = l->shape;
    double best[METHODS][PASSES];
    const double flops = conv_workspace_flops(l->by), bytes = conv_workspace_bytes(l->by);
    const bool is_memory_bound = bytes / limits->bytes > flops / limits->flops;
    const double least = fmax(bytes / limits->bytes, flops / limits->flops);
    time_methods(best, l, rounds);
    print_shape(l);
    for (int p = 0; p < PASSES; p++) {
        double planned = NAN, fastest = INFINITY;
        printf(" |");
        for (int m = 0; m < METHODS; m++) {
            if (s->is_depthwise ? m != CONV2D_DEPTHWISE : m == CONV2D_DEPTHWISE)
                continue;
            if (!is_used(l, p) || !runs(l, m, p)) {
                printf("     -");
                continue;
            }
            bool is_planned = l->plan[p] == (enum conv2d_kind)m;
            if (is_planned)
                planned = best[m][p];
            fastest = fmin(fastest, best[m][p]);
            printf(" %5.0f", flops / best[m][p] * 1e-9);
            if (csv)
                fprintf(csv, "%s,%d,%d,%d,%d,%d,%s,%s,%.4f,%.1f,%s,%d,%.3f,%.3f\n",
                        kernels_get()->level, s->kernel, s->stride, s->in_c, s->out_c, l->size,
                        PASS[p], conv2d_methods[m]->name, best[m][p] * 1e3,
                        flops / best[m][p] * 1e-9, s->network, is_planned,
                        flops / best[m][p] / limits->flops, least / best[m][p]);
        }
        if (s->is_depthwise)
            printf("%12s", "");
        if (isnan(planned))
            printf("        ");
        else
            printf(" %4.0f%%%s%s", 100 * least / planned, is_memory_bound ? "m" : " ",
                   planned > CLEARLY * fastest ? "!" : " ");
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
static bool check_layer(const struct layer *l)
{
    const double ALLOWED = 3e-5; /* Winograd and the reference itself, thousands of products each */
    bool good = true;
    print_shape(l);
    for (int p = 0; p < PASSES; p++)
        for (int m = 0; m < METHODS; m++) {
            size_t n;
            if (!runs(l, m, p))
                continue;
            conv_workspace_run(&l->by[m], (enum conv2d_pass)p);
            if (m == CONV2D_IM2COL)
                continue;
            const float *want = conv_workspace_result(&n, l->by, (enum conv2d_pass)p),
                        *got = conv_workspace_result(&n, &l->by[m], (enum conv2d_pass)p);
            double d = distance(got, want, n);
            printf("  %s %s %.1e%s", conv2d_methods[m]->name, PASS[p], d,
                   d > ALLOWED ? " FAR" : "");
            good = good && d <= ALLOWED;
        }
    printf("\n");
    return good;
}

static enum status create(struct layer *l, const struct conv_shape *s, int size, struct error *err)
{
    *l = (struct layer){.shape = s, .size = size};
    for (int m = 0; m < METHODS; m++)
        if (conv_workspace_create(&l->by[m], s, size, CHOICE[m], err) != STATUS_OK)
            return err->status;
    memcpy(l->plan, l->by[METHODS - 1].conv.plan, sizeof l->plan); /* the planner's own choice */
    return STATUS_OK;
}

static void destroy(struct layer *l)
{
    for (int m = 0; m < METHODS; m++)
        conv_workspace_destroy(&l->by[m]);
}

/* im2col has no depthwise shapes to compare with: tests/unit/nn/conv/ does that. */
static bool is_wanted(const struct conv_shape *s, const struct options *o)
{
    return (!o->network || strcmp(s->network, o->network) == 0) &&
           (o->check ? !s->is_depthwise : s->is_depthwise || !o->depthwise);
}

static void print_head(const struct options *o, const struct machine_limits *limits, FILE *csv)
{
    printf("level %s, batch %d, one thread", kernels_get()->level, CONV_WORKSPACE_BATCH);
    if (o->check) {
        printf("\n");
        return;
    }
    printf(
        ": at most %.0f GFLOP/s in registers, %.1f GB/s from and to memory\n"
        "GFLOP/s of im2col, direct, winograd (of depthwise layers: of their only method), and of "
        "the planned one\nthe share of what the processor or (m) its memory allows: forward | "
        "backward-data | backward-weights\n",
        limits->flops * 1e-9, limits->bytes * 1e-9);
    if (csv)
        fprintf(csv, "level,kernel,stride,in_c,out_c,size,pass,method,milliseconds,gflops,network,"
                     "planned,peak_share,roof_share\n");
}

static enum status run(const struct options *o, FILE *csv, struct error *err)
{
    enum status status = STATUS_OK;
    bool good = true;
    int n = 0;
    struct machine_limits limits = {0};
    if (!o->check)
        limits = machine_limits_measure(kernels_get()->level);
    print_head(o, &limits, csv);
    for (int i = 0; i < CONV_SHAPES && status == STATUS_OK; i++)
        for (int half = 0; half < 2 && status == STATUS_OK; half++) {
            struct layer l;
            if (!is_wanted(&conv_shapes[i], o))
                continue;
            n++;
            status = create(&l, &conv_shapes[i], (conv_shapes[i].size + half) / (1 + half), err);
            if (status == STATUS_OK && o->check)
                good = check_layer(&l) && good;
            else if (status == STATUS_OK)
                time_layer(&l, o->rounds, &limits, csv);
            destroy(&l);
        }
    if (status == STATUS_OK && n == 0)
        status =
            error_usage(err, "--network %s: the list of shapes has no such network", o->network);
    if (status == STATUS_OK && !good)
        status = error_set(err, "a method is farther from im2col than allowed");
    return status;
}

static bool parse_arguments(struct options *o, int argc, char **argv)
{
    static const struct option OPTIONS[] = {
        {"rounds", required_argument, NULL, 'r'},  {"csv", required_argument, NULL, 'c'},
        {"network", required_argument, NULL, 'n'}, {"check", no_argument, NULL, 'k'},
        {"depthwise", no_argument, NULL, 'd'},     {NULL, 0, NULL, 0}};
    int option;
    *o = (struct options){.rounds = 5};
    while ((option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
        if (option == 'r')
            o->rounds = atoi(optarg);
        else if (option == 'c')
            o->csv = optarg;
        else if (option == 'n')
            o->network = optarg;
        else if (option == 'k')
            o->check = true;
        else if (option == 'd')
            o->depthwise = true;
        else
            return false;
    }
    return o->rounds >= 1 && optind == argc && !(o->check && o->depthwise);
}

int main(int argc, char **argv)
{
    struct options o;
    if (!parse_arguments(&o, argc, argv)) {
        fprintf(stderr, "usage: benchmark-kernels [--rounds N] [--csv FILE] [--network NAME] "
                        "[--check | --depthwise]\n");
        return STATUS_USAGE;
    }
    FILE *csv = o.csv ? fopen(o.csv, "w") : NULL;
    if (o.csv && !csv) {
        perror(o.csv);
        return STATUS_FAILED;
    }
    struct error err;
    gemm_start(1, &(struct error){0});
    enum status status = run(&o, csv, &err);
    if (status != STATUS_OK)
        fprintf(stderr, "benchmark-kernels: %s\n", err.message);
    if (csv && fclose(csv) != 0) {
        perror(o.csv);
        return STATUS_FAILED;
    }
    return (int)status;
}
