#include "io/yaml.h"

#include "failing_alloc.h"
#include "scratch.h"

static struct error err;

/* A map as {key@line=value ...}, a list as [value ...], a scalar as 'text'@line. */
static void describe(FILE *stream, const struct yaml_tree *node)
{
    if (node->kind == YAML_SCALAR) {
        fprintf(stream, "'%s'@%d", node->text, node->line);
        return;
    }
    fputc(node->kind == YAML_MAP ? '{' : '[', stream);
    for (int i = 0; i < node->n; i++) {
        fputs(i > 0 ? " " : "", stream);
        if (node->kind == YAML_MAP)
            fprintf(stream, "%s@%d=", node->key[i], node->key_line[i]);
        describe(stream, &node->child[i]);
    }
    fputc(node->kind == YAML_MAP ? '}' : ']', stream);
}

static void assert_tree(const char *yaml, const char *expected)
{
    struct yaml_tree *root;
    char *text;
    size_t size;
    assert_int_equal(yaml_tree_parse(&root, yaml, strlen(yaml), "f.yaml", &err), STATUS_OK);
    FILE *stream = open_memstream(&text, &size);
    describe(stream, root);
    fclose(stream);
    assert_string_equal(text, expected);
    assert_string_equal(root->file, "f.yaml");
    free(text);
    yaml_tree_free(root);
}

static void assert_refused(const char *yaml, const char *message)
{
    struct yaml_tree *root;
    assert_int_equal(yaml_tree_parse(&root, yaml, strlen(yaml), "f.yaml", &err), STATUS_FAILED);
    assert_null(root);
    assert_memory_equal(err.message, message, strlen(message));
}

static void maps_lists_and_scalars_know_their_lines(void **state)
{
    (void)state;
    assert_tree("a: 1\n\nb:\n  - x\n  - {c: y}\n", "{a@1='1'@1 b@3=['x'@4 {c@5='y'@5}]}");
    assert_tree("a: [1, 2]\r\nb: 3\r\n", "{a@1=['1'@1 '2'@1] b@2='3'@2}");
    assert_tree("just text", "'just text'@1");
    assert_tree("--- # one document\na: 1\n...\n", "{a@2='1'@2}");
}

static void quotes_are_removed_and_comments_are_no_text(void **state)
{
    (void)state;
    assert_tree("a: \"x # y\" # z\nb: 'it''s'\nc: \"\\u00e4\\n\"\n",
                "{a@1='x # y'@1 b@2='it's'@2 c@3='\xC3\xA4\n'@3}");
    assert_tree("a:\nb: ''\n", "{a@1=''@1 b@2=''@2}");
    assert_tree("a: |\n  x\n  y\n", "{a@1='x\ny\n'@1}");
}

static void nothing_but_comments_is_a_map_without_keys(void **state)
{
    (void)state;
    assert_tree("", "{}");
    assert_tree("# settings\n", "{}");
    assert_tree("\xEF\xBB\xBF", "{}");
}

static void syntax_errors_name_file_and_line(void **state)
{
    (void)state;
    assert_refused("a: 1\nb: [2\n", "f.yaml:3: not valid YAML: did not find expected ',' or ']'");
    assert_refused("a: 1\nb: c: d\n", "f.yaml:2: not valid YAML: mapping values are not allowed");
    assert_refused("a:\n\tb: 1\n", "f.yaml:2: not valid YAML: found character");
    assert_refused("a: 1\n\nb: \xFF\n", "f.yaml:3: not valid YAML: ");
    assert_refused("a: 1\nb: \x01\n", "f.yaml:2: not valid YAML: control characters");
    assert_refused("a: 1\n b: 2\n", "f.yaml:2: not valid YAML");
}

static void what_settings_do_not_need_is_refused(void **state)
{
    (void)state;
    assert_refused("a: &x 1\n", "f.yaml:1: anchors (&name) are not supported");
    assert_refused("a: &x [1]\n", "f.yaml:1: anchors");
    assert_refused("a: &x {b: 1}\n", "f.yaml:1: anchors");
    assert_refused("&x a: 1\n", "f.yaml:1: anchors");
    assert_refused("a: 1\nb: *x\n", "f.yaml:2: aliases (*name) are not supported");
    assert_refused("*x : 1\n", "f.yaml:1: aliases");
    assert_refused("a: !!int 3\n", "f.yaml:1: tags (!name) are not supported");
    assert_refused("a: !x [3]\n", "f.yaml:1: tags");
    assert_refused("a: ! 3\n", "f.yaml:1: tags");
    assert_refused("a: 1\n---\nb: 2\n", "f.yaml:2: a second document begins");
    assert_refused("[a]: 1\n", "f.yaml:1: a list or map cannot be a key");
    assert_refused("? {a: 1}\n: 2\n", "f.yaml:1: a list or map cannot be a key");
    assert_refused("a: \"x\\0y\"\n", "f.yaml:1: text with a zero character");
    assert_refused("\"x\\0y\": 1\n", "f.yaml:1: text with a zero character");
}

