#include "cli/resume.h"

#include "run/files/run_state.h"

#include <stdarg.h>
#include <stdio.h>

ERROR_PRINTF(4, 5)
static enum status tell_change(struct console *c, const struct session *s, struct error *err,
                               const char *format, ...)
{
    char text[768];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (s->settings->strict)
        return error_set(err, "--strict: %s", text);
    console_warn(c, "%s", text);
    return STATUS_OK;
}

/* Says what makes the results of a resumed run differ from an uninterrupted one. */
static enum status tell_changes(struct console *c, const struct session *s, const struct trainer *t,
                                struct error *err)
{
    for (int i = 0; trainer_change(t, i); i++) {
        const struct run_state_note *note = trainer_change(t, i);
        if (tell_change(c, s, err,
                        "the run began with %s %s, and goes on with %s: its bits are no longer "
                        "those of a run in one piece",
                        note->name, note->before, note->value) != STATUS_OK)
            return err->status;
    }
    const char *missing = trainer_missing_file(t);
    if (missing && tell_change(c, s, err,
                               "%s is gone; only an epoch that is better than the best of before "
                               "writes it again",
                               missing) != STATUS_OK)
        return err->status;
    if (s->n_replaced == 0)
        return STATUS_OK;
    return tell_change(c, s, err,
                       "%d of %d images have another size or time stamp than when the run began "
                       "(the first: %s)",
                       s->n_replaced, s->train.n + s->val.n, s->first_replaced);
}

enum status resume_run(struct console *c, struct session *s, struct trainer *t, struct error *err)
{
    enum status status = trainer_restore(t, err);

    if (status != STATUS_OK)
        return status;
    if (tell_changes(c, s, t, err) != STATUS_OK)
        return err->status;
    const struct trainer_result result = trainer_result(t);
    int done = result.epochs_done;
    if (done > s->settings->epochs)
        return error_usage(err, "--epochs: %d is less than the %d that %s has done",
                           s->settings->epochs, done, run_folder_path(s->folder));
    if (done == s->settings->epochs)
        console_print(c, "all %d epochs are done; a larger --epochs goes on\n", done);
    else if (result.end == TRAINER_STOPPED_EARLY)
        console_print(c, "stopped early after %d epochs; a larger --early-stop goes on\n", done);
    else
        console_print(c, "resuming  after %d of %d epochs\n", done, s->settings->epochs);
    return session_save_settings(s, err);
}
