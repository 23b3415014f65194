/* run/settings/settings, run/settings/settings_table, run/settings/settings_yaml: one table, strict
 * values, exact round trip.
 */
#include "run/settings/settings.h"
#include "run/settings/settings_yaml.h"

#include "failing_alloc.h"
#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static enum status set(struct settings *s, const char *name, const char *value, struct error *err)
{
    char where[64];

    snprintf(where, sizeof where, "--%s", name);
    return settings_set(s, settings_table_find(name), value, where, err);
}

static void refuse(const char *name, const char *value, const char *message)
{
    struct settings s;
    struct error err;

    assert_int_equal(settings_init(&s, &err), STATUS_OK);
    assert_int_equal(set(&s, name, value, &err), STATUS_USAGE);
    assert_string_equal(err.message, message);
    settings_free(&s);
}

static void the_defaults_are_those_of_the_manual(void **state)
{
    struct settings s;
    struct error err;

    (void)state;
    assert_int_equal(settings_init(&s, &err), STATUS_OK);
    assert_int_equal(s.size, 448);
    assert_int_equal(s.batch_size, 8);
    assert_int_equal(s.epochs, 20);
    assert_true(s.learning_rate == 1e-3 && s.beta1 == 0.9 && s.beta2 == 0.999);
    assert_true(s.epsilon == 1e-8 && s.weight_decay == 0 && s.val_split == 0.1);
    assert_string_equal(s.k.text, "0.7");
    assert_string_equal(s.model, "resnet10-gn");
    assert_true(s.mean.value[0] == 0 && s.std.value[2] == 1);
    assert_int_equal(s.max_pixels, 178956970);
    assert_int_equal(s.delimiter, ',');
    assert_null(s.out);
    settings_free(&s);
}

static bool given(const struct settings *s, const char *name)
{
    return settings_given(s, settings_table_find(name));
}

/* Also when it is the default that is given. */
static void what_was_given_is_told_from_the_defaults(void **state)
{
    struct settings s;
    struct error err;

    (void)state;
    assert_int_equal(settings_init(&s, &err), STATUS_OK);
    assert_false(given(&s, "size") || given(&s, "mean") || given(&s, "hflip"));
    assert_int_equal(set(&s, "size", "448", &err), STATUS_OK);
    assert_true(given(&s, "size"));
    assert_false(given(&s, "mean"));
    assert_int_equal(set(&s, "mean", "x", &err), STATUS_USAGE);
    assert_false(given(&s, "mean"));
    assert_int_equal(set(&s, "augment", "light", &err), STATUS_OK); /* leads others */
    assert_true(given(&s, "augment") && given(&s, "hflip"));
    settings_free(&s);
}

static void a_number_is_the_whole_text_and_in_range(void **state)
{
    (void)state;
    refuse("batch-size", "0", "--batch-size: \"0\" is not an integer in 1..4096");
    refuse("batch-size", "4097", "--batch-size: \"4097\" is not an integer in 1..4096");
    refuse("batch-size", "8x", "--batch-size: \"8x\" is not an integer in 1..4096");
    refuse("batch-size", "8.0", "--batch-size: \"8.0\" is not an integer in 1..4096");
    refuse("batch-size", "", "--batch-size: \"\" is not an integer in 1..4096");
    refuse("batch-size", " 8", "--batch-size: \" 8\" is not an integer in 1..4096");
    refuse("batch-size", "99999999999999999999",
           "--batch-size: \"99999999999999999999\" is not an integer in 1..4096");
    refuse("seed", "-1", "--seed: \"-1\" is not an integer in 0..9007199254740992");
    refuse("learning-rate", "nan", "--learning-rate: \"nan\" is not a number > 0");
    refuse("learning-rate", "inf", "--learning-rate: \"inf\" is not a number > 0");
    refuse("learning-rate", "1e999", "--learning-rate: \"1e999\" is not a number > 0");
    refuse("learning-rate", "0", "--learning-rate: \"0\" is not a number > 0");
    refuse("learning-rate", "0x1p3", "--learning-rate: \"0x1p3\" is not a number > 0");
    refuse("learning-rate", "1e", "--learning-rate: \"1e\" is not a number > 0");
    refuse("val-split", "1", "--val-split: \"1\" is not a number in [0, 1)");
    refuse("val-split", "-0.1", "--val-split: \"-0.1\" is not a number in [0, 1)");
}

