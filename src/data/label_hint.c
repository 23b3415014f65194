#include "data/label_hint.h"

#include "base/utf8.h"
#include "data/label_key.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_ascii(const char *text)
{
    while (*text && (unsigned char)*text < 0x80)
        text++;
    return !*text;
}

bool label_hint_differ_visibly(const char *a, const char *b)
{
    return is_ascii(a) && is_ascii(b);
}

/* The first two characters of a text. */
static const char *name_characters(char *out, size_t size, const char *text)
{
    size_t used = 0;
    snprintf(out, size, "nothing");
    for (int i = 0; i < 2 && *text; i++) {
        uint32_t code;
        int bytes = utf8_decode(&code, text);
        if (bytes == 0)
            break;
        used += (size_t)snprintf(out + used, size - used, "%sU+%04" PRIX32, i ? " " : "", code);
        text += bytes;
    }
    return out;
}

/* Bytes of the first character. */
static size_t character_bytes(const char *text)
{
    uint32_t code;
    int bytes = *text ? utf8_decode(&code, text) : 0;
    return bytes > 0 ? (size_t)bytes : 1;
}

void label_hint_difference(char out[LABEL_HINT_BYTES], const char *here, const char *there)
{
    char a[32], b[32];
    while (*here && *there && strncmp(here, there, character_bytes(here)) == 0) {
        size_t bytes = character_bytes(here);
        here += bytes;
        there += bytes;
    }
    snprintf(out, LABEL_HINT_BYTES, "%s here, %s there", name_characters(a, sizeof a, here),
             name_characters(b, sizeof b, there));
}

/* The first class with the label's key; NULL: none, or no memory to find out. */
static const char *find_alike(const char *label, const struct class_list *classes,
                              enum label_key_kind kind)
{
    struct error ignored;
    const char *found = NULL;
    char *key = utf8_valid(label) ? label_key(label, kind, &ignored) : NULL;
    for (int i = 0; key && !found && i < classes->n; i++) {
        char *other = label_key(classes->name[i], kind, &ignored);
        if (other && strcmp(key, other) == 0)
            found = classes->name[i];
        free(other);
    }
    free(key);
    return found;
}

/* The class with the number that the label is; NULL: it is none, or the classes are numbers, too.
 */
static const char *find_numbered(const char *label, const struct class_list *classes)
{
    size_t length = strlen(label);
    if (length == 0 || length > 7 || label[strspn(label, "0123456789")])
        return NULL;
    int number = atoi(label);
    if (number >= classes->n)
        return NULL;
    const char *name = classes->name[number];
    return name[strspn(name, "0123456789")] ? name : NULL;
}

void label_hint(char out[LABEL_HINT_BYTES], const char *label, const struct class_list *classes)
{
    char difference[LABEL_HINT_BYTES];
    const char *meant = find_alike(label, classes, LABEL_KEY_EXACT);
    out[0] = '\0';
    if (meant && !label_hint_differ_visibly(label, meant)) {
        label_hint_difference(difference, label, meant);
        snprintf(out, LABEL_HINT_BYTES, "; \"%.200s\" looks the same and is another text (%.100s)",
                 meant, difference);
        return;
    }
    if (!meant)
        meant = find_alike(label, classes, LABEL_KEY_ALIKE);
    if (meant) {
        snprintf(out, LABEL_HINT_BYTES, "; did you mean \"%.300s\"?", meant);
        return;
    }
    meant = find_numbered(label, classes);
    if (meant)
        snprintf(out, LABEL_HINT_BYTES,
                 "; if labels are numbers of classes: %s is \"%.300s\", and names are expected "
                 "(atk-data name-labels puts them in their place)",
                 label, meant);
}
