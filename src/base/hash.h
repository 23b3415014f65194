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

#endif
