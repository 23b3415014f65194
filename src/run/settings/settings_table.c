/* Order: as one meets the settings in --help and in args.yaml. */
#include "run/settings/settings_table.h"

#include "base/suggest.h"
#include "run/settings/settings_fields.h"

#include <math.h>
#include <string.h>

#define FIELD(name)  offsetof(struct settings, name)
#define COUNT(array) ((int)(sizeof array / sizeof((array)[0])))

static const char data_group[] = "Data";
static const char image_group[] = "Images";
static const char augment_group[] = "Augmentation (training images only)";
static const char network_group[] = "Network";
static const char loss_group[] = "Loss and batches";
static const char optimiser_group[] = "Optimiser";
static const char rate_group[] = "Learning rate";
static const char evaluation_group[] = "Evaluation";
static const char stop_group[] = "Stopping and keeping";
static const char machine_group[] = "Machine";
static const char run_group[] = "Run and output";

/* Of ImageNet's training images, as torchvision and timm give them: what weights that were
 * trained there expect. */
static const float imagenet_mean[3] = {0.485F, 0.456F, 0.406F};
static const float imagenet_std[3] = {0.229F, 0.224F, 0.225F};

/* clang-format off */
static const struct setting table[] = {
    {.name = "data", .type = SETTING_TEXT, .offset = FIELD(data), .use = SETTING_CHANGEABLE, .argument = "FILE",
     .group = data_group,
     .help = "CSV of images and labels, for config files; the same as the argument DATA.csv. With "
             "--resume: where the same rows are now, as for --val and --images"},
    {.name = "images", .type = SETTING_TEXT, .offset = FIELD(images), .use = SETTING_CHANGEABLE, .argument = "DIR",
     .group = data_group,
     .help = "where relative image paths begin (default: the folder of the CSV)"},
    {.name = "image-column", .type = SETTING_TEXT, .offset = FIELD(image_column),
     .initial = "image", .argument = "NAME", .group = data_group,
     .help = "column of image paths"},
    {.name = "label-column", .type = SETTING_TEXT, .offset = FIELD(label_column),
     .initial = "label", .argument = "NAME", .group = data_group,
     .help = "column of labels, numbers or names"},
    {.name = "no-header", .type = SETTING_FLAG, .offset = FIELD(no_header), .initial = "false",
     .group = data_group,
     .help = "the CSV has no header line: column 1 is the image, column 2 the label"},
    {.name = "delimiter", .type = SETTING_CHAR, .offset = FIELD(delimiter), .initial = ",",
     .argument = "CHAR", .group = data_group,
     .help = "between fields; \"tab\" for a tab"},
    {.name = "val", .type = SETTING_TEXT, .offset = FIELD(val), .use = SETTING_CHANGEABLE, .argument = "FILE",
     .group = data_group,
     .help = "CSV of validation images, in place of a split"},
    {.name = "val-split", .type = SETTING_REAL, .offset = FIELD(val_split), .initial = "0.1",
     .min = 0, .max = 1, .below_max = true, .argument = "F", .group = data_group,
     .help = "share of each class that is kept out of training for validation, when there is no "
             "--val; 0: no validation"},
    {.name = "classes", .type = SETTING_TEXT, .offset = FIELD(classes), .argument = "FILE",
     .group = data_group,
     .help = "the labels, one a line, in the order of the network's outputs (default: found in the "
             "CSV)"},

    {.name = "size", .type = SETTING_INT, .offset = FIELD(size), .initial = "448", .min = 16,
     .max = 4096, .argument = "N", .group = image_group,
     .help = "images are resized to N x N"},
    {.name = "resize", .type = SETTING_CHOICE, .offset = FIELD(resize), .initial = "squash",
     .choices = "squash|crop|letterbox", .argument = "squash|crop|letterbox",
     .group = image_group,
     .help = "squash: each side by itself; crop: the shorter side to N / --crop-fraction, then the "
             "middle; letterbox: the longer side to N, between bars of the mean colour. In training "
             "a --crop-scale below 1 takes its parts from whole images instead"},
    {.name = "crop-fraction", .type = SETTING_REAL, .offset = FIELD(crop_fraction),
     .initial = "0.875", .min = 0, .above_min = true, .max = 1, .argument = "F",
     .group = image_group,
     .help = "--resize crop: how much of the shorter side is seen"},
    {.name = "interpolation", .type = SETTING_CHOICE, .offset = FIELD(interpolation),
     .initial = "bilinear", .choices = "bilinear|bicubic", .argument = "bilinear|bicubic",
     .group = image_group,
     .help = "between pixels; bicubic is sharper and takes several times as long to compute"},
    {.name = "mean", .type = SETTING_RGB, .offset = FIELD(mean), .initial = "0", .min = -HUGE_VAL,
     .max = HUGE_VAL, .imagenet = imagenet_mean, .argument = "R,G,B", .group = image_group,
     .help = "taken off each channel after division by 255: one number for all three, three, "
             "\"imagenet\", or \"data\" (found in the training images; with --std data)"},
    {.name = "std", .type = SETTING_RGB, .offset = FIELD(std), .initial = "1", .min = 0,
     .max = HUGE_VAL, .above_min = true, .imagenet = imagenet_std, .argument = "R,G,B",
     .group = image_group,
     .help = "then divides each channel: likewise"},
    {.name = "exif", .type = SETTING_CHOICE, .offset = FIELD(exif), .initial = "apply",
     .choices = "apply|ignore", .argument = "apply|ignore", .group = image_group,
     .help = "turn images as their EXIF orientation says"},
    {.name = "jpeg-scale", .type = SETTING_CHOICE, .offset = FIELD(jpeg_scale), .initial = "auto",
     .choices = "auto|fast|off", .argument = "auto|fast|off", .group = image_group,
     .help = "decode a JPEG at 4/8, 2/8 or 1/8 of its size when that leaves twice N (auto: no "
             "difference to see), or N (fast: a little blurred); off: always in full"},
    {.name = "on-bad-image", .type = SETTING_CHOICE, .offset = FIELD(on_bad_image),
     .initial = "fail", .choices = "fail|skip", .use = SETTING_CHANGEABLE, .argument = "fail|skip",
     .group = image_group,
     .help = "an image that cannot be read: stop, or leave it out and list it in bad_images.csv; one "
             "that goes bad later leaves its batch"},
    {.name = "max-pixels", .type = SETTING_INT64, .offset = FIELD(max_pixels),
     .initial = "178956970", .min = 1, .max = 4294967296.0, .argument = "N", .group = image_group,
     .help = "an image with more pixels counts as bad, before it is decoded"},

    {.name = "augment", .type = SETTING_CHOICE, .offset = FIELD(augment), .initial = "none",
     .choices = "none|light|standard|strong", .leads = true,
     .argument = "none|light|standard|strong", .group = augment_group,
     .help = "sets the options of this group together; those that are given as well win over it"},
    {.name = "hflip", .type = SETTING_REAL, .offset = FIELD(views.hflip), .initial = "0", .min = 0,
     .max = 1, .argument = "P", .group = augment_group,
     .help = "probability of a horizontal flip"},
    {.name = "vflip", .type = SETTING_REAL, .offset = FIELD(views.vflip), .initial = "0", .min = 0,
     .max = 1, .argument = "P", .group = augment_group,
     .help = "probability of a vertical flip"},
    {.name = "crop-scale", .type = SETTING_RANGE, .offset = FIELD(views.crop_scale),
     .initial = "1,1", .min = 0, .above_min = true, .max = 1, .argument = "MIN[,MAX]",
     .group = augment_group,
     .help = "random resized crop: its share of the image's area; 1: the whole image"},
    {.name = "crop-ratio", .type = SETTING_RANGE, .offset = FIELD(views.crop_ratio),
     .initial = "0.75,1.3333", .min = 0, .above_min = true, .max = HUGE_VAL, .argument = "MIN,MAX",
     .group = augment_group,
     .help = "aspect ratio (width / height) of the crop, before it is resized"},
    {.name = "rotate", .type = SETTING_REAL, .offset = FIELD(views.rotate), .initial = "0",
     .min = 0, .max = 180, .argument = "DEGREES", .group = augment_group,
     .help = "maximum rotation, either way; the corners become black"},
    {.name = "brightness", .type = SETTING_REAL, .offset = FIELD(views.brightness), .initial = "0",
     .min = 0, .max = HUGE_VAL, .argument = "F", .group = augment_group,
     .help = "brightness is multiplied by a factor between 1 - F and 1 + F"},
    {.name = "contrast", .type = SETTING_REAL, .offset = FIELD(views.contrast), .initial = "0",
     .min = 0, .max = HUGE_VAL, .argument = "F", .group = augment_group,
     .help = "contrast (distance from the mean grey of the image), likewise"},
    {.name = "saturation", .type = SETTING_REAL, .offset = FIELD(views.saturation), .initial = "0",
     .min = 0, .max = 60, .argument = "F", .group = augment_group,
     .help = "saturation (distance from the grey of each pixel), likewise"},
    {.name = "hue", .type = SETTING_REAL, .offset = FIELD(views.hue), .initial = "0", .min = 0,
     .max = 0.5, .argument = "F", .group = augment_group,
     .help = "maximum hue shift, as a fraction of the colour circle"},
    {.name = "erase", .type = SETTING_REAL, .offset = FIELD(views.erase), .initial = "0",
     .min = 0, .max = 1, .argument = "P", .group = augment_group,
     .help = "probability of random erasing: a rectangle of 2 to 33 % of the area gets the colour "
             "of --mean"},
    {.name = "cache-scale", .type = SETTING_REAL, .offset = FIELD(cache_scale), .initial = "0",
     .min = 0, .max = 4, .argument = "F", .group = augment_group,
     .help = "training images are kept at F times N, for crops to be taken from; 0: so that a crop "
             "in the middle of --crop-scale is not enlarged, at most 2"},

    {.name = "model", .type = SETTING_TEXT, .offset = FIELD(model), .initial = "resnet10-gn",
     .argument = "NAME|FILE", .group = network_group,
     .help = "network description: a name in models/, or a YAML file"},
    {.name = "weights", .type = SETTING_TEXT, .offset = FIELD(weights),
     .argument = "FILE|NAME", .group = network_group,
     .help = "weights to start from: a safetensors file, a run folder, or a name of those that "
             "atk-get-weights brings; network, size, mean, std and the like are the file's unless "
             "given (default: seeded random weights)"},
    {.name = "train", .type = SETTING_TEXT, .offset = FIELD(train), .initial = "all",
     .argument = "all|head|NAME,...", .group = network_group,
     .help = "what learns: all, the classifier alone (head), or everything from a block or stage on "
             "(layer4, blocks.5); what lies below keeps its weights and running statistics"},
    {.name = "unfreeze-epoch", .type = SETTING_INT, .offset = FIELD(unfreeze_epoch),
     .initial = "0", .min = 0, .max = 1000000, .argument = "N", .group = network_group,
     .help = "with --train: from epoch N on everything learns; 0: never"},
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
     .help = "backward pass over the k selected images where that is exact (no BatchNorm, or a "
             "frozen one), or over all"},
    {.name = "activations", .type = SETTING_CHOICE, .offset = FIELD(activations),
     .initial = "float", .choices = "float|half", .argument = "float|half", .group = network_group,
     .help = "how activations are kept for the backward pass: as they are, or rounded to 16 bits, "
             "which takes less memory; both passes compute in float32"},

    {.name = "loss", .type = SETTING_CHOICE, .offset = FIELD(loss), .initial = "cross-entropy",
     .choices = "cross-entropy|logistic|hinge|squared|absolute", .argument = "NAME",
     .group = loss_group,
     .help = "loss of an image: cross-entropy (softmax), logistic (one-vs-rest), hinge (multiclass, "
             "Crammer-Singer), or the squared or absolute difference to the one-hot target"},
    {.name = "aggregate", .type = SETTING_CHOICE, .offset = FIELD(aggregate), .initial = "atk",
     .choices = "atk|average|maximum|top-k", .argument = "NAME", .group = loss_group,
     .help = "what is minimised: the average of the k largest losses (atk) or of all (average), the "
             "largest (maximum), or the k-th largest alone (top-k)"},
    {.name = "k", .letter = 'k', .type = SETTING_K, .offset = FIELD(k), .initial = "0.7",
     .argument = "K", .group = loss_group,
     .help = "how many of a batch's largest losses are averaged: a count (10), a fraction (0.7) or "
             "a percent (70%); 1 is the hardest image alone, 1.0 all"},
    {.name = "scope", .type = SETTING_CHOICE, .offset = FIELD(scope), .initial = "batch",
     .choices = "batch|step|dataset", .argument = "batch|step|dataset", .group = loss_group,
     .help = "of which images the k largest losses are taken: of a batch, of all batches of a step "
             "(--accumulate), or of all training images, by a threshold that is learned"},
    {.name = "k-schedule", .type = SETTING_CHOICE, .offset = FIELD(k_schedule),
     .initial = "constant", .choices = "constant|linear|cosine|steps", .argument = "NAME",
     .group = loss_group,
     .help = "how k changes with each epoch: constant, linear or cosine (half a wave, to the last "
             "epoch), or steps (equal ones, after each of --k-steps)"},
    {.name = "k-start", .type = SETTING_K, .offset = FIELD(k_start), .argument = "K",
     .group = loss_group,
     .help = "linear, cosine, steps: where it begins, as --k (default: all)"},
    {.name = "k-end", .type = SETTING_K, .offset = FIELD(k_end), .argument = "K",
     .group = loss_group,
     .help = "linear, cosine, steps: where it ends (default: --k)"},
    {.name = "k-steps", .type = SETTING_INTS, .offset = FIELD(k_steps), .min = 1, .max = 1000000,
     .argument = "N,N,...", .group = loss_group,
     .help = "steps: k changes after each of these epochs, at most 8"},
    {.name = "k-warmup", .type = SETTING_INT, .offset = FIELD(k_warmup), .initial = "0", .min = 0,
     .max = 1000000, .argument = "EPOCHS", .group = loss_group,
     .help = "during so many epochs first, all losses count"},
    {.name = "drop-largest", .type = SETTING_DROP, .offset = FIELD(drop_largest), .initial = "0",
     .argument = "M", .group = loss_group,
     .help = "so many of the largest losses are left out first, and k counts among the rest: a "
             "count, a fraction or a percent; for wrong labels"},
    {.name = "class-weights", .type = SETTING_TEXT, .offset = FIELD(class_weights),
     .initial = "none", .argument = "none|balanced|FILE", .group = loss_group,
     .help = "factor of the loss of each class's images, before the k largest are chosen: none, "
             "balanced (rare classes weigh as much as common ones), or a file of class,weight"},
    {.name = "label-smoothing", .type = SETTING_REAL, .offset = FIELD(label_smoothing),
     .initial = "0", .min = 0, .max = 1, .below_max = true, .argument = "F", .group = loss_group,
     .help = "share of each image's target that is spread evenly over all classes; often 0.1"},
    {.name = "batch-size", .type = SETTING_INT, .offset = FIELD(batch_size), .initial = "8",
     .min = 1, .max = 4096, .argument = "N", .group = loss_group,
     .help = "images that go through the network together"},
    {.name = "accumulate", .type = SETTING_INT, .offset = FIELD(accumulate), .initial = "1",
     .min = 1, .max = 4096, .argument = "N", .group = loss_group,
     .help = "batches of a step: the weights change after each N-th batch"},
    {.name = "sampler", .type = SETTING_CHOICE, .offset = FIELD(sampler), .initial = "shuffle",
     .choices = "shuffle|balanced", .argument = "shuffle|balanced", .group = loss_group,
     .help = "what an epoch shows: each training image once, in a new order (shuffle), or as many "
             "images, drawn evenly from the classes: those of rare ones often (balanced)"},
    {.name = "epochs", .type = SETTING_INT, .offset = FIELD(epochs), .initial = "20", .min = 1,
     .max = 1000000, .use = SETTING_CHANGEABLE, .argument = "N", .group = loss_group,
     .help = "passes over the training images"},
    {.name = "seed", .type = SETTING_INT64, .offset = FIELD(seed), .initial = "0", .min = 0,
     .max = 9007199254740992.0, .argument = "N", .group = loss_group,
     .help = "of split, order and first weights; same seed, same result"},

    {.name = "optimizer", .type = SETTING_CHOICE, .offset = FIELD(optimizer), .initial = "adam",
     .choices = "adam|adamw|sgd", .argument = "adam|adamw|sgd", .group = optimiser_group,
     .help = "how gradients change weights, each as PyTorch's of that name"},
    {.name = "beta1", .type = SETTING_REAL, .offset = FIELD(beta1), .initial = "0.9", .min = 0,
     .max = 1, .below_max = true, .argument = "F", .group = optimiser_group,
     .help = "adam, adamw: decay rate of the first moment"},
    {.name = "beta2", .type = SETTING_REAL, .offset = FIELD(beta2), .initial = "0.999", .min = 0,
     .max = 1, .below_max = true, .argument = "F", .group = optimiser_group,
     .help = "adam, adamw: decay rate of the second moment"},
    {.name = "epsilon", .type = SETTING_REAL, .offset = FIELD(epsilon), .initial = "1e-8", .min = 0,
     .max = HUGE_VAL, .above_min = true, .argument = "F", .group = optimiser_group,
     .help = "adam, adamw: added to the root of the second moment"},
    {.name = "momentum", .type = SETTING_REAL, .offset = FIELD(momentum), .initial = "0", .min = 0,
     .max = 1, .below_max = true, .argument = "F", .group = optimiser_group,
     .help = "sgd: momentum; often 0.9"},
    {.name = "nesterov", .type = SETTING_FLAG, .offset = FIELD(nesterov), .initial = "false",
     .group = optimiser_group,
     .help = "sgd: Nesterov momentum"},
    {.name = "weight-decay", .type = SETTING_REAL, .offset = FIELD(weight_decay), .initial = "0",
     .min = 0, .max = HUGE_VAL, .argument = "F", .group = optimiser_group,
     .help = "adam, sgd: L2 penalty, added to the gradient; adamw: decoupled from it, times the "
             "learning rate"},
    {.name = "decay-norm-bias", .type = SETTING_CHOICE, .offset = FIELD(decay_norm_bias),
     .initial = "yes", .choices = "yes|no", .argument = "yes|no", .group = optimiser_group,
     .help = "weight decay also of biases and of the weights of a normalisation, as in PyTorch "
             "(yes), or of convolutions and classifier alone"},
    {.name = "clip-grad", .type = SETTING_REAL, .offset = FIELD(clip_grad), .initial = "0",
     .min = 0, .max = HUGE_VAL, .argument = "NORM", .group = optimiser_group,
     .help = "largest L2 norm of the gradient of all weights, to which a longer one is clipped; 0: "
             "no clipping"},
    {.name = "ema", .type = SETTING_REAL, .offset = FIELD(ema), .initial = "0", .min = 0, .max = 1,
     .below_max = true, .argument = "DECAY", .group = optimiser_group,
     .help = "evaluate and save an exponential moving average of the weights with this decay; "
             "often 0.99 to 0.9999; 0: the weights themselves"},

    {.name = "learning-rate", .type = SETTING_REAL, .offset = FIELD(learning_rate),
     .initial = "1e-3", .min = 0, .max = HUGE_VAL, .above_min = true, .argument = "F",
     .group = rate_group,
     .help = "step size, the highest of a schedule"},
    {.name = "backbone-lr-factor", .type = SETTING_REAL, .offset = FIELD(backbone_lr_factor),
     .initial = "1", .min = 0, .max = 1000, .above_min = true, .argument = "F",
     .group = rate_group,
     .help = "all but the classifier learns at F times the rate; often 0.1 with --weights"},
    {.name = "lr-schedule", .type = SETTING_CHOICE, .offset = FIELD(lr_schedule),
     .initial = "constant", .choices = "constant|cosine|step|poly",
     .argument = "NAME", .group = rate_group,
     .help = "how it changes with each batch: constant, cosine (half a wave, to the end of the run), "
             "step (drops) or poly (a power of what is left of the run)"},
    {.name = "warmup-epochs", .type = SETTING_REAL, .offset = FIELD(warmup_epochs), .initial = "0",
     .min = 0, .max = 1000000, .argument = "F", .group = rate_group,
     .help = "linear warm-up from near 0, during so many epochs"},
    {.name = "lr-min", .type = SETTING_REAL, .offset = FIELD(lr_min), .initial = "0", .min = 0,
     .max = HUGE_VAL, .argument = "F", .group = rate_group,
     .help = "where cosine and poly end, and below which step does not drop"},
    {.name = "lr-steps", .type = SETTING_INTS, .offset = FIELD(lr_steps), .min = 1, .max = 1000000,
     .argument = "N,N,...", .group = rate_group,
     .help = "step: it drops after each of these epochs, at most 8"},
    {.name = "lr-gamma", .type = SETTING_REAL, .offset = FIELD(lr_gamma), .initial = "0.1",
     .min = 0, .max = 1, .above_min = true, .argument = "F", .group = rate_group,
     .help = "step: factor of each drop"},
    {.name = "lr-power", .type = SETTING_REAL, .offset = FIELD(lr_power), .initial = "1", .min = 0,
     .max = 100, .above_min = true, .argument = "F", .group = rate_group,
     .help = "poly: the exponent; 1 is a line"},

    {.name = "tta", .type = SETTING_CHOICE, .offset = FIELD(tta), .initial = "none",
     .choices = "none|flip", .argument = "none|flip", .group = evaluation_group,
     .help = "validate (atk-predict: classify) with the mean of the probabilities of an image and "
             "of its mirror image, in twice the time; the training steps stay as they are"},
    {.name = "monitor", .type = SETTING_CHOICE, .offset = FIELD(monitor), .initial = "accuracy",
     .choices = "accuracy|balanced-accuracy|loss", .argument = "FIGURE", .group = stop_group,
     .help = "validation figure by which best.safetensors is chosen: accuracy, balanced-accuracy "
             "(mean recall of the classes) or loss (mean cross-entropy)"},
    {.name = "early-stop", .type = SETTING_INT, .offset = FIELD(early_stop), .initial = "0",
     .min = 0, .max = 1000000, .use = SETTING_CHANGEABLE, .argument = "EPOCHS",
     .group = stop_group,
     .help = "end the run after so many epochs without a new best; 0: never"},
    {.name = "max-minutes", .type = SETTING_REAL, .offset = FIELD(max_minutes), .initial = "0",
     .min = 0, .max = HUGE_VAL, .use = SETTING_CHANGEABLE, .argument = "F", .group = stop_group,
     .help = "so long after its start the program saves everything and ends, and --resume goes on; "
             "0: no limit"},

    {.name = "threads", .type = SETTING_INT, .offset = FIELD(threads), .initial = "0", .min = 0,
     .max = 1024, .use = SETTING_CHANGEABLE, .argument = "N", .group = machine_group,
     .help = "threads that compute; 0: the processors that the program may use"},
    {.name = "workers", .type = SETTING_INT, .offset = FIELD(workers), .initial = "0", .min = 0,
     .max = 256, .use = SETTING_CHANGEABLE, .argument = "N", .group = machine_group,
     .help = "threads that decode images ahead; 0: found by the program"},
    {.name = "cache", .type = SETTING_CHOICE, .offset = FIELD(cache), .initial = "auto",
     .choices = "auto|none|memory|disk", .use = SETTING_CHANGEABLE,
     .argument = "auto|none|memory|disk", .group = machine_group,
     .help = "keep resized images: in memory when all fit there, never, in memory as many as fit, "
             "or in a file that later runs on the same images share (and --dry-run fills)"},
    {.name = "cache-mib", .type = SETTING_INT64, .offset = FIELD(cache_mib), .initial = "0",
     .min = 0, .max = 1073741824, .use = SETTING_CHANGEABLE, .argument = "N",
     .group = machine_group,
     .help = "memory for that in MiB; 0: half of what training leaves free"},
    {.name = "cache-dir", .type = SETTING_TEXT, .offset = FIELD(cache_dir),
     .use = SETTING_CHANGEABLE, .argument = "DIR", .group = machine_group,
     .help = "folder of that file, which may be deleted at any time (default: "
             "$XDG_CACHE_HOME/atk-train or ~/.cache/atk-train)"},
    {.name = "cache-features", .type = SETTING_CHOICE, .offset = FIELD(cache_features),
     .initial = "auto", .choices = "auto|off", .use = SETTING_CHANGEABLE, .argument = "auto|off",
     .group = machine_group,
     .help = "with --train head and no augmentation but mirror images, what the network makes of each "
             "image is computed once and kept, in memory and (but for --cache none) in that folder"},

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
    {.name = "strict", .type = SETTING_FLAG, .offset = FIELD(strict), .initial = "false",
     .use = SETTING_COMMAND, .group = run_group,
     .help = "with --resume: images that have been replaced, and another processor or BLAS, end the "
             "run before it trains, in place of a warning"},
    {.name = "dry-run", .type = SETTING_FLAG, .offset = FIELD(dry_run), .initial = "false",
     .use = SETTING_COMMAND, .group = run_group,
     .help = "check settings, CSV and every image, print classes, layers and memory; train "
             "nothing. The first batches, as the network would get them, are put into "
             "runs/dry-run/ (with --out DIR: DIR-dry-run/) in place of an earlier dry run's"},
    {.name = "find-lr", .type = SETTING_FLAG, .offset = FIELD(find_lr), .initial = "false",
     .use = SETTING_COMMAND, .group = run_group,
     .help = "learning-rate range test: take at most 500 steps while the rate grows from 1e-6 to 10, "
             "and print which --learning-rate to try: a place to start, too low when batches are "
             "small. The curve is put into runs/find-lr/lr_finder.csv (with --out DIR: "
             "DIR-find-lr/); no run comes of it"},
    {.name = "save-dtype", .type = SETTING_CHOICE, .offset = FIELD(save_dtype), .initial = "f32",
     .choices = "f32|f16", .argument = "f32|f16", .group = run_group,
     .help = "numbers of best.safetensors and last.safetensors: f16 halves the files and rounds to "
             "11 bits; what --resume reads stays f32"},
    {.name = "save-minutes", .type = SETTING_REAL, .offset = FIELD(save_minutes), .initial = "10",
     .min = 0, .max = HUGE_VAL, .use = SETTING_CHANGEABLE, .argument = "F", .group = run_group,
     .help = "save the state this often, besides the end of each epoch; 0: only then"},
    {.name = "log-every", .type = SETTING_INT, .offset = FIELD(log_every), .initial = "0", .min = 0,
     .max = 1000000000, .use = SETTING_CHANGEABLE, .argument = "N", .group = run_group,
     .help = "print a line for every N-th batch; 0: for each one, or a bar on a terminal"},
    {.name = "no-report", .type = SETTING_FLAG, .offset = FIELD(no_report), .initial = "false",
     .use = SETTING_CHANGEABLE, .group = run_group,
     .help = "write no report.html, the page with curves, confusion matrix and the hardest images, into "
             "the run folder; atk-report makes it later, without thumbnails"},
    {.name = "quiet", .letter = 'q', .type = SETTING_FLAG, .offset = FIELD(quiet),
     .initial = "false", .use = SETTING_UNSAVED, .group = run_group,
     .help = "print warnings and errors only"},
    {.name = "json", .type = SETTING_FLAG, .offset = FIELD(json), .initial = "false",
     .use = SETTING_UNSAVED, .group = run_group,
     .help = "last line of standard output: one JSON object with the result; of --dry-run, with what is "
             "odd about the data"},
};

