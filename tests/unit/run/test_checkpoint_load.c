/* run/files/checkpoint: what is loaded, by which rows, and what is refused. */
#include "checkpoint_fixture.h"

#include "run/files/model_library.h"

/* ---- Tensors ---- */

static void drop_counters(struct safetensors *file)
{
    size_t n = 0;
    for (size_t i = 0; i < file->n_entries; i++)
        if (strcmp(file->entry[i].dtype, "I64") != 0)
            file->entry[n++] = file->entry[i];
    file->n_entries = n;
}

static void num_batches_tracked_is_optional(void **state)
{
    (void)state;
    struct model *a = make_model(3, 1), *b = make_model(3, 2);
    struct checkpoint_report report = {0};
    struct error err;
    const char *path = write_changed(write_model("a.safetensors", a), drop_counters);
    assert_int_equal(load(&report, b, path, NULL, &err), STATUS_OK);
    assert_int_equal(report.missing.n, 0);
    checkpoint_report_free(&report);
    model_destroy(a);
    model_destroy(b);
}

/* 1.5, -0.25, 65504 and the smallest subnormal as F16 and BF16; fc.bias has three elements. */
static const uint16_t half_values[3] = {0x3e00, 0xb400, 0x0001};
static const uint16_t bfloat_values[3] = {0x3fc0, 0xbe80, 0x7f7f};
static const double double_values[3] = {1.5, -0.25, 1e-3};

static void use_half(struct safetensors *file)
{
    struct safetensors_entry *e = entry(file, "fc.bias");
    strcpy(e->dtype, "F16");
    e->data = half_values;
    e->n_bytes = sizeof(half_values);
}

static void use_bfloat(struct safetensors *file)
{
    struct safetensors_entry *e = entry(file, "fc.bias");
    strcpy(e->dtype, "BF16");
    e->data = bfloat_values;
    e->n_bytes = sizeof(bfloat_values);
}

static void use_double(struct safetensors *file)
{
    struct safetensors_entry *e = entry(file, "fc.bias");
    strcpy(e->dtype, "F64");
    e->data = double_values;
    e->n_bytes = sizeof(double_values);
}

static void other_float_types_are_converted(void **state)
{
    (void)state;
    const struct {
        void (*change)(struct safetensors *file);
        float expected[3];
    } cases[] = {
        {use_half, {1.5f, -0.25f, 0x1p-24f}},
        {use_bfloat, {1.5f, -0.25f, 0x1.fep127f}},
        {use_double, {1.5f, -0.25f, 1e-3f}},
    };
    struct model *m = make_model(3, 1);
    for (int i = 0; i < 3; i++) {
        struct checkpoint_report report = {0};
        struct error err;
        const char *path = write_changed(write_model("a.safetensors", m), cases[i].change);
        assert_int_equal(load(&report, m, path, NULL, &err), STATUS_OK);
        assert_memory_equal(param_find(model_params(m), "fc.bias")->data, cases[i].expected,
                            sizeof(cases[i].expected));
        checkpoint_report_free(&report);
    }
    model_destroy(m);
}

/* ---- What does not fit ---- */

static char strange[] = "layer9.weight";

/* Something missing, something left over, something of another shape. */
static void spoil(struct safetensors *file)
{
    struct safetensors_entry *e = entry(file, "layer1.0.conv1.weight");
    e->n_dims = 2;
    e->dim[0] = 8;
    e->dim[1] = 72;
    entry(file, "bn1.weight")->name = strange;
}

static void what_does_not_fit_is_named_and_changes_nothing(void **state)
{
    (void)state;
    struct model *a = make_model(3, 1), *b = make_model(3, 2), *untouched = make_model(3, 2);
    struct checkpoint_report report = {0};
    struct error err;
    const char *path = write_changed(write_model("a.safetensors", a), spoil);
    assert_int_equal(load(&report, b, path, &rgb, &err), STATUS_FAILED);
    assert_int_equal(report.missing.n, 1);
    assert_string_equal(report.missing.name[0], "bn1.weight");
    assert_int_equal(report.left_over.n, 1);
    assert_string_equal(report.left_over.name[0], "layer9.weight");
    assert_int_equal(report.other_shape.n, 1);
    assert_string_equal(report.other_shape.name[0],
                        "layer1.0.conv1.weight F32 [8,72] instead of F32 [8,8,3,3]");
    assert_non_null(strstr(err.message, "changed.safetensors: "));
    assert_non_null(strstr(err.message, "1 missing (bn1.weight), 1 left over (layer9.weight)"));
    assert_true(same_weights(b, untouched));
    checkpoint_report_free(&report);
    model_destroy(a);
    model_destroy(b);
    model_destroy(untouched);
}

