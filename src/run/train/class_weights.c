#include "run/train/class_weights.h"

#include "base/files.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/text.h"
#include "io/csv.h"
#include "io/yaml.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void balance(float *weight, const int *count, int classes)
{
    double images = 0, present = 0;

    for (int c = 0; c < classes; c++) {
        images += count[c];
        present += count[c] > 0;
    }
    for (int c = 0; c < classes; c++)
        weight[c] = count[c] > 0 ? (float)(images / present / count[c]) : 1;
}

/* weight is 0 where the file has said nothing yet. */
static enum status set(float *weight, const struct class_list *classes, const char *name,
                       const char *value, const char *path, int line, struct error *err)
{
    int class = class_list_find(classes, name);
    double number;

    if (class < 0)
        return error_set(err, "%s:%d: \"%s\" is not a class of the data", path, line, name);
    if (weight[class] > 0)
        return error_set(err, "%s:%d: class \"%s\" is there twice", path, line, name);
    if (!number_parse(&number, value) || !((float)number > 0) || !isfinite((float)number))
        return error_set(err, "%s:%d: \"%s\" is not a weight: a number above 0 was expected", path,
                         line, value);
    weight[class] = (float)number;
    return STATUS_OK;
}

static enum status read_csv(float *weight, const struct class_list *classes, const char *path,
                            struct error *err)
{
    struct csv_table table = {0};
    enum status status = csv_table_read(&table, path, ',', err);

    for (size_t i = 0; status == STATUS_OK && i < table.n_rows; i++) {
        const struct csv_row *row = &table.row[i];
        bool pair = row->n_fields == 2;
        if (i == 0 &&
            !(pair && strcmp(row->field[0], "class") == 0 && strcmp(row->field[1], "weight") == 0))
            status =
                error_set(err, "%s:%d: the header \"class,weight\" was expected", path, row->line);
        else if (!pair)
            status = error_set(err, "%s:%d: %d field%s, but class and weight were expected", path,
                               row->line, row->n_fields, row->n_fields == 1 ? "" : "s");
        else if (i > 0)
            status = set(weight, classes, row->field[0], row->field[1], path, row->line, err);
    }
    csv_table_free(&table);
    return status;
}

static enum status read_yaml(float *weight, const struct class_list *classes, const char *path,
                             struct error *err)
{
    struct yaml_tree *root = NULL;
    enum status status = yaml_tree_read(&root, path, err);

    if (status == STATUS_OK && root->kind != YAML_MAP)
        status = error_set(err, "%s: lines \"class: weight\" were expected", path);
    for (int i = 0; status == STATUS_OK && i < root->n; i++) {
        const struct yaml_tree *value = &root->child[i];
        if (value->kind != YAML_SCALAR)
            status = error_set(err, "%s:%d: a weight was expected behind \"%s\"", path,
                               root->key_line[i], root->key[i]);
        else
            status = set(weight, classes, root->key[i], value->text, path, root->key_line[i], err);
    }
    yaml_tree_free(root);
    return status;
}

static enum status read_file(float *weight, const struct class_list *classes, const char *path,
                             struct error *err)
{
    bool yaml = text_ends_in(path, ".yaml") || text_ends_in(path, ".yml");
    enum status status = (yaml ? read_yaml : read_csv)(weight, classes, path, err);

    for (int c = 0; status == STATUS_OK && c < classes->n; c++)
        if (weight[c] == 0)
            status = error_set(err, "%s: class \"%s\" has no weight", path, classes->name[c]);
    return status;
}

enum status class_weights_find(float **weight, const char *choice, const struct class_list *classes,
                               const int *count, struct error *err)
{
    *weight = NULL;
    if (strcmp(choice, "none") == 0)
        return STATUS_OK;
    /* What looks like no file's name was meant for one of the words. */
    if (strcmp(choice, "balanced") != 0 && !strpbrk(choice, "./") && !files_exist(choice))
        return error_usage(err, "--class-weights: \"%s\" is neither none, balanced nor a file",
                           choice);
    float *found = memory_array((size_t)classes->n, sizeof *found, "class weights", err);
    if (!found)
        return err->status;
    if (strcmp(choice, "balanced") == 0) {
        balance(found, count, classes->n);
    } else if (read_file(found, classes, choice, err) != STATUS_OK) {
        free(found);
        return err->status;
    }
    *weight = found;
    return STATUS_OK;
}
