/* run/files/checkpoint: what is written, and the metadata. */
#include "base/files.h"
#include "checkpoint_fixture.h"

#include "base/half.h"

/* ---- Tensors ---- */

static void what_is_written_loads_back_bit_for_bit(void **state)
{
    (void)state;
    struct model *a = make_model(3, 1), *b = make_model(3, 2);
    assert_false(same_weights(a, b));
    struct checkpoint_report report = {0};
    struct error err;
    assert_int_equal(load(&report, b, write_model("a.safetensors", a), NULL, &err), STATUS_OK);
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

/* ---- F16 ---- */

static struct checkpoint_metadata half_metadata(void)
{
    struct checkpoint_metadata half = metadata;
    half.dtype = CHECKPOINT_F16;
    return half;
}

static void f16_takes_half_the_bytes_and_rounds_to_the_nearest(void **state)
{
    (void)state;
    struct model *a = make_model(3, 1), *b = make_model(3, 2);
    const struct checkpoint_metadata half = half_metadata();
    const char *path = scratch_path("half.safetensors");
    MUST(checkpoint_write(path, model_params(a), &half, err));
    struct safetensors file;
    MUST(safetensors_read(&file, path, err));
    for (size_t i = 0; i < file.n_entries; i++)
        assert_string_equal(file.entry[i].dtype,
                            file.entry[i].n_dims == 0 ? "I64" : "F16"); /* counters */
    safetensors_free(&file);
    struct checkpoint_report report = {0};
    struct error err;
    assert_int_equal(load(&report, b, path, NULL, &err), STATUS_OK);
    const struct param_list *x = model_params(a), *y = model_params(b);
    for (int i = 0; i < x->n; i++) {
        assert_true(x->item[i].counter == y->item[i].counter);
        for (size_t j = 0; j < x->item[i].size; j++)
            assert_true(half_to_float(half_from_float(x->item[i].data[j])) == y->item[i].data[j]);
    }
    checkpoint_report_free(&report);
    model_destroy(a);
    model_destroy(b);
}

static void what_is_too_large_for_f16_is_named_and_nothing_is_written(void **state)
{
    (void)state;
    struct model *m = make_model(3, 1);
    const struct checkpoint_metadata half = half_metadata();
    const char *path = scratch_path("half.safetensors");
    struct error err;
    param_of(m, "bn1.running_var")->data[3] = 65504;
    assert_int_equal(checkpoint_write(path, model_params(m), &half, &err), STATUS_OK);
    unlink(path);
    param_of(m, "bn1.running_var")->data[3] = 70000;
    assert_int_equal(checkpoint_write(path, model_params(m), &half, &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "half.safetensors: bn1.running_var holds 70000"));
    assert_false(files_exist(path));
    model_destroy(m);
}

/* ---- Folded BatchNorm ---- */

static const char *said_of_batch_norm(struct model *m, bool is_frozen, char out[16])
{
    struct checkpoint_metadata frozen = metadata;
    frozen.batch_norm_is_frozen = is_frozen;
    const char *path = scratch_path("folded.safetensors");
    MUST(checkpoint_write(path, model_params(m), &frozen, err));
    struct safetensors file;
    MUST(safetensors_read_header(&file, path, err));
    const char *said = safetensors_meta(&file, "batch_norm");
    snprintf(out, 16, "%s", said ? said : "nothing");
    safetensors_free(&file);
    return out;
}

static void frozen_batch_norm_without_statistics_is_called_folded(void **state)
{
    (void)state;
    struct model *m = make_model(3, 1);
    char said[16];
    assert_string_equal(said_of_batch_norm(m, true, said), "nothing");
    struct param_list *params = model_params(m);
    for (int i = 0; i < params->n; i++)
        for (size_t j = 0; params->item[i].kind == PARAM_BUFFER && j < params->item[i].size; j++)
            params->item[i].data[j] = strstr(params->item[i].name, "var") ? 1 : 0;
    assert_string_equal(said_of_batch_norm(m, true, said), "folded");
    assert_string_equal(said_of_batch_norm(m, false, said), "nothing");
    param_of(m, "layer1.0.bn2.running_mean")->data[7] = 1e-3F;
    assert_string_equal(said_of_batch_norm(m, true, said), "nothing");
    model_destroy(m);
}

/* ---- The metadata ---- */

static void the_card_comes_back(void **state)
{
    (void)state;
    struct model *m = make_model(3, 1);
    struct safetensors file;
    MUST(safetensors_read(&file, write_model("a.safetensors", m), err));
    struct checkpoint_metadata back;
    MUST(checkpoint_metadata_read(&back, &file, "a", err));
    assert_string_equal(back.model, metadata.model);
    assert_int_equal(back.classes.n, 3);
    for (int i = 0; i < 3; i++)
        assert_string_equal(back.classes.name[i], class_name[i]);
    assert_int_equal(back.fit.size, TINY_SIZE);
    assert_memory_equal(back.mean, metadata.mean, sizeof(metadata.mean)); /* %.9g keeps every bit */
    assert_memory_equal(back.std, metadata.std, sizeof(metadata.std));
    assert_false(back.apply_exif);
    assert_int_equal(back.jpeg_scale, IMAGE_JPEG_FAST);
    checkpoint_metadata_free(&back);
    safetensors_free(&file);
    model_destroy(m);
}

static enum status read_metadata(const char *const *key, const char *const *value, size_t n,
                                 struct error *failure)
{
    const char *path = scratch_path("metadata.safetensors");
    MUST(safetensors_write(path, NULL, 0, key, value, n, err));
    struct safetensors file;
    MUST(safetensors_read(&file, path, err));
    struct checkpoint_metadata out;
    enum status status = checkpoint_metadata_read(&out, &file, "x.safetensors", failure);
    checkpoint_metadata_free(&out);
    safetensors_free(&file);
    return status;
}

/* What is not said is what all files meant before it could be said; and such files have the same
 * bytes as then. */
static void resize_and_interpolation_are_said_where_they_are_not_the_usual_ones(void **state)
{
    (void)state;
    struct model *m = make_model(3, 1);
    struct checkpoint_metadata fitted = metadata, back;
    struct safetensors file;
    fitted.fit = (struct image_fit){TINY_SIZE, IMAGE_FIT_CROP, IMAGE_FIT_BICUBIC, 0.95};
    const char *path = scratch_path("fitted.safetensors");
    for (int i = 0; i < 2; i++) {
        MUST(checkpoint_write(path, model_params(m), i ? &fitted : &metadata, err));
        MUST(safetensors_read(&file, path, err));
        assert_int_equal(safetensors_meta(&file, "resize") != NULL, i);
        assert_int_equal(safetensors_meta(&file, "interpolation") != NULL, i);
        assert_int_equal(safetensors_meta(&file, "crop_fraction") != NULL, i);
        MUST(checkpoint_metadata_read(&back, &file, "a", err));
        assert_int_equal(back.fit.resize, i ? IMAGE_FIT_CROP : IMAGE_FIT_SQUASH);
        assert_int_equal(back.fit.interpolation, i ? IMAGE_FIT_BICUBIC : IMAGE_FIT_BILINEAR);
        assert_true(back.fit.crop_fraction == (i ? 0.95 : 0.875));
        checkpoint_metadata_free(&back);
        safetensors_free(&file);
    }
    model_destroy(m);
}

static void a_temperature_is_said_where_it_is_not_1(void **state)
{
    (void)state;
    static const double temperature[] = {0, 1, 1.0 / 3};
    struct model *m = make_model(3, 1);
    struct checkpoint_metadata calibrated = metadata, back;
    struct safetensors file;
    const char *path = scratch_path("calibrated.safetensors");
    for (int i = 0; i < 3; i++) {
        calibrated.temperature = temperature[i];
        MUST(checkpoint_write(path, model_params(m), &calibrated, err));
        MUST(safetensors_read(&file, path, err));
        assert_int_equal(safetensors_meta(&file, "temperature") != NULL, i == 2);
        MUST(checkpoint_metadata_read(&back, &file, "a", err));
        assert_true(back.temperature == (i == 2 ? 0.333333333 : 1));
        checkpoint_metadata_free(&back);
        safetensors_free(&file);
    }
    model_destroy(m);
}

static bool same_bytes(const char *a, const char *b)
{
    uint8_t *x, *y;
    size_t n, m;
    MUST(files_read(&x, &n, a, SIZE_MAX - 1, err));
    MUST(files_read(&y, &m, b, SIZE_MAX - 1, err));
    bool same = n == m && memcmp(x, y, n) == 0;
    free(x);
    free(y);
    return same;
}

/* A file with a temperature from the start has the bytes of one that got it later. */
static void a_temperature_that_comes_later_changes_nothing_else(void **state)
{
    (void)state;
    struct model *m = make_model(3, 1);
    struct checkpoint_metadata calibrated = metadata;
    struct error failure = {0};
    const char *path = scratch_path("later.safetensors"), *want = scratch_path("want.safetensors");
    for (int i = 0; i < 2; i++) {
        calibrated.dtype = i ? CHECKPOINT_F16 : CHECKPOINT_F32;
        calibrated.temperature = 1;
        MUST(checkpoint_write(path, model_params(m), &calibrated, err));
        MUST(checkpoint_set_temperature(path, 0.5, err));
        MUST(checkpoint_set_temperature(path, 2.5, err));
        calibrated.temperature = 2.5;
        MUST(checkpoint_write(want, model_params(m), &calibrated, err));
        assert_true(same_bytes(path, want));
        MUST(checkpoint_set_temperature(path, 1, err));
        calibrated.temperature = 1;
        MUST(checkpoint_write(want, model_params(m), &calibrated, err));
        assert_true(same_bytes(path, want));
    }
    FAILING_ALLOC_EACH(checkpoint_set_temperature(path, 3, &failure), &failure)
        assert_true(same_bytes(path, want));
    model_destroy(m);
}

static void wrong_words_for_resize_are_named(void **state)
{
    (void)state;
    static const char *const later[][2] = {
        {"resize", "stretch"},     {"interpolation", "lanczos"}, {"crop_fraction", "0"},
        {"crop_fraction", "1.01"}, {"crop_fraction", "nan"},     {"crop_fraction", ""},
        {"temperature", "0"},      {"temperature", "1e-320"},    {"temperature", "101"},
        {"temperature", "nan"},    {"temperature", ""},          {"crop_fraction", "0.875x"}};
    const char *key[] = {"model", "classes", "size", "mean", "std", "exif", ""};
    const char *value[] = {"m", "a\nb", "64", "0 0 0", "1 1 1", "apply", ""};
    struct error err;
    for (size_t i = 0; i < sizeof later / sizeof later[0]; i++) {
        char named[64];
        key[6] = later[i][0];
        value[6] = later[i][1];
        snprintf(named, sizeof named, "metadata key %s: \"%s\" is not ", key[6], value[6]);
        assert_int_equal(read_metadata(key, value, 7, &err), STATUS_FAILED);
        assert_non_null(strstr(err.message, named));
    }
    assert_non_null(strstr(err.message, "a number above 0, at most 1"));
    key[6] = "resize";
    value[6] = "tile";
    assert_int_equal(read_metadata(key, value, 7, &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "is not squash, crop or letterbox"));
}

static void a_foreign_file_is_told_what_it_lacks(void **state)
{
    (void)state;
    const char *const key[] = {"format", "size"}, *const value[] = {"pt", "64"};
    struct error err;
    assert_int_equal(read_metadata(key, value, 2, &err), STATUS_FAILED);
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
    assert_int_equal(read_metadata(key, good, 7, &err), STATUS_OK);
    assert_int_equal(read_metadata(key, good, 6, &err), STATUS_OK); /* older files lack the last */
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *value[7];
        memcpy(value, good, sizeof(value));
        value[cases[i].index] = cases[i].value;
        assert_int_equal(read_metadata(key, value, 7, &err), STATUS_FAILED);
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
    const struct checkpoint_metadata half = half_metadata(); /* which needs one more */
    FAILING_ALLOC_EACH(checkpoint_write(path, model_params(m), &half, &failure), &failure) {
        if (files_exist(path)) { /* failed after the rename: the file is whole */
            struct safetensors whole;
            MUST(safetensors_read(&whole, path, err));
            safetensors_free(&whole);
            unlink(path);
        }
    }
    model_destroy(m);
}

static void every_failing_allocation_of_reading_the_card_is_a_clean_error(void **state)
{
    (void)state;
    struct model *m = make_model(3, 1);
    struct safetensors file;
    MUST(safetensors_read(&file, write_model("a.safetensors", m), err));
    struct error err = {0};
    struct checkpoint_metadata back;
    FAILING_ALLOC_EACH(checkpoint_metadata_read(&back, &file, "a", &err), &err)
        checkpoint_metadata_free(&back);
    checkpoint_metadata_free(&back);
    safetensors_free(&file);
    model_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(what_is_written_loads_back_bit_for_bit),
        SCRATCH_TEST(same_weights_give_the_same_bytes),
        SCRATCH_TEST(convolutions_lie_output_first_on_disk),
        SCRATCH_TEST(f16_takes_half_the_bytes_and_rounds_to_the_nearest),
        SCRATCH_TEST(what_is_too_large_for_f16_is_named_and_nothing_is_written),
        SCRATCH_TEST(frozen_batch_norm_without_statistics_is_called_folded),
        SCRATCH_TEST(the_card_comes_back),
        SCRATCH_TEST(resize_and_interpolation_are_said_where_they_are_not_the_usual_ones),
        SCRATCH_TEST(a_temperature_is_said_where_it_is_not_1),
        SCRATCH_TEST(a_temperature_that_comes_later_changes_nothing_else),
        SCRATCH_TEST(wrong_words_for_resize_are_named),
        SCRATCH_TEST(a_foreign_file_is_told_what_it_lacks),
        SCRATCH_TEST(wrong_metadata_is_named),
        SCRATCH_TEST(every_failing_allocation_of_a_write_is_a_clean_error),
        SCRATCH_TEST(every_failing_allocation_of_reading_the_card_is_a_clean_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
