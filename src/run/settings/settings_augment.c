#include "run/settings/settings_augment.h"

/* A column for each set. "standard" is for about a thousand photos and a network from scratch. */
static const struct settings_augment_row row[] = {
    /* clang-format off */
    /*               none           light          standard       strong */
    {"hflip",       {"0",           "0.5",         "0.5",         "0.5"}},
    {"vflip",       {"0",           "0",           "0",           "0"}},
    {"crop-scale",  {"1,1",         "0.7,1",       "0.4,1",       "0.25,1"}},
    {"crop-ratio",  {"0.75,1.3333", "0.75,1.3333", "0.75,1.3333", "0.75,1.3333"}},
    {"rotate",      {"0",           "0",           "0",           "10"}},
    {"brightness",  {"0",           "0",           "0.2",         "0.4"}},
    {"contrast",    {"0",           "0",           "0.2",         "0.4"}},
    {"saturation",  {"0",           "0",           "0",           "0.4"}},
    {"hue",         {"0",           "0",           "0",           "0.05"}},
    {"erase",       {"0",           "0",           "0",           "0.25"}},
    /* clang-format on */
};

const struct settings_augment_row *settings_augment_rows(int *n)
{
    *n = (int)(sizeof row / sizeof row[0]);
    return row;
}
