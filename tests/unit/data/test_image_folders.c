#include "data/image_folders.h"

#include "data/scratch_files.h"
#include "failing_alloc.h"

static struct error err;

static void put_folder(const char *name)
{
    assert_int_equal(mkdir(scratch_path(name), 0777), 0);
}

static void put_file(const char *name)
{
    scratch_write_text(name, "x");
}

static enum status list(struct image_folders *out)
{
    return image_folders_list(out, scratch_folder, NULL, &err);
}

static void assert_table(const char *prefix, const char *expected)
{
    struct image_folders found;
    char *text;
    size_t size;
    if (list(&found) != STATUS_OK)
        fail_msg("%s", err.message);
    FILE *stream = open_memstream(&text, &size);
    image_folders_write(&found, prefix, stream);
    fclose(stream);
    assert_string_equal(text, expected);
    free(text);
    image_folders_free(&found);
}

static void images_are_sorted_by_the_bytes_of_their_paths(void **state)
{
    (void)state;
    put_folder("b");
    put_folder("b-c"); /* '-' comes before '/' */
    put_folder("B");
    put_folder("b/deep");
    put_file("b/z.png");
    put_file("b/deep/a.JPG");
    put_file("b-c/a.jpeg");
    put_file("B/a.jfif");
    assert_table("p/", "image,label\np/B/a.jfif,B\np/b-c/a.jpeg,b-c\np/b/deep/a.JPG,b\n"
                       "p/b/z.png,b\n");
}

static void what_anybodys_tools_could_misread_is_quoted(void **state)
{
    (void)state;
    put_folder("a b");
    put_folder("c");
    put_file("a b/1.png");
    put_file("c/\"2\".png");
    put_file("c/3.png");
    assert_table("", "image,label\n\"a b/1.png\",\"a b\"\n\"c/\"\"2\"\".png\",c\nc/3.png,c\n");
    assert_table("p q/", "image,label\n\"p q/a b/1.png\",\"a b\"\n\"p q/c/\"\"2\"\".png\",c\n"
                         "\"p q/c/3.png\",c\n");
}

static void what_is_no_row_is_counted_with_its_first(void **state)
{
    (void)state;
    struct image_folders found;
    put_folder("a");
    put_folder("e");
    put_folder("d");
    put_folder("a/.hidden");
    put_folder(".git");
    put_file("a/1.png");
    put_file("a/.2.png");
    put_file("a/.hidden/3.png");
    put_file(".git/4.png");
    put_file("z.png");
    put_file("y.png");
    put_file("d/notes.txt");
    put_file("a/png");
    assert_int_equal(symlink("..", scratch_path("a/loop")), 0);
    assert_int_equal(mkfifo(scratch_path("a/pipe.png"), 0666), 0);
    assert_int_equal(list(&found), STATUS_OK);
    assert_int_equal(found.image.n, 1);
    assert_int_equal(found.n_classes, 1);
    assert_int_equal(found.other.n, 2);
    assert_string_equal(found.other.first, "a/png");
    assert_int_equal(found.loose.n, 2);
    assert_string_equal(found.loose.first, "y.png");
    assert_int_equal(found.empty.n, 2);
    assert_string_equal(found.empty.first, "d");
    assert_int_equal(found.loops.n, 1);
    assert_string_equal(found.loops.first, "a/loop");
    image_folders_free(&found);
    image_folders_free(&found);
}

static void assert_refused(const char *reason)
{
    struct image_folders found;
    assert_int_equal(list(&found), STATUS_FAILED);
    assert_non_null(strstr(err.message, reason));
    assert_null(found.image.path);
}

static void what_cannot_be_a_row_is_refused(void **state)
{
    (void)state;
    assert_refused("no image was found in its folders");
    put_folder("a");
    put_file("a/1.png");
    put_file("a/2\n.png");
    assert_refused("a name with a newline cannot be put into a CSV: ./a/2?.png");
    assert_int_equal(unlink(scratch_path("a/2\n.png")), 0);
    assert_int_equal(symlink("nothing", scratch_path("a/broken")), 0);
    assert_refused("./a/broken is a symbolic link to nothing");
    assert_int_equal(unlink(scratch_path("a/broken")), 0);
    assert_int_equal(symlink("itself", scratch_path("a/itself")), 0);
    assert_refused("./a/itself is a symbolic link to nothing");
    struct image_folders found;
    assert_int_equal(image_folders_list(&found, "/no such", NULL, &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "/no such: not everything could be read"));
}

