#include "run/files/first_batches.h"

#include "base/files.h"
#include "image/encode_png.h"
#include "io/csv.h"
#include "run/files/mosaic.h"

#include <stdio.h>

const char *const first_batches_file[FIRST_BATCHES + 1] = {
    "train_batch_0.png", "train_batch_1.png", "train_batch_2.png", "train_batches.csv"};

static enum status save(const char *path, const struct mosaic *m, struct error *err)
{
    struct files_writer w;
    enum status status = files_open(&w, path, err);

    if (status != STATUS_OK)
        return status;
    status = encode_png(w.stream, m->rgb, m->width, m->height, err);
    if (status == STATUS_OK)
        return files_commit(&w, err);
    files_abandon(&w);
    return error_prefix(err, "%s", path);
}

static void put_row(FILE *table, const char *name, const struct mosaic *m, int cell,
                    const struct dataset *data, int row)
{
    const struct sample *sample = dataset_sample(data, row);

    fprintf(table, "%s,%d,%d,", name, cell / m->columns + 1, cell % m->columns + 1);
    csv_put_field(table, sample->image);
    fputc(',', table);
    csv_put_field(table, dataset_classes(data)->name[sample->label]);
    fputc('\n', table);
}

static enum status show(const char *path, FILE *table, const struct batch *b,
                        const struct dataset *data, const struct loader_options *opt,
                        struct error *err)
{
    int n = b->n < MOSAIC_MAX_CELLS ? b->n : MOSAIC_MAX_CELLS;
    size_t image_values = (size_t)opt->fit.size * (size_t)opt->fit.size * 3;
    struct mosaic m;
    enum status status = mosaic_create(&m, n, opt->fit.size, opt->mean, opt->std, err);

    for (int i = 0; status == STATUS_OK && i < n; i++) {
        status = mosaic_put(&m, i, b->x + (size_t)i * image_values, err);
        put_row(table, first_batches_file[b->index], &m, i, data, b->row[i]);
    }
    if (status == STATUS_OK)
        status = save(path, &m, err);
    mosaic_free(&m);
    return status;
}

enum status first_batches_write(const char *const path[FIRST_BATCHES + 1], struct loader *loader,
                                const struct dataset *data, const struct loader_options *opt,
                                struct error *err)
{
    struct files_writer w;
    enum status status = files_open(&w, path[FIRST_BATCHES], err);

    if (status != STATUS_OK)
        return status;
    fputs("image,row,column,image,label\n", w.stream);
    status = loader_start(loader, 0, 0, err);
    for (int i = 0; status == STATUS_OK && i < FIRST_BATCHES; i++) {
        struct batch b;
        status = loader_next(loader, &b, err);
        if (status != STATUS_OK || b.places == 0)
            break;
        if (b.n > 0)
            status = show(path[i], w.stream, &b, data, opt, err);
    }
    if (status == STATUS_OK)
        return files_commit(&w, err);
    files_abandon(&w);
    return status;
}
