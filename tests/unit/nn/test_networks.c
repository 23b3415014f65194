/* Networks of every kind of block beside PyTorch: tests/golden/nn/network-NAME and narrow-NAME,
 * made by scripts/make_network_golden.py (tests/golden/nn/README.md says what is in them).
 *
 * Golden values are those of a float64 run; "distance/..." says how far PyTorch's float32 run is
 * from them (relative L2), which is the yardstick. */
#include "io/safetensors.h"
#include "nn/model.h"
#include "nn/seeded_values.h"
#include "run/files/model_file.h"

#include "math/close.h"
#include "nn/threads.h"

#include <stdio.h>
#include <string.h>

static double value_at(const struct safetensors_entry *e, size_t i)
{
    float value;
    memcpy(&value, (const char *)e->data + i * sizeof value, sizeof value);
    return value;
}

/* Relative L2 between entries first .. first + n - 1 of a golden tensor and the same places of ours
 * [size], in PyTorch's layout; where the golden ones are all zeros, L2. */
static double distance(const struct safetensors_entry *e, size_t first, size_t n, const float *ours,
                       size_t size)
{
    double difference = 0, norm = 0;
    for (size_t i = 0; i < n; i++) {
        double want = value_at(e, first + i), d = (double)ours[i * size / n] - want;
        difference += d * d;
        norm += want * want;
    }
    return sqrt(difference) / (norm > 0 ? sqrt(norm) : 1);
}

/* "FIRST/SECOND". */
static const struct safetensors_entry *entry_of(const struct safetensors *file, const char *first,
                                                const char *second)
{
    char key[192];
    snprintf(key, sizeof key, "%s/%s", first, second);
    const struct safetensors_entry *e = safetensors_find(file, key);
    if (!e)
        fail_msg("no golden tensor \"%s\"", key);
    return e;
}

static void load_seeded_weights(struct param_list *list)
{
    for (int i = 0; i < list->n; i++) {
        struct param *p = &list->item[i];
        if (p->kind == PARAM_COUNTER)
            continue;
        float *disk = close_floats(p->size);
        seeded_network_parameter(disk, p);
        param_from_disk(p->data, p, disk);
        free(disk);
    }
}

