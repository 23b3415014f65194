#include "nn/sample_windows.h"

enum { WINDOW_FLOATS = 4 * 1024 * 1024 };

int sample_windows_size(size_t floats, int max_batch)
{
    size_t n = WINDOW_FLOATS / (floats > 0 ? floats : 1);
    if (n < 1)
        n = 1;
    return n < (size_t)max_batch ? (int)n : max_batch;
}

struct sample_windows sample_windows_begin(struct samples all, int size, struct arena *scratch)
{
    return (struct sample_windows){
        .all = all, .size = size, .index = arena_take(scratch, (size_t)size, sizeof(int))};
}

bool sample_windows_next(struct sample_windows *w)
{
    if (w->next == w->all.n)
        return false;
    if (!w->all.index) {
        w->samples = (struct samples){NULL, w->size};
        w->next = w->all.n;
        return true;
    }
    int first = w->all.index[w->next] / w->size * w->size, n = 0;
    while (w->next < w->all.n && w->all.index[w->next] < first + w->size)
        w->index[n++] = w->all.index[w->next++] - first;
    w->first = (size_t)first;
    w->samples = (struct samples){w->index, n};
    return true;
}
