/* Reading: hand-made files, each wrong in one place, and thousands that are wrong at random. */
#include "io/safetensors.h"

#include "failing_alloc.h"
#include "scratch.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static struct error err;

/* The file of that header and of n zero bytes behind it; its path. */
static const char *file_of(const char *header, size_t n)
{
    unsigned char bytes[4096] = {0};
    size_t length = strlen(header);
    assert_true(8 + length + n <= sizeof bytes);
    bytes[0] = (unsigned char)length;
    bytes[1] = (unsigned char)(length >> 8);
    memcpy(bytes + 8, header, length);
    for (size_t i = 0; i < n; i++)
        bytes[8 + length + i] = (unsigned char)i;
    return scratch_write("a.safetensors", bytes, 8 + length + n);
}

static void assert_refused(const char *header, size_t n, const char *reason)
{
    struct safetensors file;
    assert_int_equal(safetensors_read(&file, file_of(header, n), &err), STATUS_FAILED);
    assert_null(file.storage);
    if (!strstr(err.message, reason))
        fail_msg("\"%s\" is not in \"%s\"", reason, err.message);
    assert_non_null(strstr(err.message, "a.safetensors"));
}

static void entries_and_metadata_are_found_by_name(void **state)
{
    (void)state;
    struct safetensors file;
    const char *path = file_of(
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},"
        "\"__metadata__\":{\"format\":\"pt\"},"
        "\"n\":{\"shape\":[],\"dtype\":\"I64\",\"data_offsets\":[24,32]},"
        "\"e\":{\"dtype\":\"F16\",\"shape\":[4,0],\"data_offsets\":[24,24],\"other\":1}}   ",
        32);
    assert_int_equal(safetensors_read(&file, path, &err), STATUS_OK);
    assert_int_equal(file.n_entries, 3);
    assert_string_equal(file.entry[0].name, "e"); /* sorted */
    assert_string_equal(file.entry[2].name, "w");
    const struct safetensors_entry *w = safetensors_find(&file, "w");
    const struct safetensors_entry *n = safetensors_find(&file, "n");
    assert_string_equal(w->dtype, "F32");
    assert_int_equal(w->n_dims, 2);
    assert_int_equal(w->dim[0], 2);
    assert_int_equal(w->dim[1], 3);
    assert_int_equal(w->n_bytes, 24);
    assert_int_equal(n->n_dims, 0);
    assert_int_equal(((const unsigned char *)n->data)[0], 24);
    assert_int_equal(safetensors_find(&file, "e")->n_bytes, 0);
    assert_null(safetensors_find(&file, "absent"));
    assert_string_equal(safetensors_meta(&file, "format"), "pt");
    assert_null(safetensors_meta(&file, "absent"));
    safetensors_free(&file);
    safetensors_free(&file);
    assert_null(safetensors_find(&file, "w"));
}

static void a_file_without_tensors_is_read(void **state)
{
    (void)state;
    struct safetensors file;
    assert_int_equal(safetensors_read(&file, file_of("{}", 0), &err), STATUS_OK);
    assert_int_equal(file.n_entries, 0);
    safetensors_free(&file);
}

static void every_type_of_the_format_has_its_size(void **state)
{
    (void)state;
    static const struct {
        const char *dtype;
        size_t bytes;
    } types[] = {{"F64", 8}, {"F32", 4}, {"F16", 2}, {"BF16", 2}, {"I64", 8},
                 {"I32", 4}, {"I16", 2}, {"I8", 1},  {"U64", 8},  {"U32", 4},
                 {"U16", 2}, {"U8", 1},  {"BOOL", 1}};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        char header[128];
        struct safetensors file;
        snprintf(header, sizeof header,
                 "{\"x\":{\"dtype\":\"%s\",\"shape\":[3],\"data_offsets\":[0,%zu]}}",
                 types[i].dtype, 3 * types[i].bytes);
        assert_int_equal(safetensors_read(&file, file_of(header, 3 * types[i].bytes), &err),
                         STATUS_OK);
        assert_string_equal(file.entry[0].dtype, types[i].dtype);
        safetensors_free(&file);
    }
    assert_int_equal(safetensors_item_bytes("F8"), 0);
    assert_int_equal(safetensors_item_bytes(""), 0);
}

