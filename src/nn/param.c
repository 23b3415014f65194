/* Layout changes between memory and disk. */
#include "nn/param.h"

#include <string.h>

bool param_is_trained(const struct param *p)
{
    return p->kind != PARAM_BUFFER && p->kind != PARAM_COUNTER;
}

/* Where element `at` of the disk's [O,I,kh,kw] lies in memory's [kh,kw,I,O]. */
static size_t conv_place(const struct param *p, size_t at)
{
    size_t outs = (size_t)p->dim[0], ins = (size_t)p->dim[1],
           taps = (size_t)p->dim[2] * (size_t)p->dim[3];
    size_t tap = at % taps, in = at / taps % ins, out = at / taps / ins;
    return (tap * ins + in) * outs + out;
}

void param_to_disk(float *out, const struct param *p, const float *values)
{
    if (p->kind != PARAM_CONV)
        memcpy(out, values, p->size * sizeof *out);
    else
        for (size_t i = 0; i < p->size; i++)
            out[i] = values[conv_place(p, i)];
}

void param_from_disk(float *values, const struct param *p, const float *in)
{
    if (p->kind != PARAM_CONV)
        memcpy(values, in, p->size * sizeof *in);
    else
        for (size_t i = 0; i < p->size; i++)
            values[conv_place(p, i)] = in[i];
}

const struct param *param_find(const struct param_list *list, const char *name)
{
    for (int i = 0; i < list->n; i++)
        if (strcmp(list->item[i].name, name) == 0)
            return &list->item[i];
    return NULL;
}
