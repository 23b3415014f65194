#include "io/safetensors.h"

#include "base/files.h"
#include "failing_alloc.h"
#include "scratch.h"

static struct error err;

static const float weights[6] = {1, 2, 3, 4, 5, 6};
static const int64_t steps = 7;
static const uint8_t flags[3] = {1, 0, 1};

static const struct safetensors_entry entries[] = {
    {.name = "u", .dtype = "U8", .n_dims = 1, .dim = {3}, .data = flags, .n_bytes = 3},
    {.name = "b.w", .dtype = "F32", .n_dims = 2, .dim = {2, 3}, .data = weights, .n_bytes = 24},
    {.name = "steps", .dtype = "I64", .data = &steps, .n_bytes = 8},
    {.name = "a\n\"\xC3\xA4", .dtype = "F32", .n_dims = 2, .dim = {0, 3}, .data = NULL},
};
enum { N_ENTRIES = sizeof entries / sizeof entries[0] };

static const char *const keys[] = {"format", "classes"};
static const char *const values[] = {"pt", "t-shirt\nhat"};

static char path[512];

static int make_path(void **state)
{
    int failed = scratch_make(state);
    snprintf(path, sizeof path, "%s", scratch_path("a.safetensors"));
    return failed;
}

#define PATH_TEST(f) cmocka_unit_test_setup_teardown(f, make_path, scratch_remove)

static enum status write_all(void)
{
    return safetensors_write(path, entries, N_ENTRIES, keys, values, 2, &err);
}

static void what_was_written_is_read_back(void **state)
{
    (void)state;
    struct safetensors file;
    assert_int_equal(write_all(), STATUS_OK);
    assert_int_equal(safetensors_read(&file, path, &err), STATUS_OK);
    assert_int_equal(file.n_entries, N_ENTRIES);
    for (int i = 0; i < N_ENTRIES; i++) {
        const struct safetensors_entry *e = safetensors_find(&file, entries[i].name);
        assert_non_null(e);
        assert_string_equal(e->dtype, entries[i].dtype);
        assert_int_equal(e->n_dims, entries[i].n_dims);
        assert_memory_equal(e->dim, entries[i].dim, sizeof e->dim);
        assert_int_equal(e->n_bytes, entries[i].n_bytes);
        if (e->n_bytes > 0)
            assert_memory_equal(e->data, entries[i].data, e->n_bytes);
    }
    assert_int_equal(file.n_meta, 2);
    assert_string_equal(safetensors_meta(&file, "format"), "pt");
    assert_string_equal(safetensors_meta(&file, "classes"), "t-shirt\nhat");
    safetensors_free(&file);
}

/* The format, byte for byte: larger items first, then by name; padded to 8. */
static void the_bytes_are_those_of_the_format(void **state)
{
    (void)state;
    static const char header[] = "{\"__metadata__\":{\"format\":\"pt\"},"
                                 "\"n\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8]},"
                                 "\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[8,9]},"
                                 "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[9,11]}}";
    const struct safetensors_entry few[] = {
        {.name = "b", .dtype = "U8", .n_dims = 1, .dim = {2}, .data = "yz", .n_bytes = 2},
        {.name = "a", .dtype = "U8", .n_dims = 1, .dim = {1}, .data = "x", .n_bytes = 1},
        {.name = "n", .dtype = "I64", .data = "12345678", .n_bytes = 8}};
    uint8_t *bytes;
    size_t size, length = sizeof header - 1, padded = (length + 7) / 8 * 8;
    assert_int_equal(safetensors_write(path, few, 3, keys, values, 1, &err), STATUS_OK);
    assert_int_equal(files_read(&bytes, &size, path, 4096, &err), STATUS_OK);
    assert_int_equal(size, 8 + padded + 11);
    assert_int_equal(bytes[0], padded);
    assert_memory_equal(bytes + 1, "\0\0\0\0\0\0", 7);
    assert_memory_equal(bytes + 8, header, length);
    for (size_t i = 8 + length; i < 8 + padded; i++)
        assert_int_equal(bytes[i], ' ');
    assert_memory_equal(bytes + 8 + padded, "12345678xyz", 11);
    free(bytes);
}

