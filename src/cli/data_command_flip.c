#include "cli/data_command.h"
#include "cli/data_rewrite.h"
#include "data/label_noise.h"
#include "io/csv.h"

#include <stdlib.h>

static const struct data_option options[] = {
    {"share", 0, "F", "share of the images", "0.1"},
    {.name = "seed", .text = "of the draw"},
    {"out", 0, "PREFIX", "existing files are not overwritten", NULL},
    DATA_OPTIONS_OF_COPIES,
    DATA_OPTIONS_OF_TABLES,
    DATA_OPTION_HELP,
};

enum { TABLE, LIST, N_OUTPUTS };

static void list_image(FILE *list, const struct data_table *t, int row, const char *label)
{
    const char delimiter = dataset_table(t->data)->delimiter;
    const int own = dataset_sample(t->data, row)->label;
    table_copy_image(&t->copy, list, row);
    fputc(',', list);
    csv_put_joined(list, "", label, delimiter);
    fputc(',', list);
    csv_put_joined(list, "", dataset_classes(t->data)->name[own], delimiter);
    fputc('\n', list);
}

static void write_flipped(const struct data_outputs *out, const struct data_table *t,
                          const struct label_noise *noise)
{
    FILE *table = out->writer[TABLE].stream, *list = out->writer[LIST].stream;
    int n_images = 0;
    fputs("image,label,true_label\n", list);
    table_copy_header(&t->copy, table);
    for (int i = 0; i < dataset_size(t->data); i++) {
        int image = dataset_sample(t->data, i)->identity, wrong = noise->label[image];
        const char *label =
            wrong == LABEL_NOISE_NONE ? NULL : dataset_classes(t->data)->name[wrong];
        table_copy_row(&t->copy, table, i, label);
        if (label && image == n_images) /* its first row */
            list_image(list, t, i, label);
        n_images += image == n_images;
    }
}

static enum status flip(struct data_outputs *out, const struct data_table *t,
                        const struct data_options *o, struct error *err)
{
    struct label_noise noise;
    if (label_noise_make(&noise, t->data, o->share, (uint64_t)o->set.seed, err) != STATUS_OK)
        return err->status;
    enum status status = data_outputs_open(out, err);
    if (status == STATUS_OK) {
        write_flipped(out, t, &noise);
        status = data_outputs_commit(out, err);
    }
    if (status == STATUS_OK)
        data_options_say(o, "%d of %d images have a wrong label now", noise.n,
                         dataset_images(t->data));
    free(noise.label);
    return status;
}

static enum status name_outputs(struct data_outputs *out, const struct data_options *o,
                                struct error *err)
{
    if (data_outputs_create(out, N_OUTPUTS, err) != STATUS_OK ||
        data_outputs_name(out, TABLE, o->out, ".csv", err) != STATUS_OK)
        return err->status;
    return data_outputs_name(out, LIST, o->out, "_flipped.csv", err);
}

static enum status run(struct data_options *o, struct error *err)
{
    return data_rewrite(o, name_outputs, flip, err);
}

const struct data_command data_command_flip = {
    .name = "flip-labels",
    .program = "atk-data flip-labels",
    .arguments = "[OPTION...] --out PREFIX TABLE",
    .summary = "wrong labels, made on purpose, to study what they do",
    .description =
        "Write PREFIX.csv, the table with a share of its labels replaced by wrong ones,\n"
        "and PREFIX_flipped.csv (image, label, true_label), a row for each image whose\n"
        "label that is.\n\n"
        "round(F x images) are drawn from all of them with the seed; each gets one of\n"
        "the other labels, all equally likely. All rows of an image change together,\n"
        "however its path is spelled; one whose rows disagree about its label is left\n"
        "alone. Rows keep their order, columns and quoting; relative paths are made to\n"
        "fit the folder of PREFIX. Rows of empty fields are left out.\n",
    .option = options,
    .n_options = sizeof options / sizeof *options,
    .run = run,
};
