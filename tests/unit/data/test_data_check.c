/* Facts are written by hand here: what an image tells is tested where it is found
 * (test_loader_check), and the whole by the programs (cli/train_odd.bats). */
#include "data/data_check.h"

#include "data/scratch_files.h"
#include "failing_alloc.h"

static struct error err;

static struct dataset *load(const char *name, const char *rows, const struct class_list *classes)
{
    const struct dataset_options opt = {.image_column = "image",
                                        .label_column = "label",
                                        .header = true,
                                        .delimiter = ',',
                                        .classes = classes};
    struct dataset *d;
    char text[4096];
    snprintf(text, sizeof text, "image,label\n%s", rows);
    if (dataset_load(&d, scratch_write_text(name, text), &opt, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    return d;
}

enum { MOST_ROWS = 64 };

/* All rows in their order. */
static const int every_row[MOST_ROWS] = {
    0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
    22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
    44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};

static struct data_check_side whole(const struct dataset *d, const struct image_traits *traits)
{
    assert_true(dataset_size(d) <= MOST_ROWS);
    return (struct data_check_side){d, every_row, dataset_size(d), traits};
}

/* As it is printed, a line each: "kind file:line count message". The files' folder is left out, and
 * so are classes of fewer than ten, which all of these tables have. */
static const char *told(const struct data_check *check)
{
    static char text[8192];
    struct findings list = {0};
    size_t used = 0;
    assert_int_equal(data_check_run(&list, check, &err), STATUS_OK);
    text[0] = '\0';
    for (size_t i = 0; i < list.n; i++) {
        const struct finding *f = &list.item[i];
        if (f->kind != FINDING_SMALL_CLASSES)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s %s:%d %d %s\n",
                                     findings_kind_name[f->kind], strrchr(f->file, '/') + 1,
                                     f->line, f->count, f->message);
    }
    findings_free(&list);
    return text;
}

static const char *told_of_rows(const char *rows)
{
    struct dataset *d = load("t.csv", rows, NULL);
    const char *text = told(&(struct data_check){.train = whole(d, NULL)});
    dataset_destroy(d);
    return text;
}

static void of_ordinary_tables_nothing_is_said(void **state)
{
    (void)state;
    assert_string_equal(told_of_rows("a,cat\nb,dog\nc,cat\n"), "");
    assert_string_equal(told_of_rows("a,0\nb,1\nc,10\n"), "");
    assert_string_equal(told_of_rows("a,a\nb,A\nc,B\n"), "");
    assert_string_equal(told_of_rows("a,Na\nb,na\nc,K\nd,no\n"),
                        "alike-labels t.csv:3 1 1 label is there in two spellings, which differ in "
                        "case, white space or look-alike characters (the first: \"na\", in line 2 "
                        "\"Na\")\n");
}

static void labels_in_two_spellings_are_told_with_both_lines(void **state)
{
    (void)state;
    assert_string_equal(
        told_of_rows("a,pants\nb,hat\nc,a b\nd,Pants\ne,Pants\nf,PANTS\ng,a  b\n"),
        "alike-labels t.csv:5 3 3 labels are there in two spellings, which differ in case, white "
        "space or look-alike characters (the first: \"Pants\", in line 2 \"pants\")\n");
}

static void words_for_missing_values_are_told(void **state)
{
    static const char *const word[] = {"NA",   "N/A",  "n/a",  "#N/A", "nan",     "NaN",  "null",
                                       "NULL", "none", "None", "?",    "-",       "<NA>", "#REF!",
                                       "nil",  ".",    "--",   "#NA",  "#VALUE!", "N.A."};
    char rows[64], expected[256];
    (void)state;
    for (size_t i = 0; i < sizeof word / sizeof word[0]; i++) {
        snprintf(rows, sizeof rows, "a,cat\nb,%s\nc,dog\nd,%s\n", word[i], word[i]);
        snprintf(
            expected, sizeof expected,
            "missing-value-labels t.csv:3 1 1 class has a name that is a word for a missing value "
            "(the first: \"%s\", 2 rows)\n",
            word[i]);
        assert_string_equal(told_of_rows(rows), expected);
    }
    assert_string_equal(told_of_rows("a,cat\nb,NA\nc,?\n"),
                        "missing-value-labels t.csv:3 2 2 classes have a name that is a word for "
                        "a missing value (the first: \"NA\", 1 row)\n");
}

static void characters_are_no_missing_values(void **state)
{
    char rows[512] = "";
    (void)state;
    for (int i = 0; i < 20; i++)
        sprintf(rows + strlen(rows), "%d,%c\n", i, i == 0 ? '?' : i == 1 ? '-' : 'a' + i);
    assert_string_equal(told_of_rows(rows), "");
}

static void of_classes_that_were_given_nothing_is_said(void **state)
{
    char *name[] = {"Pants", "pants", "NA"};
    const struct class_list classes = {.name = name, .n = 3};
    (void)state;
    struct dataset *d = load("t.csv", "a,Pants\nb,pants\nc,NA\n", &classes);
    assert_string_equal(
        told(&(struct data_check){.train = whole(d, NULL), .classes_are_given = true}), "");
    dataset_destroy(d);
}

static void numbers_beside_a_list_of_as_many_names_get_a_hint(void **state)
{
    static const char rows[] = "a,0\nb,2\nc,1\n";
    (void)state;
    assert_string_equal(told_of_rows(rows), "");
    scratch_write_text("classes.txt", "0\n1\n2\n");
    assert_string_equal(told_of_rows(rows), ""); /* no names */
    scratch_write_text("classes.txt", "cat\ndog\n");
    assert_string_equal(told_of_rows(rows), ""); /* of something else */
    scratch_write_text("names.txt", "cat\ndog\nbird\n");
    assert_string_equal(
        told_of_rows(rows),
        "numbered-classes t.csv:2 3 the labels are the numbers 0 to 2, and names.txt "
        "beside the table has 3 lines: are these the names? Only numbers will be "
        "shown (atk-data name-labels puts names in their place)\n");
    assert_string_equal(told_of_rows("a,1\nb,2\nc,3\n"), "");
    assert_true(findings_is_hint(FINDING_NUMBERED_CLASSES));
    assert_false(findings_is_hint(FINDING_ALIKE_LABELS));
}

static void rows_are_told_by_what_loading_noticed(void **state)
{
    (void)state;
    assert_string_equal(told_of_rows("a,cat\nb,dog\n,\n./a,cat\nb,cat\n"),
                        "empty-rows t.csv:4 1 1 row of empty fields is skipped\n"
                        "repeated-rows t.csv:5 1 1 row repeats an image that occurred before, with "
                        "the same label (the first: ./a)\n"
                        "conflicting-rows t.csv:6 1 1 row gives an image that occurred before "
                        "another label (the first: b)\n");
}

static void small_classes_are_counted_by_what_trains(void **state)
{
    char rows[1024] = "", *name[] = {"cat", "dog", "fox", "owl"};
    const struct class_list classes = {.name = name, .n = 4};
    const int train[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12};
    struct findings list = {0};
    (void)state;
    for (int i = 0; i < 13; i++) /* ten cats, a dog that validates, a dog, a fox; no owl */
        sprintf(rows + strlen(rows), "%d,%s\n", i, name[i < 10 ? 0 : i < 12 ? 1 : 2]);
    struct dataset *d = load("t.csv", rows, &classes);
    const struct data_check check = {.train = {d, train, 12, NULL}, .singletons = 1};
    assert_int_equal(data_check_run(&list, &check, &err), STATUS_OK);
    assert_int_equal(list.n, 3);
    assert_int_equal(list.item[0].kind, FINDING_UNTRAINED_CLASSES);
    assert_string_equal(list.item[0].message, "1 class has no training image (the first: \"owl\")");
    assert_int_equal(list.item[0].line, 0);
    assert_string_equal(
        list.item[1].message,
        "1 class has a single image, which is trained on and not validated (the first: \"fox\")");
    assert_int_equal(list.item[1].line, 14);
    assert_int_equal(list.item[2].kind, FINDING_SMALL_CLASSES);
    assert_int_equal(list.item[2].count, 2);
    assert_int_equal(list.item[2].line, 13);
    assert_string_equal(list.item[2].image, "11");
    assert_string_equal(list.item[2].message,
                        "2 classes have fewer than 10 images to train on (the first: \"dog\", 1)");
    findings_free(&list);
    dataset_destroy(d);
}

/* A class with two images, of which one has another label too, cannot be split either. */
static void a_single_image_is_told_also_without_an_example(void **state)
{
    (void)state;
    struct dataset *d = load("t.csv", "a,x\nb,x\nb,y\nc,y\nd,y\n", NULL);
    assert_string_equal(told(&(struct data_check){.train = whole(d, NULL), .singletons = 1}),
                        "conflicting-rows t.csv:4 1 1 row gives an image that occurred before "
                        "another label (the first: b)\nsingle-image-classes t.csv:0 1 1 class has "
                        "a single image, "
                        "which is trained on and not validated\n");
    dataset_destroy(d);
}

/* Facts of images that are all different and ordinary. */
static void make_traits(struct image_traits *traits, uint64_t first_content)
{
    for (int i = 0; i < MOST_ROWS; i++)
        traits[i] = (struct image_traits){
            .content = first_content + (uint64_t)i, .aspect = 1, .brightest = 0, .is_known = true};
}

static void copies_across_two_tables_and_with_two_labels_are_told(void **state)
{
    struct image_traits a[MOST_ROWS], b[MOST_ROWS];
    (void)state;
    struct dataset *train = load("t.csv", "a,x\nb,y\nc,x\nd,y\ne,x\n", NULL);
    struct dataset *val = load("v.csv", "p,x\nq,y\na,x\nr,y\ns,x\n", dataset_classes(train));
    const struct data_check check = {.train = whole(train, a), .val = whole(val, b)};
    make_traits(a, 100);
    make_traits(b, 200);
    b[2].content = a[0].content; /* v.csv's a is a itself: told by its name alone */
    const char *shared = "shared-rows v.csv:4 1 1 row has an image that is trained on: validation "
                         "flatters (the first: a)\n";
    assert_string_equal(told(&check), shared);

    b[3].content = a[1].content; /* r is b, of the same label */
    b[4].content = a[2].content; /* s is c, of the same label */
    b[1].content = a[4].content; /* q is e, of another one */
    a[3].content = a[2].content; /* d is c, of another one */
    char expected[1024];
    snprintf(expected, sizeof expected,
             "%scopies-across-the-split v.csv:3 3 3 images to validate are byte for byte some "
             "trained on: validation flatters (the first: q, a copy of e)\n"
             "copies-with-another-label t.csv:5 2 2 images are byte for byte another one with "
             "another label (the first: d, a copy of c in line 4)\n",
             shared);
    assert_string_equal(told(&check), expected);

    a[4].is_known = false; /* a bad image is a copy of none */
    a[3].is_known = false;
    snprintf(expected, sizeof expected,
             "%scopies-across-the-split v.csv:5 2 2 images to validate are byte for byte some "
             "trained on: validation flatters (the first: r, a copy of b)\n",
             shared);
    assert_string_equal(told(&check), expected);
    dataset_destroy(val);
    dataset_destroy(train);
}

static void copies_within_one_split_table_are_told(void **state)
{
    static const int train[] = {0, 2, 4}, val[] = {1, 3, 5};
    struct image_traits traits[MOST_ROWS];
    (void)state;
    struct dataset *d = load("t.csv", "a,x\nb,x\nc,y\nd,y\ne,x\nf,y\n", NULL);
    const struct data_check check = {.train = {d, train, 3, traits}, .val = {d, val, 3, traits}};
    make_traits(traits, 0);
    traits[2].content = traits[4].content; /* both train: with another label, and not across */
    traits[5].content = traits[3].content; /* both validate, with the same label: nothing */
    assert_string_equal(told(&check),
                        "copies-with-another-label t.csv:6 1 1 image is byte for byte another one "
                        "with another label (the first: e, a copy of c in line 4)\n");
    traits[1].content = traits[0].content;
    assert_non_null(strstr(told(&check), "copies-across-the-split t.csv:3 1 1 image to validate is "
                                         "byte for byte one trained on: validation flatters (the "
                                         "first: b, a copy of a)\n"));
    dataset_destroy(d);
}

static void images_of_one_colour_and_of_extreme_shape_are_told(void **state)
{
    struct image_traits traits[MOST_ROWS];
    (void)state;
    struct dataset *d = load("t.csv", "a,x\nb,y\nc,x\nd,y\n", NULL);
    struct data_check check = {.train = whole(d, traits), .squashes = true};
    make_traits(traits, 0);
    traits[0].aspect = 4;
    traits[1].aspect = 0.25f;
    assert_string_equal(told(&check), "");
    traits[2].aspect = 4.01f;
    traits[3].aspect = 0.24f;
    traits[1].is_one_colour = true;
    assert_string_equal(told(&check),
                        "one-colour-images t.csv:3 1 1 image is of one single colour (the first: "
                        "b)\n"
                        "squashed-images t.csv:4 2 2 images have sides of more than 1 to 4 and "
                        "will be squashed: see --resize (the first: c)\n");
    check.squashes = false;
    assert_null(strstr(told(&check), "squashed"));
    dataset_destroy(d);
}

static void sixteen_bits_are_told_when_no_image_uses_the_high_ones(void **state)
{
    struct image_traits traits[MOST_ROWS];
    (void)state;
    struct dataset *d = load("t.csv", "a,x\nb,y\nc,x\n", NULL);
    const struct data_check check = {.train = whole(d, traits)};
    make_traits(traits, 0);
    traits[0].brightest = 200; /* of 8 bits: not looked at */
    traits[1].is_16_bit = traits[2].is_16_bit = true;
    traits[1].brightest = 3;
    traits[2].brightest = 15;
    assert_string_equal(
        told(&check),
        "unused-high-bits t.csv:3 2 2 images of 16 bits use a small part of the range and "
        "will be seen as black: as read, no value is above 15 of 255 (the first: b)\n");
    traits[2].brightest = 64; /* a dark one beside it */
    assert_string_equal(told(&check), "");
    dataset_destroy(d);
}

static void several_frames_or_pages_are_a_hint(void **state)
{
    struct image_traits traits[MOST_ROWS];
    (void)state;
    struct dataset *d = load("t.csv", "a,x\nb,y\nc,x\n", NULL);
    const struct data_check check = {.train = whole(d, traits)};
    make_traits(traits, 0);
    traits[1].is_several = traits[2].is_several = true;
    assert_string_equal(told(&check),
                        "several-frames-or-pages t.csv:3 2 2 images have several frames or pages, "
                        "of which the first is taken (the first: b)\n");
    assert_true(findings_is_hint(FINDING_SEVERAL));
    dataset_destroy(d);
}

static void control_characters_are_told_and_reach_no_message(void **state)
{
    (void)state;
    assert_string_equal(
        told_of_rows("a,\x1B[31mred\nb,\x1B[31mRed\nc,dog\n"),
        "alike-labels t.csv:3 1 1 label is there in two spellings, which differ in case, white "
        "space "
        "or look-alike characters (the first: \"?[31mRed\", in line 2 \"?[31mred\")\n"
        "control-characters t.csv:2 2 2 labels hold a control character (the first: "
        "\"?[31mred\")\n");
    assert_string_equal(
        told_of_rows("a,a\tb\nb,dog\n"),
        "control-characters t.csv:2 1 1 label holds a control character (the first: "
        "\"a?b\")\n");
}

static void a_failing_allocation_gives_a_clean_error(void **state)
{
    struct image_traits traits[MOST_ROWS];
    struct findings list = {0};
    (void)state;
    scratch_write_text("names.txt", "cat\ndog\n");
    struct dataset *d = load("t.csv", "a,0\nb,1\nc,1\n", NULL);
    const struct data_check check = {.train = whole(d, traits), .squashes = true};
    make_traits(traits, 0);
    traits[1].content = traits[0].content;
    traits[1].is_one_colour = true;
    for (long nth = 1;; nth++) {
        findings_free(&list);
        failing_alloc_after(nth);
        /* What a hint needs and cannot get costs the hint and no more. */
        enum status status = data_check_run(&list, &check, &err);
        bool reached = failing_alloc_count() >= nth;
        failing_alloc_off();
        if (status == STATUS_OK && !reached)
            break;
        if (status != STATUS_OK)
            assert_non_null(strstr(err.message, "out of memory"));
        assert_true(nth < 1000);
    }
    assert_int_equal(list.n, 4); /* the hint, a small class, a copy, one colour */
    findings_free(&list);
    dataset_destroy(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(of_ordinary_tables_nothing_is_said),
        SCRATCH_TEST(labels_in_two_spellings_are_told_with_both_lines),
        SCRATCH_TEST(words_for_missing_values_are_told),
        SCRATCH_TEST(characters_are_no_missing_values),
        SCRATCH_TEST(of_classes_that_were_given_nothing_is_said),
        SCRATCH_TEST(numbers_beside_a_list_of_as_many_names_get_a_hint),
        SCRATCH_TEST(rows_are_told_by_what_loading_noticed),
        SCRATCH_TEST(small_classes_are_counted_by_what_trains),
        SCRATCH_TEST(a_single_image_is_told_also_without_an_example),
        SCRATCH_TEST(copies_across_two_tables_and_with_two_labels_are_told),
        SCRATCH_TEST(copies_within_one_split_table_are_told),
        SCRATCH_TEST(images_of_one_colour_and_of_extreme_shape_are_told),
        SCRATCH_TEST(sixteen_bits_are_told_when_no_image_uses_the_high_ones),
        SCRATCH_TEST(several_frames_or_pages_are_a_hint),
        SCRATCH_TEST(control_characters_are_told_and_reach_no_message),
        SCRATCH_TEST(a_failing_allocation_gives_a_clean_error),
    };
    return cmocka_run_group_tests_name("data/data_check", tests, NULL, NULL);
}
