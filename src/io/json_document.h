/* JSON of any depth, by jansson: built member by member, with whole files put into it, and written
 * so that it may stand inside an HTML page. (Flat objects on a line: io/json_write.) */
#ifndef IO_JSON_DOCUMENT_H
#define IO_JSON_DOCUMENT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_document;
/* An object, which is open. NULL: err says why. */
struct json_document *json_document_create(struct error *err);
void json_document_destroy(struct json_document *d); /* NULL is fine */

/* Each of these puts a value into what is open: under `key` into an object, at the end of a list
 * (key NULL). A failure (no memory) is told by json_document_html.
 *
 * begin opens the new object or list until its end; at most JSON_DOCUMENT_DEPTH lie in each other.
 */
enum { JSON_DOCUMENT_DEPTH = 16 };
void json_document_begin_object(struct json_document *d, const char *key);
void json_document_begin_list(struct json_document *d, const char *key);
void json_document_end(struct json_document *d);
/* Bytes that are not UTF-8, and so cannot be in JSON, become U+FFFD. NULL: null. */
void json_document_text(struct json_document *d, const char *key, const char *text);
/* 6 digits; whole numbers without a point; null for what is not finite. */
void json_document_number(struct json_document *d, const char *key, double number);
void json_document_integer(struct json_document *d, const char *key, int64_t number);
void json_document_truth(struct json_document *d, const char *key, bool is_true);
/* The object that a file of at most max_bytes holds. One that is not there, or holds something
 * else, is an error that names it, and puts nothing. */
enum status json_document_file(struct json_document *d, const char *key, const char *path,
                               size_t max_bytes, struct error *err);

/* The object that a text holds; name: what an error calls it. */
enum status json_document_object(struct json_document *d, const char *key, const char *text,
                                 size_t size, const char *name, struct error *err);

/* Of the object `inside` in what is open: its member, where that is a number (*out stays otherwise)
 * or a text (borrowed; NULL: it is none). */
bool json_document_get_number(const struct json_document *d, double *out, const char *inside,
                              const char *key);
const char *json_document_get_text(const struct json_document *d, const char *inside,
                                   const char *key);

/* The whole as a text for <script type="application/json">: <, >, &, U+2028 and U+2029, which only
 * occur in strings, are written as \u escapes, so that no string ends the element or begins a
 * comment in it. The caller frees it; NULL: err says why. */
char *json_document_html(const struct json_document *d, struct error *err);

#endif
