/* atk-predict: classify images with a trained network. The table goes to standard output and
 * everything said about it to standard error; with --out the table goes to the file and the figures
 * to standard output. */
#include "base/files.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "cli/console.h"
#include "cli/predict_calibrate.h"
#include "cli/predict_cam.h"
#include "cli/predict_inputs.h"
#include "cli/predict_options.h"
#include "cli/predict_outputs.h"
#include "cli/predict_report.h"
#include "cli/predict_table.h"
#include "cli/predict_trust.h"
#include "cli/program_end.h"
#include "cli/standard_streams.h"
#include "cli/stop_signal.h"
#include "cli/version.h"
#include "data/label_hint.h"
#include "data/pipeline.h"
#include "run/files/class_tables.h"
#include "run/train/predictor.h"

#include <unistd.h>

struct program {
    struct predict_options options;
    struct predictor *predictor;
    struct predict_inputs inputs;
    const struct dataset *data; /* the part of them that is under way */
    int n_before;               /* images of the parts before it */
    struct metrics metrics;
    struct predict_counts counts;
    struct predict_table table;
    struct files_writer writer; /* behind it with --out */
    struct predict_cam cam;
    struct predict_trust trust;
    struct calibration calibration; /* of --calibrate */
    struct console console;
    bool is_told; /* how it ended */
};

/* ---- What comes of an image ---- */

static enum status put_sample(void *context, const struct evaluator_sample *s, struct error *err)
{
    struct program *p = context;
    const struct sample *image = dataset_sample(p->data, s->row);
    if (p->options.cam &&
        predict_cam_put(&p->cam, p->n_before + s->row + 1, image, s, err) != STATUS_OK)
        return err->status;
    p->counts.images++;
    predict_trust_add(&p->trust, s);
    return predict_table_put(&p->table, image, s, err);
}

static enum status keep_sample(void *context, const struct evaluator_sample *s, struct error *err)
{
    struct program *p = context;
    (void)err;
    calibration_add(&p->calibration, s);
    return STATUS_OK;
}

static void tell_bad(void *context, int row, const char *message)
{
    struct program *p = context;
    (void)row;
    p->counts.skipped++;
    console_bar_end(&p->console);
    fprintf(stderr, "atk-predict: skipped: %s\n", message);
}

/* After each batch. A pipe gets its rows; if it cannot, the next row says so. */
static void tell_progress(void *context, int n_done)
{
    struct program *p = context;
    struct error told_later;
    if (!p->writer.stream && !p->options.calibrate)
        predict_table_flush(&p->table, &told_later);
    console_bar(&p->console, p->n_before + n_done, "");
}

/* ---- Steps of the program ---- */

/* No control character of a table comes through the text of an error. */
static void warn(const struct error *warning)
{
    fprintf(stderr, "atk-predict: warning: %s\n", warning->message);
}

/* Rows whose label is no class of the model are classified all the same, and judged by none. */
static void warn_of_rows(struct program *p, const struct dataset *data)
{
    const struct dataset_notes *notes = dataset_notes(data);
    const char *path = dataset_path(data);
    char hint[LABEL_HINT_BYTES];
    struct error warning;
    p->counts.unknown_labels += notes->unknown_labels;
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
        path, notes->first_unknown_line, notes->unknown_labels, dataset_size(data),
        notes->first_unknown_label, hint);
    warn(&warning);
}

static enum status open_outputs(struct program *p, struct error *err)
{
    const struct predict_options *o = &p->options;
    const struct checkpoint_metadata *metadata = predictor_metadata(p->predictor);
    if (o->cam && predict_cam_create(&p->cam, o->cam, metadata, predictor_map_shape(p->predictor),
                                     err) != STATUS_OK)
        return err->status;
    if (o->set.out && files_open(&p->writer, o->set.out, err) != STATUS_OK)
        return err->status;
    p->table = (struct predict_table){
        .stream = o->set.out ? p->writer.stream : stdout,
        .name = o->set.out ? o->set.out : "standard output",
        .classes = &metadata->classes,
        .top = o->top,
        .json_lines = o->json_lines,
        .reject_below = o->reject_below,
    };
    return predict_table_begin(&p->table, err);
}

static enum status classify_part(struct program *p, bool *stopped, struct error *err)
{
    const struct settings *set = &p->options.set;
    const struct predictor_options options = {
        .workers = set->workers > 0 ? set->workers : parallel_processors(),
        .max_pixels = set->max_pixels,
        .flip = set->tta == TTA_FLIP,
        .draw_maps = p->options.cam,
        .skip_bad_images = set->on_bad_image == BAD_IMAGE_SKIP,
    };
    const struct predictor_events events = {
        .context = p,
        .sample = p->options.calibrate ? keep_sample : put_sample,
        .bad = tell_bad,
        .progress = tell_progress,
        .stop = &stop_signal,
    };
    return predictor_run(p->predictor, &p->metrics, stopped, p->data, &options, &events, err);
}

static enum status classify(struct program *p, struct error *err)
{
    enum status status = STATUS_OK;
    bool stopped = false;
    console_bar_start(&p->console, "predict", "image", 0, p->inputs.n_images, 0);
    for (int i = 0; i < p->inputs.n && status == STATUS_OK && !stopped; i++) {
        p->data = p->inputs.part[i];
        status = classify_part(p, &stopped, err);
        p->n_before += dataset_size(p->data);
    }
    console_bar_end(&p->console);
    if (status == STATUS_OK && stopped)
        return error_set(err, "interrupted");
    if (status == STATUS_OK && !p->options.calibrate)
        status = predict_table_flush(&p->table, err);
    if (status == STATUS_OK && p->writer.stream)
        status = files_commit(&p->writer, err);
    return status;
}