static void what_is_no_safetensors_file_is_refused(void **state)
{
    (void)state;
    struct safetensors file;
    assert_int_equal(safetensors_read(&file, "/absent", &err), STATUS_FAILED);
    assert_string_equal(err.message, "cannot open \"/absent\": No such file or directory");
    const char *path = scratch_write("a", "\2\0\0\0\0\0\0\0{", 9);
    assert_int_equal(safetensors_read(&file, path, &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "9 bytes are too few"));
    path = scratch_write("a", "PK\3\4 and then a zip archive", 27); /* a .pt of PyTorch */
    assert_int_equal(safetensors_read(&file, path, &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "is not a safetensors file, but a zip archive"));
    path = scratch_write("a", "\x80\2}q\1X\11\0\0\0fc.w", 15); /* .pdparams */
    assert_int_equal(safetensors_read(&file, path, &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "is not a safetensors file, but a pickle"));
    path = scratch_write("a", "\377\377\377\377\377\377\377\377{}", 10);
    assert_int_equal(safetensors_read(&file, path, &err), STATUS_FAILED);
    path = scratch_write("a", "\0\0\0\0\0\0\0\0{}", 10); /* no header */
    assert_int_equal(safetensors_read(&file, path, &err), STATUS_FAILED);
    assert_refused("[1]", 0, "is not a safetensors file");
    assert_refused(" {}", 0, "is not a safetensors file"); /* padding comes behind it */
}

static size_t valid_file(unsigned char *bytes);

/* 3 GiB of nothing, which a whole read would need memory for. */
static void a_large_file_of_another_kind_costs_its_first_bytes(void **state)
{
    (void)state;
    struct safetensors file;
    struct rlimit all;
    const char *path = scratch_write("a", "no safetensors file", 19);
    assert_int_equal(truncate(path, (off_t)3 << 30), 0);
    assert_int_equal(getrlimit(RLIMIT_DATA, &all), 0);
#ifndef __SANITIZE_ADDRESS__ /* which maps terabytes */
    const struct rlimit little = {.rlim_cur = (rlim_t)1 << 30, .rlim_max = all.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_DATA, &little), 0);
#endif
    assert_int_equal(safetensors_read(&file, path, &err), STATUS_FAILED);
    assert_int_equal(setrlimit(RLIMIT_DATA, &all), 0);
    assert_non_null(strstr(err.message, "is not a safetensors file, or is cut short"));
}

static void a_fifo_is_refused_and_not_waited_for(void **state)
{
    (void)state;
    struct safetensors file;
    const char *path = scratch_path("fifo");
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(safetensors_read(&file, path, &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "is a named pipe, not a file"));
}

static void the_header_alone_says_all_but_the_data(void **state)
{
    (void)state;
    unsigned char bytes[4096];
    size_t size = valid_file(bytes);
    struct safetensors whole, header;
    const char *path = scratch_path("a.safetensors");
    assert_int_equal(safetensors_read(&whole, path, &err), STATUS_OK);
    assert_int_equal(safetensors_read_header(&header, path, &err), STATUS_OK);
    assert_true(whole.n_entries > 0 && header.n_entries == whole.n_entries);
    assert_int_equal(header.n_meta, whole.n_meta);
    for (size_t i = 0; i < whole.n_entries; i++) {
        assert_string_equal(header.entry[i].name, whole.entry[i].name);
        assert_int_equal(header.entry[i].n_bytes, whole.entry[i].n_bytes);
        assert_null(header.entry[i].data);
    }
    safetensors_free(&whole);
    safetensors_free(&header);
    path = scratch_write("cut", bytes, size - 1); /* the sizes must agree, also unread */
    assert_int_equal(safetensors_read_header(&header, path, &err), STATUS_FAILED);
}

