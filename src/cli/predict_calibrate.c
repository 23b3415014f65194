#include "cli/predict_calibrate.h"

#include "io/json_write.h"
#include "run/files/checkpoint.h"

static enum status print_json(FILE *stream, const char *path, int images,
                              const struct run_state_calibration *found, struct error *err)
{
    struct json_write *w = json_write_begin(err);
    if (!w)
        return err->status;
    json_write_text(w, "file", path);
    json_write_integer(w, "labelled", images);
    json_write_number(w, "temperature", found->temperature);
    json_write_number(w, "ece", found->error);
    json_write_number(w, "ece_calibrated", found->error_calibrated);
    return json_write_end(w, stream, err);
}

enum status predict_calibrate(FILE *stream, const struct calibration *c, const char *path,
                              bool quiet, bool json, struct error *err)
{
    if (c->n < CALIBRATION_FEWEST)
        return error_set(err,
                         "--calibrate: %d images have a label that the model knows, and a "
                         "temperature takes %d",
                         c->n, CALIBRATION_FEWEST);
    struct run_state_calibration found = calibration_finish(c);
    if (checkpoint_set_temperature(path, found.temperature, err) != STATUS_OK)
        return err->status;
    if (!quiet)
        fprintf(stream,
                "%s: temperature %.4g, by %d images\n"
                "expected calibration error %.4f (15 bins), %.4f at temperature 1\n",
                path, found.temperature, c->n_seen, found.error_calibrated, found.error);
    return json ? print_json(stream, path, c->n_seen, &found, err) : STATUS_OK;
}
