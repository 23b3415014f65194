/* What is odd about data and does not stop a run: a list that is said once. */
#ifndef DATA_FINDINGS_H
#define DATA_FINDINGS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct json_write;

/* The comment behind each kind says what its count counts. */
enum finding_kind {
    FINDING_EMPTY_ROWS,         /* rows */
    FINDING_REPEATED_ROWS,      /* rows: an image once more, with the same label */
    FINDING_CONFLICTING_ROWS,   /* rows: an image once more, with another label */
    FINDING_SHARED_ROWS,        /* rows of a validation table whose image is trained on */
    FINDING_ALIKE_LABELS,       /* labels that have a twin */
    FINDING_CONTROL_CHARACTERS, /* labels that hold such */
    FINDING_MISSING_VALUES,     /* labels that are words for a missing value */
    FINDING_NUMBERED_CLASSES,   /* classes, with a list of names beside the table: a hint */
    FINDING_UNTRAINED_CLASSES,
    FINDING_SINGLE_IMAGES, /* classes of which nothing is left to validate with */
    FINDING_SMALL_CLASSES,
    FINDING_COPIES_ACROSS,  /* images that validate and are copies of training images */
    FINDING_COPIES_LABELED, /* images that are copies with another label */
    FINDING_ONE_COLOUR,     /* images */
    FINDING_UNUSED_BITS,    /* images of 16 bits */
    FINDING_SQUASHED,       /* images far from square */
    FINDING_SEVERAL,        /* images that are animated or have pages: a hint */
    FINDING_N_KINDS
};
extern const char *const findings_kind_name[FINDING_N_KINDS]; /* "empty-rows", ... */

struct finding {
    enum finding_kind kind;
    int count;
    /* The first example; borrowed from a data set. */
    const char *file;
    int line;          /* 0: the file as a whole */
    const char *image; /* as the table spells it; NULL: about no image */
    char *message;     /* for people, without the place */
};

/* Plain; all zero is an empty list. */
struct findings {
    struct finding *item;
    size_t n, capacity;
};

/* Appends *what with this message. */
enum status findings_add(struct findings *list, const struct finding *what, struct error *err,
                         const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Worth a look, and no warning. */
bool findings_is_hint(enum finding_kind kind);
/* "findings": [{"kind": ..., "severity": "warning" or "hint", "count", "file", "line", "image",
 * "message"}, ...], in the object that w writes. */
void findings_write(struct json_write *w, const struct findings *list);
void findings_free(struct findings *list); /* leaves it empty */

#endif