static void a_header_that_is_not_proper_json_is_refused(void **state)
{
    (void)state;
    assert_refused("{\"x\":", 0, "wrong header");
    assert_refused("{} x", 0, "wrong header");
    assert_refused("{\"x\":\"\\u0000\"}", 0, "wrong header");
    assert_refused("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
                   "\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}",
                   2, "wrong header: duplicate");
}

#define TENSOR(dtype, shape, offsets)                                                              \
    "{\"x\":{\"dtype\":" dtype ",\"shape\":" shape ",\"data_offsets\":" offsets "}}"

static void a_member_of_the_wrong_kind_is_refused(void **state)
{
    (void)state;
    assert_refused("{\"x\":1}", 0, "tensor \"x\": its dtype");
    assert_refused("{\"x\":{\"shape\":[],\"data_offsets\":[0,1]}}", 1, "tensor \"x\": its dtype");
    assert_refused(TENSOR("\"F8_E4M3\"", "[1]", "[0,1]"), 1, "its dtype \"F8_E4M3\" is not one");
    assert_refused(TENSOR("\"U8 and so very much longer\"", "[1]", "[0,1]"), 1, "is not one");
    assert_refused(TENSOR("8", "[1]", "[0,1]"), 1, "its dtype");
    assert_refused(TENSOR("\"U8\"", "1", "[0,1]"), 1, "its shape is not a list");
    assert_refused(TENSOR("\"U8\"", "[1,1,1,1,1,1,1,1,1]", "[0,1]"), 1, "at most 8 numbers");
    assert_refused(TENSOR("\"U8\"", "[-1]", "[0,1]"), 1, "a dimension is not");
    assert_refused(TENSOR("\"U8\"", "[1.0]", "[0,1]"), 1, "a dimension is not");
    assert_refused(TENSOR("\"U8\"", "[\"1\"]", "[0,1]"), 1, "a dimension is not");
    assert_refused(TENSOR("\"U8\"", "[1]", "[0]"), 1, "its data_offsets are not");
    assert_refused(TENSOR("\"U8\"", "[1]", "[0,1,2]"), 1, "its data_offsets are not");
    assert_refused(TENSOR("\"U8\"", "[1]", "[0,1.0]"), 1, "its data_offsets are not");
    assert_refused(TENSOR("\"U8\"", "[1]", "{}"), 1, "its data_offsets are not");
    assert_refused("{\"__metadata__\":[]}", 0, "__metadata__ is not an object");
    assert_refused("{\"__metadata__\":{\"a\":1}}", 0, "metadata \"a\" is not a string");
}

static void a_span_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    assert_refused(TENSOR("\"U8\"", "[2]", "[0,2]"), 1, "data_offsets 0..2 are not in 0..1");
    assert_refused(TENSOR("\"U8\"", "[1]", "[1,0]"), 1, "data_offsets 1..0 are not");
    assert_refused(TENSOR("\"U8\"", "[1]", "[-1,0]"), 1, "data_offsets -1..0 are not");
    assert_refused(TENSOR("\"U8\"", "[3]", "[0,2]"), 2, "its shape and type do not fit");
    assert_refused(TENSOR("\"F32\"", "[2]", "[0,2]"), 2, "its shape and type do not fit");
    assert_refused(TENSOR("\"U8\"", "[0]", "[0,2]"), 2, "its shape and type do not fit");
    /* products that wrap around: 2^32 * 2^32 = 0, and 2^62 * 4 bytes = 0 */
    assert_refused(TENSOR("\"U8\"", "[4294967296,4294967296]", "[0,0]"), 0, "do not fit");
    assert_refused(TENSOR("\"F32\"", "[4611686018427387904]", "[0,0]"), 0, "do not fit");
    assert_refused(TENSOR("\"U8\"", "[99999999999999999999]", "[0,0]"), 0, "wrong header");
}

