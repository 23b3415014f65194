/* atk-train: from the command line to the last line. What there is to do is in run/train/session
 * and run/train/trainer; this file puts it in order, shows it and turns its end into an exit
 * status. */
#include "base/clock.h"
#include "base/memory.h"
#include "base/text_stream.h"
#include "cli/check_images.h"
#include "cli/console.h"
#include "cli/program_end.h"
#include "cli/report.h"
#include "cli/resume.h"
#include "cli/standard_streams.h"
#include "cli/stop_signal.h"
#include "cli/train_options.h"
#include "cli/version.h"
#include "data/pipeline.h"
#include "run/page/page_images.h"
#include "run/page/page_live.h"
#include "run/train/dry_run.h"
#include "run/train/find_lr.h"
#include "run/train/session.h"
#include "run/train/session_features.h"
#include "run/train/session_findings.h"
#include "run/train/session_machine.h"
#include "run/train/session_norms.h"
#include "run/train/summary.h"
#include "run/train/trainer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char program[] = "atk-train";
static const char nothing_written[] = "interrupted before training began; nothing was written";
static const char last_words[] =
    "atk-train: interrupted before training began; nothing was written\n";

/* ---- looking at the images ---- */

static enum status look_at_images(struct console *c, struct session *s, struct error *err)
{
    if (!s->settings->dry_run && !session_wants_check(s))
        return session_check_files(s, err);
    enum status status = check_images(c, s, err);
    if (status != STATUS_OK || stop_signal || s->n_bad == 0 || s->settings->dry_run ||
        s->settings->on_bad_image == BAD_IMAGE_SKIP)
        return status;
    if (s->n_bad == 1)
        return error_set(err, "%s", s->bad[0].message);
    return error_set(err, "%s (and %zu more: see --dry-run and --on-bad-image)", s->bad[0].message,
                     s->n_bad - 1);
}

/* ---- training ---- */

static double began; /* when the program did */

struct show {
    struct console *console;
    const struct session *session;
    int bar_epoch; /* whose bar is up; negative: of its validation */
    double loss_sum, n_correct, n_images;
    bool has_told_saturated;
    struct page_live page;
};

/* The page is not the run: what goes wrong with it is said, and the run goes on without it. */
static void note_page(struct show *show, enum status status, const struct error *err)
{
    if (status == STATUS_OK)
        return;
    console_warn(show->console, "report.html is not written: %s", err->message);
    show->page.session = NULL;
}

/* Whether the n-th of something gets a line: a bar takes their place, unless they are asked for. */
static bool is_logged(const struct console *c, const struct settings *s, int n, bool last)
{
    int every = s->log_every > 0 ? s->log_every : 1;

    return (s->log_every > 0 || !c->has_bar) && (last || n % every == 0);
}

static void show_batch(void *context, const struct trainer_batch *b)
{
    struct show *show = context;
    struct console *c = show->console;
    struct error err;
    char label[48], figures[96];

    note_page(show, page_live_batch(&show->page, b, &err), &err);
    if (b->n_saturated > 0 && !show->has_told_saturated)
        report_saturated(c, b);
    show->has_told_saturated = b->n_saturated > 0;
    if (is_logged(c, show->session->settings, b->batch, b->batch == b->n_batches))
        report_batch(c, b);
    if (!c->has_bar)
        return;
    const struct settings *s = show->session->settings;
    long first = (long)(b->batch - 1) * s->batch_size * s->accumulate;
    if (show->bar_epoch != b->epoch) {
        snprintf(label, sizeof label, "epoch %d/%d", b->epoch, b->n_epochs);
        console_bar_start(c, label, "images", first, show->session->train.n, b->seconds);
        show->bar_epoch = b->epoch;
        show->loss_sum = show->n_correct = show->n_images = 0;
    }
    show->loss_sum += b->loss * b->n;
    show->n_correct += b->n_correct;
    show->n_images += b->n;
    snprintf(figures, sizeof figures, "loss %.4f, accuracy %.3f", show->loss_sum / show->n_images,
             show->n_correct / show->n_images);
    console_bar(c, first + b->n, figures);
}