#define WORDS ", nor \"imagenet\" or \"data\""

static void other_values_are_as_strict(void **state)
{
    (void)state;
    refuse("cache", "tape", "--cache: \"tape\" is not one of auto|none|memory|disk");
    refuse("cache", "auto|none", "--cache: \"auto|none\" is not one of auto|none|memory|disk");
    refuse("delimiter", ",,", "--delimiter: \",,\" is not a single ASCII character or \"tab\"");
    refuse("delimiter", "\"", "--delimiter: \"\"\" is not a single ASCII character or \"tab\"");
    refuse("no-header", "yes", "--no-header: \"yes\" is not true or false");
    refuse("out", "", "--out: \"\" is not a DIR");
    refuse("std", "1,2", "--std: \"1,2\" is not a number > 0, nor three of them as R,G,B" WORDS);
    refuse("std", "1,0,1",
           "--std: \"1,0,1\" is not a number > 0, nor three of them as R,G,B" WORDS);
    refuse("std", "1e-60",
           "--std: \"1e-60\" is not a number > 0, nor three of them as R,G,B" WORDS);
    refuse("mean", "0.1,0.2,0.3,0.4",
           "--mean: \"0.1,0.2,0.3,0.4\" is not a number, nor three of them as R,G,B" WORDS);
    refuse("mean", "Data", "--mean: \"Data\" is not a number, nor three of them as R,G,B" WORDS);
    refuse("std", "imagenet,1,1",
           "--std: \"imagenet,1,1\" is not a number > 0, nor three of them as R,G,B" WORDS);
    static const char *const list[] = {"",
                                       "0",
                                       "3,",
                                       ",3",
                                       "3,,4",
                                       "3,3",
                                       "4,3",
                                       "3, 4",
                                       "1000001",
                                       "1,2,3,4,5,6,7,8,9",
                                       "1,123456789012345678901234567890"};
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        char message[160];
        snprintf(message, sizeof message,
                 "--lr-steps: \"%s\" is not a list of up to 8 ascending integers in 1..1000000",
                 list[i]);
        refuse("lr-steps", list[i], message);
    }
}

static void the_words_of_mean_and_std(void **state)
{
    struct settings s;
    struct error err;
    char buffer[SETTINGS_TEXT_BYTES];

    (void)state;
    assert_int_equal(settings_init(&s, &err), STATUS_OK);
    assert_int_equal(set(&s, "mean", "data", &err), STATUS_OK);
    assert_true(s.mean.from_data && !s.std.from_data);
    assert_string_equal(settings_text(&s, settings_table_find("mean"), buffer), "data");
    /* imagenet is an abbreviation: the numbers stand everywhere else. */
    assert_int_equal(set(&s, "mean", "imagenet", &err), STATUS_OK);
    assert_int_equal(set(&s, "std", "imagenet", &err), STATUS_OK);
    assert_false(s.mean.from_data);
    assert_string_equal(settings_text(&s, settings_table_find("mean"), buffer),
                        "0.485,0.456,0.406");
    assert_string_equal(settings_text(&s, settings_table_find("std"), buffer), "0.229,0.224,0.225");
    settings_free(&s);
}

static void k_keeps_its_spelling(void **state)
{
    struct settings s;
    struct error err;
    char buffer[SETTINGS_TEXT_BYTES];
    static const char *const spelling[] = {"1", "1.0", "100%", "70%", "0.70"};

    (void)state;
    assert_int_equal(settings_init(&s, &err), STATUS_OK);
    for (size_t i = 0; i < sizeof spelling / sizeof spelling[0]; i++) {
        assert_int_equal(set(&s, "k", spelling[i], &err), STATUS_OK);
        assert_string_equal(settings_text(&s, settings_table_find("k"), buffer), spelling[i]);
    }
    assert_int_equal(set(&s, "k", "0", &err), STATUS_USAGE);
    assert_memory_equal(err.message, "--k: \"0\" ", 9);
    settings_free(&s);
}

