/* run/files/model_file, run/files/model_library: descriptions of networks, both ways, and where
 * named ones are found. */
#include "nn/block_kinds.h"
#include "run/files/model_file.h"
#include "run/files/model_library.h"

#include "failing_alloc.h"
#include "scratch.h"

#include <sys/stat.h>

static const char small[] = "stem:\n"
                            "  - {width: 8, kernel: 3, stride: 1}\n"
                            "  - {width: 16, kernel: 3, stride: 2}\n"
                            "pool: {kernel: 3, stride: 2}\n"
                            "block: basic\n"
                            "stages:\n"
                            "  - {blocks: 1, width: 16, stride: 1}\n"
                            "  - {blocks: 2, width: 32, stride: 2}\n"
                            "norm: {kind: group, groups: 4}\n";

static void a_description_is_read_field_by_field(void **state)
{
    struct model_spec spec;
    struct error err;

    (void)state;
    assert_int_equal(model_file_parse(&spec, small, strlen(small), "some/folder/small.yaml", &err),
                     STATUS_OK);
    assert_string_equal(spec.name, "small");
    assert_int_equal(spec.n_stem, 2);
    assert_int_equal(spec.stem[0].width, 8);
    assert_int_equal(spec.stem[1].stride, 2);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(spec.stem[i].padding, 1); /* of a 3x3 filter, PyTorch's habit */
        assert_int_equal(spec.stem[i].groups, 1);
    }
    assert_int_equal(spec.pool.kernel, 3);
    assert_int_equal(spec.pool.stride, 2);
    assert_int_equal(spec.pool.padding, 1);
    assert_ptr_equal(spec.block, &block_basic);
    assert_int_equal(spec.n_stages, 2);
    assert_int_equal(spec.stage[1].blocks, 2);
    assert_int_equal(spec.stage[1].width, 32);
    assert_int_equal(spec.head_width, 0);
    assert_int_equal(spec.norm.kind, NORM_GROUP);
    assert_int_equal(spec.norm.groups, 4);
    assert_true(spec.norm.epsilon == 1e-5 && spec.norm.momentum == 0.1); /* PyTorch's */
    assert_int_equal(spec.activation, KERNELS_RELU);
    assert_false(spec.same_padding);
    assert_false(spec.zero_init_residual);
}

/* What networks of other families say beside that. */
static const char mobile[] = "name: mobile\n"
                             "stem:\n"
                             "  - {width: 8, kernel: 3, stride: 2}\n"
                             "  - {width: 8, kernel: 4, stride: 1}\n"
                             "pool: {kernel: 3, stride: 2, padding: 0}\n"
                             "block: {kind: basic}\n"
                             "stages:\n"
                             "  - {blocks: 1, width: 16, stride: 1}\n"
                             "head: {width: 24}\n"
                             "norm: {kind: batch, epsilon: 0.001, momentum: 0.01}\n"
                             "activation: relu6\n"
                             "padding: same\n";

static void parse(struct model_spec *out, const char *text)
{
    struct error err;
    if (model_file_parse(out, text, strlen(text), "m.yaml", &err) != STATUS_OK)
        fail_msg("%s", err.message);
}

static void other_families_say_more(void **state)
{
    struct model_spec spec;

    (void)state;
    parse(&spec, mobile);
    assert_ptr_equal(spec.block, &block_basic);
    for (int i = 0; i < 2; i++)
        assert_int_equal(spec.stem[i].padding, LAYER_PADDING_SAME);
    assert_int_equal(spec.pool.padding, 0); /* its own word counts */
    assert_int_equal(spec.head_width, 24);
    assert_int_equal(spec.norm.kind, NORM_BATCH);
    assert_true(spec.norm.epsilon == 0.001 && spec.norm.momentum == 0.01);
    assert_int_equal(spec.activation, KERNELS_RELU6);
    assert_true(spec.same_padding);

    char other[1024];
    char *at;
    snprintf(other, sizeof other, "%s", mobile);
    at = strstr(other, ", padding: 0"); /* else the network's rule */
    memmove(at, at + strlen(", padding: 0"), strlen(at + strlen(", padding: 0")) + 1);
    parse(&spec, other);
    assert_int_equal(spec.pool.padding, LAYER_PADDING_SAME);
    strcpy(strstr(other, "activation"), "activation: relu\npadding: torch\n");
    parse(&spec, other);
    assert_int_equal(spec.activation, KERNELS_RELU);
    assert_false(spec.same_padding);
    assert_int_equal(spec.stem[0].padding, 1);
    assert_int_equal(spec.stem[1].padding, 0); /* of an even filter */
    assert_int_equal(spec.pool.padding, 1);
}

