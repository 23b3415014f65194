/* YAML by libyaml as a small tree whose nodes know their line: the only file that includes
 * libyaml's <yaml.h> (this header is included as "io/yaml.h"). Anchors, aliases, tags, duplicate
 * keys, several documents, nesting deeper than 16 and maps of more than 4096 keys are refused.
 * Values stay text. All errors are STATUS_FAILED and say "file:line: ...". */
#ifndef IO_YAML_H
#define IO_YAML_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_tree {
    enum yaml_kind kind;
    int line;         /* 1-based */
    const char *file; /* as given to the reader, for messages */
    char *text;       /* scalar: its text, quotes removed */
    char **key;       /* map: n keys in file order */
    int *key_line;
    struct yaml_tree *child; /* list, map: n children */
    int n;
};

/* Parses size bytes; file is the name for messages (copied). *out is freed with yaml_tree_free.
 * Nothing at all, or nothing but comments, is a map without keys. */
enum status yaml_tree_parse(struct yaml_tree **out, const char *text, size_t size, const char *file,
                            struct error *err);
enum status yaml_tree_read(struct yaml_tree **out, const char *path,
                           struct error *err); /* at most 1 MiB */
void yaml_tree_free(struct yaml_tree *root);   /* NULL is fine */

const struct yaml_tree *yaml_tree_find(const struct yaml_tree *map,
                                       const char *key); /* NULL if absent */
/* Strictly decimal ("7", "-3"; not "+7", "07", "7.0", "0x7") and in min..max; else the message
 * names file, line, `name`, the text and the range. */
enum status yaml_tree_int(long *out, const struct yaml_tree *node, const char *name, long min,
                          long max, struct error *err);
/* text as it stands where that is read back as the same string, else in double quotes with escapes.
 * text is UTF-8 (bytes that are not cannot be expressed in YAML and are written as they are). */
void yaml_put_text(FILE *stream, const char *text);

#endif
