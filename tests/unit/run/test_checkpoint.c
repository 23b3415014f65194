/* run/files/checkpoint: weights files written and loaded, and what does not fit. */
#include "failing_alloc.h"
#include "tiny_run.h"

#include "base/files.h"

#include <math.h>

/* ---- Helpers ---- */

static struct model *make_model(int classes, uint64_t seed)
{
    const struct model_spec spec = tiny_spec(NORM_BATCH);
    const struct model_options options = {
        .classes = classes, .size = TINY_SIZE, .max_batch = 1, .training = false};
    struct model *m;
    MUST(model_create(&m, &spec, &options, err));
    model_init(m, seed);
    struct param_list *params = model_params(m);
    for (int i = 0; i < params->n; i++) {
        struct param *p = &params->item[i];
        p->counter = p->kind == PARAM_COUNTER ? (INT64_C(1) << 40) + i : 0;
        for (size_t j = 0; p->kind == PARAM_BUFFER && j < p->size; j++)
            p->data[j] = (float)seed + (float)i / 7 + (float)j;
    }
    return m;
}

static bool same_weights(struct model *a, struct model *b)
{
    const struct param_list *x = model_params(a), *y = model_params(b);
    for (int i = 0; i < x->n; i++) {
        const struct param *p = &x->item[i], *q = &y->item[i];
        if (p->counter != q->counter ||
            (p->size > 0 && memcmp(p->data, q->data, p->size * sizeof(float)) != 0))
            return false;
    }
    return true;
}

static char red[] = "red, \"dark\"", green[] = "gr\xc3\xbcn", blue[] = "blue";
static char *class_name[] = {red, green, blue};
static char model_text[] = "stem: []\n";
static const struct checkpoint_card card = {
    .model = model_text,
    .classes = {class_name, 3},
    .fit = {.size = TINY_SIZE},
    .mean = {0.485f, 0.456f, 0.406f},
    .std = {0.229f, 0.224f, 1.0f / 3},
    .jpeg_scale = IMAGE_JPEG_FAST,
};

static const char *write_model(const char *name, struct model *m)
{
    const char *path = scratch_path(name);
    MUST(checkpoint_write(path, model_params(m), &card, err));
    return path;
}

/* Writes the file again after `change` has had its way with the entries. */
static const char *write_changed(const char *path, void (*change)(struct safetensors *file))
{
    struct safetensors file;
    MUST(safetensors_read(&file, path, err));
    size_t n = file.n_entries;
    struct safetensors_entry *kept = file.entry;
    struct safetensors copy = file;
    copy.entry = malloc((n + 1) * sizeof(*copy.entry));
    assert_non_null(copy.entry);
    memcpy(copy.entry, kept, n * sizeof(*copy.entry));
    change(&copy);
    const char *out = scratch_path("changed.safetensors");
    MUST(safetensors_write(out, copy.entry, copy.n_entries, (const char *const *)copy.meta_key,
                           (const char *const *)copy.meta_value, copy.n_meta, err));
    free(copy.entry);
    safetensors_free(&file);
    return out;
}

static enum status load(struct checkpoint_report *report, struct model *m, const char *path,
                        bool other_classes_allowed, struct error *err)
{
    struct safetensors file;
    enum status status = safetensors_read(&file, path, err);
    if (status != STATUS_OK)
        return status;
    status = checkpoint_load(report, model_params(m), &file, path, other_classes_allowed, err);
    safetensors_free(&file);
    return status;
}

static struct safetensors_entry *entry(struct safetensors *file, const char *name)
{
    struct safetensors_entry *e = (struct safetensors_entry *)safetensors_find(file, name);
    assert_non_null(e);
    return e;
}

/* ---- What fits ---- */

static void what_is_written_loads_back_bit_for_bit(void **state)
{
    (void)state;
    struct model *a = make_model(3, 1), *b = make_model(3, 2);
    assert_false(same_weights(a, b));
    struct checkpoint_report report = {0};
    struct error err;
    assert_int_equal(load(&report, b, write_model("a.safetensors", a), false, &err), STATUS_OK);
    assert_true(same_weights(a, b));
    assert_int_equal(report.n_loaded, model_params(a)->n);
    assert_int_equal(report.missing.n + report.left_over.n + report.other_shape.n, 0);
    checkpoint_report_free(&report);
    model_destroy(a);
    model_destroy(b);
}

