/* Where files that come with the program are found by a name: FOLDER/NAME.yaml in $ATK_TRAIN_SHARE,
 * beside the build folder of a checkout, or in ../share/atk-train of an installed program, in this
 * order. */
#ifndef RUN_FILES_LIBRARY_H
#define RUN_FILES_LIBRARY_H

#include "base/error.h"

#include <stdbool.h>

enum library {
    LIBRARY_MODELS,  /* models/: networks, of --model */
    LIBRARY_CONFIGS, /* configs/: recipes, of --config */
    LIBRARY_PAGE     /* scripts/page/: template, style and script of report.html */
};

/* *path = the file that `what` stands for; the caller frees it. what is a path when it has a '/' or
 * ends in ".yaml" or ".yml" (it is not looked at then), else a name. An unknown name is a usage
 * error that lists the known ones. */
enum status library_find(char **path, enum library library, const char *what, struct error *err);
/* *path = the file of exactly this name in the library; the caller frees it. None is an error. */
enum status library_find_file(char **path, enum library library, const char *file,
                              struct error *err);
/* Whether there is a file of that name; false also when that cannot be told. */
bool library_has(enum library library, const char *name);
/* The names of the library's files, sorted; one that is in two folders comes twice. */
enum { LIBRARY_MOST_NAMES = 64, LIBRARY_NAME_BYTES = 64 };
struct library_names {
    char name[LIBRARY_MOST_NAMES][LIBRARY_NAME_BYTES];
    int n;
};
enum status library_list(struct library_names *out, enum library library, struct error *err);

#endif
