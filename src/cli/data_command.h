/* The commands of atk-data. Each is a file data_command_NAME.c: its options, what it does. */
#ifndef CLI_DATA_COMMAND_H
#define CLI_DATA_COMMAND_H

#include "cli/data_options.h"

extern const struct data_command data_command_split;

#endif
