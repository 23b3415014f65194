#include "data/flip_ranking.h"

#include "base/files.h"
#include "base/memory.h"
#include "data/columns.h"
#include "data/identity.h"
#include "io/csv.h"

#include <stdlib.h>

struct reading {
    char *folder; /* of all images */
    struct identity identity;
    struct string_index flipped; /* identities */
};

static enum status read_images(struct csv_table *out, int *column, const char *path,
                               struct error *err)
{
    if (csv_table_read(out, path, ',', err) != STATUS_OK)
        return err->status;
    if (out->n_rows == 0)
        return error_set(err, "%s: the file is empty; expected rows of images", path);
    return columns_find(column, out->row, "image", false, path, err);
}

/* *name = the identity of the row's image; valid until the next call. NULL: the row is too short.
 */
static enum status identify(const char **name, struct reading *r, const struct csv_row *row,
                            int column, struct error *err)
{
    char *path = NULL;
    *name = NULL;
    if (column >= row->n_fields)
        return STATUS_OK;
    if (files_join(&path, r->folder, row->field[column], err) != STATUS_OK)
        return err->status;
    enum status status = identity_resolve(&r->identity, name, path, err);
    free(path);
    return status;
}

static enum status take_flipped(struct reading *r, const struct csv_table *table, int column,
                                struct error *err)
{
    const char *name;
    int number;
    for (size_t i = 1; i < table->n_rows; i++) {
        if (identify(&name, r, &table->row[i], column, err) != STATUS_OK ||
            (name && string_index_add(&r->flipped, &number, name, err) != STATUS_OK))
            return err->status;
    }
    return STATUS_OK;
}

static enum status rank(struct flip_ranking *out, struct reading *r, const struct csv_table *table,
                        int column, struct error *err)
{
    const char *name;
    out->n = (int)table->n_rows - 1;
    out->found = memory_array(table->n_rows, sizeof *out->found, "a ranking", err);
    if (!out->found)
        return err->status;
    for (int i = 0; i < out->n; i++) {
        if (identify(&name, r, &table->row[i + 1], column, err) != STATUS_OK)
            return err->status;
        out->found[i + 1] = out->found[i] + (name && string_index_find(&r->flipped, name) >= 0);
    }
    return STATUS_OK;
}

static enum status read_flipped(struct reading *r, const char *path, struct error *err)
{
    struct csv_table table = {0};
    int column;
    enum status status = read_images(&table, &column, path, err);
    if (status == STATUS_OK)
        status = take_flipped(r, &table, column, err);
    csv_table_free(&table);
    return status;
}

static enum status read_ranking(struct flip_ranking *out, struct reading *r, const char *path,
                                struct error *err)
{
    struct csv_table table = {0};
    int column;
    enum status status = read_images(&table, &column, path, err);
    if (status == STATUS_OK)
        status = rank(out, r, &table, column, err);
    csv_table_free(&table);
    return status;
}

enum status flip_ranking_read(struct flip_ranking *out, const char *flipped, const char *ranking,
                              struct error *err)
{
    struct reading r = {0};
    *out = (struct flip_ranking){0};
    enum status status = files_directory(&r.folder, flipped, err);
    if (status == STATUS_OK)
        status = read_flipped(&r, flipped, err);
    if (status == STATUS_OK)
        status = read_ranking(out, &r, ranking, err);
    if (status == STATUS_OK && out->found[out->n] == 0)
        status = error_set(err, "%s: has none of the images of %s", ranking, flipped);
    if (status != STATUS_OK) {
        free(out->found);
        *out = (struct flip_ranking){0};
    }
    free(r.folder);
    identity_free(&r.identity);
    string_index_free(&r.flipped);
    return status;
}
