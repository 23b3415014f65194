/* The look at all images before a run, as its user sees it. */
#ifndef CLI_CHECK_IMAGES_H
#define CLI_CHECK_IMAGES_H

#include "cli/console.h"
#include "run/train/session.h"

/* session_check, with a line that says how many there are and a bar. A signal ends it early without
 * an error. */
enum status check_images(struct console *c, struct session *s, struct error *err);

#endif
