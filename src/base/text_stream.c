#include "base/text_stream.h"

#include "base/memory.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

/* 0 tells stdio that nothing was taken: then ferror() is set, and stays so. */
static ssize_t append(void *cookie, const char *bytes, size_t n)
{
    struct text_stream *t = cookie;
    struct error err;
    char *text = memory_grown(t->text, &t->capacity, t->size + n + 1, 1, "a text", &err);

    if (!text)
        return 0;
    t->text = text;
    memcpy(text + t->size, bytes, n);
    t->size += n;
    text[t->size] = '\0';
    return (ssize_t)n;
}

enum status text_stream_open(struct text_stream *t, const char *what, struct error *err)
{
    *t = (struct text_stream){0};
    t->stream = fopencookie(t, "w", (cookie_io_functions_t){.write = append});
    return t->stream ? STATUS_OK : error_memory(err, sizeof(FILE), what);
}

enum status text_stream_close(char **text, size_t *size, struct text_stream *t, const char *what,
                              struct error *err)
{
    bool good = fflush(t->stream) == 0 && !ferror(t->stream);

    good = fclose(t->stream) == 0 && good;
    t->stream = NULL;
    if (good && !t->text)
        t->text = memory_string("", err);
    if (!good || !t->text) {
        error_memory(err, t->size, what);
        text_stream_discard(t);
    }
    *text = t->text;
    if (size)
        *size = t->size;
    bool taken = t->text;
    *t = (struct text_stream){0};
    return taken ? STATUS_OK : err->status;
}

void text_stream_discard(struct text_stream *t)
{
    if (t->stream)
        fclose(t->stream);
    free(t->text);
    *t = (struct text_stream){0};
}
