/* Small squares for the tests of caches. */
#ifndef SQUARE_OF_H
#define SQUARE_OF_H

#include "data/resized_image.h"

/* Memory for a square of that side; `name` points to it. */
#define SQUARE_OF(name, side)                                                                      \
    _Alignas(struct resized_image) unsigned char                                                   \
        name##_memory[sizeof(struct resized_image) + (size_t)(side) * (side)*3] = {0};             \
    struct resized_image *name = (struct resized_image *)name##_memory

#endif