/* ---- Classes ---- */

static char pink[] = "pink", grey[] = "grey", black[] = "black";

static void assert_row(struct model *to, int row, struct model *from, int from_row)
{
    enum { FEATURES = 16 };
    assert_memory_equal(param_of(to, "fc.weight")->data + (ptrdiff_t)row * FEATURES,
                        param_of(from, "fc.weight")->data + (ptrdiff_t)from_row * FEATURES,
                        FEATURES * sizeof(float));
    assert_true(param_of(to, "fc.bias")->data[row] == param_of(from, "fc.bias")->data[from_row]);
}

static void rows_of_the_classifier_are_found_by_class_name(void **state)
{
    (void)state;
    char *name[] = {pink, blue, red, grey};
    const struct class_list classes = {name, 4};
    struct model *a = make_model(3, 1), *b = make_model(4, 2), *initial = make_model(4, 2);
    struct checkpoint_report report = {0};
    struct error err;
    assert_int_equal(load(&report, b, write_model("a.safetensors", a), &classes, &err), STATUS_OK);
    assert_int_equal(report.classifier, CHECKPOINT_BY_NAME);
    assert_int_equal(report.file_classes, 3);
    assert_int_equal(report.n_matched, 2);
    assert_int_equal(report.new_classes.n, 2);
    assert_string_equal(report.new_classes.name[0], "pink");
    assert_string_equal(report.new_classes.name[1], "grey");
    assert_row(b, 0, initial, 0);
    assert_row(b, 1, a, 2);
    assert_row(b, 2, a, 0);
    assert_row(b, 3, initial, 3);
    assert_memory_equal(param_of(b, "conv1.weight")->data, param_of(a, "conv1.weight")->data,
                        param_of(a, "conv1.weight")->size * sizeof(float));
    checkpoint_report_free(&report);
    model_destroy(a);
    model_destroy(b);
    model_destroy(initial);
}

static void as_many_classes_of_other_names_begin_anew(void **state)
{
    (void)state;
    char *name[] = {pink, grey, black};
    const struct class_list classes = {name, 3};
    struct model *a = make_model(3, 1), *b = make_model(3, 2), *initial = make_model(3, 2);
    struct checkpoint_report report = {0};
    struct error err;
    assert_int_equal(load(&report, b, write_model("a.safetensors", a), &classes, &err), STATUS_OK);
    assert_int_equal(report.classifier, CHECKPOINT_NO_MATCH);
    assert_int_equal(report.n_loaded, model_params(a)->n - 2);
    for (int i = 0; i < 3; i++)
        assert_row(b, i, initial, i);
    checkpoint_report_free(&report);
    model_destroy(a);
    model_destroy(b);
    model_destroy(initial);
}

static void drop_names(struct safetensors *file)
{
    for (size_t i = 0; i < file->n_meta; i++)
        if (strcmp(file->meta_key[i], "classes") == 0)
            file->meta_key[i] = "other";
}

static void without_names_the_position_counts_if_there_are_as_many(void **state)
{
    (void)state;
    char *name[] = {pink, grey, black, red};
    const struct class_list three = {name, 3}, four = {name, 4};
    struct model *a = make_model(3, 1), *b = make_model(3, 2), *c = make_model(4, 2),
                 *initial = make_model(4, 2);
    const char *path = write_changed(write_model("a.safetensors", a), drop_names);
    struct checkpoint_report report = {0};
    struct error err;
    assert_int_equal(load(&report, b, path, &three, &err), STATUS_OK);
    assert_int_equal(report.classifier, CHECKPOINT_BY_POSITION);
    assert_true(same_weights(a, b));
    checkpoint_report_free(&report);
    assert_int_equal(load(&report, c, path, &four, &err), STATUS_OK);
    assert_int_equal(report.classifier, CHECKPOINT_NO_NAMES);
    assert_int_equal(report.file_classes, 3);
    for (int i = 0; i < 4; i++)
        assert_row(c, i, initial, i);
    checkpoint_report_free(&report);
    model_destroy(a);
    model_destroy(b);
    model_destroy(c);
    model_destroy(initial);
}

