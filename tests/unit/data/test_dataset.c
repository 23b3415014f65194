#include "data/dataset.h"

#include "data/scratch_files.h"
#include "failing_alloc.h"

#include <time.h>

static struct error err;

static const struct dataset_options plain = {
    .image_column = "image", .label_column = "label", .header = true, .delimiter = ','};

static struct dataset *load(const char *text, const struct dataset_options *opt)
{
    struct dataset *d;
    enum status status = dataset_load(&d, scratch_write_text("t.csv", text), opt, &err);
    if (status)
        fail_msg("%s", err.message);
    return d;
}

/* `expected` follows the path of the CSV file, which all these messages begin with. */
static void check_refused(const char *text, const struct dataset_options *opt, const char *expected)
{
    struct dataset *d;
    const char *path = scratch_write_text("t.csv", text);
    assert_int_equal(dataset_load(&d, path, opt, &err), STATUS_FAILED);
    assert_null(d);
    assert_memory_equal(err.message, path, strlen(path));
    assert_string_equal(err.message + strlen(path), expected);
}

static void check_sample(const struct dataset *d, int index, const char *image, const char *label,
                         int line)
{
    const struct sample *s = dataset_sample(d, index);
    assert_string_equal(s->image, image);
    assert_string_equal(s->label < 0 ? "" : dataset_classes(d)->name[s->label], label);
    assert_int_equal(s->line, line);
}

static void rows_become_samples_with_their_lines(void **state)
{
    (void)state;
    struct dataset *d = load("\xEF\xBB\xBF"
                             "id,label,image\r\n1,cat,a b.png\r\n\r\n2, dog ,\"c,d.png\"\r\n",
                             &plain);
    assert_int_equal(dataset_size(d), 2);
    check_sample(d, 0, "a b.png", "cat", 2);
    check_sample(d, 1, "c,d.png", "dog", 4);
    assert_string_equal(dataset_sample(d, 1)->path, scratch_path("c,d.png"));
    assert_string_equal(dataset_path(d), scratch_path("t.csv"));
    assert_int_equal(dataset_classes(d)->n, 2);
    dataset_destroy(d);
    dataset_destroy(NULL);
}

static void without_a_header_columns_one_and_two_count(void **state)
{
    (void)state;
    struct dataset_options opt = plain;
    opt.header = false;
    opt.delimiter = ';';
    struct dataset *d = load("a.png;1;x\nb.png;0\n", &opt);
    assert_int_equal(dataset_size(d), 2);
    check_sample(d, 0, "a.png", "1", 1);
    check_sample(d, 1, "b.png", "0", 2);
    assert_int_equal(dataset_sample(d, 1)->label, 0);
    dataset_destroy(d);
}

static void relative_paths_begin_at_the_given_folder(void **state)
{
    (void)state;
    struct dataset_options opt = plain;
    opt.images = "/data/pictures";
    struct dataset *d = load("image,label\nx/a.png,1\n/b.png,0\n", &opt);
    assert_string_equal(dataset_sample(d, 0)->path, "/data/pictures/x/a.png");
    assert_string_equal(dataset_sample(d, 1)->path, "/b.png");
    assert_string_equal(dataset_sample(d, 1)->image, "/b.png");
    dataset_destroy(d);
}

static void whole_number_labels_are_in_numeric_order(void **state)
{
    (void)state;
    struct dataset *d = load("image,label\na,10\nb,9\nc,-1\nd,9\n", &plain);
    assert_string_equal(dataset_classes(d)->name[0], "-1");
    assert_int_equal(dataset_sample(d, 0)->label, 2);
    assert_int_equal(dataset_sample(d, 1)->label, 1);
    assert_int_equal(dataset_sample(d, 3)->label, 1);
    dataset_destroy(d);
}

