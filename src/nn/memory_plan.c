/* In the order of the passes, each at the lowest place that is free then. */
#include "nn/memory_plan.h"

#include <stdint.h>

struct range {
    size_t at, bytes;
};

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* What cannot be counted ends at SIZE_MAX. */
static size_t end_of(struct range r)
{
    size_t end;
    return __builtin_add_overflow(r.at, r.bytes, &end) ? SIZE_MAX : end;
}

static bool overlaps(struct range a, struct range b)
{
    return a.bytes > 0 && b.bytes > 0 && a.at < end_of(b) && b.at < end_of(a);
}

/* The lowest range from `floor` on beside two others; *top rises to its end. */
static struct range place(size_t bytes, size_t floor, struct range a, struct range b, size_t *top)
{
    const size_t candidate[] = {floor, larger(floor, end_of(a)), larger(floor, end_of(b))};
    struct range best = {SIZE_MAX, bytes};
    for (int i = 0; i < 3; i++) {
        const struct range r = {candidate[i], bytes};
        if (r.at < best.at && !overlaps(r, a) && !overlaps(r, b))
            best = r;
    }
    *top = larger(*top, end_of(best));
    return best;
}

static size_t place_forward(struct memory_plan_block *block, int n)
{
    const struct range nothing = {0, 0};
    struct range x = nothing;
    size_t top = 0;
    for (int i = 0; i < n; i++) {
        struct memory_plan_block *k = &block[i];
        /* y is still there when the next block writes what it keeps. */
        struct range y = place(k->out, block[i + 1 < n ? i + 1 : i].kept_end, x, nothing, &top);
        k->out_at = y.at;
        k->forward_scratch_at = place(k->forward_scratch, k->kept_end, x, y, &top).at;
        x = y;
    }
    return top;
}

/* A gradient stays in one array for as long as blocks return theirs where they got it. */
static size_t bytes_of_g(const struct memory_plan_block *block, int i, int lowest)
{
    size_t bytes = block[i].gradient[0];
    while (i > lowest && block[i].returns_in_g)
        bytes = larger(bytes, block[--i].gradient[0]);
    return bytes;
}

static size_t place_backward(struct memory_plan_block *block, int n, int lowest)
{
    const struct range nothing = {0, 0};
    size_t top = 0;
    if (lowest >= n)
        return 0;
    struct range g =
        place(bytes_of_g(block, n - 1, lowest), block[n - 1].kept_end, nothing, nothing, &top);
    for (int i = n - 1; i >= lowest; i--) {
        struct memory_plan_block *k = &block[i];
        size_t bytes = k->gradient[1];
        if (i > lowest && !k->returns_in_g)
            bytes = larger(bytes, bytes_of_g(block, i - 1, lowest));
        struct range other = place(bytes, k->kept_end, g, nothing, &top);
        k->gradient_at[0] = g.at;
        k->gradient_at[1] = other.at;
        k->gradient_bytes[0] = g.bytes;
        k->gradient_bytes[1] = other.bytes;
        k->backward_scratch_at = place(k->backward_scratch, k->kept_end, g, other, &top).at;
        g = k->returns_in_g ? g : other;
    }
    return top;
}

size_t memory_plan_place(struct memory_plan_block *block, int n, int lowest)
{
    size_t forward = place_forward(block, n), backward = place_backward(block, n, lowest);
    return larger(block[n - 1].kept_end, larger(forward, backward));
}
