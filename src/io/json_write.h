/* JSON that is written, by jansson: one object on a line, its members in the order in which they
 * are put. */
#ifndef IO_JSON_WRITE_H
#define IO_JSON_WRITE_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json_write;
/* NULL: err says why. After it an end is due, which frees it. */
struct json_write *json_write_begin(struct error *err);
/* A failure (no memory) is told by end. Bytes of a text that are not UTF-8, and so cannot be in
 * JSON, become U+FFFD. */
void json_write_text(struct json_write *w, const char *key, const char *text);
/* 9 digits; whole numbers without a point; null for what is not finite, which JSON has no number
 * for. */
void json_write_number(struct json_write *w, const char *key, double number);
void json_write_truth(struct json_write *w, const char *key, bool is_true);
void json_write_integer(struct json_write *w, const char *key, int64_t number);
void json_write_numbers(struct json_write *w, const char *key, const double *number, int n);
void json_write_texts(struct json_write *w, const char *key, char *const *text, int n);
/* A list of n_rows lists of n_columns numbers each: row(context, i) is the i-th, borrowed until the
 * next. */
void json_write_rows(struct json_write *w, const char *key, const int *(*row)(void *context, int i),
                     void *context, int n_rows, int n_columns);
/* A list of objects: behind begin each item starts the next object, whose members the calls above
 * then put, until end. Lists are not nested. */
void json_write_list_begin(struct json_write *w, const char *key);
void json_write_list_item(struct json_write *w);
void json_write_list_end(struct json_write *w);
/* The object and a newline. What the stream could not take is the caller's to ask it. */
enum status json_write_end(struct json_write *w, FILE *stream, struct error *err);

#endif
