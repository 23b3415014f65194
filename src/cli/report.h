/* What atk-train says, from start to end. Each function prints whole lines. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "cli/console.h"
#include "run/train/lr_curve.h"
#include "run/train/session.h"
#include "run/train/trainer.h"

#include <stdbool.h>
#include <stddef.h>

/* ---- start-up (report_start.c) ---- */

/* The settings that are not at their defaults, or all of them, in one paragraph as "name=value".
 * Those that the weights file gave stand on the weights' line. */
void report_settings(struct console *c, const struct session *s, bool all);
/* Images, classes with counts (in a paragraph, of the first few when there are many; or as a
 * table of all), and what was noticed about the table. */
void report_data(struct console *c, const struct session *s, bool as_table);
/* What is odd about data: each kind has a line with its count and its first example. */
void report_findings(struct console *c, const struct findings *findings);
/* Mean and std that were found in the images. */
void report_colours(struct console *c, const struct session *s);
/* blocks: how many of which width, too. */
void report_network(struct console *c, const struct session *s, bool blocks);
/* The loss, and what k resolves to for the full and for the last batch (report_loss.c). */
void report_loss(struct console *c, const struct session *s);
void report_machine(struct console *c, const struct session *s);
/* A warning when training takes more memory than is free; report_machine's, when it does so only
 * with what decoding takes, which is known once the images have been looked at. */
void report_short_memory(struct console *c, const struct session *s);
/* Of --weights: what its header gave to the settings; then what was loaded. */
void report_weights_file(struct console *c, const struct session *s);
void report_weights(struct console *c, const struct session *s);
/* Prints where the features came from: computed now, or read from a file. */
void report_features(struct console *c, const struct session *s);
/* The layer table and the memory of a training run, for --dry-run. */
void report_layers(struct console *c, const struct session *s);
void report_memory(struct console *c, const struct session *s);
/* Images that could not be read. */
void report_bad_images(struct console *c, const struct session *s, bool list);

/* ---- a run (report_run.c) ---- */

void report_batch(struct console *c, const struct trainer_batch *b);
/* That activations were too large for --activations half; for the first such batch. */
void report_saturated(struct console *c, const struct trainer_batch *b);
/* Per-class recall as well, when the classes are few. */
void report_epoch(struct console *c, const struct session *s, const struct trainer_epoch *e);
void report_end(struct console *c, const struct session *s, const struct trainer_result *r);

/* ---- a range test (report_curve.c) ---- */

/* Prints the last step of the range test. */
void report_curve_step(struct console *c, const struct lr_curve *curve);
/* Where the table is, and which learning rate to try, with the reason. */
void report_curve(struct console *c, const struct lr_curve *curve, const char *path);

/* "812 MiB", "1.4 GiB"; "4.9 M", "1.23 G". */
#define REPORT_AMOUNT_BYTES 32
const char *report_bytes(char out[REPORT_AMOUNT_BYTES], size_t bytes);
const char *report_count(char out[REPORT_AMOUNT_BYTES], double count);

#endif
