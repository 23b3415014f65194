/* The commands of atk-data. Each is a file of its own: its options, what it does. */
#ifndef CLI_DATA_COMMAND_H
#define CLI_DATA_COMMAND_H

#include "cli/data_options.h"

extern const struct data_command data_command_folders, data_command_split, data_command_flip,
    data_command_precision, data_command_names, data_command_check;

#endif
