/* Small squares for the tests of caches. */
#ifndef SQUARE_OF_H
#define SQUARE_OF_H

#include "data/square.h"

/* Memory for a square of that side; `name` points to it. */
#define SQUARE_OF(name, side)                                                                      \
    _Alignas(struct square) unsigned char                                                          \
        name##_memory[sizeof(struct square) + (size_t)(side) * (side)*3] = {0};                    \
    struct square *name = (struct square *)name##_memory

#endif