/* What Ultralytics, timm and others call the same thing. */
static const struct {
    const char *theirs, *ours;
} synonyms[] = {
    {"lr", "learning-rate"}, {"lr0", "learning-rate"}, {"imgsz", "size"}, {"img-size", "size"},
    {"batch", "batch-size"}, {"b", "batch-size"}, {"eps", "epsilon"}, {"opt-eps", "epsilon"},
    {"degrees", "rotate"}, {"reprob", "erase"},
    {"wd", "weight-decay"}, {"opt", "optimizer"}, {"optimiser", "optimizer"}, {"optim", "optimizer"},
    {"clip", "clip-grad"}, {"max-grad-norm", "clip-grad"}, {"model-ema", "ema"},
    {"model-ema-decay", "ema"}, {"patience", "early-stop"}, {"metric", "monitor"},
    {"eval-metric", "monitor"}, {"time", "max-minutes"},
    {"sched", "lr-schedule"}, {"scheduler", "lr-schedule"}, {"warmup", "warmup-epochs"},
    {"min-lr", "lr-min"}, {"lr-find", "find-lr"}, {"decay-epochs", "lr-steps"},
    {"milestones", "lr-steps"}, {"decay-rate", "lr-gamma"}, {"gamma", "lr-gamma"}, {"pretrained", "weights"}, {"checkpoint", "weights"}, {"topk", "k"},
    {"top-k", "k"}, {"data-dir", "images"}, {"root", "images"}, {"output", "out"},
    {"project", "out"}, {"name", "out"}, {"jobs", "threads"},
    {"smoothing", "label-smoothing"}, {"class-weight", "class-weights"}, {"num-workers", "workers"},
    {"arch", "model"}, {"validation", "val"}, {"test-split", "val-split"},
    {"separator", "delimiter"}, {"verbose", "log-every"}, {"log-interval", "log-every"},
    {"target-column", "label-column"}, {"criterion", "loss"}, {"reduction", "aggregate"},
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
