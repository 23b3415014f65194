/* Layout changes between memory and disk. */
#include "nn/param.h"

#include <string.h>

bool param_is_trained(const struct param *p)
{
    return p->kind != PARAM_BUFFER && p->kind != PARAM_COUNTER;
}

/* A convolution's disk is [O,I,kh,kw], its memory [kh,kw,I,O]. So many outputs side by side fill a
 * line of the processor's cache in memory, and are as many streams that advance together on disk.
 */
enum { OUTS = 16 };

struct conv_places {
    size_t outs, ins, taps;
};

static struct conv_places conv_places(const struct param *p)
{
    return (struct conv_places){.outs = (size_t)p->dim[0],
                                .ins = (size_t)p->dim[1],
                                .taps = (size_t)p->dim[2] * (size_t)p->dim[3]};
}

/* The outputs o..o+n-1. */
static void outs_to_disk(float *disk, const float *memory, const struct conv_places *c, size_t o,
                         size_t n)
{
    size_t row = c->ins * c->taps;
    for (size_t in = 0; in < c->ins; in++)
        for (size_t tap = 0; tap < c->taps; tap++)
            for (size_t k = 0; k < n; k++)
                disk[(o + k) * row + in * c->taps + tap] =
                    memory[(tap * c->ins + in) * c->outs + o + k];
}

static void outs_from_disk(float *memory, const float *disk, const struct conv_places *c, size_t o,
                           size_t n)
{
    size_t row = c->ins * c->taps;
    for (size_t in = 0; in < c->ins; in++)
        for (size_t tap = 0; tap < c->taps; tap++)
            for (size_t k = 0; k < n; k++)
                memory[(tap * c->ins + in) * c->outs + o + k] =
                    disk[(o + k) * row + in * c->taps + tap];
}

static size_t outs_at(const struct conv_places *c, size_t o)
{
    return c->outs - o < OUTS ? c->outs - o : OUTS;
}

void param_to_disk(float *out, const struct param *p, const float *values)
{
    const struct conv_places c = conv_places(p);
    if (p->kind != PARAM_CONV)
        memcpy(out, values, p->size * sizeof *out);
    else
        for (size_t o = 0; o < c.outs; o += OUTS)
            outs_to_disk(out, values, &c, o, outs_at(&c, o));
}

void param_from_disk(float *values, const struct param *p, const float *in)
{
    const struct conv_places c = conv_places(p);
    if (p->kind != PARAM_CONV)
        memcpy(values, in, p->size * sizeof *in);
    else
        for (size_t o = 0; o < c.outs; o += OUTS)
            outs_from_disk(values, in, &c, o, outs_at(&c, o));
}

const struct param *param_find(const struct param_list *list, const char *name)
{
    for (int i = 0; i < list->n; i++)
        if (strcmp(list->item[i].name, name) == 0)
            return &list->item[i];
    return NULL;
}