static void given_classes_decide_the_numbers(void **state)
{
    (void)state;
    char *name[] = {"dog", "01", "cat"};
    const struct class_list classes = {.name = name, .n = 3};
    struct dataset_options opt = plain;
    opt.classes = &classes;
    struct dataset *d = load("image,label\na,cat\nb,cat\n", &opt);
    assert_int_equal(dataset_sample(d, 0)->label, 2);
    assert_int_equal(dataset_classes(d)->n, 3);
    dataset_destroy(d);
    check_refused("image,label\na,cat\nb,1\n", &opt,
                  ":3: label \"1\" is not one of the 3 given classes; did you mean \"01\"?");

    opt.labels_optional = true;
    d = load("image,label\na,cat\nb,1\nc,\nd\n", &opt);
    check_sample(d, 0, "a", "cat", 2);
    check_sample(d, 1, "b", "", 3);
    check_sample(d, 2, "c", "", 4);
    check_sample(d, 3, "d", "", 5);
    dataset_destroy(d);
}

static void optional_labels_may_be_absent_altogether(void **state)
{
    (void)state;
    struct dataset_options opt = plain;
    opt.labels_optional = true;
    struct dataset *d = load("image\na\nb\n", &opt);
    assert_int_equal(dataset_size(d), 2);
    check_sample(d, 1, "b", "", 3);
    dataset_destroy(d);
    opt.header = false;
    d = load("a\nb\n", &opt);
    check_sample(d, 1, "b", "", 2);
    dataset_destroy(d);
}

static void mistakes_are_named_with_file_and_line(void **state)
{
    (void)state;
    struct dataset_options headless = plain;
    headless.header = false;
    check_refused("", &plain, ": the file is empty; expected rows of image and label");
    check_refused("image,label\n", &plain, ": no rows after the header");
    check_refused("path,label\na,1\n", &plain,
                  ":1: no column \"image\" in the header; columns: \"path\", \"label\" (use "
                  "--no-header if this row is data)");
    check_refused("image,label\n\na,1\nb\n", &plain,
                  ":4: 1 field, expected at least 2 (delimiter ',')");
    check_refused("a;1\nb;2\n", &headless, ":1: 1 field, expected at least 2 (delimiter ',')");
    check_refused("image,label\na,1\nb,c.png,2\n", &plain,
                  ":3: 3 fields, but the header has 2; a field that holds ',' must be quoted");
    check_refused("image,label\na,1\n,2\n", &plain, ":3: the image path is empty");
    check_refused("image,label\na,1\nb, \n", &plain, ":3: the label is empty");
    check_refused("image,label\na,1\nb,\"x\ny\"\n", &plain, ":3: the label holds a line break");
    check_refused("image,label\na,x\nb,caf\xE9\n", &plain,
                  ":3: the label is not UTF-8 text (iconv converts the file)");
    check_refused("image,label\na,1\nb,1\n", &plain,
                  ": only one class, \"1\"; expected two or more");
    check_refused("image,label\na,2\nb,1\nc,01\nd,1\n", &plain,
                  ":4: labels \"1\" (line 3) and \"01\" are one number in two spellings; expected "
                  "one spelling, or both in a file given by --classes");
    check_refused(
        "image,label\na,x\nb,caf\xC3\xA9\nc,cafe\xCC\x81\n", &plain,
        ":4: label \"cafe\xCC\x81\" looks like \"caf\xC3\xA9\" of line 3: one label in two "
        "spellings (U+0065 U+0301 here, U+00E9 there); expected one spelling, or both in a "
        "file given by --classes");
    check_refused("image,label\n , \n,\n", &plain, ": no rows but of empty fields");
    struct dataset *d;
    assert_int_equal(dataset_load(&d, "/no such/t.csv", &plain, &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "/no such/t.csv"));
}

static void empty_fields_beyond_the_header_are_overlooked(void **state)
{
    (void)state;
    struct dataset *d = load("image,label\na,1,\nb,2,,\n", &plain);
    assert_int_equal(dataset_size(d), 2);
    dataset_destroy(d);
}

static void the_first_two_spellings_of_one_label_are_named(void **state)
{
    (void)state;
    check_refused("image,label\na,x\nb,+2\nc,1.0\nd,1\ne,2\n", &plain,
                  ":5: labels \"1.0\" (line 4) and \"1\" are one number in two spellings; expected "
                  "one spelling, or both in a file given by --classes");
    char *name[] = {"1", "01", "Pants", "pants"};
    const struct class_list classes = {.name = name, .n = 4};
    struct dataset_options opt = plain;
    opt.classes = &classes; /* whoever lists both means both */
    struct dataset *d = load("image,label\na,01\nb,1\n", &opt);
    assert_int_equal(dataset_sample(d, 0)->label, 1);
    dataset_destroy(d);
}

