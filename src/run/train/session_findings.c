#include "run/train/session_findings.h"

#include "base/files.h"
#include "base/memory.h"
#include "data/data_check.h"
#include "io/json_write.h"

#include <stdlib.h>

static struct image_traits *make_traits(const struct dataset *d, struct error *err)
{
    struct image_traits *traits;
    return memory_array((size_t)dataset_size(d), sizeof *traits, "traits of images", err);
}

enum status session_findings_begin(struct session_traits *traits, const struct session *s,
                                   struct error *err)
{
    traits->train = make_traits(s->data, err);
    traits->val = traits->train && s->val_data ? make_traits(s->val_data, err) : traits->train;
    return traits->val ? STATUS_OK : err->status;
}

void session_findings_end(struct session_traits *traits)
{
    if (traits->val != traits->train)
        free(traits->val);
    free(traits->train);
    *traits = (struct session_traits){0};
}

enum status session_findings_find(struct session *s, const struct session_traits *traits,
                                  struct error *err)
{
    const struct data_check check = {
        .train = {s->train.data, s->train.row, s->train.n, traits->train},
        .val = {s->val.data, s->val.row, s->val.n, traits->val},
        .classes_are_given = s->settings->classes ? true : false,
        .squashes = s->settings->resize == IMAGE_FIT_SQUASH,
        .singletons = s->n_singletons,
    };
    s->images_are_checked = traits->train ? true : false;
    return data_check_run(&s->findings, &check, err);
}

enum status session_findings_write(FILE *stream, const struct session *s, struct error *err)
{
    struct json_write *w = json_write_begin(err);

    if (!w)
        return err->status;
    json_write_text(w, "data", s->settings->data);
    json_write_integer(w, "classes", dataset_classes(s->data)->n);
    json_write_integer(w, "train_images", s->train.n);
    json_write_integer(w, "val_images", s->val.n);
    json_write_integer(w, "bad_images", (int64_t)s->n_bad);
    json_write_truth(w, "images_checked", s->images_are_checked);
    findings_write(w, &s->findings);
    return json_write_end(w, stream, err);
}

enum status session_findings_save(const struct session *s, const char *path, struct error *err)
{
    struct files_writer w;

    if (files_open(&w, path, err) != STATUS_OK)
        return err->status;
    if (session_findings_write(w.stream, s, err) == STATUS_OK)
        return files_commit(&w, err);
    files_abandon(&w);
    return err->status;
}