static void without_our_names_the_classifier_must_fit(void **state)
{
    (void)state;
    struct model *a = make_model(3, 1), *b = make_model(5, 2);
    struct checkpoint_report report = {0};
    struct error err;
    assert_int_equal(load(&report, b, write_model("a.safetensors", a), NULL, &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "2 of another shape (fc.weight F32 [3,16]"));
    checkpoint_report_free(&report);
    model_destroy(a);
    model_destroy(b);
}

static void lose_a_name(struct safetensors *file)
{
    for (size_t i = 0; i < file->n_meta; i++)
        if (strcmp(file->meta_key[i], "classes") == 0)
            file->meta_value[i] = "red\nblue";
}

static void repeat_a_name(struct safetensors *file)
{
    for (size_t i = 0; i < file->n_meta; i++)
        if (strcmp(file->meta_key[i], "classes") == 0)
            file->meta_value[i] = "red\nblue\nred";
}

static void class_names_that_cannot_be_right_are_refused(void **state)
{
    (void)state;
    struct model *m = make_model(3, 1);
    struct checkpoint_report report = {0};
    struct error err;
    const char *path = write_changed(write_model("a.safetensors", m), lose_a_name);
    assert_int_equal(load(&report, m, path, &rgb, &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "changed.safetensors: metadata key classes: 2 names for "
                                        "the 3 rows of the classifier"));
    checkpoint_report_free(&report);
    path = write_changed(write_model("a.safetensors", m), repeat_a_name);
    assert_int_equal(load(&report, m, path, &rgb, &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "a name occurs twice"));
    checkpoint_report_free(&report);
    model_destroy(m);
}

/* ---- Values ---- */

static const struct {
    const char *tensor;
    size_t place;
    float value;
    const char *message;
} wrong_value[] = {
    {"conv1.weight", 0, NAN, "changed.safetensors: conv1.weight[0,0,0,0] is nan"},
    {"layer1.0.conv1.weight", 8 * 9 * 3 + 9 * 2 + 5, INFINITY,
     "layer1.0.conv1.weight[3,2,1,2] is inf"},
    {"bn1.running_var", 7, -0.5F, "bn1.running_var[7] is -0.5, and no variance is negative"},
    {"fc.bias", 2, -INFINITY, "fc.bias[2] is -inf"},
};
static int wrong;
static float spoilt[8 * 8 * 9]; /* the largest of them */

static void spoil_value(struct safetensors *file)
{
    struct safetensors_entry *e = entry(file, wrong_value[wrong].tensor);
    assert_true(e->n_bytes <= sizeof spoilt);
    memcpy(spoilt, e->data, e->n_bytes);
    spoilt[wrong_value[wrong].place] = wrong_value[wrong].value;
    e->data = spoilt;
}

static void a_value_that_no_network_can_have_is_named_and_changes_nothing(void **state)
{
    (void)state;
    struct model *a = make_model(3, 1), *b = make_model(3, 2), *untouched = make_model(3, 2);
    for (wrong = 0; wrong < 4; wrong++) {
        struct checkpoint_report report = {0};
        struct error err;
        const char *path = write_changed(write_model("a.safetensors", a), spoil_value);
        for (int named = 0; named < 2; named++) {
            assert_int_equal(load(&report, b, path, named ? &rgb : NULL, &err), STATUS_FAILED);
            if (!strstr(err.message, wrong_value[wrong].message))
                fail_msg("\"%s\" is not in \"%s\"", wrong_value[wrong].message, err.message);
            checkpoint_report_free(&report);
        }
        assert_true(same_weights(b, untouched));
    }
    model_destroy(a);
    model_destroy(b);
    model_destroy(untouched);
}

static const double too_large[3] = {1, 1e300, 2};

static void use_large_double(struct safetensors *file)
{
    struct safetensors_entry *e = entry(file, "fc.bias");
    strcpy(e->dtype, "F64");
    e->data = too_large;
    e->n_bytes = sizeof too_large;
}

