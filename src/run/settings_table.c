/* Order: as one meets the settings in --help and in args.yaml. */
#include "run/settings_table.h"

#include "base/suggest.h"
#include "run/settings.h"

#include <math.h>
#include <string.h>

#define FIELD(name)  offsetof(struct settings, name)
#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static const char data_group[] = "Data";
static const char picture_group[] = "Pictures";
static const char network_group[] = "Network";
static const char loss_group[] = "Loss and batches";
static const char optimiser_group[] = "Optimiser (Adam)";
static const char evaluation_group[] = "Evaluation";
static const char machine_group[] = "Machine";
static const char run_group[] = "Run and output";

/* Of ImageNet's training pictures, as torchvision and timm give them: what weights that were
 * trained there expect. */
static const float imagenet_mean[3] = {0.485F, 0.456F, 0.406F};
static const float imagenet_std[3] = {0.229F, 0.224F, 0.225F};

/* clang-format off */
static const struct setting table[] = {
    {.name = "data", .type = SETTING_TEXT, .offset = FIELD(data), .argument = "FILE",
     .group = data_group,
     .help = "CSV of pictures and labels, for config files; the same as the argument DATA.csv"},
    {.name = "images", .type = SETTING_TEXT, .offset = FIELD(images), .argument = "DIR",
     .group = data_group,
     .help = "where relative picture paths begin (default: the folder of the CSV)"},
    {.name = "image-column", .type = SETTING_TEXT, .offset = FIELD(image_column),
     .initial = "image", .argument = "NAME", .group = data_group,
     .help = "column of picture paths"},
    {.name = "label-column", .type = SETTING_TEXT, .offset = FIELD(label_column),
     .initial = "label", .argument = "NAME", .group = data_group,
     .help = "column of labels, numbers or names"},
    {.name = "no-header", .type = SETTING_FLAG, .offset = FIELD(no_header), .initial = "false",
     .group = data_group,
     .help = "the CSV has no header line: column 1 is the picture, column 2 the label"},
    {.name = "delimiter", .type = SETTING_CHAR, .offset = FIELD(delimiter), .initial = ",",
     .argument = "CHAR", .group = data_group,
     .help = "between fields; \"tab\" for a tab"},
    {.name = "val", .type = SETTING_TEXT, .offset = FIELD(val), .argument = "FILE",
     .group = data_group,
     .help = "CSV of validation pictures, in place of a split"},
    {.name = "val-split", .type = SETTING_REAL, .offset = FIELD(val_split), .initial = "0.1",
     .min = 0, .max = 1, .below_max = true, .argument = "F", .group = data_group,
     .help = "share of each class that is kept out of training for validation, when there is no "
             "--val; 0: no validation"},
    {.name = "classes", .type = SETTING_TEXT, .offset = FIELD(classes), .argument = "FILE",
     .group = data_group,
     .help = "the labels, one a line, in the order of the network's outputs (default: found in the "
             "CSV)"},

    {.name = "size", .type = SETTING_INT, .offset = FIELD(size), .initial = "448", .min = 16,
     .max = 4096, .argument = "N", .group = picture_group,
     .help = "pictures are resized to N x N"},
    {.name = "mean", .type = SETTING_RGB, .offset = FIELD(mean), .initial = "0", .min = -HUGE_VAL,
     .max = HUGE_VAL, .imagenet = imagenet_mean, .argument = "R,G,B", .group = picture_group,
     .help = "taken off each channel after division by 255: one number for all three, three, "
             "\"imagenet\", or \"data\" (found in the training pictures; with --std data)"},
    {.name = "std", .type = SETTING_RGB, .offset = FIELD(std), .initial = "1", .min = 0,
     .max = HUGE_VAL, .above_min = true, .imagenet = imagenet_std, .argument = "R,G,B",
     .group = picture_group,
     .help = "then divides each channel: likewise"},
    {.name = "exif", .type = SETTING_CHOICE, .offset = FIELD(exif), .initial = "apply",
     .choices = "apply|ignore", .argument = "apply|ignore", .group = picture_group,
     .help = "turn pictures as their EXIF orientation says"},
    {.name = "jpeg-scale", .type = SETTING_CHOICE, .offset = FIELD(jpeg_scale), .initial = "auto",
     .choices = "auto|fast|off", .argument = "auto|fast|off", .group = picture_group,
     .help = "decode a JPEG at 4/8, 2/8 or 1/8 of its size when that leaves twice N (auto: no "
             "difference to see), or N (fast: a little blurred); off: always in full"},
    {.name = "on-bad-image", .type = SETTING_CHOICE, .offset = FIELD(on_bad_image),
     .initial = "fail", .choices = "fail|skip", .argument = "fail|skip", .group = picture_group,
     .help = "a picture that cannot be read: stop, or leave it out and list it in bad_images.csv"},
    {.name = "max-pixels", .type = SETTING_INT64, .offset = FIELD(max_pixels),
     .initial = "178956970", .min = 1, .max = 4294967296.0, .argument = "N", .group = picture_group,
     .help = "a picture with more pixels counts as bad, before it is decoded"},

    {.name = "model", .type = SETTING_TEXT, .offset = FIELD(model), .initial = "resnet10-gn",
     .argument = "NAME|FILE", .group = network_group,
     .help = "network description: a name in models/, or a YAML file"},
    {.name = "weights", .type = SETTING_TEXT, .offset = FIELD(weights), .argument = "FILE",
     .group = network_group,
     .help = "safetensors file to start from (default: seeded random weights)"},
    {.name = "freeze-bn", .type = SETTING_FLAG, .offset = FIELD(freeze_bn), .initial = "false",
     .group = network_group,
     .help = "BatchNorm keeps and uses the running statistics of --weights; its weight and bias "
             "still learn"},
    {.name = "conv", .type = SETTING_CHOICE, .offset = FIELD(conv), .initial = "auto",
     .choices = "auto|im2col|winograd|direct", .argument = "METHOD", .group = network_group,
     .help = "how convolutions are computed: auto (by shape), or im2col, winograd or direct "
             "wherever it fits"},
    {.name = "backward", .type = SETTING_CHOICE, .offset = FIELD(backward), .initial = "selected",
     .choices = "selected|full", .argument = "selected|full", .group = network_group,
     .help = "backward pass over the k selected pictures where that is exact (no BatchNorm, or a "
             "frozen one), or over all"},

    {.name = "k", .letter = 'k', .type = SETTING_K, .offset = FIELD(k), .initial = "0.7",
     .argument = "K", .group = loss_group,
     .help = "how many of a batch's largest losses are averaged: a count (10), a fraction (0.7) or "
             "a percent (70%); 1 is the hardest picture alone, 1.0 all"},
    {.name = "batch-size", .type = SETTING_INT, .offset = FIELD(batch_size), .initial = "8",
     .min = 1, .max = 4096, .argument = "N", .group = loss_group,
     .help = "pictures per step"},
    {.name = "epochs", .type = SETTING_INT, .offset = FIELD(epochs), .initial = "20", .min = 1,
     .max = 1000000, .use = SETTING_CHANGEABLE, .argument = "N", .group = loss_group,
     .help = "passes over the training pictures"},
    {.name = "seed", .type = SETTING_INT64, .offset = FIELD(seed), .initial = "0", .min = 0,
     .max = 9007199254740992.0, .argument = "N", .group = loss_group,
     .help = "of split, order and first weights; same seed, same result"},
    {.name = "learning-rate", .type = SETTING_REAL, .offset = FIELD(learning_rate),
     .initial = "1e-3", .min = 0, .max = HUGE_VAL, .above_min = true, .argument = "F",
     .group = optimiser_group,
     .help = "step size"},
    {.name = "beta1", .type = SETTING_REAL, .offset = FIELD(beta1), .initial = "0.9", .min = 0,
     .max = 1, .below_max = true, .argument = "F", .group = optimiser_group,
     .help = "decay of the mean of gradients"},
    {.name = "beta2", .type = SETTING_REAL, .offset = FIELD(beta2), .initial = "0.999", .min = 0,
     .max = 1, .below_max = true, .argument = "F", .group = optimiser_group,
     .help = "decay of the mean of their squares"},
    {.name = "epsilon", .type = SETTING_REAL, .offset = FIELD(epsilon), .initial = "1e-8", .min = 0,
     .max = HUGE_VAL, .above_min = true, .argument = "F", .group = optimiser_group,
     .help = "added to the root of that mean"},
    {.name = "weight-decay", .type = SETTING_REAL, .offset = FIELD(weight_decay), .initial = "0",
     .min = 0, .max = HUGE_VAL, .argument = "F", .group = optimiser_group,
     .help = "factor of the weights added to the gradient"},

    {.name = "tta", .type = SETTING_CHOICE, .offset = FIELD(tta), .initial = "none",
     .choices = "none|flip", .argument = "none|flip", .group = evaluation_group,
     .help = "validate (atk-predict: classify) with the mean of the probabilities of a picture and "
             "of its mirror image, in twice the time; the training steps stay as they are"},

    {.name = "threads", .type = SETTING_INT, .offset = FIELD(threads), .initial = "0", .min = 0,
     .max = 1024, .use = SETTING_CHANGEABLE, .argument = "N", .group = machine_group,
     .help = "threads that compute; 0: the processors that the program may use"},
    {.name = "workers", .type = SETTING_INT, .offset = FIELD(workers), .initial = "0", .min = 0,
     .max = 256, .use = SETTING_CHANGEABLE, .argument = "N", .group = machine_group,
     .help = "threads that decode pictures ahead; 0: found by the program"},
    {.name = "cache", .type = SETTING_CHOICE, .offset = FIELD(cache), .initial = "auto",
     .choices = "auto|none|memory|disk", .use = SETTING_CHANGEABLE,
     .argument = "auto|none|memory|disk", .group = machine_group,
     .help = "keep resized pictures: in memory when all fit there, never, in memory as many as fit, "
             "or in a file that later runs on the same pictures share"},
    {.name = "cache-mib", .type = SETTING_INT64, .offset = FIELD(cache_mib), .initial = "0",
     .min = 0, .max = 1073741824, .use = SETTING_CHANGEABLE, .argument = "N",
     .group = machine_group,
     .help = "memory for that in MiB; 0: half of what training leaves free"},
    {.name = "cache-dir", .type = SETTING_TEXT, .offset = FIELD(cache_dir),
     .use = SETTING_CHANGEABLE, .argument = "DIR", .group = machine_group,
     .help = "folder of that file, which may be deleted at any time (default: "
             "$XDG_CACHE_HOME/atk-train or ~/.cache/atk-train)"},

    {.name = "config", .letter = 'c', .type = SETTING_TEXT, .offset = FIELD(config),
     .use = SETTING_COMMAND, .argument = "NAME|FILE", .group = run_group,
     .help = "read settings from a recipe in configs/ or a YAML file, whose keys are these options; "
             "the command line wins"},
    {.name = "out", .letter = 'o', .type = SETTING_TEXT, .offset = FIELD(out),
     .use = SETTING_UNSAVED, .argument = "DIR", .group = run_group,
     .help = "run folder to create; it must not exist yet (default: the first free of runs/train1, "
             "runs/train2, ...)"},
    {.name = "resume", .type = SETTING_TEXT, .offset = FIELD(resume), .use = SETTING_COMMAND,
     .argument = "DIR", .group = run_group,
     .help = "continue the interrupted run of this folder, with its settings"},
    {.name = "dry-run", .type = SETTING_FLAG, .offset = FIELD(dry_run), .initial = "false",
     .use = SETTING_COMMAND, .group = run_group,
     .help = "check settings, CSV and every picture, print classes, layers and memory; train "
             "nothing. The first batches, as the network would get them, are put into "
             "runs/dry-run/ (with --out DIR: DIR-dry-run/) in place of an earlier dry run's"},
    {.name = "save-minutes", .type = SETTING_REAL, .offset = FIELD(save_minutes), .initial = "10",
     .min = 0, .max = HUGE_VAL, .use = SETTING_CHANGEABLE, .argument = "F", .group = run_group,
     .help = "save the state this often, besides the end of each epoch; 0: only then"},
    {.name = "log-every", .type = SETTING_INT, .offset = FIELD(log_every), .initial = "1", .min = 1,
     .max = 1000000000, .use = SETTING_CHANGEABLE, .argument = "N", .group = run_group,
     .help = "print a line for every N-th batch"},
    {.name = "quiet", .letter = 'q', .type = SETTING_FLAG, .offset = FIELD(quiet),
     .initial = "false", .use = SETTING_UNSAVED, .group = run_group,
     .help = "print warnings and errors only"},
    {.name = "json", .type = SETTING_FLAG, .offset = FIELD(json), .initial = "false",
     .use = SETTING_UNSAVED, .group = run_group,
     .help = "last line of standard output: one JSON object with the result"},
};

