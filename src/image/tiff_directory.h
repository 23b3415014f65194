/* The directories of a TIFF, looked at without decoding. Private to image/. */
#ifndef IMAGE_TIFF_DIRECTORY_H
#define IMAGE_TIFF_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tiff_tag {
    TIFF_TAG_SUBFILE_TYPE = 254,
    TIFF_TAG_WIDTH = 256,
    TIFF_TAG_HEIGHT = 257,
    TIFF_TAG_BITS = 258,
    TIFF_TAG_SAMPLES = 277,
    TIFF_TAG_PLANAR = 284,
    TIFF_TAG_TILE_WIDTH = 322,
    TIFF_TAG_TILE_HEIGHT = 323,
};

struct tiff_directory {
    const uint8_t *bytes;
    size_t size;
    bool little_endian, is_big; /* BigTIFF: places of 64 bits */
    size_t at, n;               /* its first entry, and how many it has */
};

bool tiff_directory_is_tiff(const uint8_t *bytes, size_t size);
/* False: there is none that lies in the file. */
bool tiff_directory_first(struct tiff_directory *d, const uint8_t *bytes, size_t size);
bool tiff_directory_next(struct tiff_directory *d);
/* The first whole number of an entry, or `otherwise`. */
uint64_t tiff_directory_value(const struct tiff_directory *d, enum tiff_tag tag,
                              uint64_t otherwise);
/* Bytes of the values of all entries; SIZE_MAX when they are more than that. Several entries may
 * say that the same bytes are theirs. */
size_t tiff_directory_bytes(const struct tiff_directory *d);

#endif
