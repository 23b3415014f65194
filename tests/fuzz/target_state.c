/* state.safetensors (without its first eight bytes, see fuzz_safetensors): nothing changes when it
 * is refused. */
#include "fuzz.h"

#include "run/files/run_state.h"

#include <string.h>

static float moment[4];
static int64_t step;
static struct run_state state;

/* Where the state of a run of these four numbers goes. */
static uint64_t sum_of_all(const struct param_list *params)
{
    uint64_t sum = 0;
    const struct {
        const void *bytes;
        size_t n;
    } part[] = {{moment, sizeof moment},
                {&step, sizeof step},
                {&state, sizeof state},
                {params->all, params->n_all * sizeof(float)}};
    for (size_t i = 0; i < sizeof part / sizeof part[0]; i++)
        for (size_t j = 0; j < part[i].n; j++)
            sum = sum * 31 + ((const uint8_t *)part[i].bytes)[j];
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct run_state_fingerprint fact = {"seed", "7"};
    struct run_state_note note = {.name = "kernels", .value = "v4"};
    const struct run_state_block block[] = {{"m", "F32", moment, 4, false},
                                            {"step", "I64", &step, RUN_STATE_SCALAR, true}};
    struct param_list *params = model_params(fuzz_model());
    const struct run_state_content content = {.state = &state,
                                              .params = params,
                                              .block = block,
                                              .n_blocks = 2,
                                              .fingerprint = &fact,
                                              .n_fingerprints = 1,
                                              .note = &note,
                                              .n_notes = 1};
    struct error err;
    uint64_t before = sum_of_all(params);

    enum status status = run_state_read(&content, fuzz_safetensors(data, size), &err);
    fuzz_check_error(status, &err);
    FUZZ_MUST(status == STATUS_OK || sum_of_all(params) == before);
    FUZZ_MUST(strlen(note.before) < sizeof note.before);
    return 0;
}