static void what_was_meant_is_suggested(void **state)
{
    (void)state;
    assert_string_equal(settings_table_suggest("bach-size"), "batch-size");
    assert_string_equal(settings_table_suggest("batch_size"), "batch-size");
    assert_string_equal(settings_table_suggest("epoch"), "epochs");
    assert_string_equal(settings_table_suggest("lr"), "learning-rate");
    assert_string_equal(settings_table_suggest("imgsz"), "size");
    assert_null(settings_table_suggest("zebra-crossing"));
}

/* Every setting of every type away from its default. */
static void change_all(struct settings *s)
{
    static const char *const change[][2] = {
        {"data", "my photos: 1.csv"},
        {"images", "# not a comment"},
        {"image-column", "null"},
        {"label-column", "true"},
        {"no-header", "true"},
        {"delimiter", "tab"},
        {"val", "v.csv"},
        {"val-split", "0.3333333333333333"},
        {"classes", "c'l.txt"},
        {"size", "32"},
        {"resize", "crop"},
        {"crop-fraction", "0.9"},
        {"interpolation", "bicubic"},
        {"mean", "0.485,0.456,0.406"},
        {"std", "0.229, 0.224, 0.225"},
        {"exif", "ignore"},
        {"jpeg-scale", "fast"},
        {"on-bad-image", "skip"},
        {"max-pixels", "4294967296"},
        {"augment", "strong"},
        {"hflip", "0.3"},
        {"vflip", "1"},
        {"crop-scale", "0.3, 0.9"},
        {"crop-ratio", "0.5,1.7"},
        {"brightness", "0.15"},
        {"contrast", "0.35"},
        {"rotate", "7.5"},
        {"saturation", "0.3"},
        {"hue", "0.1"},
        {"erase", "0.5"},
        {"cache-scale", "1.5"},
        {"model", "a/b.yaml"},
        {"weights", "w.safetensors"},
        {"freeze-bn", "true"},
        {"conv", "im2col"},
        {"backward", "full"},
        {"activations", "half"},
        {"loss", "hinge"},
        {"aggregate", "top-k"},
        {"k", "70%"},
        {"scope", "step"},
        {"k-schedule", "steps"},
        {"k-start", "0.9"},
        {"k-end", "4"},
        {"k-steps", "2,5"},
        {"k-warmup", "1"},
        {"drop-largest", "12.5%"},
        {"class-weights", "w: 1.csv"},
        {"label-smoothing", "0.05"},
        {"batch-size", "3"},
        {"accumulate", "4"},
        {"sampler", "balanced"},
        {"epochs", "7"},
        {"learning-rate", "2.9999999999999997e-4"},
        {"beta1", "0.1"},
        {"beta2", "0"},
        {"epsilon", "1e-300"},
        {"weight-decay", "1e22"},
        {"optimizer", "sgd"},
        {"momentum", "0.9"},
        {"nesterov", "true"},
        {"decay-norm-bias", "no"},
        {"clip-grad", "1.5"},
        {"ema", "0.999"},
        {"monitor", "loss"},
        {"early-stop", "5"},
        {"max-minutes", "0.1"},
        {"lr-schedule", "step"},
        {"warmup-epochs", "1.5"},
        {"lr-min", "1e-5"},
        {"lr-steps", "3,5,1000000"},
        {"lr-gamma", "0.25"},
        {"lr-power", "0.9"},
        {"tta", "flip"},
        {"seed", "9007199254740992"},
        {"threads", "5"},
        {"workers", "3"},
        {"cache", "disk"},
        {"cache-mib", "12"},
        {"cache-dir", "c d"},
        {"cache-features", "off"},
        {"train", "layer2"},
        {"unfreeze-epoch", "3"},
        {"backbone-lr-factor", "0.1"},
        {"save-dtype", "f16"},
        {"save-minutes", "0.5"},
        {"log-every", "10"},
        {"no-report", "true"},
    };
    struct error err;
    int n, saved = 0;
    const struct setting *table = settings_table(&n);

    for (size_t i = 0; i < sizeof change / sizeof change[0]; i++)
        assert_int_equal(set(s, change[i][0], change[i][1], &err), STATUS_OK);
    for (int i = 0; i < n; i++)
        saved += table[i].use == SETTING_FIXED || table[i].use == SETTING_CHANGEABLE;
    assert_int_equal(saved, sizeof change / sizeof change[0]); /* none was forgotten here */
}

