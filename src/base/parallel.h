/* A pool of threads that runs numbered pieces of work.
 *
 * The number of pieces comes from the work's shape, never from the number of threads, and each
 * piece writes only what is its own; so results have the same bits for any thread count. Idle
 * threads spin for some microseconds (layers follow each other closely) and then sleep, so they do
 * not fight the loader's threads for a processor.
 *
 * Own pthreads rather than OpenMP: libgomp's idle threads spin by an environment variable that is
 * read before main(), and OpenBLAS's OpenMP build shares (and changes) OpenMP's thread count.
 */
#ifndef BASE_PARALLEL_H
#define BASE_PARALLEL_H

#include "base/error.h"

#include <stddef.h>

/* Processors that this process may use: affinity mask, and the cgroup (v1, v2) CPU quota rounded
 * up. */
int parallel_processors(void);

/* Starts n_threads - 1 workers (the caller is the n-th). Called again it first ends the old ones.
 * 1 <= n_threads <= 1024. Without a call, parallel_for runs on the caller alone. */
enum status parallel_start(int n_threads, struct error *err);
void parallel_stop(void);
int parallel_threads(void);

/* Calls work(context, piece, worker) once for each piece in 0..n_pieces-1, in any order, but each
 * thread begins with a share of neighbouring pieces: number them so that those of one place of the
 * data come at the same place of the sequence in each call, and a thread keeps them in its cache.
 * worker in 0..parallel_threads()-1 names the thread, for scratch memory. Returns when all are
 * done. Only one thread of the program may call it at a time, and work must not call it. */
void parallel_for(void (*work)(void *context, int piece, int worker), void *context, int n_pieces);

/* The usual piece of a sweep over a flat array: 128 KiB, so that a few arrays of it lie in the
 * second-level cache together. */
enum { PARALLEL_FLOATS = 32 * 1024 };

/* Calls work(context, first, n) for the floats first .. first + n - 1, so that each of 0 ..
 * n_floats - 1 comes once: in pieces of piece_floats, the last one shorter, each beginning at a
 * multiple of it (first / piece_floats numbers it, for a sum of each piece). Otherwise as
 * parallel_for. */
void parallel_floats(void (*work)(void *context, size_t first, size_t n), void *context,
                     size_t n_floats, size_t piece_floats);

#endif
