#include "run/train/class_weights.h"

#include "data/scratch_files.h"
#include "failing_alloc.h"

#include <math.h>

static char cat[] = "cat", dog[] = "dog", emu[] = "emu";
static char *names[] = {cat, dog, emu};
static const struct class_list classes = {names, 3};
static const int count[] = {6, 3, 0};
static struct error err;

static float *find(const char *choice)
{
    float *weight;
    if (class_weights_find(&weight, choice, &classes, count, &err))
        fail_msg("%s", err.message);
    return weight;
}

static void none_is_no_array(void **state)
{
    (void)state;
    assert_null(find("none"));
}

static void balanced_lets_each_class_that_is_there_weigh_the_same(void **state)
{
    (void)state;
    float *weight = find("balanced");
    assert_true(weight[0] == 0.75f && weight[1] == 1.5f); /* 9 / (2 x 6), 9 / (2 x 3) */
    assert_true(weight[2] == 1);
    free(weight);
}

static void a_csv_and_a_yaml_file_say_the_same(void **state)
{
    (void)state;
    const char *text[] = {"class,weight\nemu,3\ncat,0.5\n\"dog\",1e1\n",
                          "# of a study\nemu: 3\ndog: 10\ncat: 0.5\n"};
    const char *name[] = {"w.csv", "w.yaml"};
    for (int i = 0; i < 2; i++) {
        float *weight = find(scratch_write_text(name[i], text[i]));
        assert_true(weight[0] == 0.5f && weight[1] == 10 && weight[2] == 3);
        free(weight);
    }
}

static void what_is_wrong_in_a_file_is_named_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text, *message;
    } cases[] = {
        {"a.csv", "label,weight\ncat,1\n", "a.csv:1: the header \"class,weight\""},
        {"b.csv", "", "b.csv: class \"cat\" has no weight"},
        {"c.csv", "class,weight\ncat,1\nbee,1\n", "c.csv:3: \"bee\" is not a class"},
        {"d.csv", "class,weight\ncat,1\n\ncat,2\n", "d.csv:4: class \"cat\" is there twice"},
        {"e.csv", "class,weight\ncat,0\n", "e.csv:2: \"0\" is not a weight"},
        {"f.csv", "class,weight\ncat,-1\n", "\"-1\" is not a weight"},
        {"g.csv", "class,weight\ncat,nan\n", "\"nan\" is not a weight"},
        {"h.csv", "class,weight\ncat, 1\n", "\" 1\" is not a weight"},
        {"i.csv", "class,weight\ncat,1e-60\n", "\"1e-60\" is not a weight"},
        {"j.csv", "class,weight\ncat,1e60\n", "\"1e60\" is not a weight"},
        {"k.csv", "class,weight\ncat,1,2\n", "k.csv:2: 3 fields"},
        {"l.csv", "class,weight\ncat,1\ndog,1\n", "l.csv: class \"emu\" has no weight"},
        {"a.yaml", "- 1\n", "a.yaml: lines \"class: weight\""},
        {"b.yaml", "cat: 1\ndog: [1, 2]\n", "b.yaml:2: a weight was expected behind \"dog\""},
        {"c.yml", "cat: 1\ncat: 2\n", "c.yml:2:"},
        {"d.yml", "cat: heavy\n", "d.yml:1: \"heavy\" is not a weight"},
    };
    float *weight;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *path = scratch_write_text(cases[i].name, cases[i].text);
        assert_int_equal(class_weights_find(&weight, path, &classes, count, &err), STATUS_FAILED);
        assert_null(weight);
        if (!strstr(err.message, cases[i].message))
            fail_msg("\"%s\" instead of \"%s\"", err.message, cases[i].message);
    }
    assert_int_equal(class_weights_find(&weight, scratch_path("absent"), &classes, count, &err),
                     STATUS_FAILED);
    assert_int_equal(class_weights_find(&weight, "balance", &classes, count, &err), STATUS_USAGE);
}

static void without_memory_there_is_an_error(void **state)
{
    (void)state;
    const char *path = scratch_write_text("w.csv", "class,weight\ncat,1\ndog,1\nemu,1\n");
    float *weight;
    FAILING_ALLOC_EACH(class_weights_find(&weight, path, &classes, count, &err), &err)
        free(weight);
    free(weight);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(none_is_no_array),
        cmocka_unit_test(balanced_lets_each_class_that_is_there_weigh_the_same),
        cmocka_unit_test_setup_teardown(a_csv_and_a_yaml_file_say_the_same, scratch_make,
                                        scratch_remove),
        cmocka_unit_test_setup_teardown(what_is_wrong_in_a_file_is_named_with_its_line,
                                        scratch_make, scratch_remove),
        cmocka_unit_test_setup_teardown(without_memory_there_is_an_error, scratch_make,
                                        scratch_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