static struct model *create(const struct model_spec *spec, const struct model_options *options)
{
    struct model *m;
    struct error err;
    if (model_create(&m, spec, options, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    load_seeded_weights(model_params(m));
    return m;
}

static void read_golden(struct safetensors *file, const char *kind, const char *name)
{
    char path[128];
    struct error err;
    snprintf(path, sizeof path, "tests/golden/nn/%s-%s.safetensors", kind, name);
    if (safetensors_read(file, path, &err) != STATUS_OK)
        fail_msg("%s", err.message);
}

/* ---- networks that are shipped ---- */

static void compare_logits(const struct model_spec *spec, const struct safetensors *golden,
                           int size, enum conv2d_choice convolutions)
{
    const struct model_options options = {
        .classes = 10, .size = size, .max_batch = 1, .convolutions = convolutions};
    struct model *m = create(spec, &options);
    float *x = close_floats((size_t)size * (size_t)size * 3);
    char text[16];
    snprintf(text, sizeof text, "%d", size);
    seeded_images(x, 1, 1, size);
    const float *logits = model_forward(m, x, 1, MODEL_EVAL);
    double d = distance(entry_of(golden, "logits", text), 0, 10, logits, 10);
    if (!(d < 1e-5))
        fail_msg("%s at %d: logits are %.1e from PyTorch's", spec->name, size, d);
    free(x);
    model_destroy(m);
}

static void compare_shipped(const char *name)
{
    char path[64];
    struct model_spec spec;
    struct safetensors golden = {0};
    struct error err;
    snprintf(path, sizeof path, "models/%s.yaml", name);
    if (model_file_read(&spec, path, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    read_golden(&golden, "network", name);
    compare_logits(&spec, &golden, 224, CONV2D_AUTO);
    compare_logits(&spec, &golden, 97, CONV2D_AUTO);
    safetensors_free(&golden);
}

/* The methods that normalise each piece of a convolution at once, while others are still to be
 * read: where a chain's sums stand, no output may come too early. */
static void a_res2nets_logits_do_not_depend_on_the_method(void **state)
{
    (void)state;
    static const enum conv2d_choice methods[] = {CONV2D_ALL_IM2COL, CONV2D_ALL_DIRECT,
                                                 CONV2D_ALL_WINOGRAD};
    struct model_spec spec;
    struct safetensors golden = {0};
    struct error err;
    if (model_file_read(&spec, "models/res2net50-vd-26w-4s.yaml", &err) != STATUS_OK)
        fail_msg("%s", err.message);
    read_golden(&golden, "network", "res2net50-vd-26w-4s");
    for (int i = 0; i < 3; i++)
        compare_logits(&spec, &golden, 224, methods[i]);
    safetensors_free(&golden);
}

static void logits_of_the_shipped_networks_are_pytorchs(void **state)
{
    (void)state;
    compare_shipped("efficientnet-lite0");
    compare_shipped("mobilenetv2");
    compare_shipped("resnet34");
    compare_shipped("resnet50");
    compare_shipped("resnet50d");
    compare_shipped("res2net50d");
    compare_shipped("res2net50-vd-26w-4s");
}

/* ---- narrow ones, with gradients ---- */

#define RESNET_TAIL                                                                                \
    "  - {blocks: 2, width: 32, stride: 1}\n"                                                      \
    "  - {blocks: 2, width: 64, stride: 2}\n"                                                      \
    "  - {blocks: 1, width: 128, stride: 2}\n"                                                     \
    "norm: {kind: batch}\n"

#define DEEP_STEM                                                                                  \
    "stem:\n"                                                                                      \
    "  - {width: 4, kernel: 3, stride: 2}\n"                                                       \
    "  - {width: 4, kernel: 3, stride: 1}\n"                                                       \
    "  - {width: 8, kernel: 3, stride: 1}\n"                                                       \
    "pool: {kernel: 3, stride: 2}\n"

#define RES2NET(switches)                                                                          \
    "block: {kind: res2net, base-width: 32, shortcut: average-pool, " switches "}\n"               \
    "stages:\n" RESNET_TAIL

static const struct narrow {
    const char *name, *text;
} NARROW[] = {
    {"efficientnet-lite", "stem: [{width: 8, kernel: 3, stride: 2}]\n"
                          "block: inverted\n"
                          "stages:\n"
                          "  - {blocks: 1, width: 8, stride: 1, kernel: 3, expansion: 1}\n"
                          "  - {blocks: 2, width: 8, stride: 2, kernel: 3, expansion: 6}\n"
                          "  - {blocks: 2, width: 16, stride: 2, kernel: 5, expansion: 6}\n"
                          "  - {blocks: 1, width: 24, stride: 1, kernel: 5, expansion: 4}\n"
                          "head: {width: 64}\n"
                          "norm: {kind: batch, epsilon: 0.001}\n"
                          "activation: relu6\n"
                          "padding: same\n"},
    {"mobilenetv2", "stem: [{width: 8, kernel: 3, stride: 2}]\n"
                    "block: inverted\n"
                    "stages:\n"
                    "  - {blocks: 1, width: 8, stride: 1, expansion: 1}\n"
                    "  - {blocks: 2, width: 8, stride: 2}\n"
                    "  - {blocks: 2, width: 16, stride: 2}\n"
                    "head: {width: 64}\n"
                    "norm: {kind: batch}\n"
                    "activation: relu6\n"},
    {"resnet34", "stem: [{width: 8, kernel: 7, stride: 2}]\n"
                 "pool: {kernel: 3, stride: 2}\n"
                 "block: basic\n"
                 "stages:\n"
                 "  - {blocks: 2, width: 8, stride: 1}\n"
                 "  - {blocks: 1, width: 16, stride: 2}\n"
                 "  - {blocks: 2, width: 32, stride: 2}\n"
                 "norm: {kind: batch}\n"},
    {"resnet50", "stem: [{width: 8, kernel: 7, stride: 2}]\n"
                 "pool: {kernel: 3, stride: 2}\n"
                 "block: bottleneck\n"
                 "stages:\n" RESNET_TAIL},
    {"thin-resnet50", "stem: [{width: 8, kernel: 7, stride: 2}]\n"
                      "pool: {kernel: 3, stride: 2, padding: same}\n"
                      "block: {kind: bottleneck, stride-in: first}\n"
                      "stages:\n" RESNET_TAIL},
    {"resnet50d", DEEP_STEM "block: {kind: bottleneck, shortcut: average-pool}\n"
                            "stages:\n" RESNET_TAIL},
    {"res2net50d", DEEP_STEM RES2NET("chain-in-first-block: false, pool-counts-padding: true")},
    {"res2net50-vd", DEEP_STEM RES2NET("chain-in-first-block: true, pool-counts-padding: false")},
};
enum { CLASSES = 5, BATCH = 3, SIZE = 52, BATCHES = 4 };

/* How many times as far from float64 as PyTorch's float32 may be, and what is near in any case: a
 * few roundings of single entries. */
static const double FACTOR = 2, NEAR = 5e-7;

/* The squares of our distances from float64, summed over the batches: of the logits and of
 * parameter (gradient or running statistic) i. */
struct squares {
    double logits, *param;
};

static void add_distance(double *squares, const struct safetensors *golden, const char *mode,
                         const char *name, int batch, const float *ours, size_t size)
{
    const struct safetensors_entry *e = entry_of(golden, mode, name);
    size_t n = e->n_bytes / sizeof(float) / BATCHES;
    double d = distance(e, (size_t)batch * n, n, ours, size);
    *squares += d * d;
}

/* A BLAS that rounds a product before it adds is farther from float64, and so is PyTorch there. */
static const char *distances_of(enum conv2d_choice convolutions)
{
    return convolutions == CONV2D_ALL_IM2COL && !__builtin_cpu_supports("fma")
               ? "distance-without-fma"
               : "distance";
}

static void expect_near(const char *network, const struct safetensors *golden,
                        const char *distances, const char *mode, const char *name, double squares)
{
    double far = sqrt(squares / BATCHES);
    char yardstick[64];
    snprintf(yardstick, sizeof yardstick, "%s/%s", distances, mode);
    double theirs = value_at(entry_of(golden, yardstick, name), 0);
    if (!(far <= FACTOR * theirs + NEAR))
        fail_msg("%s, %s/%s: %.1e from float64, PyTorch's float32 is %.1e", network, mode, name,
                 far, theirs);
}

/* Whether it is compared in this mode, and under which name. */
static bool golden_name(char *name, size_t size, const struct param *p, bool training)
{
    if (p->kind == PARAM_COUNTER || (p->kind == PARAM_BUFFER && !training))
        return false;
    snprintf(name, size, "%s/%s", p->kind == PARAM_BUFFER ? "buffer" : "gradient", p->name);
    return true;
}

/* One batch from the seeded weights: forward, backward, distances. */
static void run_batch(struct squares *squares, struct model *m, const struct safetensors *golden,
                      bool training, int batch)
{
    static const int all[BATCH] = {0, 1, 2};
    const char *mode = training ? "training" : "frozen";
    const struct param_list *list = model_params(m);
    int64_t seeds[BATCHES];
    memcpy(seeds, entry_of(golden, mode, "seeds")->data, sizeof seeds);
    uint64_t seed = (uint64_t)seeds[batch], stream = seeded_state("dlogits", seed);
    float *x = close_floats(BATCH * SIZE * SIZE * 3), dlogits[BATCH * CLASSES];
    seeded_images(x, seed, BATCH, SIZE);
    for (uint64_t i = 0; i < BATCH * CLASSES; i++)
        dlogits[i] = (float)seeded_uniform(stream, i);
    load_seeded_weights(model_params(m));
    const float *logits = model_forward(m, x, BATCH, MODEL_TRAIN);
    add_distance(&squares->logits, golden, mode, "logits", batch, logits, BATCH * CLASSES);
    model_backward(m, dlogits, all, BATCH);
    for (int i = 0; i < list->n; i++) {
        const struct param *p = &list->item[i];
        char name[128];
        if (!golden_name(name, sizeof name, p, training))
            continue;
        float *disk = close_floats(p->size);
        param_to_disk(disk, p, p->kind == PARAM_BUFFER ? p->data : p->grad);
        add_distance(&squares->param[i], golden, mode, name, batch, disk, p->size);
        free(disk);
    }
    free(x);
}

static void compare_mode(const struct narrow *n, const struct model_spec *spec,
                         const struct safetensors *golden, enum conv2d_choice convolutions,
                         bool training)
{
    const char *mode = training ? "training" : "frozen";
    const struct model_options options = {.classes = CLASSES,
                                          .size = SIZE,
                                          .max_batch = BATCH,
                                          .training = true,
                                          .convolutions = convolutions,
                                          .freeze_batch_norm = !training};
    struct model *m = create(spec, &options);
    const struct param_list *list = model_params(m);
    const char *distances = distances_of(convolutions);
    struct squares squares = {.param = calloc((size_t)list->n, sizeof *squares.param)};
    assert_non_null(squares.param);
    for (int batch = 0; batch < BATCHES; batch++)
        run_batch(&squares, m, golden, training, batch);
    expect_near(n->name, golden, distances, mode, "logits", squares.logits);
    for (int i = 0; i < list->n; i++) {
        char name[128];
        if (golden_name(name, sizeof name, &list->item[i], training))
            expect_near(n->name, golden, distances, mode, name, squares.param[i]);
    }
    free(squares.param);
    model_destroy(m);
}

static void compare_gradients(enum conv2d_choice convolutions)
{
    for (size_t i = 0; i < sizeof NARROW / sizeof NARROW[0]; i++) {
        const struct narrow *n = &NARROW[i];
        struct model_spec spec;
        struct safetensors golden = {0};
        struct error err;
        if (model_file_parse(&spec, n->text, strlen(n->text), n->name, &err) != STATUS_OK)
            fail_msg("%s", err.message);
        read_golden(&golden, "narrow", n->name);
        compare_mode(n, &spec, &golden, convolutions, false);
        compare_mode(n, &spec, &golden, convolutions, true);
        safetensors_free(&golden);
    }
}

static void gradients_are_no_farther_from_float64_than_twice_pytorchs(void **state)
{
    (void)state;
    compare_gradients(CONV2D_AUTO);
    compare_gradients(CONV2D_ALL_DIRECT);
    compare_gradients(CONV2D_ALL_IM2COL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logits_of_the_shipped_networks_are_pytorchs),
        cmocka_unit_test(a_res2nets_logits_do_not_depend_on_the_method),
        cmocka_unit_test(gradients_are_no_farther_from_float64_than_twice_pytorchs),
    };
    return cmocka_run_group_tests(tests, threads_start, threads_stop);
}