static void a_double_beyond_float_is_no_weight(void **state)
{
    (void)state;
    struct model *m = make_model(3, 1);
    struct checkpoint_report report = {0};
    struct error err;
    const char *path = write_changed(write_model("a.safetensors", m), use_large_double);
    assert_int_equal(load(&report, m, path, NULL, &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "fc.bias[1] is inf"));
    checkpoint_report_free(&report);
    model_destroy(m);
}

/* A value of the classifier that is not taken does no harm. */
static void a_classifier_that_begins_anew_is_not_looked_at(void **state)
{
    (void)state;
    char *name[] = {pink, grey, black};
    const struct class_list classes = {name, 3};
    struct model *a = make_model(3, 1), *b = make_model(3, 2);
    struct checkpoint_report report = {0};
    struct error err;
    wrong = 3;
    const char *path = write_changed(write_model("a.safetensors", a), spoil_value);
    assert_int_equal(load(&report, b, path, &classes, &err), STATUS_OK);
    checkpoint_report_free(&report);
    model_destroy(a);
    model_destroy(b);
}

/* ---- Another network ---- */

static void lose_the_stem(struct safetensors *file)
{
    size_t n = 0;
    for (size_t i = 0; i < file->n_entries; i++)
        if (strncmp(file->entry[i].name, "bn1.weight", 10) != 0)
            file->entry[n++] = file->entry[i];
    file->n_entries = n;
}

static struct model *make_known(const char *name)
{
    const struct model_options options = {.classes = 3, .size = 64, .max_batch = 1};
    struct model_spec spec;
    struct model *m;
    MUST(model_library_find(&spec, name, err));
    MUST(model_create(&m, &spec, &options, err));
    return m;
}

static void weights_of_a_shipped_network_are_recognised(void **state)
{
    (void)state;
    assert_int_equal(setenv("ATK_TRAIN_SHARE", ".", 1), 0);
    struct model *a = make_known("resnet10-gn"), *b = make_model(3, 2);
    struct checkpoint_report report = {0};
    struct error err;
    assert_int_equal(load(&report, b, write_model("a.safetensors", a), &rgb, &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "; these look like resnet10-gn: "));
    checkpoint_report_free(&report);
    /* Of the right network, with one tensor missing: no other is nearer. */
    assert_int_equal(
        load(&report, a, write_changed(scratch_path("a.safetensors"), lose_the_stem), &rgb, &err),
        STATUS_FAILED);
    assert_non_null(strstr(err.message, "the weights do not fit the network: 1 missing ("));
    checkpoint_report_free(&report);
    model_destroy(a);
    model_destroy(b);
}

/* ---- Memory ---- */

static void every_failing_allocation_of_a_load_is_a_clean_error(void **state)
{
    (void)state;
    struct model *a = make_model(3, 1), *b = make_model(5, 2);
    struct safetensors file;
    MUST(safetensors_read(&file, write_model("a.safetensors", a), err));
    struct error err = {0};
    struct checkpoint_report report;
    char *name[] = {pink, blue, red, grey, black};
    const struct class_list five = {name, 5};
    FAILING_ALLOC_EACH(checkpoint_load(&report, model_params(b), &file, "a", &five, &err), &err)
        checkpoint_report_free(&report);
    checkpoint_report_free(&report);
    safetensors_free(&file);
    model_destroy(a);
    model_destroy(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(num_batches_tracked_is_optional),
        SCRATCH_TEST(other_float_types_are_converted),
        SCRATCH_TEST(what_does_not_fit_is_named_and_changes_nothing),
        SCRATCH_TEST(rows_of_the_classifier_are_found_by_class_name),
        SCRATCH_TEST(as_many_classes_of_other_names_begin_anew),
        SCRATCH_TEST(without_names_the_position_counts_if_there_are_as_many),
        SCRATCH_TEST(without_our_names_the_classifier_must_fit),
        SCRATCH_TEST(class_names_that_cannot_be_right_are_refused),
        SCRATCH_TEST(a_value_that_no_network_can_have_is_named_and_changes_nothing),
        SCRATCH_TEST(a_double_beyond_float_is_no_weight),
        SCRATCH_TEST(a_classifier_that_begins_anew_is_not_looked_at),
        SCRATCH_TEST(weights_of_a_shipped_network_are_recognised),
        SCRATCH_TEST(every_failing_allocation_of_a_load_is_a_clean_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
