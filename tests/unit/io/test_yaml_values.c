#include "io/yaml.h"

#include "scratch.h"

#include <limits.h>

static struct error err;

static struct yaml_tree *parse(const char *yaml)
{
    struct yaml_tree *root;
    assert_int_equal(yaml_tree_parse(&root, yaml, strlen(yaml), "f.yaml", &err), STATUS_OK);
    return root;
}

static void a_key_is_found_in_a_map_only(void **state)
{
    (void)state;
    struct yaml_tree *root = parse("a: 1\nb: [a]\n");
    assert_ptr_equal(yaml_tree_find(root, "b"), &root->child[1]);
    assert_null(yaml_tree_find(root, "c"));
    assert_null(yaml_tree_find(&root->child[1], "a"));
    yaml_tree_free(root);
}

static void integers_are_strictly_decimal_and_in_range(void **state)
{
    (void)state;
    static const struct {
        const char *yaml;
        long value;
    } good[] = {{"0", 0}, {"7", 7}, {"-3", -3}, {"'100'", 100}, {"-100", -100}, {"100", 100}};
    static const char *const bad[] = {"",     "+7",  "07",  "00",   "7.0", "0x7",
                                      "1e2",  "7 8", "1_0", "-",    "--1", "101",
                                      "-101", "abc", "7a",  "true", "~",   "99999999999999999999"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        long value = 12345;
        struct yaml_tree *root = parse(good[i].yaml);
        assert_int_equal(yaml_tree_int(&value, root, "x", -100, 100, &err), STATUS_OK);
        assert_int_equal(value, good[i].value);
        yaml_tree_free(root);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        long value = 12345;
        char yaml[64];
        snprintf(yaml, sizeof yaml, "x: \"%s\"", bad[i]);
        struct yaml_tree *root = parse(yaml);
        assert_int_equal(yaml_tree_int(&value, &root->child[0], "x", -100, 100, &err),
                         STATUS_FAILED);
        assert_int_equal(value, 12345);
        yaml_tree_free(root);
    }
}

static void the_largest_integers_are_read_and_no_larger_ones(void **state)
{
    (void)state;
    long value;
    struct yaml_tree *root = parse("[9223372036854775807, -9223372036854775808, "
                                   "9223372036854775808, -9223372036854775809]");
    assert_int_equal(yaml_tree_int(&value, &root->child[0], "x", LONG_MIN, LONG_MAX, &err), 0);
    assert_true(value == LONG_MAX);
    assert_int_equal(yaml_tree_int(&value, &root->child[1], "x", LONG_MIN, LONG_MAX, &err), 0);
    assert_true(value == LONG_MIN);
    for (int i = 2; i < 4; i++)
        assert_int_equal(yaml_tree_int(&value, &root->child[i], "x", LONG_MIN, LONG_MAX, &err),
                         STATUS_FAILED);
    yaml_tree_free(root);
}

static void a_wrong_integer_is_named_with_line_text_and_range(void **state)
{
    (void)state;
    long value;
    struct yaml_tree *root = parse("a: 1\nwidth: 3x\nlist: [1]\nmap: {a: 1}\n");
    yaml_tree_int(&value, yaml_tree_find(root, "width"), "width", 1, 64, &err);
    assert_string_equal(err.message, "f.yaml:2: width: \"3x\" is not an integer in 1..64");
    yaml_tree_int(&value, yaml_tree_find(root, "list"), "list", 1, 64, &err);
    assert_string_equal(err.message,
                        "f.yaml:3: list: an integer in 1..64 was expected, not a list");
    yaml_tree_int(&value, yaml_tree_find(root, "map"), "map", 1, 64, &err);
    assert_string_equal(err.message, "f.yaml:4: map: an integer in 1..64 was expected, not a map");
    yaml_tree_free(root);
}

static char *put(const char *before, const char *text, const char *after)
{
    char *yaml;
    size_t size;
    FILE *stream = open_memstream(&yaml, &size);
    fputs(before, stream);
    yaml_put_text(stream, text);
    fputs(after, stream);
    fclose(stream);
    return yaml;
}

static void assert_put(const char *text, const char *expected)
{
    char *yaml = put("", text, "");
    assert_string_equal(yaml, expected);
    free(yaml);
}

static void text_is_quoted_only_when_it_must_be(void **state)
{
    (void)state;
    assert_put("448", "448");
    assert_put("1e-3", "1e-3");
    assert_put("-1", "-1");
    assert_put("70%", "70%");
    assert_put("../photos/a_b.csv", "../photos/a_b.csv");
    assert_put("", "\"\"");
    assert_put("a b", "\"a b\"");
    assert_put("-", "\"-\"");
    assert_put("---", "\"---\"");
    assert_put("...", "\"...\"");
    assert_put("%x", "\"%x\"");
    assert_put("a: b # c", "\"a: b # c\"");
    assert_put("say \"hi\"\\\n", "\"say \\\"hi\\\"\\\\\\n\"");
    assert_put("\xC3\xA4", "\"\xC3\xA4\"");
    assert_put("\xC2\x85\xE2\x80\xA8\x7F", "\"\\x85\\u2028\\x7F\"");
}

/* One random character as UTF-8, biased towards those that mean something. */
static size_t put_random_character(char *at, unsigned random)
{
    static const char special[] = "\"'\\:#-?[]{},&*!|>%@` \t\n\r.~0aZ\x01\x1F\x7F";
    unsigned code = random >> 2 & 0xFFF;
    if (random & 1) {
        *at = special[code % (sizeof special - 1)];
        return 1;
    }
    if (code < 0x80)
        code += 0x80;
    if (random & 2)
        code |= 0x2000; /* around U+2028 */
    if (code < 0x800) {
        at[0] = (char)(0xC0 | code >> 6);
        at[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    at[0] = (char)(0xE0 | code >> 12);
    at[1] = (char)(0x80 | (code >> 6 & 0x3F));
    at[2] = (char)(0x80 | (code & 0x3F));
    return 3;
}

static void any_text_that_was_put_is_read_back(void **state)
{
    (void)state;
    unsigned seed = 1;
    for (int i = 0; i < 20000; i++) {
        char text[64];
        size_t used = 0;
        int characters = i % 8;
        for (int c = 0; c < characters; c++) {
            seed = seed * 1103515245u + 12345u;
            used += put_random_character(text + used, seed >> 8);
        }
        text[used] = '\0';
        char *yaml = put("key: ", text, "\nnext: 1\n");
        struct yaml_tree *root = parse(yaml);
        assert_int_equal(root->n, 2);
        assert_string_equal(root->child[0].text, text);
        yaml_tree_free(root);
        free(yaml);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_found_in_a_map_only),
        cmocka_unit_test(integers_are_strictly_decimal_and_in_range),
        cmocka_unit_test(the_largest_integers_are_read_and_no_larger_ones),
        cmocka_unit_test(a_wrong_integer_is_named_with_line_text_and_range),
        cmocka_unit_test(text_is_quoted_only_when_it_must_be),
        cmocka_unit_test(any_text_that_was_put_is_read_back),
    };
    return cmocka_run_group_tests_name("yaml_values", tests, NULL, NULL);
}