static void yaml_gives_back_the_same_settings(void **state)
{
    char a[SETTINGS_TEXT_BYTES], b[SETTINGS_TEXT_BYTES];
    const char *path = scratch_path("args.yaml");
    struct settings written, read;
    struct error err;
    int n;
    const struct setting *table = settings_table(&n);

    (void)state;
    for (int round = 0; round < 2; round++) { /* the defaults, then nothing at its default */
        assert_int_equal(settings_init(&written, &err), STATUS_OK);
        if (round == 1)
            change_all(&written);
        FILE *stream = fopen(path, "w");
        assert_non_null(stream);
        settings_yaml_write(&written, stream);
        assert_int_equal(fclose(stream), 0);
        assert_int_equal(settings_init(&read, &err), STATUS_OK);
        assert_int_equal(settings_yaml_read(&read, path, &err), STATUS_OK);
        for (int i = 0; i < n; i++) {
            const char *then = settings_text(&written, &table[i], a);
            const char *now = settings_text(&read, &table[i], b);
            assert_int_equal(then == NULL, now == NULL);
            if (then)
                assert_string_equal(now, then);
        }
        assert_memory_equal(read.mean.value, written.mean.value, sizeof read.mean.value);
        assert_true(read.val_split == written.val_split);
        assert_true(read.learning_rate == written.learning_rate);
        settings_free(&written);
        settings_free(&read);
    }
}

static void refuse_yaml(const char *text, const char *message_end)
{
    const char *path = scratch_write("config.yaml", text, strlen(text));
    struct settings s;
    struct error err;

    assert_int_equal(settings_init(&s, &err), STATUS_OK);
    assert_int_equal(settings_yaml_read(&s, path, &err), STATUS_USAGE);
    assert_memory_equal(err.message, path, strlen(path));
    assert_string_equal(err.message + strlen(path), message_end);
    settings_free(&s);
}

static void a_config_file_is_read_as_strictly_as_the_command_line(void **state)
{
    (void)state;
    refuse_yaml("size: 64\nbach-size: 4\n",
                ":2: unknown key \"bach-size\"; did you mean \"batch-size\"?");
    refuse_yaml("zebra-crossing: 4\n", ":1: unknown key \"zebra-crossing\"");
    refuse_yaml("\nbatch-size: 0\n", ":2: batch-size: \"0\" is not an integer in 1..4096");
    refuse_yaml("batch-size: [4]\n", ":1: batch-size: a single value was expected, not a list");
    refuse_yaml("mean: {r: 1}\n", ":1: mean: a single value was expected");
    refuse_yaml("resume: runs/a\n", ":1: resume belongs on the command line, not in a file");
    refuse_yaml("- size\n", ": \"key: value\" lines were expected");
}

static void refuse_combination(const char *name, const char *value, const char *name2,
                               const char *value2)
{
    struct settings s;
    struct error err;

    assert_int_equal(settings_init(&s, &err), STATUS_OK);
    assert_int_equal(set(&s, "data", "d.csv", &err), STATUS_OK);
    assert_int_equal(settings_check(&s, &err), STATUS_OK);
    assert_int_equal(set(&s, name, value, &err), STATUS_OK);
    assert_int_equal(set(&s, name2, value2, &err), STATUS_OK);
    assert_int_equal(settings_check(&s, &err), STATUS_USAGE);
    settings_free(&s);
}

