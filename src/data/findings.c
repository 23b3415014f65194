#include "data/findings.h"

#include "base/memory.h"
#include "io/json_write.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

const char *const findings_kind_name[FINDING_N_KINDS] = {
    [FINDING_EMPTY_ROWS] = "empty-rows",
    [FINDING_REPEATED_ROWS] = "repeated-rows",
    [FINDING_CONFLICTING_ROWS] = "conflicting-rows",
    [FINDING_SHARED_ROWS] = "shared-rows",
    [FINDING_ALIKE_LABELS] = "alike-labels",
    [FINDING_CONTROL_CHARACTERS] = "control-characters",
    [FINDING_MISSING_VALUES] = "missing-value-labels",
    [FINDING_NUMBERED_CLASSES] = "numbered-classes",
    [FINDING_UNTRAINED_CLASSES] = "untrained-classes",
    [FINDING_SINGLE_IMAGES] = "single-image-classes",
    [FINDING_SMALL_CLASSES] = "small-classes",
    [FINDING_COPIES_ACROSS] = "copies-across-the-split",
    [FINDING_COPIES_LABELED] = "copies-with-another-label",
    [FINDING_ONE_COLOUR] = "one-colour-images",
    [FINDING_UNUSED_BITS] = "unused-high-bits",
    [FINDING_SQUASHED] = "squashed-images",
    [FINDING_SEVERAL] = "several-frames-or-pages",
};

/* As in messages of errors: no control character reaches a terminal. */
static char *format_text(const char *format, va_list arguments, struct error *err)
{
    va_list again;
    va_copy(again, arguments);
    size_t size = (size_t)vsnprintf(NULL, 0, format, again) + 1;
    va_end(again);
    char *text = memory_array(size, 1, "a warning", err);
    if (!text)
        return NULL;
    vsnprintf(text, size, format, arguments);
    for (char *at = text; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7F)
            *at = '?';
    return text;
}

enum status findings_add(struct findings *list, const struct finding *what, struct error *err,
                         const char *format, ...)
{
    struct finding *grown = memory_grown(list->item, &list->capacity, list->n + 1, sizeof *grown,
                                         "list of warnings", err);
    va_list arguments;
    if (!grown)
        return err->status;
    list->item = grown;
    grown[list->n] = *what;
    va_start(arguments, format);
    char *message = format_text(format, arguments, err);
    va_end(arguments);
    grown[list->n].message = message;
    if (!message)
        return err->status;
    list->n++;
    return STATUS_OK;
}

bool findings_is_hint(enum finding_kind kind)
{
    return kind == FINDING_NUMBERED_CLASSES || kind == FINDING_SEVERAL;
}

void findings_write(struct json_write *w, const struct findings *list)
{
    json_write_list_begin(w, "findings");
    for (size_t i = 0; i < list->n; i++) {
        const struct finding *f = &list->item[i];
        json_write_list_item(w);
        json_write_text(w, "kind", findings_kind_name[f->kind]);
        json_write_text(w, "severity", findings_is_hint(f->kind) ? "hint" : "warning");
        json_write_integer(w, "count", f->count);
        json_write_text(w, "file", f->file);
        json_write_integer(w, "line", f->line);
        if (f->image)
            json_write_text(w, "image", f->image);
        json_write_text(w, "message", f->message);
    }
    json_write_list_end(w);
}

void findings_free(struct findings *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->item[i].message);
    free(list->item);
    *list = (struct findings){0};
}
