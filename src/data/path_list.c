#include "data/path_list.h"

#include "base/memory.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum status path_list_add(struct path_list *list, const char *path, struct error *err)
{
    if (list->n == INT_MAX)
        return error_set(err, "more than %d paths", INT_MAX);
    char **grown = memory_grown(list->path, &list->capacity, (size_t)list->n + 1, sizeof *grown,
                                "a list of paths", err);
    if (!grown)
        return err->status;
    list->path = grown;
    grown[list->n] = memory_string(path, err);
    if (!grown[list->n])
        return err->status;
    list->n++;
    return STATUS_OK;
}

struct reader {
    FILE *stream;
    char end;
    const char *name;
    int number;                          /* of the present path, from 1 */
    char text[PATH_LIST_MOST_BYTES + 2]; /* a carriage return more */
    size_t length;
};

/* The next path into text; *is_last: the stream is at its end. */
static enum status read_path(struct reader *r, bool *is_last, struct error *err)
{
    r->length = 0;
    r->number++;
    for (;;) {
        int byte = getc(r->stream);
        *is_last = byte == EOF;
        if (byte == EOF && ferror(r->stream))
            return error_errno(err, "cannot read %s", r->name);
        if (byte == EOF || byte == (unsigned char)r->end)
            break;
        if (byte == '\0')
            return error_set(err,
                             "%s:%d: a zero byte; paths that end with one, as of find -print0, are "
                             "read with -0",
                             r->name, r->number);
        if (r->length == sizeof r->text - 1)
            return error_set(err, "%s:%d: more than %d bytes are no path", r->name, r->number,
                             PATH_LIST_MOST_BYTES);
        r->text[r->length++] = (char)byte;
    }
    if (r->end == '\n' && r->length > 0 && r->text[r->length - 1] == '\r')
        r->length--;
    if (r->length > PATH_LIST_MOST_BYTES)
        return error_set(err, "%s:%d: more than %d bytes are no path", r->name, r->number,
                         PATH_LIST_MOST_BYTES);
    r->text[r->length] = '\0';
    return STATUS_OK;
}

enum status path_list_read(struct path_list *list, FILE *stream, char end, const char *name,
                           struct error *err)
{
    static const char mark[] = "\xEF\xBB\xBF";
    struct reader r = {.stream = stream, .end = end, .name = name};
    bool is_last = false;

    while (!is_last) {
        if (read_path(&r, &is_last, err) != STATUS_OK)
            return err->status;
        const char *path = r.text;
        if (end == '\n' && r.number == 1 && strncmp(path, mark, strlen(mark)) == 0)
            path += strlen(mark);
        if (*path && path_list_add(list, path, err) != STATUS_OK)
            return err->status;
    }
    return STATUS_OK;
}

void path_list_free(struct path_list *list)
{
    for (int i = 0; i < list->n; i++)
        free(list->path[i]);
    free(list->path);
    *list = (struct path_list){0};
}
