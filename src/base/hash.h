/* FNV-1a with 64 bits: short to write, the same on every machine, and no protection against one who
 * looks for collisions. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_START UINT64_C(14695981039346656037)

/* Goes on from `hash`, which is HASH_START for a first part. */
uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t n);
/* The zero byte belongs to it, so that "ab","c" differs from "a","bc". */
uint64_t hash_text(uint64_t hash, const char *text);

/* For many bytes, as words in four lanes: a megabyte in a tenth of a millisecond. Each step can be
 * undone, so no change of a single word goes unseen. n counts in as well when the caller starts a
 * lane with it: words beyond the end are zero. */
void hash_lanes(uint64_t lane[4], const void *bytes, size_t n);
/* One number from the lanes. */
uint64_t hash_lanes_join(const uint64_t lane[4]);

#endif