static void the_order_of_the_arguments_does_not_change_the_bytes(void **state)
{
    (void)state;
    struct safetensors_entry turned[N_ENTRIES];
    const char *const turned_keys[] = {keys[1], keys[0]}, *const turned_values[] = {values[1],
                                                                                    values[0]};
    uint8_t *first, *second;
    size_t first_size, second_size;
    for (int i = 0; i < N_ENTRIES; i++)
        turned[i] = entries[N_ENTRIES - 1 - i];
    assert_int_equal(write_all(), STATUS_OK);
    assert_int_equal(files_read(&first, &first_size, path, 4096, &err), STATUS_OK);
    assert_int_equal(
        safetensors_write(path, turned, N_ENTRIES, turned_keys, turned_values, 2, &err), STATUS_OK);
    assert_int_equal(files_read(&second, &second_size, path, 4096, &err), STATUS_OK);
    assert_int_equal(first_size, second_size);
    assert_memory_equal(first, second, first_size);
    free(first);
    free(second);
}

static void a_file_without_tensors_and_metadata_is_valid(void **state)
{
    (void)state;
    struct safetensors file;
    assert_int_equal(safetensors_write(path, NULL, 0, NULL, NULL, 0, &err), STATUS_OK);
    assert_int_equal(safetensors_read(&file, path, &err), STATUS_OK);
    assert_int_equal(file.n_entries + file.n_meta, 0);
    safetensors_free(&file);
}

static void assert_not_written(const struct safetensors_entry *entry, size_t n, const char *key,
                               const char *value, const char *reason)
{
    const char *const two_keys[] = {"format", key}, *const two_values[] = {"pt", value};
    assert_int_equal(safetensors_write(path, entry, n, two_keys, two_values, 2, &err),
                     STATUS_FAILED);
    assert_non_null(strstr(err.message, reason));
    assert_non_null(strstr(err.message, path));
    assert_false(files_exist(path));
}

static void what_the_reader_would_refuse_is_not_written(void **state)
{
    (void)state;
    struct safetensors_entry twice[2] = {entries[0], entries[1]}, wrong = entries[0];
    twice[1].name = twice[0].name; /* of another item size: not neighbours in the file */
    assert_not_written(twice, 2, "k", "v", "tensor \"u\" occurs twice");
    wrong.n_bytes = 4;
    assert_not_written(&wrong, 1, "k", "v", "4 bytes do not fit its type U8 and shape");
    wrong = entries[0];
    memcpy(wrong.dtype, "F8", 3);
    assert_not_written(&wrong, 1, "k", "v", "do not fit its type F8");
    wrong = entries[0];
    wrong.dim[0] = -3;
    assert_not_written(&wrong, 1, "k", "v", "do not fit");
    wrong.n_dims = SAFETENSORS_MAX_DIMS + 1;
    assert_not_written(&wrong, 1, "k", "v", "do not fit");
    wrong = entries[0];
    wrong.name = "__metadata__";
    assert_not_written(&wrong, 1, "k", "v", "cannot be the name of a tensor");
    wrong.name = "\xFF";
    assert_not_written(&wrong, 1, "k", "v", "cannot be the name of a tensor");
    assert_not_written(entries, 1, "format", "v", "metadata \"format\" occurs twice");
    assert_not_written(entries, 1, "k", "caf\xE9", "metadata \"k\" is not UTF-8 text");
}

static void a_failing_allocation_is_a_clean_error(void **state)
{
    (void)state;
    FAILING_ALLOC_EACH(write_all(), &err)
        ;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PATH_TEST(what_was_written_is_read_back),
        PATH_TEST(the_bytes_are_those_of_the_format),
        PATH_TEST(the_order_of_the_arguments_does_not_change_the_bytes),
        PATH_TEST(a_file_without_tensors_and_metadata_is_valid),
        PATH_TEST(what_the_reader_would_refuse_is_not_written),
        PATH_TEST(a_failing_allocation_is_a_clean_error),
    };
    return cmocka_run_group_tests_name("safetensors_write", tests, NULL, NULL);
}
