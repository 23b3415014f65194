/* Orientation in PNG texts, for images from before PNG had its eXIf chunk. */
#include "base/memory.h"
#include "image/orientation.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* "Raw profile type exif" is a line feed, the profile's name, its length in decimal on a line of
 * its own, then hexadecimal digits in lines. Returns where the digits begin. */
static const char *skip_profile_header(const char *text)
{
    for (int line = 0; line < 3 && text; line++) {
        text = strchr(text, '\n');
        if (text)
            text++;
    }
    return text;
}

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = c == '\0' ? NULL : strchr(digits, tolower((unsigned char)c));

    return found ? (int)(found - digits) : -1;
}

/* Bytes written to out, which has room for strlen(hex) / 2 of them; stops at what is no digit. */
static size_t read_hex(uint8_t *out, const char *hex)
{
    size_t n_digits = 0;

    for (; *hex != '\0'; hex++) {
        int value = hex_digit(*hex);

        if (isspace((unsigned char)*hex))
            continue;
        if (value < 0)
            break;
        if (n_digits % 2 == 0)
            out[n_digits / 2] = (uint8_t)(value << 4);
        else
            out[n_digits / 2] |= (uint8_t)value;
        n_digits++;
    }
    return n_digits / 2;
}

static enum status from_raw_profile(int *orientation, const char *text, struct error *err)
{
    const char *hex = skip_profile_header(text);
    size_t room;
    uint8_t *exif;

    if (!hex)
        return STATUS_OK;
    room = strlen(hex) / 2 + 1;
    exif = memory_array(room, 1, "EXIF data", err);
    if (!exif)
        return err->status;
    *orientation = orientation_from_exif(exif, read_hex(exif, hex));
    free(exif);
    return STATUS_OK;
}

/* tiff:Orientation="3" or <tiff:Orientation>3<: the digit is behind the name and one or two
 * characters. No XML library for that. */
static int from_xmp(const char *text)
{
    static const char name[] = "tiff:Orientation";
    const char *at = strstr(text, name);

    if (!at)
        return 1;
    at += strlen(name);
    at += strspn(at, "=>\"'");
    return at[0] >= '1' && at[0] <= '8' && !isdigit((unsigned char)at[1]) ? at[0] - '0' : 1;
}

static const char raw_profile[] = "Raw profile type exif", xmp[] = "XML:com.adobe.xmp";

bool orientation_text_key(const char *key)
{
    return strcmp(key, raw_profile) == 0 || strcmp(key, xmp) == 0;
}

enum status orientation_from_text(int *orientation, const char *key, const char *text,
                                  struct error *err)
{
    *orientation = 1;
    if (strcmp(key, raw_profile) == 0)
        return from_raw_profile(orientation, text, err);
    if (strcmp(key, xmp) == 0)
        *orientation = from_xmp(text);
    return STATUS_OK;
}
