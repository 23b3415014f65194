#include "base/files.h"
#include "base/memory.h"
#include "base/relative_path.h"
#include "cli/data_command.h"
#include "cli/data_outputs.h"
#include "cli/stop_signal.h"
#include "data/image_folders.h"

#include <stdlib.h>
#include <string.h>

static const struct data_option options[] = {
    {"out", 0, "PREFIX",
     "write PREFIX.csv, or a table for each split, with paths that fit there; existing files are "
     "not overwritten",
     NULL},
    {"relative-to", 0, "DIR2", "paths for a table that will be in DIR2", NULL},
    DATA_OPTION_HELP,
};

/* ---- the command line ---- */

static enum status check_arguments(const struct data_options *o, struct error *err)
{
    if (o->n_arguments == 0 || !*o->argument[0])
        return error_usage(err, "no folder given; see %s --help", o->program);
    if (o->n_arguments > 1)
        return error_usage(err, "one folder was expected, and \"%s\" is a second one",
                           o->argument[1]);
    const char *path[] = {o->argument[0], o->relative_to, o->out};
    for (size_t i = 0; i < sizeof path / sizeof *path; i++)
        if (path[i] && strchr(path[i], '\n'))
            return error_usage(err, "a path with a newline cannot be put into a CSV");
    if (!files_is_directory(o->argument[0]))
        return error_set(err, "%s is not a folder", o->argument[0]);
    if (o->relative_to && !files_is_directory(o->relative_to))
        return error_set(err, "--relative-to: %s is not a folder", o->relative_to);
    if (o->out)
        return data_options_check_out(o, err);
    if (!o->has_output)
        return error_usage(err, "standard output is closed: --out PREFIX writes the table");
    return STATUS_OK;
}

/* *out = what the paths of the folder's images begin with in the table. The caller frees it. */
static enum status find_prefix(char **out, const char *folder, const struct data_options *o,
                               struct error *err)
{
    char *beside = NULL;
    if (o->relative_to)
        return relative_path_find(out, o->relative_to, folder, err);
    if (o->out && *folder != '/' && strchr(o->out, '/')) {
        if (files_directory(&beside, o->out, err) == STATUS_OK)
            relative_path_find(out, beside, folder, err);
        free(beside);
        return *out ? STATUS_OK : err->status;
    }
    bool is_here = strcmp(folder, ".") == 0, is_root = strcmp(folder, "/") == 0;
    *out = memory_array(strlen(folder) + 2, 1, "a path", err);
    if (!*out)
        return err->status;
    strcpy(*out, is_here ? "" : folder);
    strcat(*out, is_here || is_root ? "" : "/");
    return STATUS_OK;
}

/* ---- tables ---- */

static void say_rest(char *out, size_t size, const struct image_folders_rest *rest,
                     const char *what)
{
    size_t used = strlen(out);
    if (rest->n > 0)
        snprintf(out + used, size - used, "; %d %s left out (the first: %s)", rest->n, what,
                 rest->first);
}

static void say(const struct data_options *o, const char *folder, const struct image_folders *list)
{
    char rest[1536] = "";
    say_rest(rest, sizeof rest, &list->other, "not named " IMAGE_FOLDERS_ENDINGS);
    say_rest(rest, sizeof rest, &list->loose, "beside the folders of classes");
    say_rest(rest, sizeof rest, &list->empty, "folder without an image");
    if (list->loops.n > 0)
        data_options_say(o, "%s: %d links to folders above them left out (the first: %s)", folder,
                         list->loops.n, list->loops.first);
    data_options_say(o, "%s: %d images of %d classes%s", folder, list->image.n, list->n_classes,
                     rest);
}

static enum status write_table(FILE *stream, const char *folder, const char *prefix,
                               const struct data_options *o, struct error *err)
{
    struct image_folders list;
    if (image_folders_list(&list, folder, &stop_signal, err) != STATUS_OK)
        return err->status;
    image_folders_write(&list, prefix, stream);
    say(o, folder, &list);
    image_folders_free(&list);
    return STATUS_OK;
}