/* What Ultralytics, timm and others call the same thing. */
static const struct {
    const char *theirs, *ours;
} synonyms[] = {
    {"lr", "learning-rate"}, {"lr0", "learning-rate"}, {"imgsz", "size"}, {"img-size", "size"},
    {"batch", "batch-size"}, {"b", "batch-size"}, {"eps", "epsilon"}, {"opt-eps", "epsilon"},
    {"wd", "weight-decay"}, {"pretrained", "weights"}, {"checkpoint", "weights"}, {"topk", "k"},
    {"top-k", "k"}, {"data-dir", "images"}, {"root", "images"}, {"output", "out"},
    {"project", "out"}, {"name", "out"}, {"jobs", "threads"}, {"num-workers", "workers"},
    {"arch", "model"}, {"validation", "val"}, {"test-split", "val-split"},
    {"separator", "delimiter"}, {"verbose", "log-every"}, {"log-interval", "log-every"},
    {"target-column", "label-column"},
};
/* clang-format on */

const struct setting *settings_table(int *n)
{
    *n = COUNT(table);
    return table;
}

const struct setting *settings_table_find(const char *name)
{
    for (int i = 0; i < COUNT(table); i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

const char *settings_table_suggest(const char *name)
{
    const char *names[COUNT(table)];

    for (int i = 0; i < COUNT(synonyms); i++)
        if (strcmp(synonyms[i].theirs, name) == 0)
            return synonyms[i].ours;
    for (int i = 0; i < COUNT(table); i++)
        names[i] = table[i].name;
    return suggest_nearest(name, names, COUNT(table));
}