static void show_evaluating(void *context, int n_done, int n_total)
{
    struct show *show = context;

    if (show->bar_epoch >= 0) {
        /* The first batch is done: the rate counts from here. */
        console_bar_start(show->console, "validation", "images", n_done, n_total, 0);
        show->bar_epoch = -1;
    }
    console_bar(show->console, n_done, "");
}

static void show_epoch(void *context, const struct trainer_epoch *e)
{
    struct show *show = context;
    struct error err;

    console_bar_end(show->console);
    show->bar_epoch = 0;
    report_epoch(show->console, show->session, e);
    note_page(show, page_live_epoch(&show->page, e, &err), &err);
}

/* Whether it ended early is told by stop_signal. */
static enum status measure_norms(struct console *c, struct session *s, struct error *err)
{
    const struct session_events events = {
        .context = c, .done = console_bar_done, .stop = &stop_signal};
    int n = session_norms_images(s);

    if (n == 0)
        return STATUS_OK;
    console_bar_start(c, "statistics", "images", 0, n, 0);
    enum status status = session_norms_measure(s, &events, err);
    console_bar_end(c);
    if (status == STATUS_OK && !stop_signal)
        console_print(c,
                      "weights   BatchNorm was folded into the convolutions: statistics measured "
                      "on %d training images\n",
                      n);
    return status;
}

static enum status compute_features(struct console *c, struct session *s, struct error *err)
{
    const struct session_events events = {
        .context = c, .done = console_bar_done, .stop = &stop_signal};
    int n = s->train.n + (s->val_loader ? s->val.n : 0);

    if (!s->keeps_features)
        return STATUS_OK;
    console_bar_start(c, "features", "images", 0, n, 0);
    enum status status = session_features_compute(s, &events, err);
    console_bar_end(c);
    if (status == STATUS_OK && session_features_ready(s))
        report_features(c, s);
    return status;
}

static enum status write_last_page(struct show *show, const struct session *s,
                                   const struct trainer_result *result, struct error *err)
{
    struct text_stream text;
    char *summary = NULL;
    enum status status = text_stream_open(&text, "a summary", err);

    if (status != STATUS_OK)
        return status;
    status = summary_write(text.stream, s, result, err);
    if (status != STATUS_OK)
        text_stream_discard(&text);
    else if (text_stream_close(&summary, NULL, &text, "a summary", err) == STATUS_OK)
        status = page_live_end(&show->page, summary, err);
    else
        status = err->status;
    free(summary);
    return status;
}

/* Whether it ended early is told by stop_signal. */
static enum status run_trainer(struct show *show, struct session *s, struct trainer *t,
                               struct error *err)
{
    struct console *c = show->console;
    struct error page_err;
    bool interrupted = false;
    enum status status = s->settings->resume ? resume_run(c, s, t, err) : STATUS_OK;

    if (status == STATUS_OK)
        status = measure_norms(c, s, err);
    if (status == STATUS_OK && s->folder)
        status = compute_features(c, s, err);
    if (status != STATUS_OK || !s->folder || !session_features_ready(s))
        return status;
    status = trainer_run(t, &interrupted, err);
    console_bar_end(c);
    if (status != STATUS_OK)
        return status;
    struct trainer_result result = trainer_result(t);
    note_page(show, write_last_page(show, s, &result, &page_err), &page_err);
    status = summary_save(s, &result, err);
    report_end(c, s, &result);
    if (status == STATUS_OK && s->settings->json) {
        status = summary_write(stdout, s, &result, err);
        console_flush(c);
    }
    return status;
}

static struct trainer_inputs describe_inputs(const struct session *s, struct trainer_events events)
{
    struct trainer_inputs inputs = session_trainer_inputs(s);

    inputs.stop = &stop_signal;
    inputs.began = began;
    inputs.events = events;
    return inputs;
}

enum { MOST_LATE_TOLD = 10 };

static void show_late(void *context, const struct session_bad_image *bad)
{
    struct show *show = context;

    if (show->session->n_late <= MOST_LATE_TOLD)
        console_warn(show->console, "%s; left out of its batch", bad->message);
    if (show->session->n_late == MOST_LATE_TOLD && show->session->folder)
        console_warn(show->console, "further ones are listed in %s alone",
                     run_folder_file(show->session->folder, RUN_FILE_BAD_IMAGES));
}