static void same_weights_give_the_same_bytes(void **state)
{
    (void)state;
    struct model *m = make_model(3, 1);
    uint8_t *first, *second;
    size_t n_first, n_second;
    MUST(files_read(&first, &n_first, write_model("a.safetensors", m), SIZE_MAX / 2, err));
    MUST(files_read(&second, &n_second, write_model("b.safetensors", m), SIZE_MAX / 2, err));
    assert_int_equal(n_first, n_second);
    assert_memory_equal(first, second, n_first);
    free(first);
    free(second);
    model_destroy(m);
}

static void convolutions_lie_output_first_on_disk(void **state)
{
    (void)state;
    struct model *m = make_model(3, 1);
    const struct param *p = param_find(model_params(m), "conv1.weight");
    struct safetensors file;
    MUST(safetensors_read(&file, write_model("a.safetensors", m), err));
    const struct safetensors_entry *e = entry(&file, "conv1.weight");
    const int64_t shape[4] = {8, 3, 3, 3};
    assert_int_equal(e->n_dims, 4);
    assert_memory_equal(e->dim, shape, sizeof(shape));
    /* [O,I,kh,kw] at (5, 2, 1, 0) is [kh,kw,I,O] at (1, 0, 2, 5). */
    float on_disk;
    memcpy(&on_disk, (const char *)e->data + 4 * (((5 * 3 + 2) * 3 + 1) * 3 + 0), 4);
    assert_true(on_disk == p->data[((1 * 3 + 0) * 3 + 2) * 8 + 5]);
    assert_string_equal(safetensors_meta(&file, "format"), "pt");
    const struct safetensors_entry *counter = entry(&file, "bn1.num_batches_tracked");
    assert_int_equal(counter->n_dims, 0);
    assert_string_equal(counter->dtype, "I64");
    safetensors_free(&file);
    model_destroy(m);
}

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
    assert_int_equal(load(&report, b, path, false, &err), STATUS_OK);
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
        assert_int_equal(load(&report, m, path, false, &err), STATUS_OK);
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
    assert_int_equal(load(&report, b, path, true, &err), STATUS_FAILED);
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

static void classifier_of_another_class_count_keeps_its_values(void **state)
{
    (void)state;
    struct model *a = make_model(3, 1), *b = make_model(5, 2), *initial = make_model(5, 2);
    const char *path = write_model("a.safetensors", a);
    struct checkpoint_report report = {0};
    struct error err;
    assert_int_equal(load(&report, b, path, true, &err), STATUS_OK);
    assert_int_equal(report.head_kept.n, 2);
    assert_string_equal(report.head_kept.name[0], "fc.weight F32 [3,16] instead of F32 [5,16]");
    const struct param *head = param_find(model_params(b), "fc.weight");
    assert_memory_equal(head->data, param_find(model_params(initial), "fc.weight")->data,
                        head->size * sizeof(float));
    const struct param *stem = param_find(model_params(b), "conv1.weight");
    assert_memory_equal(stem->data, param_find(model_params(a), "conv1.weight")->data,
                        stem->size * sizeof(float));
    checkpoint_report_free(&report);

    assert_int_equal(load(&report, b, path, false, &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "2 of another shape (fc.weight F32 [3,16]"));
    checkpoint_report_free(&report);
    model_destroy(a);
    model_destroy(b);
    model_destroy(initial);
}

/* ---- The card ---- */

