/* thumbnails.safetensors of a run folder: small JPEG images of some of the run's images, so that a
 * page shows them where the photos are not; and class activation maps of some.
 *
 * Tensors, of n images: key I64 [n], end I64 [n] (where each one's bytes end in jpeg), aspect F32
 * [n] (width / height to show it with), jpeg U8. */
#ifndef RUN_PAGE_THUMBNAILS_H
#define RUN_PAGE_THUMBNAILS_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

enum {
    THUMBNAILS_SIDE = 128, /* pixels */
    THUMBNAILS_MOST = 200, /* images of a run that have one */
    THUMBNAILS_MOST_MAPS = 24
};
/* Which image: one of the training table, of the validation table, or a map of one of the latter.
 */
enum thumbnails_kind { THUMBNAILS_TRAINING, THUMBNAILS_VALIDATION, THUMBNAILS_MAP };

/* Plain; owned. All zero: none. */
struct thumbnails {
    int n;
    uint64_t *key;
    size_t *end;
    float *aspect;
    uint8_t *jpeg;
    size_t key_capacity, end_capacity, aspect_capacity, jpeg_capacity;
};

/* A file that is not there: none. One that is no such file is an error. */
enum status thumbnails_read(struct thumbnails *out, const char *path, struct error *err);
enum status thumbnails_write(const struct thumbnails *t, const char *path, struct error *err);
void thumbnails_free(struct thumbnails *t); /* a zeroed one is fine */

/* Its number; -1: there is none. image: as written in the table. */
int thumbnails_find(const struct thumbnails *t, enum thumbnails_kind kind, const char *image);
/* jpeg [size]; borrowed. */
const uint8_t *thumbnails_jpeg(size_t *size, const struct thumbnails *t, int number);
/* rgb [side, side, 3] as a JPEG of THUMBNAILS_SIDE pixels. */
enum status thumbnails_add(struct thumbnails *t, enum thumbnails_kind kind, const char *image,
                           const uint8_t *rgb, int side, double aspect, struct error *err);
/* One of another collection. */
enum status thumbnails_copy(struct thumbnails *t, const struct thumbnails *from, int number,
                            struct error *err);
#endif
