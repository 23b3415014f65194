/* Which images are listed, and which small images go with them. */
#include "run/page/run_document.h"

#include "base/base64.h"
#include "base/files.h"
#include "base/memory.h"
#include "base/relative_path.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

enum { HARD_OF_EACH_CLASS = 10 };

struct side {
    char *root; /* of relative image paths; NULL: it is not known */
    char *link; /* the same, seen from the run folder */
};

/* ---- where the photos are ---- */

static void free_side(struct side *s)
{
    free(s->root);
    free(s->link);
}

/* None of it is an error: then there are no links. */
static void find_side(struct side *out, const struct page_run *run, const char *table)
{
    const struct settings *s = &run->settings;
    struct error ignored;
    char *folder = NULL;
    char *root = NULL;

    *out = (struct side){0};
    if (!s->images && (!table || files_directory(&folder, table, &ignored) != STATUS_OK))
        return;
    out->root = folder ? folder : memory_string(s->images, &ignored);
    root = out->root ? realpath(out->root, NULL) : NULL;
    char *from = realpath(run->folder, NULL);
    if (root && from && relative_path_find(&out->link, from, root, &ignored) != STATUS_OK)
        out->link = NULL;
    free(root);
    free(from);
}

/* Whether its file is there, so that a link leads somewhere. */
static bool is_there(const struct side *side, const char *image)
{
    struct error ignored;
    struct files_stamp stamp;
    char *path = NULL;
    bool there = side->link && utf8_valid(image) &&
                 files_join(&path, side->root, image, &ignored) == STATUS_OK &&
                 files_check_readable(&stamp, path, &ignored) == STATUS_OK;

    free(path);
    return there;
}

static void put_there(struct json_document *d, const struct side *side, const char *image)
{
    json_document_integer(d, NULL, is_there(side, image));
}

static void put_thumbnail(struct json_document *d, const struct page_run *run,
                          enum thumbnails_kind kind, const char *image)
{
    int number = thumbnails_find(&run->thumbnails, kind, image);

    if (number >= 0)
        json_document_integer(d, NULL, number);
    else
        json_document_text(d, NULL, NULL);
}

/* ---- validation ---- */

#define PUT_COLUMN(d, key, n, put)                                                                 \
    do {                                                                                           \
        json_document_begin_list(d, key);                                                          \
        for (int i = 0; i < (n); i++)                                                              \
            put;                                                                                   \
        json_document_end(d);                                                                      \
    } while (0)

static void put_predictions(struct json_document *d, const struct page_run *run, const int *order,
                            const struct side *side)
{
    const struct predictions *p = &run->predictions;
    int n = p->n < RUN_DOCUMENT_MOST_IMAGES ? p->n : RUN_DOCUMENT_MOST_IMAGES;

    json_document_integer(d, "total", p->n);
    json_document_text(d, "root", side->link);
    PUT_COLUMN(d, "image", n, json_document_text(d, NULL, p->image[order[i]]));
    PUT_COLUMN(d, "label", n, json_document_integer(d, NULL, p->label[order[i]]));
    PUT_COLUMN(d, "predicted", n, json_document_integer(d, NULL, p->predicted[order[i]]));
    PUT_COLUMN(d, "probability", n,
               json_document_number(d, NULL,
                                    (double)p->probability[(size_t)order[i] * (size_t)p->classes +
                                                           (size_t)p->predicted[order[i]]]));
    PUT_COLUMN(d, "loss", n, json_document_number(d, NULL, p->loss[order[i]]));
    PUT_COLUMN(d, "thumbnail", n, put_thumbnail(d, run, THUMBNAILS_VALIDATION, p->image[order[i]]));
    PUT_COLUMN(d, "map", n, put_thumbnail(d, run, THUMBNAILS_MAP, p->image[order[i]]));
    PUT_COLUMN(d, "there", n, put_there(d, side, p->image[order[i]]));
}

