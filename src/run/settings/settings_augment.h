/* What --augment sets. */
#ifndef RUN_SETTINGS_SETTINGS_AUGMENT_H
#define RUN_SETTINGS_SETTINGS_AUGMENT_H

#include "base/error.h"
#include "run/settings/settings.h"

/* Gives every option of the set s->augment its value. */
enum status settings_augment_expand(struct settings *s, struct error *err);

#endif
