/* run/files/first_batches: the images are the batches' bytes, the table says what is where, and
 * the loader's next epoch is none the wiser. */
#include "tiny_run.h"

#include "base/files.h"
#include "base/parallel.h"
#include "io/csv.h"
#include "run/files/first_batches.h"
#include "run/files/mosaic.h"
#include "whole_image.h"

static void write_all(struct tiny_run *r, const char *path[FIRST_BATCHES + 1], int batch_size,
                      bool shuffle)
{
    const struct loader_options load = {.fit = {.size = TINY_SIZE},
                                        .batch_size = batch_size,
                                        .mean = {0.5F, 0.25F, 0.125F},
                                        .std = {0.3F, 0.2F, 0.1F},
                                        .shuffle = shuffle,
                                        .seed = 7,
                                        .workers = 2,
                                        .limits = {.max_pixels = 4096}};
    struct loader *loader;

    MUST(loader_create(&loader, r->data, r->rows, TINY_TRAIN, r->cache, &load, err));
    for (int i = 0; i <= FIRST_BATCHES; i++)
        path[i] = scratch_path(first_batches_file[i]);
    MUST(first_batches_write(path, loader, r->data, &load, err));
    loader_destroy(loader);
}

static void read_png(struct image *out, const char *path)
{
    const struct image_limits limits = {.max_pixels = 1 << 24};
    uint8_t *bytes;
    size_t n;

    MUST(files_read(&bytes, &n, path, 1 << 24, err));
    MUST(whole_image_decode(out, bytes, n, &limits, err));
    free(bytes);
}

/* The cell of a row of the table holds the image that the row names, byte for byte. */
static void check_cell(const struct csv_row *row, const struct tiny_run *r)
{
    struct image grid;
    int at_y = atoi(row->field[1]) - 1, at_x = atoi(row->field[2]) - 1;
    int number = atoi(row->field[3] + 1); /* "p17.png" */
    const char *class_name = dataset_classes(r->data)->name[dataset_sample(r->data, number)->label];
    const uint8_t *rgb = cache_find(r->cache, number)->rgb;

    assert_string_equal(row->field[3], dataset_sample(r->data, number)->image);
    assert_string_equal(row->field[4], class_name);
    read_png(&grid, scratch_path(row->field[0]));
    for (int y = 0; y < TINY_SIZE; y++) {
        size_t top = (size_t)(at_y * (TINY_SIZE + 2) + 2 + y);
        size_t left = (size_t)(at_x * (TINY_SIZE + 2) + 2);
        assert_memory_equal(grid.rgb + 3 * (top * (size_t)grid.width + left),
                            rgb + (size_t)3 * TINY_SIZE * y, 3 * TINY_SIZE);
    }
    image_free(&grid);
}

static void each_cell_holds_the_bytes_of_the_image_that_the_table_names(void **state)
{
    const char *path[FIRST_BATCHES + 1];
    struct tiny_run r;
    struct csv_table table;
    struct batch b;
    int at = 1;

    (void)state;
    tiny_create(&r, NORM_GROUP);
    write_all(&r, path, TINY_BATCH, true);
    MUST(csv_table_read(&table, path[FIRST_BATCHES], ',', err));
    assert_int_equal(table.n_rows, 1 + 3 * TINY_BATCH);
    assert_string_equal(table.row[0].field[3], "image");
    for (size_t i = 1; i < table.n_rows; i++)
        check_cell(&table.row[i], &r);
    /* They are the batches that training begins with, in their order (r.train has the same seed).
     */
    MUST(loader_start(r.train, 0, 0, err));
    for (int i = 0; i < 3; i++) {
        MUST(loader_next(r.train, &b, err));
        for (int j = 0; j < b.n; j++, at++)
            assert_string_equal(table.row[at].field[3], dataset_sample(r.data, b.row[j])->image);
    }
    csv_table_free(&table);
    tiny_destroy(&r);
}

static void an_epoch_of_fewer_batches_has_fewer_images(void **state)
{
    const char *path[FIRST_BATCHES + 1];
    struct tiny_run r;
    struct csv_table table;

    (void)state;
    tiny_create(&r, NORM_GROUP);
    write_all(&r, path, 15, false);
    MUST(csv_table_read(&table, path[FIRST_BATCHES], ',', err));
    assert_int_equal(table.n_rows, 1 + TINY_TRAIN);
    assert_string_equal(table.row[20].field[0], "train_batch_1.png"); /* 15 + 5: the second row */
    assert_string_equal(table.row[20].field[1], "2");
    assert_string_equal(table.row[20].field[2], "2");
    assert_true(files_exist(path[1]));
    assert_false(files_exist(path[2]));
    csv_table_free(&table);
    tiny_destroy(&r);
}

static void of_a_large_batch_the_first_64_are_shown(void **state)
{
    const char *path[FIRST_BATCHES + 1];
    struct tiny_run r;
    struct csv_table table;
    struct loader *loader;
    int rows[70];
    const struct loader_options load = {.fit = {.size = TINY_SIZE},
                                        .batch_size = 70,
                                        .std = {1, 1, 1},
                                        .workers = 1,
                                        .limits = {.max_pixels = 4096}};

    (void)state;
    tiny_create(&r, NORM_GROUP);
    for (int i = 0; i < 70; i++)
        rows[i] = i % TINY_ROWS;
    MUST(loader_create(&loader, r.data, rows, 70, r.cache, &load, err));
    for (int i = 0; i <= FIRST_BATCHES; i++)
        path[i] = scratch_path(first_batches_file[i]);
    MUST(first_batches_write(path, loader, r.data, &load, err));
    MUST(csv_table_read(&table, path[FIRST_BATCHES], ',', err));
    assert_int_equal(table.n_rows, 1 + MOSAIC_MAX_CELLS);
    assert_string_equal(table.row[64].field[1], "8");
    assert_string_equal(table.row[64].field[2], "8");
    check_cell(&table.row[64], &r);
    csv_table_free(&table);
    loader_destroy(loader);
    tiny_destroy(&r);
}

static void where_nothing_can_be_written_is_an_error(void **state)
{
    const char *path[FIRST_BATCHES + 1];
    struct tiny_run r;
    struct error failure;
    const struct loader_options load = {
        .fit = {.size = TINY_SIZE}, .batch_size = TINY_BATCH, .std = {1, 1, 1}};

    (void)state;
    tiny_create(&r, NORM_GROUP);
    for (int i = 0; i <= FIRST_BATCHES; i++)
        path[i] = scratch_path(first_batches_file[i]);
    path[1] = scratch_path("missing/train_batch_1.png");
    path[2] = scratch_path("missing/train_batch_2.png");
    MUST(parallel_start(3, err));
    for (int i = 0; i < 20; i++) { /* whichever of the two fails first */
        assert_int_equal(first_batches_write(path, r.train, r.data, &load, &failure),
                         STATUS_FAILED);
        assert_non_null(strstr(failure.message, "missing/train_batch_1.png"));
    }
    assert_true(files_exist(path[0]));
    assert_false(files_exist(path[FIRST_BATCHES]));
    parallel_stop();
    tiny_destroy(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(each_cell_holds_the_bytes_of_the_image_that_the_table_names),
        SCRATCH_TEST(an_epoch_of_fewer_batches_has_fewer_images),
        SCRATCH_TEST(of_a_large_batch_the_first_64_are_shown),
        SCRATCH_TEST(where_nothing_can_be_written_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
