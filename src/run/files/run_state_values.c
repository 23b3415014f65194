#include "run/files/run_state_values.h"

#include "base/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

static bool begins_with(const char *name, const char *prefix)
{
    return strncmp(name, prefix, strlen(prefix)) == 0;
}

static enum status check_floats(const struct safetensors_entry *e, struct error *err)
{
    bool squares = strcmp(e->name, "optimiser.v") == 0;
    bool positive = squares || text_ends_in(e->name, ".running_var");
    for (size_t i = 0; i < e->n_bytes / sizeof(float); i++) {
        float value;
        memcpy(&value, (const char *)e->data + i * sizeof value, sizeof value);
        if (isnan(value) || (isinf(value) && !squares) || (positive && value < 0))
            return error_set(err, "tensor %s: its value %zu is %g, which no run writes", e->name, i,
                             (double)value);
    }
    return STATUS_OK;
}

static enum status check_counts(const struct safetensors_entry *e, struct error *err)
{
    for (size_t i = 0; i < e->n_bytes / sizeof(int64_t); i++) {
        int64_t value;
        memcpy(&value, (const char *)e->data + i * sizeof value, sizeof value);
        if (value < 0)
            return error_set(err, "tensor %s: its value %zu is %" PRId64 ", which no run writes",
                             e->name, i, value);
    }
    return STATUS_OK;
}

enum status run_state_values_check(const struct safetensors_entry *e, struct error *err)
{
    static const char *const numbers[] = {"weights", "buffer.", "optimiser.", "ema."};
    static const char *const counts[] = {"optimiser.step", "examples.seen", "examples.selected",
                                         "classes.", "counter."};
    if (strcmp(e->dtype, "F32") == 0)
        for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
            if (begins_with(e->name, numbers[i]))
                return check_floats(e, err);
    if (strcmp(e->dtype, "I64") == 0)
        for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
            if (begins_with(e->name, counts[i]))
                return check_counts(e, err);
    return STATUS_OK;
}
