#include "data/data_check.h"

#include "data/data_check_images.h"
#include "data/data_check_labels.h"

/* The image of the row that begins on a line. */
static const char *image_of(const struct dataset *d, int line)
{
    for (int i = 0; i < dataset_size(d); i++)
        if (dataset_sample(d, i)->line == line)
            return dataset_sample(d, i)->image;
    return NULL;
}

/* n rows of which the first is on `line`; one, many: what they are. Nothing when there are none. */
static enum status add_rows(struct findings *out, enum finding_kind kind, const struct dataset *d,
                            int n, int line, const char *one, const char *many, struct error *err)
{
    if (n == 0)
        return STATUS_OK;
    const struct finding what = {.kind = kind,
                                 .count = n,
                                 .file = dataset_path(d),
                                 .line = line,
                                 .image = image_of(d, line)};
    const char *words = n == 1 ? one : many;
    if (!what.image)
        return findings_add(out, &what, err, "%d %s", n, words);
    return findings_add(out, &what, err, "%d %s (the first: %s)", n, words, what.image);
}

/* What dataset_load noticed. */
static enum status check_rows(struct findings *out, const struct dataset *d, struct error *err)
{
    const struct dataset_notes *n = dataset_notes(d);
    if (add_rows(out, FINDING_EMPTY_ROWS, d, n->empty_rows, n->first_empty_line,
                 "row of empty fields is skipped", "rows of empty fields are skipped",
                 err) != STATUS_OK ||
        add_rows(out, FINDING_REPEATED_ROWS, d, n->repeated_images, n->first_repeated_line,
                 "row repeats an image that occurred before, with the same label",
                 "rows repeat an image that occurred before, with the same label",
                 err) != STATUS_OK)
        return err->status;
    return add_rows(out, FINDING_CONFLICTING_ROWS, d, n->conflicting_images,
                    n->first_conflicting_line,
                    "row gives an image that occurred before another label",
                    "rows give an image that occurred before another label", err);
}

/* Rows of the other table whose image file is trained on. */
static enum status check_shared(struct findings *out, const struct dataset *train,
                                const struct dataset *val, struct error *err)
{
    int line, n = dataset_count_shared(train, val, &line);
    return add_rows(out, FINDING_SHARED_ROWS, val, n, line,
                    "row has an image that is trained on: validation flatters",
                    "rows have an image that is trained on: validation flatters", err);
}

enum status data_check_run(struct findings *out, const struct data_check *check, struct error *err)
{
    const struct dataset *train = check->train.data, *val = check->val.data;
    bool two_tables = val && val != train;
    if (check_rows(out, train, err) != STATUS_OK)
        return err->status;
    if (two_tables &&
        (check_rows(out, val, err) != STATUS_OK || check_shared(out, train, val, err) != STATUS_OK))
        return err->status;
    if (data_check_labels(out, train, check->classes_are_given, err) != STATUS_OK ||
        data_check_class_sizes(out, &check->train, check->singletons, err) != STATUS_OK)
        return err->status;
    return data_check_images(out, &check->train, &check->val, check->squashes, err);
}

enum status data_check_table(struct findings *out, const struct dataset *d, bool classes_are_given,
                             struct error *err)
{
    if (check_rows(out, d, err) != STATUS_OK)
        return err->status;
    return data_check_labels(out, d, classes_are_given, err);
}