static enum status write_split(FILE *stream, const char *split, const char *folder,
                               const char *prefix, const struct data_options *o, struct error *err)
{
    char *inner = NULL, *inner_prefix = NULL;
    enum status status = files_join(&inner, folder, split, err);
    if (status == STATUS_OK) {
        inner_prefix = memory_array(strlen(prefix) + strlen(split) + 2, 1, "a path", err);
        status = inner_prefix ? STATUS_OK : err->status;
    }
    if (status == STATUS_OK) {
        sprintf(inner_prefix, "%s%s/", prefix, split);
        status = write_table(stream, inner, inner_prefix, o, err);
    }
    free(inner);
    free(inner_prefix);
    return status;
}

/* One table, or one for each of n splits. */
static enum status write_files(const char *const *split, int n, const char *folder,
                               const char *prefix, const struct data_options *o, struct error *err)
{
    struct data_outputs out;
    char ending[64];
    enum status status = data_outputs_create(&out, n > 0 ? n : 1, err);
    for (int i = 0; i < out.n && status == STATUS_OK; i++) {
        snprintf(ending, sizeof ending, "%s%s.csv", n > 0 ? "_" : "", n > 0 ? split[i] : "");
        status = data_outputs_name(&out, i, o->out, ending, err);
    }
    if (status == STATUS_OK)
        status = data_outputs_open(&out, err);
    for (int i = 0; i < out.n && status == STATUS_OK; i++)
        status = n > 0 ? write_split(out.writer[i].stream, split[i], folder, prefix, o, err)
                       : write_table(out.writer[i].stream, folder, prefix, o, err);
    if (status == STATUS_OK)
        status = data_outputs_commit(&out, err);
    data_outputs_close(&out);
    return status;
}

static enum status refuse_splits(const char *const *split, int n, const char *folder,
                                 const struct data_options *o, struct error *err)
{
    char names[64] = "";
    for (int i = 0; i < n; i++)
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", i ? " " : "",
                 split[i]);
    return error_usage(err,
                       "%s holds splits (%s): --out PREFIX writes a table for each, or name one of "
                       "them: %s %s/train",
                       folder, names, o->program, folder);
}

static enum status write_tables(const char *folder, const struct data_options *o, struct error *err)
{
    char *prefix = NULL;
    const char *split[IMAGE_FOLDERS_MOST_SPLITS];
    int n = image_folders_splits(split, folder);
    if (n > 0 && !o->out)
        return refuse_splits(split, n, folder, o, err);
    if (find_prefix(&prefix, folder, o, err) != STATUS_OK)
        return err->status;
    enum status status = o->out ? write_files(split, n, folder, prefix, o, err)
                                : write_table(stdout, folder, prefix, o, err);
    free(prefix);
    return status;
}

static enum status run(struct data_options *o, struct error *err)
{
    if (check_arguments(o, err) != STATUS_OK)
        return err->status;
    char *folder = memory_string(o->argument[0], err);
    if (!folder)
        return err->status;
    for (size_t length = strlen(folder); length > 1 && folder[length - 1] == '/'; length--)
        folder[length - 1] = '\0';
    enum status status = write_tables(folder, o, err);
    free(folder);
    return status;
}

const struct data_command data_command_folders = {
    .name = "from-folders",
    .program = "atk-data from-folders",
    .arguments = "[--relative-to DIR2] DIR > photos.csv\n"
                 "  or:  atk-data from-folders [--relative-to DIR2] --out PREFIX DIR",
    .summary = "a table of images in folders, one folder a class",
    .description =
        "Write a table of the images in DIR, for atk-train: the columns image and label.\n\n"
        "Each folder in DIR is a class, and its name the label; images in folders further\n"
        "down belong to it too. Images are files whose names end in\n" IMAGE_FOLDERS_ENDINGS ",\n"
        "in any case (atk-train then looks at the content). Hidden files and folders are\n"
        "skipped, symbolic links are followed. What is left out is\n"
        "counted on standard error. Rows are sorted by path.\n\n"
        "When the folders of DIR are train and some of val, valid, validation and test,\n"
        "and train has folders itself, they are splits: --out PREFIX writes\n"
        "PREFIX_train.csv and so on, or name one split as DIR.\n\n"
        "atk-train looks for images from the folder of the table. Paths begin with DIR as\n"
        "it is given, so they fit a table in the present folder, and with an absolute DIR\n"
        "any.\n",
    .option = options,
    .n_options = sizeof options / sizeof *options,
    .run = run,
};
