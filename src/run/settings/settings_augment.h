/* What --augment sets. */
#ifndef RUN_SETTINGS_SETTINGS_AUGMENT_H
#define RUN_SETTINGS_SETTINGS_AUGMENT_H

/* An option, and its value in each set, in the order of enum augment_set. */
struct settings_augment_row {
    const char *option, *value[4];
};
const struct settings_augment_row *settings_augment_rows(int *n);

#endif
