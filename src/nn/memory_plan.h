/* Where a network's activations lie in one block of memory.
 *
 * The passes use memory like a stack: what block i keeps for backward is written by its forward
 * pass, above all that blocks below it keep, and is dead after its backward pass. So whatever lives
 * during a pass of block i alone, or from one pass to the next, may lie where blocks above it keep
 * theirs: they have not written yet, or are done. Where a network is widest, at its first blocks,
 * most of the rest is free. */
#ifndef NN_MEMORY_PLAN_H
#define NN_MEMORY_PLAN_H

#include <stdbool.h>
#include <stddef.h>

/* Of a block; sizes in bytes, places in bytes from the memory's beginning. */
struct memory_plan_block {
    /* given */
    size_t kept_end;    /* what it and the blocks below keep lies in front of it; ascending */
    size_t out;         /* its output, unless that is kept; lives until the next block's forward */
    size_t gradient[2]; /* what backward needs of g and of `other` (nn/block.h) */
    bool returns_in_g;
    size_t forward_scratch, backward_scratch; /* during the pass */
    /* found */
    size_t out_at, gradient_at[2], forward_scratch_at, backward_scratch_at;
    size_t gradient_bytes[2]; /* as above or more: what lies there may serve lower blocks, too */
};

/* Places everything of n blocks, of which those from `lowest` on go backward. Returns the bytes of
 * the whole, at least kept_end of the last; SIZE_MAX if that is too much to count. */
size_t memory_plan_place(struct memory_plan_block *block, int n, int lowest);

#endif
