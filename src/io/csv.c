/* libcsv tells neither lines nor positions, and skips blank lines without a word. So the file is
 * cut here into its physical lines (LF, CRLF or a lone CR, as libcsv ends rows), each is parsed by
 * a call of its own, and a row belongs to the line at which none was open. */
#include "io/csv.h"

#include "base/files.h"
#include "base/memory.h"

#include <csv.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct storage {
    char *text;     /* all fields, each ended by a zero */
    char **field;   /* pointers into text, row after row */
    uint8_t *bytes; /* of the file, when rows are kept as they stand; else NULL */
};

struct reader {
    const char *path;
    struct csv_table *table;
    struct storage *storage;
    size_t text_used, fields, field_capacity, row_capacity;
    int line;             /* the physical line that is being parsed */
    int row_line;         /* where the open row began; 0 when none is open */
    const char *at, *row; /* the first bytes of both */
    const char *end;      /* of the file */
    int row_fields;
    enum status status; /* libcsv goes on after a failed callback */
    struct error *err;
};

/* The end of the line at `at`, its terminator included. */
static const char *line_end(const char *at, const char *end)
{
    while (at < end && *at != '\n' && *at != '\r')
        at++;
    if (at < end && *at == '\r' && at + 1 < end && at[1] == '\n')
        return at + 2;
    return at < end ? at + 1 : end;
}

static void end_field(void *bytes, size_t size, void *context)
{
    struct reader *r = context;
    struct storage *s = r->storage;
    if (r->status != STATUS_OK)
        return;
    char **grown = memory_grown(s->field, &r->field_capacity, r->fields + 1, sizeof *grown,
                                "CSV fields", r->err);
    if (!grown) {
        r->status = r->err->status;
        return;
    }
    s->field = grown;
    /* Fits: text is as long as the file, where each field but the last has a delimiter behind it.
     */
    char *copy = s->text + r->text_used;
    if (size > 0)
        memcpy(copy, bytes, size);
    copy[size] = '\0';
    r->text_used += size + 1;
    s->field[r->fields++] = copy;
    r->row_fields++;
}

/* The row that ends with the line that is being parsed. */
static void keep_raw(const struct reader *r, struct csv_row *row)
{
    const char *end = line_end(r->at, r->end);
    while (end > r->row && (end[-1] == '\n' || end[-1] == '\r'))
        end--;
    row->raw = r->row;
    row->raw_bytes = (size_t)(end - r->row);
}

static void end_row(int terminator, void *context)
{
    (void)terminator;
    struct reader *r = context;
    struct csv_table *table = r->table;
    if (r->status != STATUS_OK)
        return;
    struct csv_row *grown = memory_grown(table->row, &r->row_capacity, table->n_rows + 1,
                                         sizeof *grown, "CSV rows", r->err);
    if (!grown) {
        r->status = r->err->status;
        return;
    }
    table->row = grown;
    table->row[table->n_rows] = (struct csv_row){.line = r->row_line, .n_fields = r->row_fields};
    if (r->storage->bytes)
        keep_raw(r, &table->row[table->n_rows]);
    table->n_rows++;
    r->row_line = r->row_fields = 0;
}

static enum status parser_error(struct reader *r, struct csv_parser *parser)
{
    if (r->status != STATUS_OK)
        return r->status;
    int reason = csv_error(parser);
    if (reason != CSV_EPARSE)
        return error_set(r->err, "%s:%d: %s", r->path, r->line, csv_strerror(reason));
    return error_set(r->err,
                     "%s:%d: wrong quoting: a field that holds a quote must be quoted as a whole "
                     "and have that quote doubled",
                     r->path, r->line);
}

static enum status parse_lines(struct reader *r, struct csv_parser *parser, const char *at,
                               const char *end)
{
    r->end = end;
    for (r->line = 1; at < end; r->line++) {
        const char *next = line_end(at, end);
        size_t size = (size_t)(next - at);
        bool blank = *at == '\n' || *at == '\r';
        if (memchr(at, '\0', size))
            return error_set(r->err, "%s:%d: a NUL byte, but a CSV file is text (UTF-8)", r->path,
                             r->line);
        if (r->row_line == 0 && !blank) {
            r->row_line = r->line;
            r->row = at;
        }
        r->at = at;
        if (csv_parse(parser, at, size, end_field, end_row, r) != size || r->status != STATUS_OK)
            return parser_error(r, parser);
        at = next;
    }
    if (csv_fini(parser, end_field, end_row, r) != 0)
        return error_set(r->err, "%s:%d: a quoted field of this row has no closing quote", r->path,
                         r->row_line);
    return r->status;
}

