/* Long things (rows, classes, the network) are told by a count and a 64-bit FNV-1a hash. The hash
 * is of the rows as the CSV gives them, not of the images' bytes. */
#include "run/train/trainer_fingerprint.h"

#include "base/hash.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static uint64_t hash_rows(const struct dataset *data, const int *row, int n)
{
    uint64_t hash = HASH_START;
    for (int i = 0; i < n; i++) {
        const struct sample *sample = dataset_sample(data, row[i]);
        int32_t label = sample->label;
        hash = hash_bytes(hash_text(hash, sample->image), &label, sizeof label);
    }
    return hash;
}

static uint64_t hash_classes(const struct class_list *classes)
{
    uint64_t hash = HASH_START;
    for (int i = 0; i < classes->n; i++)
        hash = hash_text(hash, classes->name[i]);
    return hash;
}

struct fact_list {
    struct run_state_fingerprint *fingerprint;
    int n;
};

ERROR_PRINTF(3, 4)
static void add(struct fact_list *list, const char *name, const char *format, ...)
{
    struct run_state_fingerprint *fingerprint = &list->fingerprint[list->n++];
    fingerprint->name = name;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(fingerprint->value, sizeof fingerprint->value, format, arguments);
    va_end(arguments);
}

/* Every setting that decides the result, by its row in the table. Texts name files and columns:
 * what was read from them is hashed instead. */
static void add_settings(struct fact_list *list, const struct settings *s)
{
    char buffer[SETTINGS_TEXT_BYTES];
    int n;
    const struct setting *item = settings_table(&n);
    for (int i = 0; i < n; i++) {
        if (!settings_is_fixed(s, &item[i]) || item[i].type == SETTING_TEXT)
            continue;
        const char *text = settings_text(s, &item[i], buffer);
        add(list, item[i].name, "%s", text ? text : "");
    }
}

int trainer_fingerprint(struct run_state_fingerprint out[TRAINER_MOST_FINGERPRINTS],
                        const struct trainer_inputs *in)
{
    const struct checkpoint_metadata *metadata = in->metadata;
    struct fact_list list = {out, 0};
    add(&list, "format", "state 4");
    add(&list, "training data", "%d rows (%016" PRIx64 ")", in->n_train_rows,
        hash_rows(in->train_data, in->train_rows, in->n_train_rows));
    if (!in->val)
        add(&list, "validation data", "none");
    else
        add(&list, "validation data", "%d rows (%016" PRIx64 ")", in->n_val_rows,
            hash_rows(in->val_data, in->val_rows, in->n_val_rows));
    add(&list, "list of classes", "%d names (%016" PRIx64 ")", metadata->classes.n,
        hash_classes(&metadata->classes));
    if (in->class_weight)
        add(&list, "class weights", "%016" PRIx64,
            hash_bytes(HASH_START, in->class_weight,
                       (size_t)metadata->classes.n * sizeof *in->class_weight));
    else
        add(&list, "class weights", "none");
    add(&list, "network", "%s (%016" PRIx64 ")", model_spec(in->model)->name,
        hash_text(HASH_START, metadata->model));
    add(&list, "what learns (--train)", "%s", in->settings->train);
    add_settings(&list, in->settings);
    return list.n;
}
