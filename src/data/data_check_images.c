/* Images are gone through in one order: rows that are trained on, then those that validate. Copies
 * are found by a hash table of what the files hold. */
#include "data/data_check_images.h"

#include "base/memory.h"

#include <stdlib.h>

/* Sides of more than 1 to 4. Of a 16-bit set whose values all leave the two highest bits unused,
 * nothing is seen but black. */
static const float widest = 4;
enum { DARKEST = 64 };

struct place {
    const struct data_check_side *side;
    int row;
};

static const struct sample *sample_at(const struct place *p)
{
    return dataset_sample(p->side->data, p->row);
}

static struct finding about(enum finding_kind kind, int count, const struct place *first)
{
    const struct sample *s = sample_at(first);
    return (struct finding){.kind = kind,
                            .count = count,
                            .file = dataset_path(first->side->data),
                            .line = s->line,
                            .image = s->image};
}

/* An ending for words behind a count. */
static const char *plural(int n)
{
    return n == 1 ? "" : "s";
}

/* ---- each image by itself ---- */

struct tally {
    int n;
    struct place first;
};

static void count(struct tally *t, const struct data_check_side *side, int row)
{
    if (t->n++ == 0)
        t->first = (struct place){.side = side, .row = row};
}

struct looks {
    struct tally one_colour, deep, wide, several;
    int brightest; /* of all images of 16 bits */
};

static void look(struct looks *looks, const struct data_check_side *side)
{
    for (int i = 0; i < side->n; i++) {
        int row = side->row[i];
        const struct image_traits *f = &side->traits[row];
        if (!f->is_known)
            continue;
        if (f->is_one_colour)
            count(&looks->one_colour, side, row);
        if (f->aspect > widest || f->aspect < 1 / widest)
            count(&looks->wide, side, row);
        if (f->is_several)
            count(&looks->several, side, row);
        if (!f->is_16_bit)
            continue;
        count(&looks->deep, side, row);
        looks->brightest = f->brightest > looks->brightest ? f->brightest : looks->brightest;
    }
}

static enum status add_several(struct findings *out, const struct tally *t, struct error *err)
{
    if (t->n == 0)
        return STATUS_OK;
    const struct finding what = about(FINDING_SEVERAL, t->n, &t->first);
    return findings_add(out, &what, err,
                        "%d image%s several frames or pages, of which the first is taken (the "
                        "first: %s)",
                        t->n, t->n == 1 ? " has" : "s have", what.image);
}

static enum status add_looks(struct findings *out, const struct looks *looks, bool squashes,
                             struct error *err)
{
    const struct tally *t = &looks->one_colour;
    struct finding what;
    if (add_several(out, &looks->several, err) != STATUS_OK)
        return err->status;
    if (t->n > 0) {
        what = about(FINDING_ONE_COLOUR, t->n, &t->first);
        if (findings_add(out, &what, err, "%d image%s of one single colour (the first: %s)", t->n,
                         t->n == 1 ? " is" : "s are", what.image) != STATUS_OK)
            return err->status;
    }
    t = &looks->deep;
    if (t->n > 0 && looks->brightest < DARKEST) {
        what = about(FINDING_UNUSED_BITS, t->n, &t->first);
        if (findings_add(out, &what, err,
                         "%d image%s of 16 bits %s a small part of the range and will be seen as "
                         "black: as read, no value is above %d of 255 (the first: %s)",
                         t->n, plural(t->n), t->n == 1 ? "uses" : "use", looks->brightest,
                         what.image) != STATUS_OK)
            return err->status;
    }
    t = &looks->wide;
    if (t->n == 0 || !squashes)
        return STATUS_OK;
    what = about(FINDING_SQUASHED, t->n, &t->first);
    return findings_add(out, &what, err,
                        "%d image%s sides of more than 1 to %g and will be squashed: see "
                        "--resize (the first: %s)",
                        t->n, t->n == 1 ? " has" : "s have", (double)widest, what.image);
}

/* ---- copies ---- */

/* An image's number: its place in the one order. */
struct sides {
    const struct data_check_side *train, *val;
};

static bool validates(const struct sides *sides, int number)
{
    return number >= sides->train->n;
}

static struct place place_of(const struct sides *sides, int number)
{
    if (validates(sides, number))
        return (struct place){sides->val, sides->val->row[number - sides->train->n]};
    return (struct place){sides->train, sides->train->row[number]};
}

