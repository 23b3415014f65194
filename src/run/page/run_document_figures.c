#include "run/page/run_document.h"

#include "base/memory.h"
#include "base/number.h"
#include "io/safetensors.h"
#include "run/files/run_folder.h"
#include "run/page/class_figures.h"
#include "run/train/coverage.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_EPOCHS = 1000 }; /* in a chart; of more, evenly chosen ones and the best */

static void put_numbers(struct json_document *d, const char *key, const double *number, int n)
{
    json_document_begin_list(d, key);
    for (int i = 0; i < n; i++)
        json_document_number(d, NULL, number[i]);
    json_document_end(d);
}

/* ---- epochs ---- */

static bool is_shown(const struct page_run *run, int row)
{
    int n = run->epochs.n, every = (n + MOST_EPOCHS - 1) / MOST_EPOCHS;

    return row % every == 0 || row == n - 1 || row == run->best;
}

static void put_epochs(struct json_document *d, const struct page_run *run)
{
    json_document_begin_object(d, "epochs");
    json_document_begin_list(d, "epoch");
    for (int i = 0; i < run->epochs.n; i++)
        if (is_shown(run, i))
            json_document_integer(d, NULL, run->epochs.row[i].epoch);
    json_document_end(d);
    for (int f = 0; f < EPOCH_N_FIGURES; f++) {
        json_document_begin_list(d, epoch_table_name[f]);
        for (int i = 0; i < run->epochs.n; i++)
            if (is_shown(run, i))
                json_document_number(d, NULL, run->epochs.row[i].figure[f]);
        json_document_end(d);
    }
    json_document_end(d);
}

/* ---- classes ---- */

#define PUT_COLUMN(d, key, put, n, value)                                                          \
    do {                                                                                           \
        json_document_begin_list(d, key);                                                          \
        for (int i = 0; i < (n); i++)                                                              \
            put(d, NULL, value);                                                                   \
        json_document_end(d);                                                                      \
    } while (0)

static void put_per_class(struct json_document *d, const struct page_run *run)
{
    const struct class_figures *f = run->figures;
    int n = run->classes.n;

    json_document_begin_object(d, "per_class");
    if (run->predictions.n > 0) {
        PUT_COLUMN(d, "support", json_document_integer, n, f[i].support);
        PUT_COLUMN(d, "predicted", json_document_integer, n, f[i].predicted);
        PUT_COLUMN(d, "correct", json_document_integer, n, f[i].correct);
        PUT_COLUMN(d, "precision", json_document_number, n, f[i].precision);
        PUT_COLUMN(d, "recall", json_document_number, n, f[i].recall);
        PUT_COLUMN(d, "f1", json_document_number, n, f[i].f1);
    }
    if (run->epochs.n > 0)
        PUT_COLUMN(d, "selected", json_document_number, n, run->epochs.class_selected[i]);
    json_document_end(d);
}

/* [label, predicted, count] of each cell that has images. images are in the order of labels. */
static void put_cells(struct json_document *d, const struct predictions *p, const int *images,
                      int *row)
{
    for (int i = 0; i < p->n;) {
        int label = p->label[images[i]];
        for (int c = 0; c < p->classes; c++)
            row[c] = 0;
        for (; i < p->n && p->label[images[i]] == label; i++)
            row[p->predicted[images[i]]]++;
        for (int c = 0; c < p->classes; c++) {
            if (row[c] == 0)
                continue;
            json_document_begin_list(d, NULL);
            json_document_integer(d, NULL, label);
            json_document_integer(d, NULL, c);
            json_document_integer(d, NULL, row[c]);
            json_document_end(d);
        }
    }
}

/* By counting. start [classes + 1] is scratch. */
static void sort_by_label(const struct predictions *p, int *images, int *start)
{
    for (int c = 0; c <= p->classes; c++)
        start[c] = 0;
    for (int i = 0; i < p->n; i++)
        start[p->label[i] + 1]++;
    for (int c = 0; c < p->classes; c++)
        start[c + 1] += start[c];
    for (int i = 0; i < p->n; i++)
        images[start[p->label[i]]++] = i;
}

