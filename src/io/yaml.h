/* YAML by libyaml as a small tree whose nodes know their line: the only file that includes
 * libyaml's <yaml.h> (this header is included as "io/yaml.h"). Anchors, aliases, tags, duplicate
 * keys, several documents and nesting deeper than 16 are refused. Values stay text; the
 * yaml_tree_get_* functions convert strictly (decimal integers, finite floats in the C locale,
 * true/false) and name file:line, key and value when they cannot. */
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

/* Parses size bytes; file is the name for messages (copied). *out is freed with yaml_tree_free. */
enum status yaml_tree_parse(struct yaml_tree **out, const char *text, size_t size, const char *file,
                            struct error *err);
enum status yaml_tree_read(struct yaml_tree **out, const char *path,
                           struct error *err); /* at most 1 MiB */
void yaml_tree_free(struct yaml_tree *root);   /* NULL is fine */

const struct yaml_tree *yaml_tree_find(const struct yaml_tree *map,
                                       const char *key); /* NULL if absent */
enum status yaml_tree_int(long *out, const struct yaml_tree *node, const char *name, long min,
                          long max, struct error *err);
/* A quoted YAML scalar when text needs quotes to be read back as the same string, else text as it
 * is. */
void yaml_put_text(FILE *stream, const char *text);

#endif
