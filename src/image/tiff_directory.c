/* TIFF 6.0, section 2, and BigTIFF, which has 8 bytes where TIFF has 4 (and where it counts
 * entries, 2). */
#include "image/tiff_directory.h"

#include <string.h>

static uint64_t get(const struct tiff_directory *d, size_t at, size_t n)
{
    uint64_t value = 0;
    for (size_t i = 0; i < n; i++)
        value = value << 8 | d->bytes[at + (d->little_endian ? n - 1 - i : i)];
    return value;
}

static size_t place_bytes(const struct tiff_directory *d)
{
    return d->is_big ? 8 : 4;
}

static size_t entry_bytes(const struct tiff_directory *d)
{
    return 4 + 2 * place_bytes(d); /* tag, type, count, value or its place */
}

static bool enter(struct tiff_directory *d, uint64_t at)
{
    size_t count_bytes = d->is_big ? 8 : 2;
    if (at == 0 || at > d->size || d->size - at < count_bytes)
        return false;
    uint64_t n = get(d, (size_t)at, count_bytes);
    d->at = (size_t)at + count_bytes;
    d->n = (size_t)n;
    return n <= (d->size - d->at) / entry_bytes(d);
}

bool tiff_directory_is_tiff(const uint8_t *bytes, size_t size)
{
    return size >= 4 && (memcmp(bytes, "II*\0", 4) == 0 || memcmp(bytes, "MM\0*", 4) == 0 ||
                         memcmp(bytes, "II+\0", 4) == 0 || memcmp(bytes, "MM\0+", 4) == 0);
}

bool tiff_directory_first(struct tiff_directory *d, const uint8_t *bytes, size_t size)
{
    if (!tiff_directory_is_tiff(bytes, size))
        return false;
    *d = (struct tiff_directory){.bytes = bytes,
                                 .size = size,
                                 .little_endian = bytes[0] == 'I',
                                 .is_big = bytes[2] == '+' || bytes[3] == '+'};
    size_t at = d->is_big ? 8 : 4;
    return size >= at + place_bytes(d) && enter(d, get(d, at, place_bytes(d)));
}

bool tiff_directory_next(struct tiff_directory *d)
{
    size_t end = d->at + d->n * entry_bytes(d);
    return d->size - end >= place_bytes(d) && enter(d, get(d, end, place_bytes(d)));
}

/* 0: an unknown type. */
static size_t type_bytes(uint64_t type)
{
    static const uint8_t bytes[] = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8};
    return type < sizeof bytes ? bytes[type] : 0;
}

static uint64_t entry_value(const struct tiff_directory *d, size_t at, uint64_t otherwise)
{
    uint64_t type = get(d, at + 2, 2), count = get(d, at + 4, place_bytes(d));
    size_t value_at = at + 4 + place_bytes(d), n = type_bytes(type);
    bool is_whole = type == 1 || type == 3 || type == 4 || type == 16;
    if (!is_whole || count == 0)
        return otherwise;
    if (count > place_bytes(d) / n) {
        uint64_t elsewhere = get(d, value_at, place_bytes(d));
        if (elsewhere > d->size || d->size - elsewhere < n)
            return otherwise;
        value_at = (size_t)elsewhere;
    }
    return get(d, value_at, n);
}

uint64_t tiff_directory_value(const struct tiff_directory *d, enum tiff_tag tag, uint64_t otherwise)
{
    for (size_t i = 0; i < d->n; i++) {
        size_t at = d->at + i * entry_bytes(d);
        if (get(d, at, 2) == (uint64_t)tag)
            return entry_value(d, at, otherwise);
    }
    return otherwise;
}

size_t tiff_directory_bytes(const struct tiff_directory *d)
{
    size_t sum = 0;
    for (size_t i = 0; i < d->n; i++) {
        size_t at = d->at + i * entry_bytes(d), n = type_bytes(get(d, at + 2, 2));
        uint64_t count = get(d, at + 4, place_bytes(d));
        if (n > 0 && count > (SIZE_MAX - sum) / n)
            return SIZE_MAX;
        sum += n * (size_t)count;
    }
    return sum;
}
