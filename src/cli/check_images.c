#include "cli/check_images.h"

#include "cli/stop_signal.h"

enum status check_images(struct console *c, struct session *s, struct error *err)
{
    const struct session_events events = {
        .context = c, .done = console_bar_done, .stop = &stop_signal};
    int n = s->train.n + s->val.n;

    console_print(c, "images    reading %d\n", n);
    console_bar_start(c, "images", "images", 0, n, 0);
    enum status status = session_check(s, &events, err);
    console_bar_end(c);
    return status;
}
