/* The pictures are compressed side by side, which takes most of the time. */
#include "run/files/first_batches.h"

#include "base/files.h"
#include "base/parallel.h"
#include "image/encode_png.h"
#include "io/csv.h"
#include "run/files/mosaic.h"

#include <stdio.h>

const char *const first_batches_file[FIRST_BATCHES + 1] = {
    "train_batch_0.png", "train_batch_1.png", "train_batch_2.png", "train_batches.csv"};

struct picture {
    const char *path;
    struct mosaic mosaic;
    struct error err;
};

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

static void save_piece(void *context, int piece, int worker)
{
    struct picture *p = (struct picture *)context + piece;

    (void)worker;
    p->err.status = save(p->path, &p->mosaic, &p->err);
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

static enum status draw(struct mosaic *m, FILE *table, const struct batch *b,
                        const struct dataset *data, const struct loader_options *opt,
                        struct error *err)
{
    int n = b->n < MOSAIC_MAX_CELLS ? b->n : MOSAIC_MAX_CELLS;
    size_t image_values = (size_t)opt->fit.size * (size_t)opt->fit.size * 3;
    enum status status = mosaic_create(m, n, opt->fit.size, opt->mean, opt->std, err);

    for (int i = 0; status == STATUS_OK && i < n; i++) {
        status = mosaic_put(m, i, b->x + (size_t)i * image_values, err);
        put_row(table, first_batches_file[b->index], m, i, data, b->row[i]);
    }
    return status;
}

/* Draws up to FIRST_BATCHES pictures, *n of them. */
static enum status draw_all(struct picture *picture, int *n, FILE *table, const char *const *path,
                            struct loader *loader, const struct dataset *data,
                            const struct loader_options *opt, struct error *err)
{
    enum status status = loader_start(loader, 0, 0, err);

    for (int i = 0; status == STATUS_OK && i < FIRST_BATCHES; i++) {
        struct batch b;
        status = loader_next(loader, &b, err);
        if (status != STATUS_OK || b.places == 0)
            break;
        if (b.n == 0)
            continue;
        picture[*n].path = path[i];
        status = draw(&picture[(*n)++].mosaic, table, &b, data, opt, err);
    }
    return status;
}

static enum status save_all(struct picture *picture, int n, struct error *err)
{
    parallel_for(save_piece, picture, n);
    for (int i = 0; i < n; i++)
        if (picture[i].err.status != STATUS_OK) {
            *err = picture[i].err;
            return err->status;
        }
    return STATUS_OK;
}

enum status first_batches_write(const char *const path[FIRST_BATCHES + 1], struct loader *loader,
                                const struct dataset *data, const struct loader_options *opt,
                                struct error *err)
{
    struct files_writer w;
    struct picture picture[FIRST_BATCHES] = {0};
    int n = 0;
    enum status status = files_open(&w, path[FIRST_BATCHES], err);

    if (status != STATUS_OK)
        return status;
    fputs("image,row,column,image,label\n", w.stream);
    status = draw_all(picture, &n, w.stream, path, loader, data, opt, err);
    if (status == STATUS_OK)
        status = save_all(picture, n, err);
    for (int i = 0; i < n; i++)
        mosaic_free(&picture[i].mosaic);
    if (status == STATUS_OK)
        return files_commit(&w, err);
    files_abandon(&w);
    return status;
}