static enum status open_shown(struct session *s, struct show *show, struct error *err)
{
    s->tell_late = show_late;
    s->tell_late_context = show;
    if (session_open(s, err) != STATUS_OK)
        return err->status;
    report_weights(show->console, s);
    return STATUS_OK;
}

static enum status open_run(struct session *s, struct show *show, struct error *err)
{
    if (open_shown(s, show, err) != STATUS_OK)
        return err->status;
    console_print(show->console, "run       %s\n", run_folder_path(s->folder));
    return STATUS_OK;
}

static enum status train(struct console *c, struct session *s, struct error *err)
{
    struct show show = {.console = c, .session = s};
    struct trainer *trainer = NULL;

    if (open_run(s, &show, err) != STATUS_OK)
        return err->status;
    page_live_begin(&show.page, s, &stop_signal);
    const struct trainer_events events = {&show, show_batch, show_evaluating, show_epoch};
    const struct trainer_inputs inputs = describe_inputs(s, events);
    enum status status = trainer_create(&trainer, &inputs, err);
    if (status == STATUS_OK)
        status = run_trainer(&show, s, trainer, err);
    trainer_destroy(trainer);
    if (status != STATUS_OK)
        session_discard_new_folder(s);
    return status;
}

/* ---- finding a learning rate ---- */

struct show_curve {
    struct console *console;
    const struct lr_curve *curve;
    const struct settings *settings;
};

static void show_step(void *context, const struct trainer_batch *b)
{
    const struct show_curve *show = context;
    char figures[96];

    if (is_logged(show->console, show->settings, show->curve->n, false))
        report_curve_step(show->console, show->curve);
    snprintf(figures, sizeof figures, "learning rate %.1e, mean loss %.4f", b->learning_rate,
             show->curve->recent);
    console_bar(show->console, show->curve->n, figures);
}

static enum status find_lr(struct console *c, struct session *s, struct error *err)
{
    struct lr_curve curve;
    struct show_curve show = {c, &curve, s->settings};
    struct show late = {.console = c, .session = s};
    bool interrupted;
    char *path = NULL;
    enum status status = open_shown(s, &late, err);

    if (status != STATUS_OK)
        return status;
    status = measure_norms(c, s, err);
    if (status == STATUS_OK)
        status = compute_features(c, s, err);
    if (status != STATUS_OK || !session_features_ready(s))
        return status;
    const struct trainer_events events = {.context = &show, .batch = show_step};
    const struct trainer_inputs inputs = describe_inputs(s, events);
    console_bar_start(c, "learning rate", "steps", 0, LR_CURVE_STEPS, 0);
    status = find_lr_run(&curve, &inputs, &interrupted, err);
    console_bar_end(c);
    if (status != STATUS_OK || interrupted)
        return status;
    status = find_lr_write(&path, &curve, s->settings, err);
    if (status == STATUS_OK)
        report_curve(c, &curve, path);
    free(path);
    return status;
}

/* ---- the whole ---- */

static enum status write_dry_run(struct console *c, struct session *s, struct error *err)
{
    char *folder = NULL;
    enum status status = dry_run_write(&folder, s, err);

    if (status == STATUS_OK)
        console_print(c,
                      "dry run: nothing was trained; the first batches, as the network would get "
                      "them,\n         are in %s/\n",
                      folder);
    free(folder);
    return status;
}

/* A bad image makes a dry run fail, unless it would be skipped. */
static enum status end_dry_run(struct console *c, struct session *s, struct error *err)
{
    bool fails = s->n_bad > 0 && s->settings->on_bad_image == BAD_IMAGE_FAIL;

    report_layers(c, s);
    report_memory(c, s);
    if (!fails && write_dry_run(c, s, err) != STATUS_OK)
        return err->status;
    if (s->settings->json && session_findings_write(stdout, s, err) != STATUS_OK)
        return err->status;
    console_flush(c);
    if (fails)
        return error_set(err, "%zu of %d images cannot be read", s->n_bad,
                         s->train.n + s->val.n + (int)s->n_bad);
    return STATUS_OK;
}

