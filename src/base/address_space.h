/* What a limit on addresses (ulimit -v, strict overcommit) leaves a process. */
#ifndef BASE_ADDRESS_SPACE_H
#define BASE_ADDRESS_SPACE_H

#include <stdbool.h>
#include <stddef.h>

/* Whether n blocks of so many bytes could be mapped now. None is kept. */
bool address_space_has_room(int n, size_t bytes);
/* How many such blocks, or larger ones taken for several, belong to no file and can be written to.
 */
int address_space_blocks(size_t bytes);

#endif
