/* A batch in windows of samples that lie side by side: for layers that go deep into the network
 * with a few samples, whose activations stay in the cache, before the next ones come. */
#ifndef NN_SAMPLE_WINDOWS_H
#define NN_SAMPLE_WINDOWS_H

#include "nn/layer.h"

/* Samples of `floats` each whose arrays fill half of a third-level cache of 32 MiB; 1..max_batch.
 */
int sample_windows_size(size_t floats, int max_batch);

struct sample_windows {
    struct samples all; /* which the windows cut, at multiples of `size` in the batch */
    int size;
    size_t first;           /* the present window's first sample: arrays begin there */
    struct samples samples; /* in it, counted from `first` */
    int next;               /* in all.index */
    int *index;
};

/* Takes its memory from scratch, which the caller releases. */
struct sample_windows sample_windows_begin(struct samples all, int size, struct arena *scratch);
/* Goes to the first, and then to the next window that is not empty; false behind the last. Where
 * scratch memory is measured there is one. */
bool sample_windows_next(struct sample_windows *w);

#endif
