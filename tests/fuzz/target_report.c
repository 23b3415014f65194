/* What atk-report reads of a run folder: its tables, JSON and thumbnails. Whatever is accepted
 * makes a document that no markup gets out of. */
#include "fuzz.h"

#include "io/json_document.h"
#include "run/page/class_figures.h"
#include "run/page/epoch_table.h"
#include "run/page/hard_table.h"
#include "run/page/predictions.h"
#include "run/page/thumbnails.h"

#include <math.h>
#include <string.h>

static char *names[] = {"a", "<b>", "c"};
static const struct class_list classes = {names, 3};

static void read_predictions(const char *path)
{
    struct predictions p;
    struct class_figures f[3];
    struct class_figures_calibration c;
    struct error err;
    enum status status = predictions_read(&p, path, &classes, &err);

    fuzz_check_error(status, &err);
    if (status == STATUS_OK && p.n > 0) {
        int *order = malloc((size_t)p.n * sizeof *order);
        FUZZ_MUST(order);
        class_figures_count(f, &p);
        class_figures_calibrate(&c, &p);
        FUZZ_MUST(c.ece >= 0 && c.ece <= 1.0001);
        for (int i = 0; i < 3; i++) {
            struct class_figures_curve curve;
            FUZZ_MUST(f[i].correct <= f[i].support && f[i].correct <= f[i].predicted);
            class_figures_curve(&curve, &p, i, order);
            FUZZ_MUST(curve.n <= f[i].support && curve.n <= CLASS_FIGURES_CURVE_POINTS);
            FUZZ_MUST(curve.n == 0 || fabs(curve.recall[curve.n - 1] - 1) < 1e-9);
        }
        predictions_order(&p, order);
        for (int i = 1; i < p.n; i++)
            FUZZ_MUST(p.loss[order[i - 1]] >= p.loss[order[i]]);
        free(order);
    }
    predictions_free(&p);
}

static void read_epochs(const char *results, const char *batches)
{
    struct epoch_table t;
    struct error err;

    fuzz_check_error(epoch_table_read(&t, results, batches, 3, &err), &err);
    FUZZ_MUST(epoch_table_best(&t, MONITOR_ACCURACY) < t.n);
    epoch_table_free(&t);
}

static void read_hard(const char *path)
{
    struct hard_table t;
    struct error err;

    fuzz_check_error(hard_table_read(&t, path, &classes, &err), &err);
    for (int i = 0; i < t.n; i++)
        FUZZ_MUST(t.row[i].label >= 0 && t.row[i].label < 3 && t.row[i].predicted < 3);
    hard_table_free(&t);
}

static void read_json(const char *path)
{
    struct error err;
    struct json_document *d = json_document_create(&err);

    FUZZ_MUST(d);
    fuzz_check_error(json_document_file(d, "file", path, 1 << 20, &err), &err);
    char *text = json_document_html(d, &err);
    FUZZ_MUST(text && !strpbrk(text, "<>&\n"));
    free(text);
    json_document_destroy(d);
}

static void read_thumbnails(const char *path)
{
    struct thumbnails t;
    struct error err;

    fuzz_check_error(thumbnails_read(&t, path, &err), &err);
    for (int i = 0; i < t.n; i++) {
        size_t size, sum = 0;
        const uint8_t *jpeg = thumbnails_jpeg(&size, &t, i);
        for (size_t j = 0; j < size; j++)
            sum += jpeg[j]; /* all of it can be read */
        FUZZ_MUST(sum <= 255 * size);
    }
    thumbnails_free(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char results[] = "epoch,threshold\n1,2\n2,\n";
    const char *path = fuzz_file("table", data, size);

    read_predictions(path);
    read_epochs(path, path);
    read_hard(path);
    read_json(path);
    read_thumbnails(fuzz_safetensors(data, size));
    char *batches = strdup(fuzz_file("batches.csv", data, size));
    FUZZ_MUST(batches);
    read_epochs(fuzz_file("results.csv", results, sizeof results - 1), batches);
    free(batches);
    return 0;
}