static enum status put_validation(struct json_document *d, const struct page_run *run,
                                  struct error *err)
{
    const struct settings *s = &run->settings;
    struct side side;
    int *order = memory_array((size_t)run->predictions.n, sizeof *order, "order of images", err);

    if (!order)
        return err->status;
    predictions_order(&run->predictions, order);
    find_side(&side, run, s->val ? s->val : s->data);
    json_document_begin_object(d, "validation");
    put_predictions(d, run, order, &side);
    json_document_end(d);
    free_side(&side);
    free(order);
    return STATUS_OK;
}

/* ---- training ---- */

/* place [n] of those that are listed: the hardest ones, and of each class the hardest few. */
static int choose_hard(int *place, const struct page_run *run, int *of_class)
{
    int n = 0;

    for (int i = 0; i < run->hard.n; i++)
        if (n < RUN_DOCUMENT_MOST_TRAINING ||
            of_class[run->hard.row[i].label] < HARD_OF_EACH_CLASS) {
            of_class[run->hard.row[i].label]++;
            place[n++] = i;
        }
    return n;
}

static void put_hard(struct json_document *d, const struct page_run *run, const int *place, int n,
                     const struct side *side)
{
    const struct hard_row *row = run->hard.row;

    json_document_integer(d, "total", run->hard.n);
    json_document_text(d, "root", side->link);
    PUT_COLUMN(d, "image", n, json_document_text(d, NULL, row[place[i]].image));
    PUT_COLUMN(d, "label", n, json_document_integer(d, NULL, row[place[i]].label));
    PUT_COLUMN(d, "predicted", n, json_document_integer(d, NULL, row[place[i]].predicted));
    PUT_COLUMN(d, "seen", n, json_document_number(d, NULL, row[place[i]].seen));
    PUT_COLUMN(d, "selected", n, json_document_number(d, NULL, row[place[i]].selected));
    PUT_COLUMN(d, "loss", n, json_document_number(d, NULL, row[place[i]].mean_loss));
    PUT_COLUMN(d, "last_loss", n, json_document_number(d, NULL, row[place[i]].last_loss));
    PUT_COLUMN(d, "thumbnail", n, put_thumbnail(d, run, THUMBNAILS_TRAINING, row[place[i]].image));
    PUT_COLUMN(d, "there", n, put_there(d, side, row[place[i]].image));
}

static enum status put_training(struct json_document *d, const struct page_run *run,
                                struct error *err)
{
    struct side side;
    int *place = memory_array((size_t)run->hard.n, sizeof *place, "hard examples", err);
    int *of_class = memory_array((size_t)run->classes.n, sizeof *of_class, "hard examples", err);

    if (place && of_class) {
        int n = choose_hard(place, run, of_class);
        find_side(&side, run, run->settings.data);
        json_document_begin_object(d, "training");
        put_hard(d, run, place, n, &side);
        json_document_end(d);
        free_side(&side);
    }
    free(place);
    free(of_class);
    return place && of_class ? STATUS_OK : err->status;
}

/* ---- small images ---- */

static enum status put_jpegs(struct json_document *d, const struct thumbnails *t, struct error *err)
{
    PUT_COLUMN(d, "aspects", t->n, json_document_number(d, NULL, (double)t->aspect[i]));
    json_document_begin_list(d, "images");
    for (int i = 0; i < t->n; i++) {
        size_t size;
        const uint8_t *jpeg = thumbnails_jpeg(&size, t, i);
        char *text = base64_text("", jpeg, size, err);
        if (!text)
            return err->status;
        json_document_text(d, NULL, text);
        free(text);
    }
    json_document_end(d);
    return STATUS_OK;
}

enum status run_document_put_images(struct json_document *d, const struct page_run *run,
                                    struct error *err)
{
    if (run->predictions.n > 0 && put_validation(d, run, err) != STATUS_OK)
        return err->status;
    if (run->hard.n > 0 && put_training(d, run, err) != STATUS_OK)
        return err->status;
    return put_jpegs(d, &run->thumbnails, err);
}
