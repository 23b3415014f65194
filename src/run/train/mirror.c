#include "run/train/mirror.h"

#include "base/parallel.h"

#include <stddef.h>
#include <string.h>

struct mirroring {
    float *out;
    const float *x;
    int size;
    bool across, down;
};

static void mirror_image(void *context, int image, int worker)
{
    (void)worker;
    const struct mirroring *m = context;
    size_t width = (size_t)m->size, first = (size_t)image * width * width * 3;
    for (size_t y = 0; y < width; y++) {
        float *out = m->out + first + 3 * width * y;
        const float *x = m->x + first + 3 * width * (m->down ? width - 1 - y : y);
        if (!m->across)
            memcpy(out, x, 3 * width * sizeof *out);
        for (size_t i = 0; i < width && m->across; i++)
            memcpy(out + 3 * i, x + 3 * (width - 1 - i), 3 * sizeof *out);
    }
}

void mirror_images(float *out, const float *x, int n, int size, bool across, bool down)
{
    struct mirroring m = {out, x, size, across, down};
    parallel_for(mirror_image, &m, n);
}
