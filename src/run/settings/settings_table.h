/* The one table of settings: name, type, field, default, range or choices, help. A new setting is a
 * field in struct settings and a row here. */
#ifndef RUN_SETTINGS_SETTINGS_TABLE_H
#define RUN_SETTINGS_SETTINGS_TABLE_H

#include <stdbool.h>
#include <stddef.h>

enum setting_type {
    SETTING_TEXT,   /* char *, owned; NULL: none */
    SETTING_FLAG,   /* bool */
    SETTING_INT,    /* int */
    SETTING_INT64,  /* int64_t */
    SETTING_REAL,   /* double */
    SETTING_CHOICE, /* an enum with the values 0, 1, ... of `choices` */
    SETTING_K,      /* struct atk_k */
    SETTING_DROP,   /* struct atk_k, read by atk_parse_drop */
    SETTING_RGB,    /* struct setting_rgb: one number for all channels, "r,g,b", or a word */
    SETTING_RANGE,  /* double[2]: "min,max", or "min" alone when the row has an upper end */
    SETTING_CHAR,   /* char: one ASCII character, or "tab" */
    SETTING_INTS    /* struct setting_ints: "10,15", ascending */
};

/* Where a setting may stand, and what a resumed run may change. */
enum setting_use {
    SETTING_FIXED,      /* decides the result: command line, YAML, args.yaml; a resume keeps it */
    SETTING_CHANGEABLE, /* likewise, but a resume may change it without changing a bit */
    SETTING_UNSAVED,    /* how one run is watched or where it is put: not in args.yaml */
    SETTING_COMMAND     /* command line only */
};

struct setting {
    const char *name; /* "batch-size": long option and YAML key */
    char letter;      /* short option, or 0 */
    enum setting_type type;
    size_t offset;             /* of the field in struct settings */
    const char *initial;       /* default, as text; NULL: none */
    double min, max;           /* of numbers, each in a list; max HUGE_VAL: no upper end */
    bool above_min, below_max; /* min itself, max itself are not allowed */
    const char *choices;       /* "auto|none|memory", in the enum's order */
    const float *imagenet;     /* RGB [3]: what the word "imagenet" stands for */
    enum setting_use use;
    const char *argument; /* for --help: "FILE", "N"; NULL for a flag */
    bool leads; /* sets others of its group, too; of the options on a command line or in a file it
                   counts first, wherever it stands, so that each of them wins over it */
    const char *group; /* heading in --help; rows of a group follow each other */
    const char *help;  /* a phrase without full stop; --help adds the default */
};

const struct setting *settings_table(int *n);
const struct setting *settings_table_find(const char *name); /* NULL if unknown */
/* The name that was probably meant: a near spelling, or what other trainers call the same thing
 * ("lr", "imgsz"). NULL if nothing comes near. */
const char *settings_table_suggest(const char *name);

#endif