static void the_card_comes_back(void **state)
{
    (void)state;
    struct model *m = make_model(3, 1);
    struct safetensors file;
    MUST(safetensors_read(&file, write_model("a.safetensors", m), err));
    struct checkpoint_card back;
    MUST(checkpoint_card_read(&back, &file, "a", err));
    assert_string_equal(back.model, card.model);
    assert_int_equal(back.classes.n, 3);
    for (int i = 0; i < 3; i++)
        assert_string_equal(back.classes.name[i], class_name[i]);
    assert_int_equal(back.fit.size, TINY_SIZE);
    assert_memory_equal(back.mean, card.mean, sizeof(card.mean)); /* %.9g keeps every bit */
    assert_memory_equal(back.std, card.std, sizeof(card.std));
    assert_false(back.apply_exif);
    assert_int_equal(back.jpeg_scale, IMAGE_JPEG_FAST);
    checkpoint_card_free(&back);
    safetensors_free(&file);
    model_destroy(m);
}

static enum status read_card(const char *const *key, const char *const *value, size_t n,
                             struct error *failure)
{
    const char *path = scratch_path("card.safetensors");
    MUST(safetensors_write(path, NULL, 0, key, value, n, err));
    struct safetensors file;
    MUST(safetensors_read(&file, path, err));
    struct checkpoint_card out;
    enum status status = checkpoint_card_read(&out, &file, "x.safetensors", failure);
    checkpoint_card_free(&out);
    safetensors_free(&file);
    return status;
}

/* What is not said is what all files meant before it could be said; and such files have the same
 * bytes as then. */
static void resize_and_interpolation_are_said_where_they_are_not_the_usual_ones(void **state)
{
    (void)state;
    struct model *m = make_model(3, 1);
    struct checkpoint_card fitted = card, back;
    struct safetensors file;
    fitted.fit = (struct image_fit){TINY_SIZE, IMAGE_FIT_CROP, IMAGE_FIT_BICUBIC, 0.95};
    const char *path = scratch_path("fitted.safetensors");
    for (int i = 0; i < 2; i++) {
        MUST(checkpoint_write(path, model_params(m), i ? &fitted : &card, err));
        MUST(safetensors_read(&file, path, err));
        assert_int_equal(safetensors_meta(&file, "resize") != NULL, i);
        assert_int_equal(safetensors_meta(&file, "interpolation") != NULL, i);
        assert_int_equal(safetensors_meta(&file, "crop_fraction") != NULL, i);
        MUST(checkpoint_card_read(&back, &file, "a", err));
        assert_int_equal(back.fit.resize, i ? IMAGE_FIT_CROP : IMAGE_FIT_SQUASH);
        assert_int_equal(back.fit.interpolation, i ? IMAGE_FIT_BICUBIC : IMAGE_FIT_BILINEAR);
        assert_true(back.fit.crop_fraction == (i ? 0.95 : 0.875));
        checkpoint_card_free(&back);
        safetensors_free(&file);
    }
    model_destroy(m);
}

static void wrong_words_for_resize_are_named(void **state)
{
    (void)state;
    static const char *const later[][2] = {{"resize", "stretch"},      {"interpolation", "lanczos"},
                                           {"crop_fraction", "0"},     {"crop_fraction", "1.01"},
                                           {"crop_fraction", "nan"},   {"crop_fraction", ""},
                                           {"crop_fraction", "0.875x"}};
    const char *key[] = {"model", "classes", "size", "mean", "std", "exif", ""};
    const char *value[] = {"m", "a\nb", "64", "0 0 0", "1 1 1", "apply", ""};
    struct error err;
    for (size_t i = 0; i < sizeof later / sizeof later[0]; i++) {
        char named[64];
        key[6] = later[i][0];
        value[6] = later[i][1];
        snprintf(named, sizeof named, "metadata key %s: \"%s\" is not ", key[6], value[6]);
        assert_int_equal(read_card(key, value, 7, &err), STATUS_FAILED);
        assert_non_null(strstr(err.message, named));
    }
    assert_non_null(strstr(err.message, "a number above 0, at most 1"));
    key[6] = "resize";
    value[6] = "tile";
    assert_int_equal(read_card(key, value, 7, &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "is not squash, crop or letterbox"));
}

static void a_foreign_file_is_told_what_it_lacks(void **state)
{
    (void)state;
    const char *const key[] = {"format", "size"}, *const value[] = {"pt", "64"};
    struct error err;
    assert_int_equal(read_card(key, value, 2, &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "x.safetensors: "));
    assert_non_null(strstr(err.message, "lacks model, classes, mean, std, exif"));
}