static void a_key_that_occurs_twice_names_both_lines(void **state)
{
    (void)state;
    assert_refused("a: 1\nb: 2\n\na: 3\n", "f.yaml:4: key \"a\" is already in line 1");
    assert_refused("m:\n  b: 2\n  'b': 3\n", "f.yaml:3: key \"b\" is already in line 2");
    assert_tree("m: {a: 1}\na: 2\n", "{m@1={a@1='1'@1} a@2='2'@2}");
}

static void nesting_and_the_number_of_keys_have_limits(void **state)
{
    (void)state;
    char text[100000];
    struct yaml_tree *root;
    memset(text, '[', 16);
    memset(text + 16, ']', 16);
    assert_int_equal(yaml_tree_parse(&root, text, 32, "f", &err), STATUS_OK);
    yaml_tree_free(root);
    memset(text, '[', 17);
    memset(text + 17, ']', 17);
    assert_int_equal(yaml_tree_parse(&root, text, 34, "f", &err), STATUS_FAILED);
    assert_string_equal(err.message, "f:1: nested deeper than 16 levels");
    memset(text, '[', sizeof text); /* libyaml alone would go on */
    assert_int_equal(yaml_tree_parse(&root, text, sizeof text, "f", &err), STATUS_FAILED);

    size_t used = 0;
    for (int i = 0; i < 4096; i++)
        used += (size_t)sprintf(text + used, "k%d: 1\n", i);
    assert_int_equal(yaml_tree_parse(&root, text, used, "f", &err), STATUS_OK);
    yaml_tree_free(root);
    used += (size_t)sprintf(text + used, "one more: 1\n");
    assert_int_equal(yaml_tree_parse(&root, text, used, "f", &err), STATUS_FAILED);
    assert_string_equal(err.message, "f:4097: more than 4096 keys");
}

static char *spaces(size_t n)
{
    char *text = malloc(n);
    assert_non_null(text);
    memset(text, ' ', n);
    return text;
}

static void a_file_is_read_by_its_path(void **state)
{
    (void)state;
    struct yaml_tree *root;
    const char *path = scratch_write("a.yaml", "a: 1\n", 5);
    assert_int_equal(yaml_tree_read(&root, path, &err), STATUS_OK);
    assert_string_equal(root->child[0].file, path);
    yaml_tree_free(root);
    yaml_tree_free(NULL);
    assert_int_equal(yaml_tree_read(&root, "/absent.yaml", &err), STATUS_FAILED);
    assert_string_equal(err.message, "cannot open \"/absent.yaml\": No such file or directory");
    assert_int_equal(yaml_tree_read(&root, "/dev/zero", &err), STATUS_FAILED);
    assert_string_equal(err.message, "/dev/zero is a device, not a file");
    char *large = spaces(1024 * 1024 + 1);
    path = scratch_write("large.yaml", large, 1024 * 1024 + 1);
    free(large);
    assert_int_equal(yaml_tree_read(&root, path, &err), STATUS_FAILED);
    assert_non_null(
        strstr(err.message, "large.yaml: the file has 1048577 bytes, more than 1048576"));
}

/* Any bytes give a tree or an error, and no finding of the sanitizers. */
static void damaged_files_give_an_error_or_a_tree(void **state)
{
    (void)state;
    const char *whole = "a: [1, 'x', \"\\u00e4\"]\nb: {c: |\n d\n}\n? e\n: - f\n  - g\n";
    char text[128];
    unsigned seed = 1;
    size_t size = strlen(whole);
    for (int i = 0; i < 20000; i++) {
        struct yaml_tree *root;
        memcpy(text, whole, size);
        for (int flips = 0; flips < 3; flips++) {
            seed = seed * 1103515245u + 12345u;
            text[(seed >> 16) % size] = (char)(seed >> 8);
        }
        if (yaml_tree_parse(&root, text, size, "f", &err) == STATUS_OK)
            yaml_tree_free(root);
        else
            assert_non_null(strstr(err.message, "f:"));
    }
}

static void a_failing_allocation_is_a_clean_error(void **state)
{
    (void)state;
    struct yaml_tree *root;
    const char *yaml = "a: 1\nb: [x, {c: y, d: z}]\n";
    FAILING_ALLOC_EACH(yaml_tree_parse(&root, yaml, strlen(yaml), "f", &err), &err)
        assert_null(root);
    yaml_tree_free(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(maps_lists_and_scalars_know_their_lines),
        cmocka_unit_test(quotes_are_removed_and_comments_are_no_text),
        cmocka_unit_test(nothing_but_comments_is_a_map_without_keys),
        cmocka_unit_test(syntax_errors_name_file_and_line),
        cmocka_unit_test(what_settings_do_not_need_is_refused),
        cmocka_unit_test(a_key_that_occurs_twice_names_both_lines),
        cmocka_unit_test(nesting_and_the_number_of_keys_have_limits),
        SCRATCH_TEST(a_file_is_read_by_its_path),
        cmocka_unit_test(damaged_files_give_an_error_or_a_tree),
        cmocka_unit_test(a_failing_allocation_is_a_clean_error),
    };
    return cmocka_run_group_tests_name("yaml", tests, NULL, NULL);
}