/* Up to here nothing is written but what a cache keeps. */
static enum status look_at_data(struct console *c, const struct settings *settings,
                                struct session *s, struct error *err)
{
    if (session_load(s, settings, err) != STATUS_OK)
        return err->status;
    console_print(c, "%s %s\n", program, version_text());
    report_settings(c, s, settings->dry_run);
    report_network(c, s, settings->dry_run);
    report_weights_file(c, s);
    report_short_memory(c, s);
    if (!settings->dry_run && session_machine_check_memory(s, err) != STATUS_OK)
        return err->status;
    return look_at_images(c, s, err);
}

static enum status run(struct console *c, const struct settings *settings, struct session *s,
                       struct error *err)
{
    enum status status = settings->dry_run   ? dry_run_check(settings, err)
                         : settings->find_lr ? find_lr_check(settings, err)
                                             : STATUS_OK;

    if (status == STATUS_OK)
        status = look_at_data(c, settings, s, err);
    stop_signal_may_end(NULL);
    if (status != STATUS_OK || stop_signal)
        return status;
    report_data(c, s, settings->dry_run);
    if (settings->mean.from_data)
        report_colours(c, s);
    report_bad_images(c, s, settings->dry_run);
    report_loss(c, s);
    report_machine(c, s);
    if (settings->dry_run)
        return end_dry_run(c, s, err);
    return settings->find_lr ? find_lr(c, s, err) : train(c, s, err);
}

static int exit_status(struct console *c, enum status status)
{
    if (stop_signal && (status == STATUS_OK || pipeline_gave_up()))
        return 128 + stop_signal;
    if (status == STATUS_OK && c->write_error)
        return STATUS_FAILED;
    return (int)status;
}

struct program {
    struct train_options options;
    struct session session;
    struct console console;
    bool is_told; /* how it ended */
};

static void tell_end(struct program *p, const char *error)
{
    if (error)
        console_error(&p->console, error);
    else if (stop_signal && !p->session.folder)
        console_error(&p->console, p->options.set.find_lr ? "interrupted; nothing was written"
                                                          : nothing_written);
    p->is_told = true;
}

/* A signal has come, and a thread is in a read that does not come back. */
static void end_without_threads(void *context)
{
    struct program *p = context;
    if (!p->is_told) {
        session_discard_new_folder(&p->session);
        tell_end(p, NULL);
    }
    fflush(NULL);
    _exit(128 + stop_signal);
}

/* Where the main thread reads an image that may never come, and nothing is lost with it. */
static bool reads_an_image(void)
{
    return loader_rereads() || page_images_reads();
}

int main(int argc, char **argv)
{
    struct program p = {0};
    struct error err;

    bool has_output = standard_streams_open();
    began = clock_seconds();
    memory_start();
    stop_signal_may_end(last_words);
    stop_signal_ends_where(reads_an_image);
    stop_signal_catch();
    pipeline_watch(&stop_signal, end_without_threads, &p);
    signal(SIGPIPE, SIG_IGN); /* a reader that goes away is an error of the next write */
    signal(SIGXFSZ, SIG_IGN); /* so is a file that may grow no further */
    console_open(&p.console, program, false);
    enum status status = train_options_parse(&p.options, argc, argv, &err);
    if (status == STATUS_OK && p.options.set.json && !has_output)
        status = error_usage(&err, "--json: standard output is closed");
    if (status == STATUS_OK && p.options.help) {
        train_options_help(stdout);
        console_flush(&p.console);
    } else if (status == STATUS_OK && p.options.version) {
        console_print(&p.console, "%s %s\n", program, version_text());
    } else if (status == STATUS_OK) {
        console_open(&p.console, program, p.options.set.quiet);
        status = run(&p.console, &p.options.set, &p.session, &err);
    }
    tell_end(&p, status != STATUS_OK ? err.message : NULL);
    session_close(&p.session);
    train_options_free(&p.options);
    return program_end(exit_status(&p.console, status));
}
