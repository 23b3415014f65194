/* The real sets of ../shared/data (ATK_SHARED), when they are there: from CSV to batches. */
#include "data/loader.h"
#include "data/split.h"

#include "data/scratch_files.h"

enum { SIZE = 32 };

static void free_split(struct split *s)
{
    free(s->train);
    free(s->val);
    *s = (struct split){0};
}

static struct error err;

/* Path of a shared file, or a visible skip. */
static const char *shared(const char *name)
{
    static char path[1024];
    const char *root = getenv("ATK_SHARED");
    snprintf(path, sizeof path, "%s/data/%s", root ? root : "../shared", name);
    if (access(path, R_OK) != 0) {
        print_message("skipped: %s is not there\n", path);
        skip();
    }
    return path;
}

static struct dataset *load(const char *name)
{
    const struct dataset_options opt = {
        .image_column = "image", .label_column = "label", .header = true, .delimiter = ','};
    struct dataset *d;
    if (dataset_load(&d, shared(name), &opt, &err))
        fail_msg("%s", err.message);
    return d;
}

static void check_set(const char *name, int rows, int classes, const char *last_class,
                      int singletons)
{
    struct dataset *d = load(name);
    assert_int_equal(dataset_size(d), rows);
    assert_int_equal(dataset_images(d), rows);
    assert_int_equal(dataset_classes(d)->n, classes);
    assert_string_equal(dataset_classes(d)->name[classes - 1], last_class);

    struct split s;
    assert_int_equal(split_make(&s, d, 0.1, 0, &err), STATUS_OK);
    assert_int_equal(s.n_train + s.n_val, rows);
    assert_in_range(s.n_val, rows / 10 - classes, rows / 10 + classes);
    assert_int_equal(s.singletons, singletons);
    assert_int_equal(s.unvalidated, singletons);

    /* The validation rows alone: a few seconds at most under sanitizers. */
    const struct loader_options opt = {.fit = {.size = SIZE},
                                       .batch_size = 16,
                                       .std = {1, 1, 1},
                                       .workers = 2,
                                       .limits = {.max_pixels = IMAGE_MAX_PIXELS_DEFAULT}};
    struct loader *l;
    struct batch b;
    int n = 0;
    assert_int_equal(loader_create(&l, d, s.val, s.n_val, NULL, &opt, &err), STATUS_OK);
    assert_int_equal(loader_start(l, 0, 0, &err), STATUS_OK);
    do {
        if (loader_next(l, &b, &err))
            fail_msg("%s", err.message);
        for (int i = 0; i < b.n * SIZE * SIZE * 3; i++)
            assert_true(b.x[i] >= 0 && b.x[i] <= 1);
        n += b.n;
    } while (b.n > 0);
    assert_int_equal(n, s.n_val);
    loader_destroy(l);
    free_split(&s);
    dataset_destroy(d);
}

static void clothing_is_read_by_numbers_and_by_names(void **state)
{
    (void)state;
    check_set("clothing/train.csv", 1044, 10, "9", 0);
    check_set("clothing/train_str.csv", 1044, 10, "t-shirt", 0);
    struct dataset *train = load("clothing/train.csv"), *test = load("clothing/test.csv"),
                   *all = load("clothing/all.csv");
    int line;
    assert_int_equal(dataset_count_shared(train, test, &line), 0);
    assert_int_equal(line, 0);
    assert_int_equal(dataset_count_shared(train, all, NULL), 1044);
    dataset_destroy(train);
    dataset_destroy(test);
    dataset_destroy(all);
}

static void blood_cells_are_read(void **state)
{
    (void)state;
    check_set("bccd_wbc/train.csv", 247, 5, "4", 1); /* a single basophil */
}

static void digits_are_read(void **state)
{
    (void)state;
    check_set("mnist_mini/train.csv", 1000, 10, "9", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clothing_is_read_by_numbers_and_by_names),
        cmocka_unit_test(blood_cells_are_read),
        cmocka_unit_test(digits_are_read),
    };
    return cmocka_run_group_tests_name("data/shared_sets", tests, NULL, NULL);
}