static void wrong_metadata_is_named(void **state)
{
    (void)state;
    const char *const key[] = {"model", "classes", "size", "mean", "std", "exif", "jpeg_scale"};
    const char *const good[] = {"m", "a\nb", "64", "0 0 0", "1 1 1", "apply", "auto"};
    const struct {
        int index;
        const char *value;
    } cases[] = {{1, "a\n\nb"},   {1, ""},        {2, "64.5"},     {2, "0"},
                 {3, "0 0"},      {3, "0 0 nan"}, {4, "1 1 0"},    {4, "1 1 1 1"},
                 {5, "maybe"},    {1, "a\n"},     {2, "99999999"}, {3, "0 0 0 x"},
                 {4, "1 1 -0.1"}, {4, "inf 1 1"}, {2, ""},         {6, "half"}};
    struct error err;
    assert_int_equal(read_card(key, good, 7, &err), STATUS_OK);
    assert_int_equal(read_card(key, good, 6, &err), STATUS_OK); /* older files lack the last */
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *value[7];
        memcpy(value, good, sizeof(value));
        value[cases[i].index] = cases[i].value;
        assert_int_equal(read_card(key, value, 7, &err), STATUS_FAILED);
        char expected[64];
        snprintf(expected, sizeof(expected),
                 "x.safetensors: metadata key %s: ", key[cases[i].index]);
        assert_non_null(strstr(err.message, expected));
    }
}

/* ---- Memory ---- */

static void every_failing_allocation_of_a_write_is_a_clean_error(void **state)
{
    (void)state;
    struct model *m = make_model(3, 1);
    const char *path = scratch_path("a.safetensors");
    struct error failure = {0};
    FAILING_ALLOC_EACH(checkpoint_write(path, model_params(m), &card, &failure), &failure) {
        if (files_exist(path)) { /* failed after the rename: the file is whole */
            struct safetensors whole;
            MUST(safetensors_read(&whole, path, err));
            safetensors_free(&whole);
            unlink(path);
        }
    }
    model_destroy(m);
}

static void every_failing_allocation_of_a_load_is_a_clean_error(void **state)
{
    (void)state;
    struct model *a = make_model(3, 1), *b = make_model(5, 2);
    struct safetensors file;
    MUST(safetensors_read(&file, write_model("a.safetensors", a), err));
    struct error err = {0};
    struct checkpoint_report report;
    FAILING_ALLOC_EACH(checkpoint_load(&report, model_params(b), &file, "a", true, &err), &err)
        checkpoint_report_free(&report);
    checkpoint_report_free(&report);
    struct checkpoint_card back;
    FAILING_ALLOC_EACH(checkpoint_card_read(&back, &file, "a", &err), &err)
        checkpoint_card_free(&back);
    checkpoint_card_free(&back);
    safetensors_free(&file);
    model_destroy(a);
    model_destroy(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(what_is_written_loads_back_bit_for_bit),
        SCRATCH_TEST(same_weights_give_the_same_bytes),
        SCRATCH_TEST(convolutions_lie_output_first_on_disk),
        SCRATCH_TEST(num_batches_tracked_is_optional),
        SCRATCH_TEST(other_float_types_are_converted),
        SCRATCH_TEST(what_does_not_fit_is_named_and_changes_nothing),
        SCRATCH_TEST(classifier_of_another_class_count_keeps_its_values),
        SCRATCH_TEST(the_card_comes_back),
        SCRATCH_TEST(resize_and_interpolation_are_said_where_they_are_not_the_usual_ones),
        SCRATCH_TEST(wrong_words_for_resize_are_named),
        SCRATCH_TEST(a_foreign_file_is_told_what_it_lacks),
        SCRATCH_TEST(wrong_metadata_is_named),
        SCRATCH_TEST(every_failing_allocation_of_a_write_is_a_clean_error),
        SCRATCH_TEST(every_failing_allocation_of_a_load_is_a_clean_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
