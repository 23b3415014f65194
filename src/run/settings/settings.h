/* All settings of a run. Each is one row of the table in run/settings/settings_table, which drives
 * the command line, the YAML keys of --config, range errors, "did you mean", --help and the
 * args.yaml that a run writes and --config reads back. */
#ifndef RUN_SETTINGS_SETTINGS_H
#define RUN_SETTINGS_SETTINGS_H

#include "base/error.h"
#include "run/settings/settings_fields.h"
#include "run/settings/settings_table.h"

#include <stdbool.h>

/* The defaults. On failure *s is zeroed; settings_free is due only after success. */
enum status settings_init(struct settings *s, struct error *err);
void settings_free(struct settings *s); /* a zeroed one is fine */

/* Parses value into the field of item. where is put in front of messages: "--batch-size" or
 * "run.yaml:3: batch-size". A flag is "true" or "false". Usage errors; on failure nothing
 * changes. An item that leads sets others as well. */
enum status settings_set(struct settings *s, const struct setting *item, const char *value,
                         const char *where, struct error *err);

/* Whether item was set since settings_init, be it to its default: by the command line, a file, or
 * an item that leads it. */
bool settings_given(const struct settings *s, const struct setting *item);

/* The value as text that settings_set reads back to the same bits: borrowed from s or written to
 * buffer; NULL when there is none. */
#define SETTINGS_TEXT_BYTES 96
const char *settings_text(const struct settings *s, const struct setting *item,
                          char buffer[SETTINGS_TEXT_BYTES]);

/* What --size, --resize, --crop-fraction and --interpolation say together. */
struct image_fit settings_image_fit(const struct settings *s);

/* Whether a resume of a run with these settings must keep this one: SETTING_FIXED, and --epochs
 * where the learning rate or k is a function of the run's length. */
/* "lr-schedule" or "k-schedule", the first that is such a function; NULL: neither. */
const char *settings_epochs_schedule(const struct settings *run);
bool settings_is_fixed(const struct settings *run, const struct setting *item);

/* Whether both have the same value of it, or none. */
bool settings_are_equal(const struct settings *a, const struct settings *b,
                        const struct setting *item);
/* Whether the run is trained as one who gives nothing but data would train it: no --config, and
 * every setting that a recipe is made of at its default. Not part of a recipe, and so free: the
 * data, the machine, the watching, k and seed (what a study varies), --tta, and how images are
 * decoded and products computed. */
bool settings_on_defaults(const struct settings *s);

/* What no single value shows: combinations. Usage errors. _columns and _loss are parts of it;
 * _scope is for when the number of training images is known. */
enum status settings_check(const struct settings *s, struct error *err);
enum status settings_check_columns(const struct settings *s, struct error *err);
enum status settings_check_loss(const struct settings *s, struct error *err);
enum status settings_check_scope(const struct settings *s, int n_train, struct error *err);

#endif
