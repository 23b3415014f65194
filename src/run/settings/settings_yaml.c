#include "run/settings/settings_yaml.h"

#include "base/files.h"
#include "base/text_stream.h"
#include "io/yaml.h"

#include <stdlib.h>
#include <string.h>

/* The value's text: a scalar as it stands, a list's scalars with commas between ("r,g,b"). */
static enum status value_text(char **out, const struct yaml_tree *value, const char *where,
                              struct error *err)
{
    struct text_stream t;

    if (text_stream_open(&t, "a setting's text", err) != STATUS_OK)
        return err->status;
    bool good = value->kind != YAML_MAP;
    if (value->kind == YAML_SCALAR)
        fputs(value->text, t.stream);
    for (int i = 0; good && value->kind == YAML_LIST && i < value->n; i++) {
        good = value->child[i].kind == YAML_SCALAR;
        if (good)
            fprintf(t.stream, "%s%s", i ? "," : "", value->child[i].text);
    }
    if (good)
        return text_stream_close(out, NULL, &t, "a setting's text", err);
    text_stream_discard(&t);
    return error_usage(err, "%s: a single value was expected", where);
}

static bool is_list(const struct setting *item)
{
    return item->type == SETTING_RGB || item->type == SETTING_RANGE || item->type == SETTING_INTS;
}

static enum status read_key(struct settings *s, const struct yaml_tree *root, int i,
                            struct error *err)
{
    const char *key = root->key[i];
    const struct setting *item = settings_table_find(key);
    const struct yaml_tree *value = &root->child[i];
    char where[512];
    char *text = NULL;

    snprintf(where, sizeof where, "%s:%d: %s", root->file, root->key_line[i], key);
    if (!item) {
        const char *near = settings_table_suggest(key);
        return error_usage(err, "%s:%d: unknown key \"%s\"%s%s%s", root->file, root->key_line[i],
                           key, near ? "; did you mean \"" : "", near ? near : "",
                           near ? "\"?" : "");
    }
    if (item->use == SETTING_COMMAND)
        return error_usage(err, "%s belongs on the command line, not in a file", where);
    if (value->kind == YAML_LIST && !is_list(item))
        return error_usage(err, "%s: a single value was expected, not a list", where);
    enum status status = value_text(&text, value, where, err);
    if (status != STATUS_OK)
        return status;
    status = settings_set(s, item, text, where, err);
    free(text);
    return status;
}

enum status settings_yaml_read(struct settings *s, const char *path, struct error *err)
{
    struct yaml_tree *root = NULL;
    enum status status = yaml_tree_read(&root, path, err);

    if (status != STATUS_OK)
        return status;
    if (root->kind != YAML_MAP)
        status = error_usage(err, "%s: \"key: value\" lines were expected", path);
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; status == STATUS_OK && i < root->n; i++) {
            const struct setting *item = settings_table_find(root->key[i]);
            if ((item && item->leads) == (pass == 0))
                status = read_key(s, root, i, err);
        }
    }
    yaml_tree_free(root);
    return status;
}

void settings_yaml_write(const struct settings *s, FILE *stream)
{
    int n;
    const struct setting *table = settings_table(&n);
    const char *group = NULL;
    char buffer[SETTINGS_TEXT_BYTES];

    for (int i = 0; i < n; i++) {
        const struct setting *item = &table[i];
        const char *text = settings_text(s, item, buffer);
        if (!text || item->use == SETTING_UNSAVED || item->use == SETTING_COMMAND)
            continue;
        if (item->group != group)
            fprintf(stream, "%s# %s\n", group ? "\n" : "", item->group);
        group = item->group;
        fprintf(stream, "%s: ", item->name);
        if (is_list(item) && strchr(text, ','))
            fprintf(stream, "[%s]", text);
        else
            yaml_put_text(stream, text);
        fputc('\n', stream);
    }
}
