#include "io/json_write.h"

#include "base/memory.h"
#include "base/utf8.h"

#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS = 9 };
static const double largest_whole = 1e9; /* of which all are exact and none has an exponent */

struct json_write {
    json_t *object;
    json_t *list, *item; /* of object, of list; borrowed; NULL: none is open */
    bool failed;
};

struct json_write *json_write_begin(struct error *err)
{
    struct json_write *w = memory_array(1, sizeof *w, "JSON", err);

    if (!w)
        return NULL;
    w->object = json_object();
    if (w->object)
        return w;
    free(w);
    error_memory(err, 64, "JSON");
    return NULL;
}

/* Takes value, which is NULL when there was no memory for it. */
static void put(struct json_write *w, const char *key, json_t *value)
{
    if (json_object_set_new(w->item ? w->item : w->object, key, value) != 0)
        w->failed = true;
}

/* NULL: no memory. */
static json_t *make_text(const char *text)
{
    char *valid = utf8_repaired(text);
    json_t *value = valid ? json_string(valid) : NULL;

    free(valid);
    return value;
}

void json_write_text(struct json_write *w, const char *key, const char *text)
{
    put(w, key, make_text(text));
}

static json_t *make_number(double number)
{
    if (!isfinite(number))
        return json_null();
    if (fabs(number) < largest_whole && number == floor(number))
        return json_integer((json_int_t)number);
    return json_real(number);
}

void json_write_number(struct json_write *w, const char *key, double number)
{
    put(w, key, make_number(number));
}

void json_write_truth(struct json_write *w, const char *key, bool is_true)
{
    put(w, key, json_boolean(is_true));
}

void json_write_integer(struct json_write *w, const char *key, int64_t number)
{
    put(w, key, json_integer(number));
}

/* Takes value, which is NULL when there was no memory for it; so is array, perhaps. */
static void append(struct json_write *w, json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) != 0)
        w->failed = true;
}

void json_write_numbers(struct json_write *w, const char *key, const double *number, int n)
{
    json_t *array = json_array();

    for (int i = 0; array && i < n; i++)
        append(w, array, make_number(number[i]));
    put(w, key, array);
}

void json_write_texts(struct json_write *w, const char *key, char *const *text, int n)
{
    json_t *array = json_array();

    for (int i = 0; array && i < n; i++)
        append(w, array, make_text(text[i]));
    put(w, key, array);
}

void json_write_rows(struct json_write *w, const char *key, const int *(*row)(void *context, int i),
                     void *context, int n_rows, int n_columns)
{
    json_t *rows = json_array();

    for (int i = 0; rows && i < n_rows; i++) {
        const int *number = row(context, i);
        json_t *array = json_array();
        for (int j = 0; array && j < n_columns; j++)
            append(w, array, json_integer(number[j]));
        append(w, rows, array);
    }
    put(w, key, rows);
}

void json_write_list_begin(struct json_write *w, const char *key)
{
    w->list = json_array();
    put(w, key, w->list);
}

void json_write_list_item(struct json_write *w)
{
    w->item = json_object();
    if (json_array_append_new(w->list, w->item) == 0)
        return;
    w->item = NULL; /* it is gone */
    w->failed = true;
}

void json_write_list_end(struct json_write *w)
{
    w->list = w->item = NULL;
}

enum status json_write_end(struct json_write *w, FILE *stream, struct error *err)
{
    char *text = w->failed ? NULL : json_dumps(w->object, JSON_REAL_PRECISION(DIGITS));

    json_decref(w->object);
    free(w);
    if (!text)
        return error_memory(err, 1024, "JSON");
    fprintf(stream, "%s\n", text);
    free(text);
    return STATUS_OK;
}
