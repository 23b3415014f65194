#include "io/json_document.h"

#include "base/files.h"
#include "base/memory.h"
#include "base/text_stream.h"
#include "base/utf8.h"

#include <assert.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS = 6 };
static const double largest_whole = 1e9; /* of which all are exact and none has an exponent */

struct json_document {
    json_t *open[JSON_DOCUMENT_DEPTH]; /* [0] is owned, the others are in it */
    int depth;                         /* of the last one that is open */
    bool failed;
};

struct json_document *json_document_create(struct error *err)
{
    struct json_document *d = memory_array(1, sizeof *d, "JSON", err);

    if (!d)
        return NULL;
    d->open[0] = json_object();
    if (d->open[0])
        return d;
    free(d);
    error_memory(err, 64, "JSON");
    return NULL;
}

void json_document_destroy(struct json_document *d)
{
    if (!d)
        return;
    json_decref(d->open[0]);
    free(d);
}

/* Takes value, which is NULL when there was no memory for it; false: it is gone. */
static bool put(struct json_document *d, const char *key, json_t *value)
{
    json_t *place = d->open[d->depth];
    int failure =
        key ? json_object_set_new(place, key, value) : json_array_append_new(place, value);

    if (failure != 0)
        d->failed = true;
    return failure == 0;
}

/* What has no place (no memory) is open all the same, so that each begin has its end; what is put
 * into it is gone. */
static void begin(struct json_document *d, const char *key, json_t *value)
{
    assert(d->depth + 1 < JSON_DOCUMENT_DEPTH);
    bool is_in = put(d, key, value);
    d->depth++;
    d->open[d->depth] = is_in ? value : NULL;
}

void json_document_begin_object(struct json_document *d, const char *key)
{
    begin(d, key, json_object());
}

void json_document_begin_list(struct json_document *d, const char *key)
{
    begin(d, key, json_array());
}

void json_document_end(struct json_document *d)
{
    assert(d->depth > 0);
    d->depth--;
}

void json_document_text(struct json_document *d, const char *key, const char *text)
{
    if (!text) {
        put(d, key, json_null());
        return;
    }
    if (utf8_valid(text)) {
        put(d, key, json_string_nocheck(text));
        return;
    }
    char *valid = utf8_repaired(text);
    put(d, key, valid ? json_string(valid) : NULL);
    free(valid);
}

void json_document_number(struct json_document *d, const char *key, double number)
{
    if (!isfinite(number))
        put(d, key, json_null());
    else if (fabs(number) < largest_whole && number == floor(number))
        put(d, key, json_integer((json_int_t)number));
    else
        put(d, key, json_real(number));
}

void json_document_integer(struct json_document *d, const char *key, int64_t number)
{
    put(d, key, json_integer(number));
}

void json_document_truth(struct json_document *d, const char *key, bool is_true)
{
    put(d, key, json_boolean(is_true));
}

enum status json_document_object(struct json_document *d, const char *key, const char *text,
                                 size_t size, const char *name, struct error *err)
{
    json_error_t problem;
    json_t *value = json_loadb(text, size, JSON_REJECT_DUPLICATES, &problem);

    if (!value)
        return error_set(err, "%s:%d: not JSON: %s", name, problem.line, problem.text);
    if (!json_is_object(value)) {
        json_decref(value);
        return error_set(err, "%s: a JSON object was expected", name);
    }
    put(d, key, value);
    return STATUS_OK;
}

enum status json_document_file(struct json_document *d, const char *key, const char *path,
                               size_t max_bytes, struct error *err)
{
    uint8_t *bytes;
    size_t size;

    if (files_read(&bytes, &size, path, max_bytes, err) != STATUS_OK)
        return err->status;
    enum status status = json_document_object(d, key, (const char *)bytes, size, path, err);
    free(bytes);
    return status;
}

static const json_t *member(const struct json_document *d, const char *inside, const char *key)
{
    return json_object_get(json_object_get(d->open[d->depth], inside), key);
}

bool json_document_get_number(const struct json_document *d, double *out, const char *inside,
                              const char *key)
{
    const json_t *value = member(d, inside, key);

    if (!json_is_number(value))
        return false;
    *out = json_number_value(value);
    return true;
}

const char *json_document_get_text(const struct json_document *d, const char *inside,
                                   const char *key)
{
    return json_string_value(member(d, inside, key));
}

static void put_escaped(FILE *stream, const char *text)
{
    for (; *text; text++) {
        bool separates =
            strncmp(text, "\xE2\x80\xA8", 3) == 0 || strncmp(text, "\xE2\x80\xA9", 3) == 0;
        if (*text == '<' || *text == '>' || *text == '&')
            fprintf(stream, "\\u%04x", (unsigned)*text);
        else if (separates)
            fprintf(stream, "\\u202%c", text[2] == '\xA8' ? '8' : '9');
        else
            fputc(*text, stream);
        text += separates ? 2 : 0;
    }
}

char *json_document_html(const struct json_document *d, struct error *err)
{
    struct text_stream t;
    char *out;
    char *text =
        d->failed ? NULL : json_dumps(d->open[0], JSON_COMPACT | JSON_REAL_PRECISION(DIGITS));

    if (!text) {
        error_memory(err, 1024, "JSON");
        return NULL;
    }
    if (text_stream_open(&t, "JSON", err) != STATUS_OK) {
        free(text);
        return NULL;
    }
    put_escaped(t.stream, text);
    free(text);
    text_stream_close(&out, NULL, &t, "JSON", err);
    return out;
}
