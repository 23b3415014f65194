/* Values of a tree as numbers, and text as values. */
#include "io/yaml.h"

#include "base/utf8.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

const struct yaml_tree *yaml_tree_find(const struct yaml_tree *map, const char *key)
{
    for (int i = 0; map->kind == YAML_MAP && i < map->n; i++)
        if (strcmp(map->key[i], key) == 0)
            return &map->child[i];
    return NULL;
}

/* "0" or digits without a leading zero, a minus sign perhaps before them. */
static bool is_decimal(const char *text)
{
    text += *text == '-';
    size_t digits = strspn(text, "0123456789");
    return digits > 0 && text[digits] == '\0' && (text[0] != '0' || digits == 1);
}

enum status yaml_tree_int(long *out, const struct yaml_tree *node, const char *name, long min,
                          long max, struct error *err)
{
    if (node->kind != YAML_SCALAR)
        return error_set(err, "%s:%d: %s: an integer in %ld..%ld was expected, not a %s",
                         node->file, node->line, name, min, max,
                         node->kind == YAML_LIST ? "list" : "map");
    errno = 0;
    long value = is_decimal(node->text) ? strtol(node->text, NULL, 10) : 0;
    if (!is_decimal(node->text) || errno != 0 || value < min || value > max)
        return error_set(err, "%s:%d: %s: \"%s\" is not an integer in %ld..%ld", node->file,
                         node->line, name, node->text, min, max);
    *out = value;
    return STATUS_OK;
}

/* Letters, digits and signs that mean nothing in YAML, except at the beginning. */
static bool is_plain(const char *text)
{
    static const char harmless[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "0123456789_./+-%";
    if (text[0] == '\0' || text[strspn(text, harmless)] != '\0')
        return false;
    bool directive = text[0] == '%';
    bool list_item = text[0] == '-' && (text[1] == '\0' || text[1] == '-');
    bool document_end = strcmp(text, "...") == 0;
    return !directive && !list_item && !document_end;
}

/* YAML's printable characters without the line breaks beyond ASCII, which a reader would fold. */
static bool is_printable(uint32_t c)
{
    if (c < 0xA0)
        return c >= 0x20 && c < 0x7F;
    return c != 0x2028 && c != 0x2029 && c != 0xFEFF && c != 0xFFFE && c != 0xFFFF;
}

/* One character of size bytes inside double quotes. */
static void put_character(FILE *stream, const char *text, int size, uint32_t code)
{
    if (code == '"' || code == '\\')
        fprintf(stream, "\\%c", (int)code);
    else if (code == '\n')
        fputs("\\n", stream);
    else if (code == '\t')
        fputs("\\t", stream);
    else if (is_printable(code))
        fwrite(text, 1, (size_t)size, stream);
    else
        fprintf(stream, code < 0x100 ? "\\x%02X" : "\\u%04X", (unsigned)code);
}

void yaml_put_text(FILE *stream, const char *text)
{
    if (is_plain(text)) {
        fputs(text, stream);
        return;
    }
    fputc('"', stream);
    while (*text) {
        uint32_t code;
        int size = utf8_decode(&code, text);
        if (size > 0) {
            put_character(stream, text, size, code);
        } else {
            fputc(*text, stream);
            size = 1;
        }
        text += size;
    }
    fputc('"', stream);
}
