/* atk-export: a trained network as an ONNX file. */
#include "base/files.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "cli/export_options.h"
#include "cli/program_end.h"
#include "cli/standard_streams.h"
#include "cli/stop_signal.h"
#include "cli/version.h"
#include "io/onnx.h"
#include "run/files/run_owner.h"

#include <stdlib.h>

/* What is written must not be what is read, nor another file of the run. */
static enum status check_output(const struct export_options_set *o, struct error *err)
{
    bool same, holds;
    if (files_same(&same, o->out, o->model, err) != STATUS_OK ||
        run_owner_holds(&holds, o->model, o->out, err) != STATUS_OK)
        return err->status;
    return same || holds ? error_usage(err, "%s is %s, which would be overwritten", o->out,
                                       same ? "the model" : "a file of the run")
                         : STATUS_OK;
}

static enum status print_result(const struct export_options_set *o, const struct predictor *p,
                                const struct export_result *result, struct error *err)
{
    const struct checkpoint_metadata *m = predictor_metadata(p);
    if (o->quiet)
        return STATUS_OK;
    FILE *stream = files_is_standard_output(o->out) ? stderr : stdout;
    fprintf(stream, "%s: image %s [N, 3, %d, %d] -> probabilities [N, %d]; %d nodes, %.2f MB\n",
            o->out, o->graph.uint8_input ? "uint8" : "float32", m->fit.size, m->fit.size,
            m->classes.n, result->nodes, 1e-6 * (double)result->bytes);
    return fflush(stream) == 0 ? STATUS_OK : error_errno(err, "standard output: cannot write");
}

static enum status run(const struct export_options_set *o, struct predictor **predictor,
                       struct error *err)
{
    struct export_result result;
    if (onnx_check(err) != STATUS_OK || check_output(o, err) != STATUS_OK ||
        parallel_start(1, err) != STATUS_OK ||
        predictor_open(predictor, o->model, 1, err) != STATUS_OK)
        return err->status;
    stop_signal_may_end(NULL);
    if (stop_signal != 0)
        return error_set(err, "interrupted");
    if (export_write(&result, o->out, *predictor, &o->graph, err) != STATUS_OK)
        return err->status;
    return print_result(o, *predictor, &result, err);
}

static int finish(struct predictor *predictor, enum status status, const struct error *err)
{
    if (status != STATUS_OK)
        fprintf(stderr, "atk-export: %s\n", err->message);
    predictor_close(predictor);
    parallel_stop();
    return program_end(stop_signal != 0 ? 128 + stop_signal : (int)status);
}

int main(int argc, char **argv)
{
    struct export_options_set options;
    struct predictor *predictor = NULL;
    struct error err = {0};

    bool has_output = standard_streams_open();
    memory_start();
    enum status status = export_options_parse(&options, argc, argv, &err);
    if (status != STATUS_OK)
        return finish(predictor, status, &err);
    if (options.help) {
        export_options_help(stdout);
    } else if (options.version) {
        printf("atk-export %s\n", version_text());
    } else if (!has_output && files_is_standard_output(options.out)) {
        status = error_usage(&err, "standard output is closed: a file's name is needed");
    } else {
        stop_signal_may_end("atk-export: interrupted\n");
        stop_signal_catch();
        signal(SIGXFSZ, SIG_IGN); /* a file that may grow no further: an error of the write */
        status = run(&options, &predictor, &err);
    }
    return finish(predictor, status, &err);
}