static void every_image_is_found_at_any_depth_also_one_that_cannot_be_read(void **state)
{
    (void)state;
    struct image_folders found;
    static const char *const want[] = {"a/1.png", "a/2\n.png", "a/b/gone.jpg", "z.JPG"};
    put_folder("a");
    put_folder("a/b");
    put_folder("a/.hidden");
    put_file("a/1.png");
    put_file("a/2\n.png");
    put_file("a/.hidden/3.png");
    put_file("a/notes.txt");
    put_file("z.JPG");
    assert_int_equal(symlink("nothing", scratch_path("a/b/gone.jpg")), 0);
    assert_int_equal(symlink("nothing", scratch_path("a/b/gone")), 0);
    assert_int_equal(symlink("..", scratch_path("a/loop")), 0);
    assert_int_equal(image_folders_every(&found, scratch_folder, NULL, &err), STATUS_OK);
    assert_int_equal(found.image.n, 4);
    for (int i = 0; i < 4; i++)
        assert_string_equal(found.image.path[i], want[i]);
    assert_int_equal(found.other.n, 2);
    assert_int_equal(found.loops.n, 1);
    assert_int_equal(found.loose.n + found.empty.n + found.n_classes, 0);
    image_folders_free(&found);
}

static void a_folder_without_an_image_is_refused(void **state)
{
    (void)state;
    struct image_folders found;
    put_folder("a");
    put_file("notes.txt");
    assert_int_equal(image_folders_every(&found, scratch_folder, NULL, &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "no image was found in it or in folders further down"));
    assert_null(found.image.path);
}

static void a_signal_ends_it(void **state)
{
    (void)state;
    struct image_folders found;
    volatile sig_atomic_t stop = 2;
    put_folder("a");
    put_file("a/1.png");
    assert_int_equal(image_folders_list(&found, scratch_folder, &stop, &err), STATUS_FAILED);
    assert_string_equal(err.message, "interrupted");
}

static void splits_are_train_and_its_like_alone(void **state)
{
    (void)state;
    const char *name[IMAGE_FOLDERS_MOST_SPLITS];
    put_folder("train");
    assert_int_equal(image_folders_splits(name, scratch_folder), 0); /* no folder in train */
    put_folder("train/a");
    assert_int_equal(image_folders_splits(name, scratch_folder), 1);
    put_folder("val");
    put_folder("test");
    put_folder(".git");
    put_file("notes.txt");
    assert_int_equal(image_folders_splits(name, scratch_folder), 3);
    assert_string_equal(name[0], "test");
    assert_string_equal(name[1], "train");
    assert_string_equal(name[2], "val");
    put_folder("bus");
    assert_int_equal(image_folders_splits(name, scratch_folder), 0);
    assert_int_equal(image_folders_splits(name, "/no such"), 0);
}

static void a_failing_allocation_gives_a_clean_error(void **state)
{
    (void)state;
    struct image_folders found;
    put_folder("a");
    put_folder("b");
    put_file("a/1.png");
    put_file("a/2.png");
    put_file("a/3.txt");
    put_file("4.png");
    assert_int_equal(symlink("..", scratch_path("a/loop")), 0);
    FAILING_ALLOC_EACH(list(&found), &err)
        assert_null(found.image.path);
    assert_int_equal(found.image.n, 2);
    image_folders_free(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(images_are_sorted_by_the_bytes_of_their_paths),
        SCRATCH_TEST(what_anybodys_tools_could_misread_is_quoted),
        SCRATCH_TEST(what_is_no_row_is_counted_with_its_first),
        SCRATCH_TEST(what_cannot_be_a_row_is_refused),
        SCRATCH_TEST(every_image_is_found_at_any_depth_also_one_that_cannot_be_read),
        SCRATCH_TEST(a_folder_without_an_image_is_refused),
        SCRATCH_TEST(a_signal_ends_it),
        SCRATCH_TEST(splits_are_train_and_its_like_alone),
        SCRATCH_TEST(a_failing_allocation_gives_a_clean_error),
    };
    return cmocka_run_group_tests_name("data/image_folders", tests, NULL, NULL);
}