static const struct image_traits *traits_of(const struct sides *sides, int number)
{
    const struct place p = place_of(sides, number);
    return &p.side->traits[p.row];
}

/* Copies of one kind: how many, and the first of them beside the image that it is a copy of. */
struct copies {
    int n;
    int copy, original; /* numbers */
};

static void note_copy(struct copies *c, int copy, int original)
{
    if (c->n++ > 0)
        return;
    c->copy = copy;
    c->original = original;
}

/* Rows of one file are told by their names (dataset_notes, dataset_count_shared), not as copies. */
static void note_pair(struct copies *across, struct copies *labeled, const struct sides *sides,
                      int copy, int original)
{
    const struct place a = place_of(sides, original), b = place_of(sides, copy);
    if (dataset_same_image(a.side->data, a.row, b.side->data, b.row))
        return;
    if (validates(sides, copy) && !validates(sides, original))
        note_copy(across, copy, original);
    if (sample_at(&a)->label != sample_at(&b)->label)
        note_copy(labeled, copy, original);
}

/* slot [size], a power of two, is a hash table of the images that are the first with their content:
 * number + 1, or 0. */
static void find_copies(struct copies *across, struct copies *labeled, const struct sides *sides,
                        int *slot, size_t size)
{
    int n = sides->train->n + sides->val->n;
    for (int i = 0; i < n; i++) {
        const struct image_traits *f = traits_of(sides, i);
        size_t at = f->content & (size - 1);
        if (!f->is_known)
            continue;
        while (slot[at] > 0 && traits_of(sides, slot[at] - 1)->content != f->content)
            at = (at + 1) & (size - 1);
        if (slot[at] > 0)
            note_pair(across, labeled, sides, i, slot[at] - 1);
        else
            slot[at] = i + 1;
    }
}

static enum status add_across(struct findings *out, const struct copies *c,
                              const struct sides *sides, struct error *err)
{
    if (c->n == 0)
        return STATUS_OK;
    const struct place copy = place_of(sides, c->copy), original = place_of(sides, c->original);
    const struct finding what = about(FINDING_COPIES_ACROSS, c->n, &copy);
    return findings_add(out, &what, err,
                        "%d image%s to validate %s byte for byte %s trained on: validation "
                        "flatters (the first: %s, a copy of %s)",
                        c->n, plural(c->n), c->n == 1 ? "is" : "are", c->n == 1 ? "one" : "some",
                        what.image, sample_at(&original)->image);
}

static enum status add_labeled(struct findings *out, const struct copies *c,
                               const struct sides *sides, struct error *err)
{
    if (c->n == 0)
        return STATUS_OK;
    const struct place copy = place_of(sides, c->copy), original = place_of(sides, c->original);
    const struct finding what = about(FINDING_COPIES_LABELED, c->n, &copy);
    return findings_add(out, &what, err,
                        "%d image%s byte for byte another one with another label (the first: %s, "
                        "a copy of %s in line %d)",
                        c->n, c->n == 1 ? " is" : "s are", what.image, sample_at(&original)->image,
                        sample_at(&original)->line);
}

static enum status check_copies(struct findings *out, const struct sides *sides, struct error *err)
{
    struct copies across = {0}, labeled = {0};
    size_t n = (size_t)sides->train->n + (size_t)sides->val->n, size = 2;
    while (size < 2 * n)
        size *= 2;
    int *slot = memory_array(size, sizeof *slot, "a list of images", err);
    if (!slot)
        return err->status;
    find_copies(&across, &labeled, sides, slot, size);
    free(slot);
    if (add_across(out, &across, sides, err) != STATUS_OK)
        return err->status;
    return add_labeled(out, &labeled, sides, err);
}

enum status data_check_images(struct findings *out, const struct data_check_side *train,
                              const struct data_check_side *val, bool squashes, struct error *err)
{
    const struct data_check_side none = {0};
    const struct sides sides = {train->traits ? train : &none, val->traits ? val : &none};
    struct looks looks = {0};
    look(&looks, sides.train);
    look(&looks, sides.val);
    if (check_copies(out, &sides, err) != STATUS_OK)
        return err->status;
    return add_looks(out, &looks, squashes, err);
}
