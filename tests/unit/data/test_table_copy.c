#include "data/table_copy.h"

#include "data/scratch_files.h"
#include "failing_alloc.h"

static struct error err;
static struct dataset_options opt;

static int begin(void **state)
{
    opt = (struct dataset_options){.image_column = "image",
                                   .label_column = "label",
                                   .header = true,
                                   .delimiter = ',',
                                   .keeps_table = true};
    return scratch_make(state);
}

/* All rows of the table as they are written; the caller frees it. */
static char *copied(const char *text, const char *prefix, const char *label)
{
    char *out;
    size_t size;
    struct dataset *d;
    if (dataset_load(&d, scratch_write_text("t.csv", text), &opt, &err))
        fail_msg("%s", err.message);
    const struct table_copy copy = {
        .data = d, .prefix = prefix, .names_labels = opt.labels_are_numbers};
    FILE *stream = open_memstream(&out, &size);
    table_copy_header(&copy, stream);
    for (int i = 0; i < dataset_size(d); i++)
        table_copy_row(&copy, stream, i, label);
    fclose(stream);
    dataset_destroy(d);
    return out;
}

static void assert_copied(const char *text, const char *prefix, const char *label,
                          const char *expected)
{
    char *out = copied(text, prefix, label);
    assert_string_equal(out, expected);
    free(out);
}

static void rows_stand_as_they_stood(void **state)
{
    (void)state;
    const char *text =
        "note, label ,\"image\"\n\"a \"\"b\"\",\r\nc\", x ,\"1.png\"\n,\"y\",2.png\n";
    assert_copied(text, "", NULL, text);
}

static void line_ends_are_lf_and_a_byte_order_mark_and_empty_rows_are_gone(void **state)
{
    (void)state;
    assert_copied("\xEF\xBB\xBFimage,label\r\n1.png,x\r\n\r\n,\r\n2.png,y", "", NULL,
                  "image,label\n1.png,x\n2.png,y\n");
    assert_copied("image,label\r1.png,x\r\r\"2\r.png\",y\r", "", NULL,
                  "image,label\n1.png,x\n\"2\r.png\",y\n");
}

static void rows_of_more_and_of_fewer_fields_keep_them(void **state)
{
    (void)state;
    const char *text = "image,label,a,b\n1.png,x\n2.png,y,,\"\"\n3.png,y,1,2,,\n";
    assert_copied(text, "", NULL, text);
}

static void a_prefix_goes_into_the_quotes_and_is_a_reason_for_some(void **state)
{
    (void)state;
    assert_copied("image,label\n1.png,x\n\"2,\"\".png\",\"y\"\n/3.png,y\n", "../d/", NULL,
                  "image,label\n../d/1.png,x\n\"../d/2,\"\".png\",\"y\"\n/3.png,y\n");
    assert_copied("image,label\n1.png,x\n2.png,y\n", "a \"b\"/", NULL,
                  "image,label\n\"a \"\"b\"\"/1.png\",x\n\"a \"\"b\"\"/2.png\",y\n");
    opt.delimiter = ';';
    assert_copied("image;label\n1,1.png;x\n2.png;y\n", "d;e/", NULL,
                  "image;label\n\"d;e/1,1.png\";x\n\"d;e/2.png\";y\n");
}

static void a_label_can_be_replaced(void **state)
{
    (void)state;
    assert_copied("label,image,n\n\"x\",1.png,\"3\"\n y ,2.png,4\n", "", "a, b",
                  "label,image,n\n\"a, b\",1.png,\"3\"\n\"a, b\",2.png,4\n");
}

static void without_a_header_none_is_written(void **state)
{
    (void)state;
    opt.header = false;
    assert_copied("1.png,x\n2.png,y\n", "p/", NULL, "p/1.png,x\np/2.png,y\n");
}

static void numbers_become_names(void **state)
{
    (void)state;
    char *name[] = {"cat", "dog, small"};
    const struct class_list names = {.name = name, .n = 2};
    opt.classes = &names;
    opt.labels_are_numbers = true;
    assert_copied("image,label\n1.png,0\n2.png,01\n3.png,\" 1.0\"\n", "", NULL,
                  "image,label\n1.png,cat\n2.png,\"dog, small\"\n3.png,\"dog, small\"\n");
    assert_copied("image,label\n1.png,0\n2.png,1\n", "", "new",
                  "image,label\n1.png,new\n2.png,new\n");
}

static void the_image_is_a_field_of_a_table_with_commas(void **state)
{
    (void)state;
    char *out;
    size_t size;
    struct dataset *d;
    const char *text = "image,label\n\"1,1.png\",x\n/2.png,y\n";
    assert_int_equal(dataset_load(&d, scratch_write_text("t.csv", text), &opt, &err), STATUS_OK);
    const struct table_copy copy = {.data = d, .prefix = "p/"};
    FILE *stream = open_memstream(&out, &size);
    table_copy_image(&copy, stream, 0);
    table_copy_image(&copy, stream, 1);
    fclose(stream);
    assert_string_equal(out, "\"p/1,1.png\"/2.png");
    free(out);
    dataset_destroy(d);
}

static void a_failing_allocation_gives_a_clean_error(void **state)
{
    (void)state;
    struct dataset *d;
    const char *path = scratch_write_text("t.csv", "image,label\n1.png,x\n2.png,y\n");
    FAILING_ALLOC_EACH(dataset_load(&d, path, &opt, &err), &err)
        assert_null(d);
    assert_non_null(dataset_table(d));
    dataset_destroy(d);
    opt.keeps_table = false;
    assert_int_equal(dataset_load(&d, path, &opt, &err), STATUS_OK);
    assert_null(dataset_table(d));
    dataset_destroy(d);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, scratch_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rows_stand_as_they_stood),
        TEST(line_ends_are_lf_and_a_byte_order_mark_and_empty_rows_are_gone),
        TEST(rows_of_more_and_of_fewer_fields_keep_them),
        TEST(a_prefix_goes_into_the_quotes_and_is_a_reason_for_some),
        TEST(a_label_can_be_replaced),
        TEST(without_a_header_none_is_written),
        TEST(numbers_become_names),
        TEST(the_image_is_a_field_of_a_table_with_commas),
        TEST(a_failing_allocation_gives_a_clean_error),
    };
    return cmocka_run_group_tests_name("data/table_copy", tests, NULL, NULL);
}