static void text_gives_back_the_same_network(void **state)
{
    struct model_spec spec, again;
    struct error err;
    char *text, *second;

    (void)state;
    for (int i = 0; i < 9; i++) {
        parse(&spec, i < 4 ? small : mobile);
        if (i == 1) { /* no pool, no groups, a name that needs quotes */
            spec.pool = (struct pool_spec){0};
            spec.norm.groups = 0;
            spec.norm.kind = NORM_BATCH;
            strcpy(spec.name, "my: net");
        } else if (i == 2) {
            spec.norm.groups = 0;
            spec.norm.kind = NORM_NONE;
        } else if (i == 3) {
            spec.zero_init_residual = true;
        } else if (i == 5) {
            spec.pool.padding = LAYER_PADDING_SAME;
        } else if (i == 6) { /* zeros around one layer only */
            spec.same_padding = false;
            spec.stem[0].padding = 1;
            spec.stem[1].padding = 0;
            spec.pool.padding = LAYER_PADDING_SAME;
        } else if (i == 7) { /* no decimal has so many digits as this number */
            spec.norm.epsilon = 1.0 / 3;
            spec.norm.momentum = 0.1 + 1e-17;
        } else if (i == 8) {
            spec.norm.momentum = 2.0 / 3;
        }
        assert_int_equal(model_file_text(&text, &spec, &err), STATUS_OK);
        assert_int_equal(model_file_parse(&again, text, strlen(text), "elsewhere", &err),
                         STATUS_OK);
        assert_memory_equal(&again, &spec, sizeof spec);
        assert_int_equal(model_file_text(&second, &again, &err), STATUS_OK);
        assert_string_equal(second, text);
        free(text);
        free(second);
    }
}

static void the_switches_of_res2nets_are_in_their_text(void **state)
{
    static const char *const networks[][3] = {
        {"models/res2net50-vd-26w-4s.yaml", "chain-in-first-block: true",
         "pool-counts-padding: false"},
        {"models/res2net50d.yaml", "chain-in-first-block: false", "pool-counts-padding: true"},
    };

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct model_spec spec, again;
        struct error err;
        char *text;
        assert_int_equal(model_file_read(&spec, networks[i][0], &err), STATUS_OK);
        assert_int_equal(model_file_text(&text, &spec, &err), STATUS_OK);
        assert_non_null(strstr(text, networks[i][1]));
        assert_non_null(strstr(text, networks[i][2]));
        parse(&again, text);
        assert_memory_equal(&again, &spec, sizeof spec);
        free(text);
    }
}

/* The texts of the program before blocks, paddings and activations could be chosen: checkpoints and
 * runs hold them, and a resumed run compares them. */
