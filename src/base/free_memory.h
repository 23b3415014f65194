/* How much memory the process may still take without the machine swapping or the container killing
 * it. */
#ifndef BASE_FREE_MEMORY_H
#define BASE_FREE_MEMORY_H

#include <stddef.h>

/* The smallest of the kernel's MemAvailable, what the control group leaves and what limits on the
 * process (ulimit -v, -d) leave, in bytes; 0 when none can be read. */
size_t free_memory_bytes(void);
/* What nothing can make more of: the limits on the process, and that of the control group with all
 * free swap added, which it may be allowed to use. *limit names the smallest. SIZE_MAX: there is no
 * such limit. (The machine's memory is none: what others hold may become free.) */
size_t free_memory_most(const char **limit);

#endif