static void a_label_that_no_class_has_may_come_with_a_hint(void **state)
{
    (void)state;
    char *name[] = {"shoes", "Long Sleeve"};
    const struct class_list classes = {.name = name, .n = 2};
    struct dataset_options opt = plain;
    opt.classes = &classes;
    check_refused(
        "image,label\na,long  sleeve\n", &opt,
        ":2: label \"long  sleeve\" is not one of the 2 given classes; did you mean \"Long "
        "Sleeve\"?");
    check_refused("image,label\na,1\n", &opt,
                  ":2: label \"1\" is not one of the 2 given classes; if labels are numbers of "
                  "classes: 1 is \"Long Sleeve\", and names are expected (atk-data name-labels "
                  "puts them in their "
                  "place)");
    check_refused(
        "image,label\na,shoes\xC2\xA0\n", &opt,
        ":2: label \"shoes\xC2\xA0\" is not one of the 2 given classes; \"shoes\" looks the "
        "same and is another text (U+00A0 here, nothing there)");
}

static void rows_of_empty_fields_are_skipped_and_counted(void **state)
{
    (void)state;
    struct dataset *d = load("image,label,,\na,1,,\n,,,\nb,2,,\n ,\t,,\n,\n\nc,1\n", &plain);
    assert_int_equal(dataset_size(d), 3);
    check_sample(d, 2, "c", "1", 8);
    assert_int_equal(dataset_notes(d)->empty_rows, 3);
    assert_int_equal(dataset_notes(d)->first_empty_line, 3);
    dataset_destroy(d);
    check_refused("image,label,note\na,1,\n,,x\n", &plain, ":3: the image path is empty");
}

static void labels_that_are_no_class_are_counted_when_labels_are_optional(void **state)
{
    (void)state;
    char *name[] = {"x", "y"};
    const struct class_list classes = {.name = name, .n = 2};
    struct dataset_options opt = plain;
    opt.classes = &classes;
    opt.labels_optional = true;
    struct dataset *d = load("image,label\na,x\nb,\nc,Q\nd,R\n", &opt);
    assert_int_equal(dataset_notes(d)->unknown_labels, 2);
    assert_int_equal(dataset_notes(d)->first_unknown_line, 4);
    assert_string_equal(dataset_notes(d)->first_unknown_label, "Q");
    dataset_destroy(d);
}

static void repeated_and_conflicting_images_are_counted(void **state)
{
    (void)state;
    struct dataset *d = load("image,label\na,1\nb,2\n./a,1\na,2\nc,1\nb,2\na,1\n", &plain);
    const struct dataset_notes *notes = dataset_notes(d);
    assert_int_equal(notes->repeated_images, 3); /* lines 4, 7, 8 */
    assert_int_equal(notes->first_repeated_line, 4);
    assert_int_equal(notes->conflicting_images, 1);
    assert_int_equal(notes->first_conflicting_line, 5);
    assert_int_equal(dataset_images(d), 3);
    assert_int_equal(dataset_sample(d, 0)->identity, dataset_sample(d, 2)->identity);
    assert_int_equal(dataset_sample(d, 4)->identity, 2);
    dataset_destroy(d);
}

static void images_in_two_sets_are_counted_by_where_they_are(void **state)
{
    (void)state;
    struct dataset *d, *other;
    char text[512];
    int line;
    assert_int_equal(mkdir(scratch_path("sub"), 0777), 0);
    d = load("image,label\nsub/a,1\nb,2\n", &plain);
    snprintf(text, sizeof text, "image,label\nb,1\na,2\n../b,1\n%s/sub/a,2\n", scratch_folder);
    assert_int_equal(dataset_load(&other, scratch_write_text("sub/v.csv", text), &plain, &err),
                     STATUS_OK);
    assert_int_equal(dataset_count_shared(d, other, &line), 3); /* sub/b is another file */
    assert_int_equal(line, 3);
    assert_int_equal(dataset_count_shared(other, d, NULL), 2);
    assert_true(dataset_same_image(d, 1, other, 2)); /* b and ../b */
    assert_false(dataset_same_image(d, 1, other, 0));
    assert_true(dataset_same_image(d, 0, d, 0));
    assert_false(dataset_same_image(d, 0, d, 1));
    dataset_destroy(other);
    dataset_destroy(d);
}

