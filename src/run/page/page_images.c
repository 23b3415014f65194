#include "run/page/page_images.h"

#include "base/memory.h"
#include "data/image_fetch.h"
#include "data/string_index.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_OF_VALIDATION = 120 };

static volatile sig_atomic_t reads;

bool page_images_reads(void)
{
    return reads;
}

double page_images_clock(bool of_all_threads)
{
    struct timespec t = {0};

    clock_gettime(of_all_threads ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- which ones ---- */

/* The images of one table, in the order of their importance. */
struct wanted {
    const char *image[THUMBNAILS_MOST];
    int n;
};

static bool is_in(const struct wanted *w, const char *image)
{
    for (int i = 0; i < w->n; i++)
        if (strcmp(w->image[i], image) == 0)
            return true;
    return false;
}

/* The worst quarter of what there is room for, then of each cell of the matrix one, then two, ...
 */
static void choose_validation(struct wanted *w, const struct predictions *p, const int *order,
                              int *taken, int most)
{
    size_t classes = (size_t)p->classes;

    for (int i = 0; i < p->n && w->n < most / 4; i++) {
        w->image[w->n++] = p->image[order[i]];
        taken[(size_t)p->label[order[i]] * classes + (size_t)p->predicted[order[i]]]++;
    }
    for (int each = 1; w->n < most && each <= most; each++) {
        for (int i = 0; i < p->n && w->n < most; i++) {
            size_t cell = (size_t)p->label[order[i]] * classes + (size_t)p->predicted[order[i]];
            if (taken[cell] >= each || is_in(w, p->image[order[i]]))
                continue;
            taken[cell]++;
            w->image[w->n++] = p->image[order[i]];
        }
    }
}

static enum status choose(struct wanted *validation, struct wanted *training,
                          const struct page_run *run, struct error *err)
{
    const struct predictions *p = &run->predictions;
    size_t cells = (size_t)run->classes.n * (size_t)run->classes.n;
    int *order = memory_array((size_t)p->n, sizeof *order, "order of images", err);
    int *taken = order ? memory_array(cells, sizeof *taken, "images of cells", err) : NULL;
    int most = p->n < MOST_OF_VALIDATION ? p->n : MOST_OF_VALIDATION;

    validation->n = training->n = 0;
    if (taken && p->n > 0) {
        predictions_order(p, order);
        choose_validation(validation, p, order, taken, most);
    }
    for (int i = 0; i < run->hard.n && training->n < THUMBNAILS_MOST - validation->n; i++)
        training->image[training->n++] = run->hard.row[i].image;
    free(order);
    free(taken);
    return order && taken ? STATUS_OK : err->status;
}

/* ---- their pixels ---- */

struct making {
    struct thumbnails made;
    const struct thumbnails *before;
    const struct page_images_limits *limits;
    struct resized_image *scratch;
    struct image_fit fit;
    struct image_limits decoding;
};

static bool may_go_on(const struct making *m)
{
    return !(m->limits->stop && *m->limits->stop != 0) &&
           page_images_clock(false) < m->limits->until;
}

static enum status fetch(struct making *m, enum thumbnails_kind kind,
                         const struct session_rows *rows, int row, struct error *err)
{
    const struct resized_image *image;
    struct error ignored;

    reads = true;
    enum status status =
        image_fetch(&image, m->scratch, rows->data, row, NULL, &m->fit, &m->decoding, &ignored);
    reads = false;
    if (status != STATUS_OK)
        return STATUS_OK;
    return thumbnails_add(&m->made, kind, dataset_sample(rows->data, row)->image, image->rgb,
                          THUMBNAILS_SIDE, m->fit.resize == IMAGE_FIT_SQUASH ? image->aspect : 1,
                          err);
}

/* row [w->n]: where each one is in its data set; -1: nowhere. */
static enum status find_rows(int *row, const struct wanted *w, const struct session_rows *rows,
                             struct error *err)
{
    struct string_index index = {0};
    enum status status = STATUS_OK;

    for (int i = 0, number; status == STATUS_OK && i < w->n; i++) {
        row[i] = -1;
        status = string_index_add(&index, &number, w->image[i], err);
    }
    for (int i = 0; status == STATUS_OK && i < rows->n; i++) {
        int number = string_index_find(&index, dataset_sample(rows->data, rows->row[i])->image);
        if (number >= 0)
            row[number] = rows->row[i];
    }
    string_index_free(&index);
    return status;
}

static enum status make_side(struct making *m, enum thumbnails_kind kind, const struct wanted *w,
                             const struct session_rows *rows, struct error *err)
{
    int row[THUMBNAILS_MOST];

    if (w->n == 0)
        return STATUS_OK;
    if (find_rows(row, w, rows, err) != STATUS_OK)
        return err->status;
    for (int i = 0; i < w->n; i++) {
        int number = thumbnails_find(m->before, kind, w->image[i]);
        enum status status = STATUS_OK;
        if (number >= 0)
            status = thumbnails_copy(&m->made, m->before, number, err);
        else if (row[i] >= 0 && may_go_on(m))
            status = fetch(m, kind, rows, row[i], err);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

enum status page_images_fill(struct page_run *run, const struct session *s,
                             const struct page_images_limits *limits, struct error *err)
{
    struct wanted validation, training;
    struct making m = {.before = &run->thumbnails, .limits = limits};

    if (choose(&validation, &training, run, err) != STATUS_OK)
        return err->status;
    m.fit = settings_image_fit(s->settings);
    m.fit.size = THUMBNAILS_SIDE;
    m.decoding = (struct image_limits){.max_pixels = s->settings->max_pixels,
                                       .apply_exif = s->settings->exif == EXIF_APPLY,
                                       .jpeg_scale = IMAGE_JPEG_FAST};
    m.scratch = memory_array(1, resized_image_bytes(THUMBNAILS_SIDE), "a thumbnail", err);
    enum status status = m.scratch ? STATUS_OK : err->status;
    if (status == STATUS_OK)
        status = make_side(&m, THUMBNAILS_VALIDATION, &validation, &s->val, err);
    if (status == STATUS_OK)
        status = make_side(&m, THUMBNAILS_TRAINING, &training, &s->train, err);
    free(m.scratch);
    if (status == STATUS_OK) {
        thumbnails_free(&run->thumbnails);
        run->thumbnails = m.made;
    } else {
        thumbnails_free(&m.made);
    }
    return status;
}
