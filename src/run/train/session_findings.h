/* Part of run/train/session: what is odd about its data (data/data_check), and where it is told. */
#ifndef RUN_TRAIN_SESSION_FINDINGS_H
#define RUN_TRAIN_SESSION_FINDINGS_H

#include "base/error.h"
#include "data/image_traits.h"
#include "run/train/session_fields.h"

#include <stdio.h>

/* [rows of the data set] of both sides, the same array when they are of one table. NULL: images are
 * not looked at. */
struct session_traits {
    struct image_traits *train, *val;
};
enum status session_findings_begin(struct session_traits *traits, const struct session *s,
                                   struct error *err);
void session_findings_end(struct session_traits *traits);
/* Fills s->findings. */
enum status session_findings_find(struct session *s, const struct session_traits *traits,
                                  struct error *err);
/* One object with a newline: the table, how many images of it train and validate, and the findings.
 */
enum status session_findings_write(FILE *stream, const struct session *s, struct error *err);
enum status session_findings_save(const struct session *s, const char *path, struct error *err);

#endif