static void gaps_and_overlaps_are_refused(void **state)
{
    (void)state;
    assert_refused(TENSOR("\"U8\"", "[1]", "[0,1]"), 2, "the last 1 bytes belong to no tensor");
    assert_refused("{}", 5, "the last 5 bytes belong to no tensor");
    assert_refused(TENSOR("\"U8\"", "[1]", "[1,2]"), 2, "tensor \"x\": a gap precedes it");
    assert_refused("{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
                   "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}",
                   3, "tensor \"b\": it overlaps another");
    assert_refused("{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
                   "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}",
                   2, "it overlaps another");
}

/* A valid file with every kind of member; returns its size. */
static size_t valid_file(unsigned char *bytes)
{
    const char *path = file_of("{\"__metadata__\":{\"k\":\"v\"},"
                               "\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
                               "\"b\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[8,9]},"
                               "\"c\":{\"dtype\":\"I64\",\"shape\":[0],\"data_offsets\":[9,9]}}",
                               9);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t size = fread(bytes, 1, 4096, f);
    fclose(f);
    return size;
}

/* Whatever is accepted must be whole: each tensor inside the file, their bytes its buffer. */
static void assert_whole_or_refused(const unsigned char *bytes, size_t size)
{
    struct safetensors file;
    const char *path = scratch_write("damaged", bytes, size);
    if (safetensors_read(&file, path, &err) != STATUS_OK)
        return;
    size_t total = 0;
    unsigned sum = 0;
    for (size_t i = 0; i < file.n_entries; i++) {
        total += file.entry[i].n_bytes;
        for (size_t j = 0; j < file.entry[i].n_bytes; j++)
            sum += ((const unsigned char *)file.entry[i].data)[j];
    }
    assert_true(total <= size && sum < 256 * 4096);
    safetensors_free(&file);
}

static void damaged_files_are_refused_or_whole(void **state)
{
    (void)state;
    unsigned char whole[4096], damaged[4096];
    size_t size = valid_file(whole);
    unsigned seed = 1;
    for (size_t cut = 0; cut < size; cut++) {
        struct safetensors file;
        const char *path = scratch_write("cut", whole, cut);
        assert_int_equal(safetensors_read(&file, path, &err), STATUS_FAILED);
    }
    for (int i = 0; i < 8000; i++) {
        memcpy(damaged, whole, size);
        for (int flips = 0; flips <= i % 3; flips++) {
            seed = seed * 1103515245u + 12345u;
            size_t place = (seed >> 16) % size;
            /* a digit becomes another digit: the JSON stays valid, its numbers lie */
            bool digit = damaged[place] >= '0' && damaged[place] <= '9';
            damaged[place] = (unsigned char)(digit ? '0' + seed % 10 : seed >> 8);
        }
        assert_whole_or_refused(damaged, size);
    }
}

static void a_failing_allocation_is_a_clean_error(void **state)
{
    (void)state;
    unsigned char bytes[4096];
    struct safetensors file;
    valid_file(bytes);
    const char *path = scratch_path("a.safetensors");
    FAILING_ALLOC_EACH(safetensors_read(&file, path, &err), &err)
        ;
    safetensors_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(entries_and_metadata_are_found_by_name),
        SCRATCH_TEST(a_file_without_tensors_is_read),
        SCRATCH_TEST(every_type_of_the_format_has_its_size),
        SCRATCH_TEST(what_is_no_safetensors_file_is_refused),
        SCRATCH_TEST(a_large_file_of_another_kind_costs_its_first_bytes),
        SCRATCH_TEST(a_fifo_is_refused_and_not_waited_for),
        SCRATCH_TEST(the_header_alone_says_all_but_the_data),
        SCRATCH_TEST(a_header_that_is_not_proper_json_is_refused),
        SCRATCH_TEST(a_member_of_the_wrong_kind_is_refused),
        SCRATCH_TEST(a_span_that_does_not_fit_is_refused),
        SCRATCH_TEST(gaps_and_overlaps_are_refused),
        SCRATCH_TEST(damaged_files_are_refused_or_whole),
        SCRATCH_TEST(a_failing_allocation_is_a_clean_error),
    };
    return cmocka_run_group_tests_name("safetensors", tests, NULL, NULL);
}