static enum status report(struct program *p, struct error *err)
{
    const struct predict_options *o = &p->options;
    const struct class_list *classes = &predictor_metadata(p->predictor)->classes;
    FILE *figures = o->set.out ? stdout : stderr;
    metrics_finish(&p->metrics, 1.0);
    if (predict_trust_finish(&p->trust, o->set.seed, err) != STATUS_OK)
        return err->status;
    if (!o->set.quiet) {
        predict_report_print(figures, &p->metrics, classes, &p->counts);
        predict_trust_print(figures, &p->trust);
    } else if (p->counts.skipped > 0)
        fprintf(stderr, "atk-predict: %d image%s skipped\n", p->counts.skipped,
                p->counts.skipped == 1 ? "" : "s");
    if (o->set.json &&
        predict_report_json(stdout, &p->metrics, classes, &p->counts, &p->trust, err) != STATUS_OK)
        return err->status;
    if (fflush(stdout) != 0)
        return error_errno(err, "standard output: cannot write");
    if (!o->confusion_matrix)
        return STATUS_OK;
    if (p->metrics.n == 0)
        return error_set(err, "--confusion-matrix: no image has a label that the model knows");
    return class_tables_write_confusion(o->confusion_matrix, classes, &p->metrics.confusion, err);
}

static enum status calibrate(struct program *p, struct error *err)
{
    const struct settings *set = &p->options.set;
    enum status status = predict_calibrate(stdout, &p->calibration, predictor_file(p->predictor),
                                           set->quiet, set->json, err);
    if (status == STATUS_OK && fflush(stdout) != 0)
        return error_errno(err, "standard output: cannot write");
    return status;
}

static enum status open_networks(struct program *p, struct error *err)
{
    const struct predict_options *o = &p->options;
    enum status status = predictor_open(&p->predictor, o->models[0], o->set.batch_size, err);
    for (int i = 1; status == STATUS_OK && i < o->n_models; i++)
        status = predictor_add(p->predictor, o->models[i], err);
    return status;
}

static enum status load(struct program *p, struct error *err)
{
    const struct class_list *classes = &predictor_metadata(p->predictor)->classes;
    enum status status = predict_inputs_load(&p->inputs, &p->options, classes, warn, err);
    for (int i = 0; status == STATUS_OK && i < p->inputs.n; i++)
        status = predict_outputs_check_images(&p->options, p->inputs.part[i], err);
    if (status == STATUS_OK)
        status = metrics_create(&p->metrics, classes->n, p->inputs.n_images, err);
    if (status == STATUS_OK && p->options.calibrate)
        status = calibration_create(&p->calibration, classes->n, p->inputs.n_images, err);
    return status == STATUS_OK
               ? predict_trust_create(&p->trust, p->options.reject_below, p->options.evaluate,
                                      classes->n, p->inputs.n_images, err)
               : status;
}

static enum status run(struct program *p, struct error *err)
{
    const struct settings *set = &p->options.set;
    int threads = set->threads > 0 ? set->threads : parallel_processors();

    if (predict_outputs_check(&p->options, err) != STATUS_OK ||
        parallel_start(threads, err) != STATUS_OK || open_networks(p, err) != STATUS_OK ||
        load(p, err) != STATUS_OK)
        return err->status;
    stop_signal_may_end(NULL);
    if (!p->options.calibrate && open_outputs(p, err) != STATUS_OK)
        return err->status;
    for (int i = 0; i < p->inputs.n; i++)
        warn_of_rows(p, p->inputs.part[i]);
    if (classify(p, err) != STATUS_OK)
        return err->status;
    return p->options.calibrate ? calibrate(p, err) : report(p, err);
}

/* A signal has come, and a thread is in a read that does not come back. */
static void end_without_threads(void *context)
{
    struct program *p = context;
    console_bar_end(&p->console);
    if (!p->is_told)
        fputs("atk-predict: interrupted\n", stderr);
    files_abandon(&p->writer);
    fflush(NULL);
    _exit(128 + stop_signal);
}

/* When nobody reads the table any more (`| head`), SIGPIPE ends the program without a word; so does
 * this, where that signal is ignored, as services have it. */
static int finish(struct program *p, enum status status, const struct error *err)
{
    int exit_status = (int)status;
    if (stop_signal == 0 && predict_table_has_no_reader(&p->table))
        exit_status = 128 + SIGPIPE;
    else if (status != STATUS_OK)
        fprintf(stderr, "atk-predict: %s\n", err->message);
    p->is_told = true;
    files_abandon(&p->writer);
    predict_table_free(&p->table);
    predict_cam_free(&p->cam);
    predict_trust_free(&p->trust);
    calibration_free(&p->calibration);
    metrics_free(&p->metrics);
    predict_inputs_free(&p->inputs);
    predictor_close(p->predictor);
    parallel_stop();
    predict_options_free(&p->options);
    return program_end(stop_signal != 0 ? 128 + stop_signal : exit_status);
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
        console_open_beside_table(&p.console, "atk-predict", p.options.set.quiet,
                                  !p.options.set.out);
        stop_signal_may_end("atk-predict: interrupted\n");
        stop_signal_catch();
        pipeline_watch(&stop_signal, end_without_threads, &p);
        signal(SIGXFSZ, SIG_IGN); /* a file that may grow no further: an error of the write */
        status = run(&p, &err);
    }
    return finish(&p, status, &err);
}
