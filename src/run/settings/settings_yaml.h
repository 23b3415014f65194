/* Settings as YAML: the file of --config, and the args.yaml of a run folder. */
#ifndef RUN_SETTINGS_SETTINGS_YAML_H
#define RUN_SETTINGS_SETTINGS_YAML_H

#include "base/error.h"
#include "run/settings/settings.h"

#include <stdio.h>

/* Sets what the file holds and leaves the rest. Unknown keys and values out of range are usage
 * errors with file:line; a file that cannot be read is a failure. */
enum status settings_yaml_read(struct settings *s, const char *path, struct error *err);
/* Every setting that makes up the run, defaults included, by groups. Reading it back gives the
 * same settings. */
void settings_yaml_write(const struct settings *s, FILE *stream);

#endif
