/* Reading and writing names are plain text work; ordering labels is the part with rules. */
#include "data/class_list.h"

#include "base/files.h"
#include "base/memory.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

#define MAX_FILE_BYTES ((size_t)64 << 20) /* a million names of 64 bytes; a photo is a mistake */

/* Room for so many names. */
static enum status create(struct class_list *out, int n, struct error *err)
{
    *out =
        (struct class_list){.name = memory_array((size_t)n, sizeof *out->name, "class names", err)};
    return out->name ? STATUS_OK : err->status;
}

/* On failure the list is empty. */
static enum status append(struct class_list *list, const char *name, struct error *err)
{
    list->name[list->n] = memory_string(name, err);
    if (!list->name[list->n]) {
        class_list_free(list);
        return err->status;
    }
    list->n++;
    return STATUS_OK;
}

/* All strings of `names` in their order. */
static enum status copy_names(struct class_list *out, const struct string_index *names,
                              struct error *err)
{
    if (create(out, names->n, err) != STATUS_OK)
        return err->status;
    for (int i = 0; i < names->n; i++)
        if (append(out, string_index_get(names, i), err) != STATUS_OK)
            return err->status;
    return STATUS_OK;
}

/* Adds the name on one line to `names`; an empty line adds nothing. */
static enum status take_line(struct string_index *names, char *text, const char *path, int line,
                             struct error *err)
{
    text += strspn(text, " \t\r");
    size_t length = strlen(text);
    while (length && strchr(" \t\r", text[length - 1]))
        text[--length] = '\0';
    if (!length)
        return STATUS_OK;
    if (!utf8_valid(text))
        return error_set(err, "%s:%d: the class is not UTF-8 text (iconv converts the file)", path,
                         line);
    if (string_index_find(names, text) >= 0)
        return error_set(err, "%s:%d: class \"%s\" is listed twice", path, line, text);
    int number;
    return string_index_add(names, &number, text, err);
}

/* The lines of a text, which is changed. */
static enum status take_lines(struct string_index *names, char *text, const char *path,
                              struct error *err)
{
    for (int line = 1; text; line++) {
        char *end = strchr(text, '\n');
        if (end)
            *end = '\0';
        if (take_line(names, text, path, line, err) != STATUS_OK)
            return err->status;
        text = end ? end + 1 : NULL;
    }
    if (names->n < 2)
        return error_set(err, "%s: %s; expected two or more, one name a line", path,
                         names->n ? "only one class" : "no class names");
    return STATUS_OK;
}

enum status class_list_read(struct class_list *out, const char *path, struct error *err)
{
    struct string_index names = {0};
    uint8_t *bytes = NULL;
    size_t size;
    *out = (struct class_list){0};
    enum status status = files_read(&bytes, &size, path, MAX_FILE_BYTES, err);
    if (status != STATUS_OK)
        return status;
    if (memchr(bytes, 0, size)) {
        status = error_set(err, "%s: not a text file of class names, it holds a zero byte", path);
        goto done;
    }
    char *text = (char *)bytes + (strncmp((char *)bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0);
    status = take_lines(&names, text, path, err);
    if (status == STATUS_OK)
        status = copy_names(out, &names, err);
done:
    string_index_free(&names);
    free(bytes);
    return status;
}

enum status class_list_write(const struct class_list *classes, const char *path, struct error *err)
{
    struct files_writer w;
    if (files_open(&w, path, err) != STATUS_OK)
        return err->status;
    for (int i = 0; i < classes->n; i++)
        fprintf(w.stream, "%s\n", classes->name[i]);
    return files_commit(&w, err);
}

enum status class_list_copy(struct class_list *out, const struct class_list *in, struct error *err)
{
    if (create(out, in->n, err) != STATUS_OK)
        return err->status;
    for (int i = 0; i < in->n; i++)
        if (append(out, in->name[i], err) != STATUS_OK)
            return err->status;
    return STATUS_OK;
}

static bool is_whole_number(const char *text)
{
    text += *text == '-' || *text == '+';
    return *text && text[strspn(text, "0123456789")] == '\0';
}

/* Compares two whole numbers of any length. */
static int compare_numbers(const char *a, const char *b)
{
    bool negative_a = *a == '-', negative_b = *b == '-';
    a += strspn(a, "+-");
    a += strspn(a, "0");
    b += strspn(b, "+-");
    b += strspn(b, "0");
    negative_a = negative_a && *a; /* -0 is 0 */
    negative_b = negative_b && *b;
    if (negative_a != negative_b)
        return negative_a ? -1 : 1;
    size_t digits_a = strlen(a), digits_b = strlen(b);
    int order = digits_a != digits_b ? (digits_a < digits_b ? -1 : 1) : strcmp(a, b);
    return negative_a ? -order : order;
}

static int by_number(const void *a, const void *b)
{
    return compare_numbers(*(char *const *)a, *(char *const *)b);
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b); /* compares as unsigned char */
}

enum status class_list_order(struct class_list *out, const struct string_index *labels,
                             struct error *err)
{
    if (copy_names(out, labels, err) != STATUS_OK)
        return err->status;
    bool numbers = true;
    for (int i = 0; i < out->n; i++)
        numbers = numbers && is_whole_number(out->name[i]);
    qsort(out->name, (size_t)out->n, sizeof *out->name, numbers ? by_number : by_bytes);
    return STATUS_OK;
}

int class_list_find(const struct class_list *classes, const char *name)
{
    for (int i = 0; i < classes->n; i++)
        if (strcmp(classes->name[i], name) == 0)
            return i;
    return -1;
}

void class_list_free(struct class_list *classes)
{
    for (int i = 0; i < classes->n; i++)
        free(classes->name[i]);
    free(classes->name);
    *classes = (struct class_list){0};
}
