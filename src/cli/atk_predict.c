/* atk-predict: classify images with a trained network. The table goes to standard output and
 * everything said about it to standard error; with --out the table goes to the file and the figures
 * to standard output. */
#include "base/files.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "cli/predict_options.h"
#include "cli/predict_outputs.h"
#include "cli/predict_report.h"
#include "cli/program_end.h"
#include "cli/standard_streams.h"
#include "cli/stop_signal.h"
#include "cli/version.h"
#include "data/label_hint.h"
#include "data/pipeline.h"
#include "io/csv.h"
#include "run/files/class_columns.h"
#include "run/files/class_tables.h"
#include "run/train/predictor.h"

#include <unistd.h>

struct program {
    struct predict_options options;
    struct predictor *predictor;
    struct dataset *data;
    struct metrics metrics;
    struct predict_counts counts;
    FILE *table;                /* where rows go */
    struct files_writer writer; /* behind it with --out */
    bool progress;              /* on the terminal */
    bool is_told;               /* how it ended */
};

/* ---- The table ---- */

static enum status check_table(const struct program *p, struct error *err)
{
    if (!ferror(p->table))
        return STATUS_OK;
    const char *out = p->options.set.out;
    return error_errno(err, "%s: cannot write", out ? out : "standard output");
}

static void put_header(const struct program *p)
{
    static const char *const column[] = {"image", "predicted", "probability"};
    enum { COLUMNS = sizeof column / sizeof *column };
    for (int i = 0; i < COLUMNS; i++)
        fprintf(p->table, "%s%s", i > 0 ? "," : "", column[i]);
    class_columns_put(p->table, &predictor_metadata(p->predictor)->classes, column, COLUMNS);
    fputc('\n', p->table);
}

static enum status put_sample(void *context, const struct evaluator_sample *s, struct error *err)
{
    struct program *p = context;
    const struct class_list *classes = &predictor_metadata(p->predictor)->classes;
    csv_put_field(p->table, dataset_sample(p->data, s->row)->image);
    fputc(',', p->table);
    csv_put_field(p->table, classes->name[s->predicted]);
    fprintf(p->table, ",%.6g", (double)s->probability[s->predicted]);
    for (int c = 0; c < classes->n; c++)
        fprintf(p->table, ",%.6g", (double)s->probability[c]);
    fputc('\n', p->table);
    p->counts.images++;
    return check_table(p, err);
}

static void tell_bad(void *context, int row, const char *message)
{
    struct program *p = context;
    (void)row;
    p->counts.skipped++;
    fprintf(stderr, "%satk-predict: skipped: %s\n", p->progress ? "\r" : "", message);
}

static void tell_progress(void *context, int n_done)
{
    const struct program *p = context;
    if (p->progress)
        fprintf(stderr, "\r%d of %d images%s", n_done, dataset_size(p->data),
                n_done == dataset_size(p->data) ? "\n" : "");
}

/* ---- Steps of the program ---- */

static enum status load_data(struct program *p, struct error *err)
{
    const struct predict_options *o = &p->options;
    if (!predict_options_is_table(o))
        return dataset_from_images(&p->data, o->data, o->n_data, err);
    const struct dataset_options options = {
        .images = o->set.images,
        .image_column = o->set.image_column,
        .label_column = o->set.label_column,
        .header = !o->set.no_header,
        .delimiter = o->set.delimiter,
        .labels_optional = true,
        .classes = &predictor_metadata(p->predictor)->classes,
    };
    return dataset_load(&p->data, o->data[0], &options, err);
}

/* No control character of a table comes through the text of an error. */
static void warn(const struct error *warning)
{
    fprintf(stderr, "atk-predict: warning: %s\n", warning->message);
}

/* Rows whose label is no class of the model are classified all the same, and judged by none. */
static void warn_of_rows(struct program *p)
{
    const struct dataset_notes *notes = dataset_notes(p->data);
    const char *path = dataset_path(p->data);
    char hint[LABEL_HINT_BYTES];
    struct error warning;
    p->counts.unknown_labels = notes->unknown_labels;
    if (notes->empty_rows > 0) {
        error_set(&warning, "%s:%d: %d %s skipped", path, notes->first_empty_line,
                  notes->empty_rows,
                  notes->empty_rows == 1 ? "row of empty fields is" : "rows of empty fields are");
        warn(&warning);
    }
    if (notes->unknown_labels == 0)
        return;
    label_hint(hint, notes->first_unknown_label, &predictor_metadata(p->predictor)->classes);
    error_set(
        &warning,
        "%s:%d: %d of %d rows have a label that is no class of the model (the first: \"%s\")%s",
        path, notes->first_unknown_line, notes->unknown_labels, dataset_size(p->data),
        notes->first_unknown_label, hint);
    warn(&warning);
}

static enum status open_table(struct program *p, struct error *err)
{
    p->table = stdout;
    if (!p->options.set.out)
        return STATUS_OK;
    enum status status = files_open(&p->writer, p->options.set.out, err);
    p->table = p->writer.stream;
    return status;
}

