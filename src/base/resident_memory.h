/* How much memory of the machine the process holds now: its code, libraries and data, as far as it
 * has touched them. */
#ifndef BASE_RESIDENT_MEMORY_H
#define BASE_RESIDENT_MEMORY_H

#include <stddef.h>

size_t resident_memory_bytes(void); /* 0: unknown */

#endif
