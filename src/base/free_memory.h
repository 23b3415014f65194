/* How much memory the process may still take without the machine swapping or the container killing
 * it. */
#ifndef BASE_FREE_MEMORY_H
#define BASE_FREE_MEMORY_H

#include <stddef.h>

/* The smaller of the kernel's MemAvailable and what the control group leaves, in bytes; 0 when
 * neither can be read. */
size_t free_memory_bytes(void);

#endif