static enum status classify(struct program *p, struct error *err)
{
    const struct settings *set = &p->options.set;
    const struct predictor_options options = {
        .workers = set->workers > 0 ? set->workers : parallel_processors(),
        .max_pixels = set->max_pixels,
        .flip = set->tta == TTA_FLIP,
        .skip_bad_images = set->on_bad_image == BAD_IMAGE_SKIP,
    };
    const struct predictor_events events = {
        .context = p,
        .sample = put_sample,
        .bad = tell_bad,
        .progress = tell_progress,
        .stop = &stop_signal,
    };
    put_header(p);
    bool stopped;
    enum status status =
        predictor_run(p->predictor, &p->metrics, &stopped, p->data, &options, &events, err);
    if (status == STATUS_OK && stopped)
        return error_set(err, "interrupted");
    if (status == STATUS_OK && fflush(p->table) != 0)
        status = check_table(p, err);
    if (status == STATUS_OK && p->writer.stream)
        status = files_commit(&p->writer, err);
    return status;
}

static enum status report(struct program *p, struct error *err)
{
    const struct predict_options *o = &p->options;
    const struct class_list *classes = &predictor_metadata(p->predictor)->classes;
    metrics_finish(&p->metrics, 1.0);
    if (!o->set.quiet)
        predict_report_print(o->set.out ? stdout : stderr, &p->metrics, classes, &p->counts);
    else if (p->counts.skipped > 0)
        fprintf(stderr, "atk-predict: %d image%s skipped\n", p->counts.skipped,
                p->counts.skipped == 1 ? "" : "s");
    if (o->set.json && predict_report_json(stdout, &p->metrics, &p->counts, err) != STATUS_OK)
        return err->status;
    if (fflush(stdout) != 0)
        return error_errno(err, "standard output: cannot write");
    if (!o->confusion_matrix)
        return STATUS_OK;
    if (p->metrics.n == 0)
        return error_set(err, "--confusion-matrix: no image has a label that the model knows");
    return class_tables_write_confusion(o->confusion_matrix, classes, &p->metrics.confusion, err);
}

static enum status run(struct program *p, struct error *err)
{
    const struct settings *set = &p->options.set;
    int threads = set->threads > 0 ? set->threads : parallel_processors();

    if (predict_outputs_check(&p->options, err) != STATUS_OK ||
        parallel_start(threads, err) != STATUS_OK ||
        predictor_open(&p->predictor, p->options.model, set->batch_size, err) != STATUS_OK ||
        load_data(p, err) != STATUS_OK ||
        predict_outputs_check_images(&p->options, p->data, err) != STATUS_OK ||
        metrics_create(&p->metrics, predictor_metadata(p->predictor)->classes.n,
                       dataset_size(p->data), err) != STATUS_OK)
        return err->status;
    stop_signal_may_end(NULL);
    if (open_table(p, err) != STATUS_OK)
        return err->status;
    warn_of_rows(p);
    if (classify(p, err) != STATUS_OK)
        return err->status;
    return report(p, err);
}

/* A signal has come, and a thread is in a read that does not come back. */
static void end_without_threads(void *context)
{
    struct program *p = context;
    if (!p->is_told)
        fprintf(stderr, "%satk-predict: interrupted\n", p->progress ? "\n" : "");
    files_abandon(&p->writer);
    fflush(NULL);
    _exit(128 + stop_signal);
}

static int finish(struct program *p, enum status status, const struct error *err)
{
    if (status != STATUS_OK)
        fprintf(stderr, "%satk-predict: %s\n", p->progress ? "\n" : "", err->message);
    p->is_told = true;
    files_abandon(&p->writer);
    metrics_free(&p->metrics);
    dataset_destroy(p->data);
    predictor_close(p->predictor);
    parallel_stop();
    predict_options_free(&p->options);
    return program_end(stop_signal != 0 ? 128 + stop_signal : (int)status);
}

int main(int argc, char **argv)
{
    struct program p = {0};
    struct error err = {0};

    bool has_output = standard_streams_open();
    memory_start();
    enum status status = predict_options_parse(&p.options, argc, argv, &err);
    if (status != STATUS_OK)
        return finish(&p, status, &err);
    if (!has_output && !p.options.set.out) {
        status = error_usage(&err, "standard output is closed: --out FILE writes the table");
        return finish(&p, status, &err);
    }
    if (p.options.help)
        predict_options_help(stdout);
    else if (p.options.version)
        printf("atk-predict %s\n", version_text());
    else {
        p.progress = !p.options.set.quiet && isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO);
        stop_signal_may_end("atk-predict: interrupted\n");
        stop_signal_catch();
        pipeline_watch(&stop_signal, end_without_threads, &p);
        signal(SIGXFSZ, SIG_IGN); /* a file that may grow no further: an error of the write */
        status = run(&p, &err);
    }
    return finish(&p, status, &err);
}
