#include "run/train/session_findings.h"

#include "base/files.h"
#include "base/memory.h"
#include "data/data_check.h"
#include "io/json_write.h"

#include <stdlib.h>

static struct image_facts *make_facts(const struct dataset *d, struct error *err)
{
    struct image_facts *facts;
    return memory_array((size_t)dataset_size(d), sizeof *facts, "facts of images", err);
}

enum status session_findings_begin(struct session_facts *facts, const struct session *s,
                                   struct error *err)
{
    facts->train = make_facts(s->data, err);
    facts->val = facts->train && s->val_data ? make_facts(s->val_data, err) : facts->train;
    return facts->val ? STATUS_OK : err->status;
}

void session_findings_end(struct session_facts *facts)
{
    if (facts->val != facts->train)
        free(facts->val);
    free(facts->train);
    *facts = (struct session_facts){0};
}

enum status session_findings_find(struct session *s, const struct session_facts *facts,
                                  struct error *err)
{
    const struct data_check check = {
        .train = {s->train.data, s->train.row, s->train.n, facts->train},
        .val = {s->val.data, s->val.row, s->val.n, facts->val},
        .classes_are_given = s->settings->classes ? true : false,
        .squashes = s->settings->resize == IMAGE_FIT_SQUASH,
        .singletons = s->n_singletons,
    };
    s->images_are_checked = facts->train ? true : false;
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
