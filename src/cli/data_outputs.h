/* Tables that a command of atk-data writes: all of them or none, and none over a file that is
 * there.
 */
#ifndef CLI_DATA_OUTPUTS_H
#define CLI_DATA_OUTPUTS_H

#include "base/error.h"
#include "base/files.h"

/* Plain; all zero is fine to close. */
struct data_outputs {
    char **path;
    struct files_writer *writer; /* its streams are there after data_outputs_open */
    int n;
};

/* Room for n tables; the next call names each of them. */
enum status data_outputs_create(struct data_outputs *out, int n, struct error *err);
/* The table `number` is PREFIX (without ".csv" at its end) + ending: an error when that is there.
 */
enum status data_outputs_name(struct data_outputs *out, int number, const char *prefix,
                              const char *ending, struct error *err);
enum status data_outputs_open(struct data_outputs *out, struct error *err);
/* Nothing is there after an error, nor after a signal that asks to stop (then an error, too). */
enum status data_outputs_commit(struct data_outputs *out, struct error *err);
void data_outputs_close(struct data_outputs *out); /* what is not committed is gone */

#endif
