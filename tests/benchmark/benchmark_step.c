/* Times training steps (or inference) on random images and prints one JSON object: seconds and
 * processor seconds of each step, peak memory, and what it ran on. scripts/benchmark.py runs it in
 * turn with scripts/benchmark_torch.py. With --profile it prints another one, of where the time of
 * a step goes, for scripts/step_profile.py. */
#include "step.h"
#include "step_profile.h"

#include "base/memory.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "math/gemm.h"
#include "math/kernels.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

enum { CLASSES = 1000 }; /* torchvision's */

struct workspace {
    struct step_options step;
    int warm_up, steps;
    bool profile; /* with one thread */
};

static double clock_seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void print_list(const char *name, const double *value, int n)
{
    printf(", \"%s\": [", name);
    for (int i = 0; i < n; i++)
        printf("%s%.6f", i ? ", " : "", value[i]);
    printf("]");
}

static void print_result(const struct workspace *b, const struct step_network *s,
                         const double *seconds, const double *cpu_seconds)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"version\": \"%s\", \"kernels\": \"%s\", \"blas\": \"%s\"", ATK_VERSION,
           kernels_get()->level, gemm_blas_name());
    printf(", \"selected\": %d, \"loss\": %.6f, \"peak_mib\": %.1f", s->k, s->loss,
           (double)usage.ru_maxrss / 1024);
    print_list("seconds", seconds, b->steps);
    print_list("cpu_seconds", cpu_seconds, b->steps);
    printf("}\n");
}

/* Images uniform in [0, 1), labels uniform, the same in every step. */
static enum status run(const struct workspace *b, struct error *err)
{
    struct step_network s = {0};
    float *x = NULL;
    int *label = NULL;
    double *seconds = NULL, *cpu_seconds = NULL;
    size_t batch = (size_t)b->step.batch, size = (size_t)b->step.size;
    size_t n_values = batch * size * size * 3;
    size_t n_steps = (size_t)b->steps;
    enum status status = step_create(&s, &b->step, err);
    if (status != STATUS_OK)
        return status;
    x = memory_array(n_values, sizeof *x, "images", err);
    label = x ? memory_array(batch, sizeof *label, "labels", err) : NULL;
    seconds = label ? memory_array(n_steps, sizeof *seconds, "times", err) : NULL;
    cpu_seconds = seconds ? memory_array(n_steps, sizeof *cpu_seconds, "times", err) : NULL;
    if (!cpu_seconds) {
        status = err->status;
        goto done;
    }

    struct rng rng;
    rng_seed(&rng, 0, RNG_TEST, 0, 0);
    for (size_t i = 0; i < n_values; i++)
        x[i] = (float)rng_uniform(&rng);
    for (int i = 0; i < b->step.batch; i++)
        label[i] = (int)rng_below(&rng, CLASSES);

    for (int i = -b->warm_up; i < b->steps; i++) {
        double began = clock_seconds(CLOCK_MONOTONIC);
        double cpu_began = clock_seconds(CLOCK_PROCESS_CPUTIME_ID);
        if (b->profile && i >= 0)
            step_profile_begin();
        step_run(&s, x, label);
        if (b->profile && i >= 0)
            step_profile_end();
        if (i >= 0) {
            seconds[i] = clock_seconds(CLOCK_MONOTONIC) - began;
            cpu_seconds[i] = clock_seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_began;
        }
    }
    if (b->profile)
        step_profile_print();
    else
        print_result(b, &s, seconds, cpu_seconds);
done:
    step_profile_free();
    step_destroy(&s);
    free(x);
    free(label);
    free(seconds);
    free(cpu_seconds);
    return status;
}

/* Whole numbers from min on, as settings of a benchmark are. */
static bool parse_count(int *out, const char *text, int min)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (end == text || *end || value < min || value > 1000000)
        return false;
    *out = (int)value;
    return true;
}

static bool parse_arguments(struct workspace *b, int argc, char **argv)
{
    static const struct option OPTIONS[] = {
        {"model", required_argument, NULL, 'm'},
        {"size", required_argument, NULL, 's'},
        {"batch-size", required_argument, NULL, 'b'},
        {"k", required_argument, NULL, 'k'},
        {"threads", required_argument, NULL, 't'},
        {"warm-up", required_argument, NULL, 'w'},
        {"steps", required_argument, NULL, 'n'},
        {"inference", no_argument, NULL, 'i'},
        {"freeze-bn", no_argument, NULL, 'f'},
        {"train", required_argument, NULL, 'l'},
        {"profile", no_argument, NULL, 'p'},
        {"half", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option;
    bool good = true;
    while (good && (option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
        if (option == 'm')
            b->step.model = optarg;
        else if (option == 'k')
            b->step.k = optarg;
        else if (option == 's')
            good = parse_count(&b->step.size, optarg, 1);
        else if (option == 'b')
            good = parse_count(&b->step.batch, optarg, 1);
        else if (option == 't')
            good = parse_count(&b->step.n_threads, optarg, 1);
        else if (option == 'i')
            b->step.inference = true;
        else if (option == 'f')
            b->step.freeze_batch_norm = true;
        else if (option == 'l')
            b->step.train = optarg;
        else if (option == 'h')
            b->step.keeps_halves = true;
        else if (option == 'p')
            b->profile = true;
        else if (option == 'w')
            good = parse_count(&b->warm_up, optarg, 0);
        else
            good = option == 'n' && parse_count(&b->steps, optarg, 1);
    }
    if (b->profile)
        b->step.n_threads = 1;
    return good && optind == argc;
}

int main(int argc, char **argv)
{
    struct workspace b = {.step = {.model = "resnet18",
                                   .k = "0.7",
                                   .classes = CLASSES,
                                   .size = 448,
                                   .batch = 4,
                                   .n_threads = parallel_processors(),
                                   .learning_rate = 1e-3},
                          .warm_up = 1,
                          .steps = 3};
    struct error err;
    if (!parse_arguments(&b, argc, argv)) {
        fprintf(stderr,
                "usage: benchmark-step [--model NAME|FILE] [--size N] [--batch-size N] [--k K] "
                "[--threads N] [--warm-up N] [--steps N] [--inference] [--freeze-bn] "
                "[--train all|head|NAMES] [--profile] [--half]\n");
        return STATUS_USAGE;
    }
    enum status status = run(&b, &err);
    if (status != STATUS_OK)
        fprintf(stderr, "benchmark-step: %s\n", err.message);
    return (int)status;
}
