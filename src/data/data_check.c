#include "data/data_check.h"

#include "data/data_check_images.h"
#include "data/data_check_labels.h"

/* "row" or "rows". */
static const char *rows(int n)
{
    return n == 1 ? "row" : "rows";
}

/* What dataset_load noticed. */
static enum status check_table(struct findings *out, const struct dataset *d, struct error *err)
{
    const struct dataset_notes *n = dataset_notes(d);
    const char *file = dataset_path(d);
    if (n->empty_rows > 0 &&
        findings_add(out,
                     &(struct finding){.kind = FINDING_EMPTY_ROWS,
                                       .count = n->empty_rows,
                                       .file = file,
                                       .line = n->first_empty_line},
                     err, "%d %s of empty fields %s skipped", n->empty_rows, rows(n->empty_rows),
                     n->empty_rows == 1 ? "is" : "are") != STATUS_OK)
        return err->status;
    if (n->repeated_images > 0 &&
        findings_add(out,
                     &(struct finding){.kind = FINDING_REPEATED_ROWS,
                                       .count = n->repeated_images,
                                       .file = file,
                                       .line = n->first_repeated_line},
                     err, "%d %s a picture that occurred before, with the same label",
                     n->repeated_images,
                     n->repeated_images == 1 ? "row repeats" : "rows repeat") != STATUS_OK)
        return err->status;
    if (n->conflicting_images > 0 &&
        findings_add(out,
                     &(struct finding){.kind = FINDING_CONFLICTING_ROWS,
                                       .count = n->conflicting_images,
                                       .file = file,
                                       .line = n->first_conflicting_line},
                     err, "%d %s a picture that occurred before another label",
                     n->conflicting_images,
                     n->conflicting_images == 1 ? "row gives" : "rows give") != STATUS_OK)
        return err->status;
    return STATUS_OK;
}

/* Rows of the other table whose image file is trained on. */
static enum status check_shared(struct findings *out, const struct dataset *train,
                                const struct dataset *val, struct error *err)
{
    int line, n = dataset_count_shared(train, val, &line);
    if (n == 0)
        return STATUS_OK;
    return findings_add(
        out,
        &(struct finding){
            .kind = FINDING_SHARED_ROWS, .count = n, .file = dataset_path(val), .line = line},
        err, "%d %s a picture that is trained on: validation flatters", n,
        n == 1 ? "row has" : "rows have");
}

enum status data_check_run(struct findings *out, const struct data_check *check, struct error *err)
{
    const struct dataset *train = check->train.data, *val = check->val.data;
    bool two_tables = val && val != train;
    if (check_table(out, train, err) != STATUS_OK)
        return err->status;
    if (two_tables && (check_table(out, val, err) != STATUS_OK ||
                       check_shared(out, train, val, err) != STATUS_OK))
        return err->status;
    if (data_check_labels(out, train, check->classes_are_given, err) != STATUS_OK ||
        data_check_class_sizes(out, &check->train, check->singletons, err) != STATUS_OK)
        return err->status;
    return data_check_images(out, &check->train, &check->val, check->squashes, err);
}
