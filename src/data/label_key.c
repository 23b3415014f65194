/* Unicode's part is done by utf8proc, which knows its tables: decomposition, case folding, what is
 * a space or a dash, what is ignorable. */
#include "data/label_key.h"

#include "base/memory.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

static utf8proc_int32_t unify_ascii(utf8proc_int32_t c, enum label_key_kind kind)
{
    if (c == '\t' || (c == '_' && kind == LABEL_KEY_ALIKE))
        return ' ';
    return c == '`' && kind == LABEL_KEY_ALIKE ? '\'' : c;
}

/* The one of those spaces, dashes or quotes that stands for all. utf8proc calls it for each
 * character. */
static utf8proc_int32_t unify(utf8proc_int32_t c, void *context)
{
    const enum label_key_kind *kind = context;
    if (c < 0x80)
        return unify_ascii(c, *kind);
    if (utf8proc_category(c) == UTF8PROC_CATEGORY_ZS)
        return ' ';
    if (*kind == LABEL_KEY_EXACT)
        return c;
    if (utf8proc_category(c) == UTF8PROC_CATEGORY_PD || c == 0x2212) /* the minus sign */
        return '-';
    if (c == 0xB4 || c == 0x2BC || c == 0x2018 || c == 0x2019) /* acute accent, apostrophes */
        return '\'';
    return c == 0x201C || c == 0x201D ? '"' : c;
}

/* Without width or ink, wherever it stands. (The joiners of emoji and of Indic and Arabic script
 * are not of these: they change what is seen.) */
static bool is_invisible(utf8proc_int32_t c)
{
    return c == 0xAD || c == 0x34F || c == 0x180E || c == 0x200B || c == 0x200E || c == 0x200F ||
           (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x2064) ||
           (c >= 0x2066 && c <= 0x206F) || c == 0xFEFF;
}

/* Takes out what is invisible and the spaces at both ends, and makes one space of several when
 * that is asked for. Returns how many are left. */
static size_t squeeze(utf8proc_int32_t *text, size_t n, bool one_space)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        bool behind_space = kept == 0 || (one_space && text[kept - 1] == ' ');
        if (!is_invisible(text[i]) && !(text[i] == ' ' && behind_space))
            text[kept++] = text[i];
    }
    while (kept > 0 && text[kept - 1] == ' ')
        kept--;
    return kept;
}

/* ASCII decomposes into itself: nearly all labels, and a million of them need no table. */
static bool copy_ascii(utf8proc_int32_t *text, const char *label, size_t n,
                       enum label_key_kind kind)
{
    bool folds = kind == LABEL_KEY_ALIKE && n > 1;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)label[i];
        if (c >= 0x80)
            return false;
        text[i] = unify_ascii(folds && c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c, kind);
    }
    return true;
}

/* How utf8proc is to decompose. Letters by themselves keep their case. */
static utf8proc_option_t choose_options(const char *label, size_t n, enum label_key_kind kind)
{
    const utf8proc_option_t exact = UTF8PROC_STABLE | UTF8PROC_DECOMPOSE;
    utf8proc_int32_t c;
    if (kind == LABEL_KEY_EXACT)
        return exact;
    const utf8proc_option_t alike = exact | UTF8PROC_COMPAT | UTF8PROC_IGNORE;
    utf8proc_ssize_t first = utf8proc_iterate((const uint8_t *)label, (utf8proc_ssize_t)n, &c);
    return first == (utf8proc_ssize_t)n ? alike : alike | UTF8PROC_CASEFOLD;
}

/* The characters that make the label, decomposed, with room for a zero behind; allocated. */
static utf8proc_int32_t *decompose(size_t *n, const char *label, enum label_key_kind kind,
                                   struct error *err)
{
    const size_t size = strlen(label);
    utf8proc_int32_t *text = memory_array(size + 1, sizeof *text, "a label", err);
    *n = size;
    if (!text || copy_ascii(text, label, size, kind))
        return text;
    free(text);
    const uint8_t *bytes = (const uint8_t *)label;
    const utf8proc_option_t options = choose_options(label, size, kind);
    utf8proc_ssize_t made =
        utf8proc_decompose_custom(bytes, (utf8proc_ssize_t)size, NULL, 0, options, unify, &kind);
    if (made < 0) {
        error_set(err, "label \"%s\": %s", label, utf8proc_errmsg(made));
        return NULL;
    }
    *n = (size_t)made;
    text = memory_array(*n + 1, sizeof *text, "a label", err);
    if (text)
        utf8proc_decompose_custom(bytes, (utf8proc_ssize_t)size, text, made, options, unify, &kind);
    return text;
}

/* "+007.50" becomes "7.50" of the exact kind, "7.5" of the other, "0.5" and ".5" both ".5"; what is
 * no number stays. */
static void make_plain_number(char *text, enum label_key_kind kind)
{
    static const char digits[] = "0123456789";
    size_t sign = *text == '-';
    char *whole = text + (*text == '-' || *text == '+');
    char *point = whole + strspn(whole, digits);
    size_t decimals = *point == '.' ? strspn(point + 1, digits) : 0;
    char *end = point + (*point == '.') + decimals;
    if (*end || (point == whole && decimals == 0))
        return;
    bool is_whole = decimals == 0 || strspn(point + 1, "0") == decimals;
    if (is_whole)
        end = point;
    while (!is_whole && kind == LABEL_KEY_ALIKE && end[-1] == '0')
        end--;
    while (whole < point && *whole == '0')
        whole++;
    size_t n = (size_t)(end - whole);
    if (n == 0) { /* -0 is 0 */
        strcpy(text, "0");
        return;
    }
    memmove(text + sign, whole, n);
    text[sign + n] = '\0';
}

char *label_key(const char *label, enum label_key_kind kind, struct error *err)
{
    size_t n;
    utf8proc_int32_t *text = decompose(&n, label, kind, err);
    if (!text)
        return NULL;
    n = squeeze(text, n, kind == LABEL_KEY_ALIKE);
    utf8proc_reencode(text, (utf8proc_ssize_t)n, 0); /* in place, as UTF-8 with a zero behind */
    char *key = (char *)text;
    make_plain_number(key, kind);
    return key;
}
