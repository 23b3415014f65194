/* Images are gone through in one order: rows that are trained on, then those that validate. Copies
 * are found by sorting what the files hold. */
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
    uint64_t content;
    bool validates;
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
    struct tally one_colour, deep, wide;
    int brightest; /* of all images of 16 bits */
};

static void look(struct looks *looks, const struct data_check_side *side)
{
    for (int i = 0; side->data && side->facts && i < side->n; i++) {
        int row = side->row[i];
        const struct image_facts *f = &side->facts[row];
        if (!f->is_known)
            continue;
        if (f->is_one_colour)
            count(&looks->one_colour, side, row);
        if (f->aspect > widest || f->aspect < 1 / widest)
            count(&looks->wide, side, row);
        if (!f->is_16_bit)
            continue;
        count(&looks->deep, side, row);
        looks->brightest = f->brightest > looks->brightest ? f->brightest : looks->brightest;
    }
}

static enum status add_looks(struct findings *out, const struct looks *looks, bool squashes,
                             struct error *err)
{
    const struct tally *t = &looks->one_colour;
    struct finding what;
    if (t->n > 0) {
        what = about(FINDING_ONE_COLOUR, t->n, &t->first);
        if (findings_add(out, &what, err, "%d picture%s of one single colour (the first: %s)", t->n,
                         t->n == 1 ? " is" : "s are", what.image) != STATUS_OK)
            return err->status;
    }
    t = &looks->deep;
    if (t->n > 0 && looks->brightest < DARKEST) {
        what = about(FINDING_UNUSED_BITS, t->n, &t->first);
        if (findings_add(out, &what, err,
                         "%d picture%s of 16 bits %s no value above %d of 65535 and will be seen "
                         "as black: the high bits are unused (the first: %s)",
                         t->n, plural(t->n), t->n == 1 ? "has" : "have",
                         looks->brightest * 256 + 255, what.image) != STATUS_OK)
            return err->status;
    }
    t = &looks->wide;
    if (t->n == 0 || !squashes)
        return STATUS_OK;
    what = about(FINDING_SQUASHED, t->n, &t->first);
    return findings_add(out, &what, err,
                        "%d picture%s sides of more than 1 to %g and will be squashed: see "
                        "--resize (the first: %s)",
                        t->n, t->n == 1 ? " has" : "s have", (double)widest, what.image);
}

/* ---- copies ---- */

static int compare_order(const struct place *a, const struct place *b)
{
    if (a->validates != b->validates)
        return a->validates ? 1 : -1;
    return a->row < b->row ? -1 : a->row > b->row;
}

static int compare_places(const void *a, const void *b)
{
    const struct place *p = a, *q = b;
    if (p->content != q->content)
        return p->content < q->content ? -1 : 1;
    return compare_order(p, q);
}

static void take_side(struct place *place, int *n, const struct data_check_side *side,
                      bool validates)
{
    for (int i = 0; side->data && side->facts && i < side->n; i++) {
        int row = side->row[i];
        if (side->facts[row].is_known)
            place[(*n)++] = (struct place){side, row, side->facts[row].content, validates};
    }
}

/* Rows of one file are told by their names (dataset_notes, dataset_count_shared), not as copies. */
static bool is_same_file(const struct place *a, const struct place *b)
{
    return dataset_same_picture(a->side->data, a->row, b->side->data, b->row);
}

/* Copies of one kind: how many, and the first of them beside the image that it is a copy of. */
struct copies {
    int n;
    struct place copy, original;
};

static void note_copy(struct copies *c, const struct place *copy, const struct place *original)
{
    if (c->n++ > 0 && compare_order(copy, &c->copy) > 0)
        return;
    c->copy = *copy;
    c->original = *original;
}

/* place [n] have one content; the first is the original of the others. */
static void note_group(struct copies *across, struct copies *labeled, const struct place *place,
                       int n)
{
    for (int i = 1; i < n; i++) {
        if (is_same_file(&place[i], &place[0]))
            continue;
        if (place[i].validates && !place[0].validates)
            note_copy(across, &place[i], &place[0]);
        if (sample_at(&place[i])->label != sample_at(&place[0])->label)
            note_copy(labeled, &place[i], &place[0]);
    }
}

static void find_copies(struct copies *across, struct copies *labeled, struct place *place, int n)
{
    if (n > 1)
        qsort(place, (size_t)n, sizeof *place, compare_places);
    for (int first = 0, end; first < n; first = end) {
        for (end = first + 1; end < n && place[end].content == place[first].content;)
            end++;
        note_group(across, labeled, &place[first], end - first);
    }
}

static enum status add_copies(struct findings *out, const struct copies *across,
                              const struct copies *labeled, struct error *err)
{
    if (across->n > 0) {
        const struct finding what = about(FINDING_COPIES_ACROSS, across->n, &across->copy);
        if (findings_add(out, &what, err,
                         "%d picture%s to validate %s byte for byte %s trained on: validation "
                         "flatters (the first: %s, a copy of %s)",
                         across->n, plural(across->n), across->n == 1 ? "is" : "are",
                         across->n == 1 ? "one" : "some", what.image,
                         sample_at(&across->original)->image) != STATUS_OK)
            return err->status;
    }
    if (labeled->n == 0)
        return STATUS_OK;
    const struct finding what = about(FINDING_COPIES_LABELED, labeled->n, &labeled->copy);
    return findings_add(out, &what, err,
                        "%d picture%s byte for byte another one with another label (the first: %s, "
                        "a copy of %s in line %d)",
                        labeled->n, labeled->n == 1 ? " is" : "s are", what.image,
                        sample_at(&labeled->original)->image, sample_at(&labeled->original)->line);
}

static enum status check_copies(struct findings *out, const struct data_check_side *train,
                                const struct data_check_side *val, struct error *err)
{
    struct copies across = {0}, labeled = {0};
    int n = 0;
    struct place *place =
        memory_array((size_t)train->n + (size_t)val->n, sizeof *place, "a list of images", err);
    if (!place)
        return err->status;
    take_side(place, &n, train, false);
    take_side(place, &n, val, true);
    find_copies(&across, &labeled, place, n);
    enum status status = add_copies(out, &across, &labeled, err);
    free(place);
    return status;
}

enum status data_check_images(struct findings *out, const struct data_check_side *train,
                              const struct data_check_side *val, bool squashes, struct error *err)
{
    struct looks looks = {0};
    if (!train->facts)
        return STATUS_OK;
    look(&looks, train);
    look(&looks, val);
    if (check_copies(out, train, val, err) != STATUS_OK)
        return err->status;
    return add_looks(out, &looks, squashes, err);
}