static bool on_defaults_with(const char *name, const char *value)
{
    struct settings s;
    struct error err;

    assert_int_equal(settings_init(&s, &err), STATUS_OK);
    assert_int_equal(set(&s, name, value, &err), STATUS_OK);
    bool on_defaults = settings_on_defaults(&s);
    settings_free(&s);
    return on_defaults;
}

static void a_run_is_on_the_defaults_until_its_recipe_is_touched(void **state)
{
    (void)state;
    assert_true(on_defaults_with("data", "d.csv"));
    assert_true(on_defaults_with("val-split", "0.2"));
    assert_true(on_defaults_with("k", "1"));
    assert_true(on_defaults_with("seed", "3"));
    assert_true(on_defaults_with("threads", "1"));
    assert_true(on_defaults_with("out", "r"));
    assert_true(on_defaults_with("tta", "flip"));
    assert_true(on_defaults_with("epochs", "20")); /* named, and the same */
    assert_false(on_defaults_with("epochs", "21"));
    assert_false(on_defaults_with("size", "224"));
    assert_false(on_defaults_with("mean", "imagenet"));
    assert_false(on_defaults_with("model", "resnet18"));
    assert_false(on_defaults_with("weights", "w"));
    assert_false(on_defaults_with("batch-size", "4"));
    assert_false(on_defaults_with("learning-rate", "0.1"));
    assert_false(on_defaults_with("config", "quick"));
}

static void settings_that_contradict_each_other_are_refused(void **state)
{
    (void)state;
    refuse_combination("no-header", "true", "image-column", "photo");
    refuse_combination("image-column", "a", "label-column", "a");
    refuse_combination("optimizer", "adamw", "momentum", "0.9");
    refuse_combination("optimizer", "sgd", "nesterov", "true");
    refuse_combination("epochs", "3", "warmup-epochs", "3.1");
    refuse_combination("lr-schedule", "cosine", "lr-min", "0.1");
    refuse_combination("lr-schedule", "constant", "lr-min", "1e-5");
    refuse_combination("lr-schedule", "step", "lr-gamma", "0.5");
    refuse_combination("lr-schedule", "cosine", "lr-steps", "2");
    refuse_combination("val-split", "0", "early-stop", "3");
    refuse_combination("val-split", "0", "monitor", "loss");
    refuse_combination("cache", "none", "cache-mib", "5");
    refuse_combination("cache", "disk", "cache-mib", "5");
    refuse_combination("cache", "memory", "cache-dir", "d");
    refuse_combination("resume", "r", "out", "o");
    refuse_combination("mean", "data", "exif", "apply"); /* --std data belongs to it */
    refuse_combination("std", "data", "mean", "imagenet");
    refuse_combination("resume", "r", "dry-run", "true");
    refuse_combination("json", "true", "find-lr", "true");
}

static void running_out_of_memory_is_a_clean_error(void **state)
{
    struct settings s;
    struct error err;

    (void)state;
    FAILING_ALLOC_EACH(settings_init(&s, &err), &err)
        ;
    settings_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults_are_those_of_the_manual),
        cmocka_unit_test(what_was_given_is_told_from_the_defaults),
        cmocka_unit_test(a_number_is_the_whole_text_and_in_range),
        cmocka_unit_test(other_values_are_as_strict),
        cmocka_unit_test(the_words_of_mean_and_std),
        cmocka_unit_test(a_run_is_on_the_defaults_until_its_recipe_is_touched),
        cmocka_unit_test(k_keeps_its_spelling),
        cmocka_unit_test(what_was_meant_is_suggested),
        SCRATCH_TEST(yaml_gives_back_the_same_settings),
        SCRATCH_TEST(a_config_file_is_read_as_strictly_as_the_command_line),
        cmocka_unit_test(settings_that_contradict_each_other_are_refused),
        cmocka_unit_test(running_out_of_memory_is_a_clean_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