static void put_curves(struct json_document *d, const struct predictions *p, int *order)
{
    json_document_begin_list(d, "curves");
    for (int c = 0; c < p->classes; c++) {
        struct class_figures_curve curve;
        class_figures_curve(&curve, p, c, order);
        json_document_begin_object(d, NULL);
        json_document_number(d, "average_precision", curve.average_precision);
        put_numbers(d, "recall", curve.recall, curve.n);
        put_numbers(d, "precision", curve.precision, curve.n);
        json_document_end(d);
    }
    json_document_end(d);
}

static void put_calibration(struct json_document *d, const struct predictions *p)
{
    struct class_figures_calibration c;

    class_figures_calibrate(&c, p);
    json_document_begin_object(d, "calibration");
    json_document_number(d, "ece", c.ece);
    PUT_COLUMN(d, "images", json_document_integer, CLASS_FIGURES_BINS, c.images[i]);
    put_numbers(d, "accuracy", c.accuracy, CLASS_FIGURES_BINS);
    put_numbers(d, "confidence", c.confidence, CLASS_FIGURES_BINS);
    json_document_end(d);
}

/* By which atk-predict divides the logits; 1 where the weights do not say. */
static double best_temperature(const struct page_run *run)
{
    struct error ignored;
    struct safetensors file = {0};
    char *path = NULL;
    const char *text = NULL;
    double temperature = 1;

    if (run_folder_join(&path, run->folder, RUN_FILE_BEST, &ignored) == STATUS_OK &&
        safetensors_read_header(&file, path, &ignored) == STATUS_OK)
        text = safetensors_meta(&file, "temperature");
    if (!text || !number_parse(&temperature, text) || !(temperature > 0))
        temperature = 1;
    safetensors_free(&file);
    free(path);
    return temperature;
}

/* The largest of the probabilities with their temperature. */
static double confidence(const float *probability, int classes, int predicted, double temperature)
{
    double sum = 0, most = (double)probability[predicted];

    for (int c = 0; c < classes; c++)
        sum += pow((double)probability[c] / most, 1 / temperature);
    return 1 / sum;
}

/* As atk-predict --reject-below would leave them out. */
static void put_coverage(struct json_document *d, const struct page_run *run)
{
    const struct predictions *p = &run->predictions;
    double temperature = best_temperature(run);
    struct coverage c;

    coverage_begin(&c, 0);
    for (int i = 0; i < p->n; i++)
        coverage_add(&c,
                     confidence(p->probability + (size_t)i * (size_t)p->classes, p->classes,
                                p->predicted[i], temperature),
                     p->predicted[i] == p->label[i]);
    json_document_begin_list(d, "coverage");
    for (int i = 0; i < c.n; i++) {
        json_document_begin_object(d, NULL);
        json_document_number(d, "limit", c.row[i].limit);
        json_document_integer(d, "kept", c.row[i].kept);
        json_document_integer(d, "correct", c.row[i].correct);
        json_document_end(d);
    }
    json_document_end(d);
}

enum status run_document_put_figures(struct json_document *d, const struct page_run *run,
                                     struct error *err)
{
    const struct predictions *p = &run->predictions;

    put_epochs(d, run);
    put_per_class(d, run);
    if (p->n == 0)
        return STATUS_OK;
    int *order = memory_array((size_t)p->n, sizeof *order, "order of images", err);
    int *row = memory_array((size_t)p->classes + 1, sizeof *row, "row of a matrix", err);
    if (order && row) {
        sort_by_label(p, order, row);
        json_document_begin_list(d, "matrix");
        put_cells(d, p, order, row);
        json_document_end(d);
        put_curves(d, p, order);
        put_calibration(d, p);
        put_coverage(d, run);
    }
    free(order);
    free(row);
    return order && row ? STATUS_OK : err->status;
}
