/* The image set of `make demo` is about shapes: whoever looks at the mean colour alone stays
 * below 40 % on its validation images. Draws the set with the draw-demo of the same build. */
#include "base/files.h"
#include "io/csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "whole_image.h"

#define MAX_CLASSES 8
#define MAX_IMAGES  1000

static const char *class_names[MAX_CLASSES];
static int n_classes;

static struct part {
    struct csv_table table; /* row 0 is the header */
    int n;
    double mean[MAX_IMAGES][3]; /* red, green, blue */
    int label[MAX_IMAGES];
} train, val, wrong;

static char folder[] = "/tmp/atk-demo-set-XXXXXX";

static int label_of(const char *name)
{
    for (int i = 0; i < n_classes; i++)
        if (strcmp(class_names[i], name) == 0)
            return i;
    assert_true(n_classes < MAX_CLASSES);
    class_names[n_classes] = name;
    return n_classes++;
}

static void mean_colour(double mean[3], const char *file)
{
    const struct image_limits limits = {.max_pixels = IMAGE_MAX_PIXELS_DEFAULT, .apply_exif = true};
    struct image image;
    struct error err;
    uint8_t *bytes;
    char path[256];
    size_t size, n;

    snprintf(path, sizeof path, "%s/%s", folder, file);
    if (files_read(&bytes, &size, path, 16 << 20, &err) != STATUS_OK ||
        whole_image_decode(&image, bytes, size, &limits, &err) != STATUS_OK)
        fail_msg("%s: %s", file, err.message);
    n = (size_t)image.width * (size_t)image.height;
    for (size_t i = 0; i < n; i++)
        for (int c = 0; c < 3; c++)
            mean[c] += image.rgb[3 * i + (size_t)c] / (double)n;
    image_free(&image);
    free(bytes);
}

static void read_list(struct part *part, const char *name)
{
    struct error err;
    char path[256];

    snprintf(path, sizeof path, "%s/%s.csv", folder, name);
    if (csv_table_read(&part->table, path, ',', &err) != STATUS_OK)
        fail_msg("%s", err.message);
    part->n = (int)part->table.n_rows - 1;
    assert_in_range(part->n, 1, MAX_IMAGES);
}

static void read_part(struct part *part, const char *name)
{
    read_list(part, name);
    for (int i = 0; i < part->n; i++) {
        part->label[i] = label_of(part->table.row[i + 1].field[1]);
        mean_colour(part->mean[i], part->table.row[i + 1].field[0]);
    }
}

static int draw_and_read(void **state)
{
    struct error err;
    char *program, command[4500];

    (void)state;
    if (files_program_directory(&program, &err) != STATUS_OK || mkdtemp(folder) == NULL)
        return -1;
    /* BUILD/tests/image/test_demo_set -> BUILD/draw-demo */
    snprintf(command, sizeof command, "'%s/../../draw-demo' '%s'", program, folder);
    free(program);
    if (system(command) != 0)
        return -1;
    read_part(&train, "train");
    read_part(&val, "val");
    read_list(&wrong, "wrong_labels");
    return 0;
}

static int clean_up(void **state)
{
    char command[64];

    (void)state;
    csv_table_free(&train.table);
    csv_table_free(&val.table);
    csv_table_free(&wrong.table);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static double squared_distance(const double a[3], const double b[3])
{
    double sum = 0;

    for (int c = 0; c < 3; c++)
        sum += (a[c] - b[c]) * (a[c] - b[c]);
    return sum;
}

static int largest(const int *count, int n)
{
    int best = 0;

    for (int i = 1; i < n; i++)
        if (count[i] > count[best])
            best = i;
    return best;
}

/* The label that most of the k nearest training images have. */
static int by_neighbours(const double mean[3], int k)
{
    bool used[MAX_IMAGES] = {false};
    int votes[MAX_CLASSES] = {0};

    for (; k > 0; k--) {
        int nearest = -1;

        for (int i = 0; i < train.n; i++)
            if (!used[i] && (nearest < 0 || squared_distance(mean, train.mean[i]) <
                                                squared_distance(mean, train.mean[nearest])))
                nearest = i;
        used[nearest] = true;
        votes[train.label[nearest]]++;
    }
    return largest(votes, n_classes);
}

static int by_class_mean(const double mean[3], int unused)
{
    double centre[MAX_CLASSES][3] = {{0}};
    int count[MAX_CLASSES] = {0}, best = 0;

    (void)unused;
    for (int i = 0; i < train.n; i++) {
        count[train.label[i]]++;
        for (int c = 0; c < 3; c++)
            centre[train.label[i]][c] += train.mean[i][c];
    }
    for (int i = 0; i < n_classes; i++)
        for (int c = 0; c < 3; c++)
            centre[i][c] /= count[i];
    for (int i = 1; i < n_classes; i++)
        if (squared_distance(mean, centre[i]) < squared_distance(mean, centre[best]))
            best = i;
    return best;
}

static double accuracy(int (*classify)(const double mean[3], int k), int k)
{
    int right = 0;

    for (int i = 0; i < val.n; i++)
        right += classify(val.mean[i], k) == val.label[i];
    return (double)right / val.n;
}

static void the_mean_colour_alone_stays_below_40_percent(void **state)
{
    (void)state;
    assert_true(accuracy(by_class_mean, 0) < 0.40);
    for (int k = 1; k <= 25; k += 4)
        assert_true(accuracy(by_neighbours, k) < 0.40);
}

static void there_are_four_classes_and_one_of_them_is_rare(void **state)
{
    (void)state;
    int in_train[MAX_CLASSES] = {0}, in_val[MAX_CLASSES] = {0}, rare = 0;

    for (int i = 0; i < train.n; i++)
        in_train[train.label[i]]++;
    for (int i = 0; i < val.n; i++)
        in_val[val.label[i]]++;
    assert_int_equal(n_classes, 4);
    for (int i = 0; i < n_classes; i++)
        rare += 2 * in_train[i] < in_train[largest(in_train, n_classes)];
    assert_int_equal(rare, 1);
    /* Nor does it help to know which class is the most frequent. */
    assert_true(10 * in_val[largest(in_val, n_classes)] < 4 * val.n);
}

static void the_wrong_labels_are_few_and_listed(void **state)
{
    (void)state;
    assert_in_range(wrong.n, 3, train.n / 20);
    for (int i = 1; i <= wrong.n; i++) {
        char **listed = wrong.table.row[i].field;
        bool found = false;

        assert_string_not_equal(listed[1], listed[2]);
        for (int j = 1; j <= train.n; j++)
            found |= strcmp(train.table.row[j].field[0], listed[0]) == 0 &&
                     strcmp(train.table.row[j].field[1], listed[1]) == 0;
        assert_true(found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_mean_colour_alone_stays_below_40_percent),
        cmocka_unit_test(there_are_four_classes_and_one_of_them_is_rare),
        cmocka_unit_test(the_wrong_labels_are_few_and_listed),
    };
    return cmocka_run_group_tests(tests, draw_and_read, clean_up);
}