/* An unquoted field is given as it stands: libcsv would trim what this calls a space. */
static int never_a_space(unsigned char c)
{
    (void)c;
    return 0;
}

static enum status parse(struct reader *r, const char *bytes, size_t size, char delimiter)
{
    struct csv_parser parser;
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL) != 0)
        return error_set(r->err, "%s: libcsv cannot be started", r->path);
    csv_set_delim(&parser, (unsigned char)delimiter);
    csv_set_space_func(&parser, never_a_space);
    csv_set_blk_size(&parser, 4096); /* its buffer's growth; a long field is not quadratic then */
    size_t bom = size >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    enum status status = parse_lines(r, &parser, bytes + bom, bytes + size);
    csv_free(&parser);
    return status;
}

static enum status fill_table(struct csv_table *out, const char *path, const uint8_t *bytes,
                              size_t size, char delimiter, struct error *err)
{
    struct storage *storage = out->storage;
    storage->text = memory_array(size + 1, 1, "the text of a CSV file", err);
    if (!storage->text)
        return err->status;

    if (size >= 2 && (memcmp(bytes, "\xFF\xFE", 2) == 0 || memcmp(bytes, "\xFE\xFF", 2) == 0))
        return error_set(err,
                         "%s: the text is UTF-16, as spreadsheets save it; expected UTF-8 (there, "
                         "\"CSV UTF-8\"; or: iconv -f UTF-16 -t UTF-8)",
                         path);
    struct reader reader = {.path = path, .table = out, .storage = storage, .err = err};
    enum status status = parse(&reader, (const char *)bytes, size, delimiter);
    /* Only now the array of pointers stays where it is. */
    char **field = storage->field;
    for (size_t i = 0; i < out->n_rows; field += out->row[i++].n_fields)
        out->row[i].field = field;
    return status;
}

static enum status read_table(struct csv_table *out, const char *path, char delimiter, bool raw,
                              struct error *err)
{
    uint8_t *bytes;
    size_t size;
    *out = (struct csv_table){0};
    /* In a file of less than 2^31 bytes no count of lines or fields is too large for an int. */
    if (files_read(&bytes, &size, path, INT_MAX - 1, err) != STATUS_OK)
        return err->status;
    struct storage *storage = memory_array(1, sizeof *storage, "a CSV table", err);
    if (!storage) {
        free(bytes);
        return err->status;
    }
    out->storage = storage;
    storage->bytes = raw ? bytes : NULL;
    enum status status = fill_table(out, path, bytes, size, delimiter, err);
    if (!raw)
        free(bytes);
    if (status != STATUS_OK)
        csv_table_free(out);
    return status;
}

enum status csv_table_read(struct csv_table *out, const char *path, char delimiter,
                           struct error *err)
{
    return read_table(out, path, delimiter, false, err);
}

enum status csv_table_read_raw(struct csv_table *out, const char *path, char delimiter,
                               struct error *err)
{
    return read_table(out, path, delimiter, true, err);
}

void csv_table_free(struct csv_table *table)
{
    struct storage *storage = table->storage;
    if (storage) {
        free(storage->text);
        free(storage->field);
        free(storage->bytes);
        free(storage);
    }
    free(table->row);
    *table = (struct csv_table){0};
}

void csv_raw_field(size_t *bytes, const char *raw, const char *end, char delimiter)
{
    const char *at = raw;
    /* A doubled quote closes the field and opens it again. */
    for (bool quoted = false; at < end && (quoted || *at != delimiter); at++)
        quoted = quoted != (*at == '"');
    *bytes = (size_t)(at - raw);
}

/* With its quotes doubled. */
static void put_escaped(FILE *stream, const char *text)
{
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', stream);
        fputc(*text, stream);
    }
}

static bool needs_quotes(const char *text, char delimiter)
{
    return strpbrk(text, ",\"\r\n") || strchr(text, delimiter);
}

void csv_put_quoted(FILE *stream, const char *begin, const char *text)
{
    fputc('"', stream);
    put_escaped(stream, begin);
    put_escaped(stream, text);
    fputc('"', stream);
}

void csv_put_joined(FILE *stream, const char *begin, const char *text, char delimiter)
{
    size_t length = strlen(text);
    bool outer_space = *(*begin ? begin : text) == ' ' || (length > 0 && text[length - 1] == ' ');
    if (outer_space || needs_quotes(begin, delimiter) || needs_quotes(text, delimiter)) {
        csv_put_quoted(stream, begin, text);
    } else {
        fputs(begin, stream);
        fputs(text, stream);
    }
}

void csv_put_field(FILE *stream, const char *text)
{
    csv_put_joined(stream, "", text, ',');
}