static void todays_networks_have_the_text_that_they_always_had(void **state)
{
    static const struct {
        const char *path, *text;
    } networks[] = {
        {"models/resnet10-gn.yaml", "name: resnet10-gn\n"
                                    "stem:\n"
                                    "  - {width: 32, kernel: 7, stride: 2}\n"
                                    "pool: {kernel: 3, stride: 2}\n"
                                    "block: basic\n"
                                    "stages:\n"
                                    "  - {blocks: 1, width: 32, stride: 1}\n"
                                    "  - {blocks: 1, width: 64, stride: 2}\n"
                                    "  - {blocks: 1, width: 128, stride: 2}\n"
                                    "  - {blocks: 1, width: 256, stride: 2}\n"
                                    "norm: {kind: group, groups: 8}\n"},
        {"models/resnet12-gn.yaml", "name: resnet12-gn\n"
                                    "stem:\n"
                                    "  - {width: 24, kernel: 4, stride: 4}\n"
                                    "  - {width: 32, kernel: 3, stride: 2}\n"
                                    "block: basic\n"
                                    "stages:\n"
                                    "  - {blocks: 1, width: 32, stride: 1}\n"
                                    "  - {blocks: 1, width: 64, stride: 2}\n"
                                    "  - {blocks: 1, width: 128, stride: 2}\n"
                                    "  - {blocks: 1, width: 256, stride: 2}\n"
                                    "  - {blocks: 1, width: 256, stride: 2}\n"
                                    "norm: {kind: group, groups: 8}\n"},
        {"models/resnet18.yaml", "name: resnet18\n"
                                 "stem:\n"
                                 "  - {width: 64, kernel: 7, stride: 2}\n"
                                 "pool: {kernel: 3, stride: 2}\n"
                                 "block: basic\n"
                                 "stages:\n"
                                 "  - {blocks: 2, width: 64, stride: 1}\n"
                                 "  - {blocks: 2, width: 128, stride: 2}\n"
                                 "  - {blocks: 2, width: 256, stride: 2}\n"
                                 "  - {blocks: 2, width: 512, stride: 2}\n"
                                 "norm: {kind: batch}\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++) {
        struct model_spec spec;
        struct error err;
        char *text;
        assert_int_equal(model_file_read(&spec, networks[i].path, &err), STATUS_OK);
        assert_int_equal(model_file_text(&text, &spec, &err), STATUS_OK);
        assert_string_equal(text, networks[i].text);
        free(text);
        if (i == 2) {
            spec.zero_init_residual = true;
            assert_int_equal(model_file_text(&text, &spec, &err), STATUS_OK);
            assert_non_null(strstr(text, "norm: {kind: batch}\nzero-init-residual: true\n"));
            free(text);
        }
    }
}

/* The small description with `from` replaced by `to`. */
static void refuse(const char *from, const char *to, const char *message)
{
    char text[1024];
    const char *at = strstr(small, from);
    struct model_spec spec;
    struct error err;

    assert_non_null(at);
    int size =
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - small), small, to, at + strlen(from));
    assert_int_equal(model_file_parse(&spec, text, (size_t)size, "m.yaml", &err), STATUS_FAILED);
    assert_string_equal(err.message, message);
}

