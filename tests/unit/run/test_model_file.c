/* run/files/model_file, run/files/model_library: descriptions of networks, both ways, and where
 * named ones are found. */
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
    assert_int_equal(spec.pool_kernel, 3);
    assert_int_equal(spec.pool_stride, 2);
    assert_int_equal(spec.block, BLOCK_BASIC);
    assert_int_equal(spec.n_stages, 2);
    assert_int_equal(spec.stage[1].blocks, 2);
    assert_int_equal(spec.stage[1].width, 32);
    assert_int_equal(spec.norm, NORM_GROUP);
    assert_int_equal(spec.groups, 4);
    assert_false(spec.zero_init_residual);
}

static void text_gives_back_the_same_network(void **state)
{
    struct model_spec spec, again;
    struct error err;
    char *text, *second;

    (void)state;
    assert_int_equal(model_file_parse(&spec, small, strlen(small), "small.yaml", &err), STATUS_OK);
    for (int i = 0; i < 4; i++) {
        if (i == 1) { /* no pool, no groups, a name that needs quotes */
            spec.pool_kernel = spec.pool_stride = spec.groups = 0;
            spec.norm = NORM_BATCH;
            strcpy(spec.name, "my: net");
        } else if (i == 2) {
            spec.norm = NORM_NONE;
        } else if (i == 3) {
            spec.zero_init_residual = true;
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
    refuse("basic", "bottleneck", "m.yaml:5: block: \"bottleneck\" is not one of basic");
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
        cmocka_unit_test(text_gives_back_the_same_network),
        cmocka_unit_test(mistakes_are_named_with_their_line),
        SCRATCH_TEST(a_name_is_found_in_the_library),
        cmocka_unit_test(running_out_of_memory_is_a_clean_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
