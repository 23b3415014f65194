/* Pairs of bytes: a count and what is repeated, or 0 and a word: end of row, end of image, a step,
 * or a count of indices that follow as they are, filled up to whole pairs. */
#include "image/bmp_runs.h"

enum { END_OF_ROW = 0, END_OF_IMAGE = 1, STEP = 2 };

struct place {
    uint8_t *indices;
    size_t x, y, width, height;
};

static uint8_t half(uint8_t byte, size_t i)
{
    return i % 2 == 0 ? byte >> 4 : byte & 15;
}

static const char outside[] = "a run length leads out of the image",
                  too_short[] = "its data ends too soon";

static const char *put_run(struct place *p, size_t n, uint8_t byte, bool four_bits)
{
    if (p->y >= p->height)
        return outside;
    uint8_t *row = p->indices + p->y * p->width;
    for (size_t i = 0; i < n && p->x < p->width; i++)
        row[p->x++] = four_bits ? half(byte, i) : byte;
    return NULL;
}

static const char *put_plain(struct place *p, size_t n, const uint8_t *bytes, bool four_bits)
{
    if (p->y >= p->height || n > p->width - p->x)
        return outside;
    uint8_t *row = p->indices + p->y * p->width;
    for (size_t i = 0; i < n; i++)
        row[p->x++] = four_bits ? half(bytes[i / 2], i) : bytes[i];
    return NULL;
}

const char *bmp_runs_read(uint8_t *indices, int width, int height, const uint8_t *bytes,
                          size_t size, bool four_bits)
{
    struct place p = {.indices = indices, .width = (size_t)width, .height = (size_t)height};
    const char *problem = NULL;

    for (size_t at = 0; size - at >= 2 && !problem;) {
        size_t n = bytes[at], word = bytes[at + 1];
        at += 2;
        if (n > 0) {
            problem = put_run(&p, n, (uint8_t)word, four_bits);
        } else if (word == END_OF_IMAGE) {
            return NULL;
        } else if (word == END_OF_ROW) {
            p.x = 0;
            p.y++;
        } else if (word == STEP) {
            if (size - at < 2)
                return too_short;
            p.x += bytes[at];
            p.y += bytes[at + 1];
            at += 2;
            problem = p.x > p.width ? outside : NULL;
        } else {
            size_t n_bytes = four_bits ? (word + 1) / 2 : word;
            if (size - at < n_bytes)
                return too_short;
            problem = put_plain(&p, word, bytes + at, four_bits);
            at += n_bytes + (n_bytes % 2 && size - at > n_bytes);
        }
    }
    bool whole = p.y >= p.height || (p.y == p.height - 1 && p.x == p.width);
    return problem ? problem : whole ? NULL : too_short;
}