static void mistakes_are_named_with_their_line(void **state)
{
    (void)state;
    refuse("stages:", "stage:", "m.yaml:6: model: unknown key \"stage\"; did you mean \"stages\"?");
    refuse("kernel: 3, stride: 2}\npool", "kernle: 3, stride: 2}\npool",
           "m.yaml:3: stem[1]: unknown key \"kernle\"; did you mean \"kernel\"?");
    refuse("width: 32, ", "", "m.yaml:8: stages[1]: key \"width\" is missing");
    refuse("block: basic\n", "", "m.yaml:1: model: key \"block\" is missing");
    refuse("basic", "bottle",
           "m.yaml:5: block: \"bottle\" is not one of basic|bottleneck|inverted|res2net");
    refuse("kind: group", "kind: layer",
           "m.yaml:9: norm.kind: \"layer\" is not one of none|batch|group");
    refuse("kind: group", "kind: batch",
           "m.yaml:9: norm.groups: only a norm of kind group has groups");
    refuse("width: 32", "width: 30",
           "m.yaml: stages[1].width: 30 is not a multiple of norm.groups (4)");
    refuse("{kernel: 3, stride: 2}\nblock", "3\nblock",
           "m.yaml:4: pool: \"key: value\" pairs were expected");
    refuse("groups: 4", "groups: four",
           "m.yaml:9: norm.groups: \"four\" is not an integer in 1..2147483647");
    refuse("groups: 4}", "groups: 4}\nzero-init-residual: 1",
           "m.yaml:10: zero-init-residual: \"1\" is not one of false|true");
    refuse("block: basic", "block: {kind: invert}",
           "m.yaml:5: block.kind: \"invert\" is not one of basic|bottleneck|inverted|res2net");
    refuse("block: basic", "block: {}", "m.yaml:5: block: key \"kind\" is missing");
    refuse("block: basic", "block: {kind: basic, kernel: 3}",
           "m.yaml:5: block: unknown key \"kernel\"");
    refuse("block: basic", "block: {kind: bottleneck, shortcut: pool}",
           "m.yaml:5: block.shortcut: \"pool\" is not one of conv|average-pool");
    refuse("block: basic", "block: {kind: res2net}",
           "m.yaml:7: stages[0]: key \"chain-in-first-block\" is missing");
    refuse("block: basic", "block: {kind: res2net, chain-in-first-block: true}",
           "m.yaml:7: stages[0]: key \"pool-counts-padding\" is missing");
#define SWITCHES ", chain-in-first-block: true, pool-counts-padding: true}"
    refuse("block: basic", "block: {kind: res2net, scale: 9" SWITCHES,
           "m.yaml:5: block.scale: \"9\" is not an integer in 2..8");
    refuse("block: basic", "block: {kind: res2net, base-width: 15" SWITCHES,
           "m.yaml: stages[0].width: of 16 with base-width 15 no channel is left for a group");
    refuse("block: basic", "block: {kind: res2net, base-width: 33" SWITCHES,
           "m.yaml: stages[0].width: groups of 2 channels (width 16, base-width 33) are not a "
           "multiple of norm.groups (4)");
    refuse("block: basic", "padding: same\nblock: {kind: res2net, base-width: 64" SWITCHES,
           "m.yaml: stages[0].pool-counts-padding: true is for padding: torch");
    refuse("stride: 2}\nblock", "stride: 2, padding: all}\nblock",
           "m.yaml:4: pool.padding: \"all\" is not an integer in 0..15");
    refuse("stride: 2}\nblock", "stride: 2, padding: 2}\nblock",
           "m.yaml: pool.padding: 2 is not in 0..1");
    refuse("groups: 4}", "groups: 4, epsilon: small}",
           "m.yaml:9: norm.epsilon: \"small\" is not a number");
    refuse("groups: 4}", "groups: 4, epsilon: 0}", "m.yaml: norm.epsilon: 0 is not in (0, 1]");
    refuse("groups: 4}", "groups: 4}\nactivation: gelu",
           "m.yaml:10: activation: \"gelu\" is not one of relu|relu6");
    refuse("groups: 4}", "groups: 4}\npadding: valid",
           "m.yaml:10: padding: \"valid\" is not one of torch|same");
    refuse("groups: 4}", "groups: 4}\nhead: 20",
           "m.yaml:10: head: \"key: value\" pairs were expected");
    refuse("groups: 4}", "groups: 4}\nhead: {width: 30}",
           "m.yaml: head.width: 30 is not a multiple of norm.groups (4)");
}

static void a_name_is_found_in_the_library(void **state)
{
    struct model_spec spec;
    struct error err;
    char folder[256];

    (void)state;
    snprintf(folder, sizeof folder, "%s", scratch_path("models"));
    assert_int_equal(mkdir(folder, 0777), 0);
    scratch_write("models/small.yaml", small, strlen(small));
    setenv("ATK_TRAIN_SHARE", scratch_folder, 1);
    assert_int_equal(model_library_find(&spec, "small", &err), STATUS_OK);
    assert_string_equal(spec.name, "small");
    assert_int_equal(model_library_find(&spec, scratch_path("models/small.yaml"), &err), STATUS_OK);
    assert_int_equal(model_library_find(&spec, "smal", &err), STATUS_USAGE);
    assert_non_null(strstr(err.message, "--model: \"smal\""));
    assert_non_null(strstr(err.message, "did you mean \"small\"?"));
    assert_int_equal(model_library_find(&spec, "./small.yaml", &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "./small.yaml"));
    unsetenv("ATK_TRAIN_SHARE");
}

static void running_out_of_memory_is_a_clean_error(void **state)
{
    struct model_spec spec;
    struct error err;

    (void)state;
    FAILING_ALLOC_EACH(model_file_parse(&spec, small, strlen(small), "m.yaml", &err), &err)
        ;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_description_is_read_field_by_field),
        cmocka_unit_test(other_families_say_more),
        cmocka_unit_test(the_switches_of_res2nets_are_in_their_text),
        cmocka_unit_test(todays_networks_have_the_text_that_they_always_had),
        cmocka_unit_test(text_gives_back_the_same_network),
        cmocka_unit_test(mistakes_are_named_with_their_line),
        SCRATCH_TEST(a_name_is_found_in_the_library),
        cmocka_unit_test(running_out_of_memory_is_a_clean_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
