#include "run/train/coverage.h"

void coverage_begin(struct coverage *out, double limit)
{
    static const double usual[] = {0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99};
    bool is_there = limit <= 0;

    *out = (struct coverage){0};
    for (int i = 0; i < COVERAGE_MOST_ROWS - 1; i++) {
        if (!is_there && limit < usual[i])
            out->row[out->n++].limit = limit;
        is_there = is_there || limit <= usual[i];
        out->row[out->n++].limit = usual[i];
    }
    if (!is_there)
        out->row[out->n++].limit = limit;
}

void coverage_add(struct coverage *c, double probability, bool is_correct)
{
    c->images++;
    for (int i = 0; i < c->n && probability >= c->row[i].limit; i++) {
        c->row[i].kept++;
        c->row[i].correct += is_correct;
    }
}