static void file_names_alone_make_a_set_without_labels(void **state)
{
    (void)state;
    struct dataset *d;
    char *paths[] = {"x.png", "/y.png", "x.png"};
    assert_int_equal(dataset_from_images(&d, paths, 3, &err), STATUS_OK);
    assert_int_equal(dataset_size(d), 3);
    check_sample(d, 1, "/y.png", "", 0);
    assert_string_equal(dataset_sample(d, 0)->path, "x.png");
    assert_int_equal(dataset_notes(d)->repeated_images, 1);
    assert_string_equal(dataset_path(d), "");
    dataset_destroy(d);
}

static void a_failing_allocation_gives_a_clean_error(void **state)
{
    (void)state;
    struct dataset *d;
    const char *path = scratch_write_text("t.csv", "image,label\na,x\nb,y\n./a,x\nsub/b,z\n");
    FAILING_ALLOC_EACH(dataset_load(&d, path, &plain, &err), &err)
        assert_null(d);
    assert_true(failing_alloc_count() >= 10);
    dataset_destroy(d);
}

static void a_million_rows_take_seconds_at_most(void **state)
{
    (void)state;
    struct dataset *d;
    FILE *f = fopen(scratch_path("big.csv"), "wb");
    assert_non_null(f);
    fputs("image,label\n", f);
    for (int i = 0; i < 1000000; i++)
        fprintf(f, "class%03d/image-%07d.jpg,%d\n", i % 1000, i % 999000, i % 1000);
    assert_int_equal(fclose(f), 0);
    clock_t before = clock();
    assert_int_equal(dataset_load(&d, scratch_path("big.csv"), &plain, &err), STATUS_OK);
    double seconds = (double)(clock() - before) / CLOCKS_PER_SEC;
    assert_int_equal(dataset_size(d), 1000000);
    assert_int_equal(dataset_notes(d)->repeated_images, 1000);
    assert_int_equal(dataset_count_shared(d, d, NULL), 1000000);
    print_message("a million rows: %.2f s\n", seconds);
    assert_true(seconds < 30); /* about 1 here; anything quadratic would take an hour */
    dataset_destroy(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(rows_become_samples_with_their_lines),
        SCRATCH_TEST(without_a_header_columns_one_and_two_count),
        SCRATCH_TEST(relative_paths_begin_at_the_given_folder),
        SCRATCH_TEST(whole_number_labels_are_in_numeric_order),
        SCRATCH_TEST(given_classes_decide_the_numbers),
        SCRATCH_TEST(optional_labels_may_be_absent_altogether),
        SCRATCH_TEST(mistakes_are_named_with_file_and_line),
        SCRATCH_TEST(empty_fields_beyond_the_header_are_overlooked),
        SCRATCH_TEST(the_first_two_spellings_of_one_label_are_named),
        SCRATCH_TEST(a_label_that_no_class_has_may_come_with_a_hint),
        SCRATCH_TEST(rows_of_empty_fields_are_skipped_and_counted),
        SCRATCH_TEST(labels_that_are_no_class_are_counted_when_labels_are_optional),
        SCRATCH_TEST(repeated_and_conflicting_images_are_counted),
        SCRATCH_TEST(images_in_two_sets_are_counted_by_where_they_are),
        cmocka_unit_test(file_names_alone_make_a_set_without_labels),
        SCRATCH_TEST(a_failing_allocation_gives_a_clean_error),
        SCRATCH_TEST(a_million_rows_take_seconds_at_most),
    };
    return cmocka_run_group_tests_name("data/dataset", tests, NULL, NULL);
}
