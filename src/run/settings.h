/* All settings of a run, and the one table that describes them: it drives the command line, the
 * YAML keys of --config, range errors, "did you mean", --help and the args.yaml that a run writes
 * and --config reads back. */
#ifndef RUN_SETTINGS_H
#define RUN_SETTINGS_H

#include "base/error.h"
#include "nn/atk.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum cache_mode { CACHE_AUTO, CACHE_NONE, CACHE_MEMORY };
enum bad_image_policy { BAD_IMAGE_FAIL, BAD_IMAGE_SKIP };

struct settings {
    /* data */
    char *data; /* the CSV (the command's argument; key "data") */
    char *images, *image_column, *label_column, *val, *classes;
    bool no_header;
    char *delimiter; /* one character */
    double val_split;
    enum bad_image_policy on_bad_image;
    int64_t max_pixels;
    bool apply_exif;
    /* pictures */
    int size;
    float mean[3], std[3];
    int workers; /* 0: found by the program */
    enum cache_mode cache;
    int64_t cache_mib; /* 0: found by the program */
    /* network and training */
    char *model, *weights;
    struct atk_k k;
    int batch_size, epochs;
    double learning_rate, beta1, beta2, epsilon, weight_decay;
    uint64_t seed;
    int threads; /* 0: the processors that the process may use */
    /* output */
    char *out, *resume; /* run folder to create; run folder to continue */
    int log_every;
    double save_minutes;
    bool quiet, json, dry_run;
};

enum setting_type {
    SETTING_TEXT,
    SETTING_FLAG,
    SETTING_INT,
    SETTING_REAL,
    SETTING_CHOICE,
    SETTING_K,
    SETTING_RGB,
    SETTING_CHAR
};

struct setting {
    const char *name; /* "batch-size": long option and YAML key */
    char letter;      /* short option, or 0 */
    enum setting_type type;
    size_t offset;        /* of the field in struct settings */
    const char *initial;  /* default, as text; NULL: none */
    double min, max;      /* inclusive, INT and REAL (see .c for open ends) */
    const char *choices;  /* "auto|none|memory" */
    const char *argument; /* for --help: "FILE", "N" */
    const char *group;    /* heading in --help */
    const char *help;
    bool command_line_only; /* no YAML key, not in args.yaml (config, resume, dry-run, json, quiet
                               ...) */
};

const struct setting *settings_table(int *n);
const struct setting *settings_find(const char *name); /* NULL if unknown */
/* The nearest name within an edit distance that makes sense, or NULL. */
const char *settings_suggest(const char *name);

enum status settings_init(struct settings *s, struct error *err); /* the defaults */
void settings_free(struct settings *s);
/* where is put in front of messages: "--batch-size" or "run.yaml:3: batch-size". */
enum status settings_set(struct settings *s, const struct setting *item, const char *value,
                         const char *where, struct error *err);
enum status settings_read_yaml(struct settings *s, const char *path, struct error *err);
/* Every key that is not command_line_only, with its resolved value; reading it back gives the same
 * settings. */
void settings_write_yaml(const struct settings *s, FILE *stream);
/* What no single value shows: combinations. Usage errors. */
enum status settings_check(const struct settings *s, struct error *err);

#endif
