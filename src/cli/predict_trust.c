#include "cli/predict_trust.h"

#include "base/memory.h"
#include "nn/temperature.h"

#include <math.h>
#include <stdlib.h>

enum status predict_trust_create(struct predict_trust *out, double reject_below, bool evaluate,
                                 int classes, int n_images, struct error *err)
{
    *out = (struct predict_trust){
        .reject_below = reject_below, .evaluate = evaluate, .classes = classes};
    coverage_begin(&out->coverage, reject_below);
    if (!evaluate)
        return STATUS_OK;
    size_t n = (size_t)n_images;
    out->label = memory_array(n, sizeof *out->label, "labels", err);
    out->predicted = memory_array(n, sizeof *out->predicted, "predictions", err);
    return out->label && out->predicted ? STATUS_OK : err->status;
}

void predict_trust_free(struct predict_trust *t)
{
    free(t->label);
    free(t->predicted);
    *t = (struct predict_trust){0};
}

void predict_trust_add(struct predict_trust *t, const struct evaluator_sample *s)
{
    double probability = (double)s->probability[s->predicted];
    bool is_correct = s->label == s->predicted;
    t->images++;
    t->rejected += probability < t->reject_below;
    if (s->label < 0)
        return;
    calibration_error_add(&t->plain, temperature_confidence(s->score, t->classes, 1), is_correct);
    calibration_error_add(&t->calibrated, probability, is_correct);
    coverage_add(&t->coverage, probability, is_correct);
    if (t->evaluate) {
        t->label[t->n] = s->label;
        t->predicted[t->n] = s->predicted;
    }
    t->n++;
}

enum status predict_trust_finish(struct predict_trust *t, int64_t seed, struct error *err)
{
    if (!t->evaluate)
        return STATUS_OK;
    if (t->n == 0)
        return error_set(err, "--evaluate: no image has a label that the model knows");
    return bootstrap_run(&t->intervals, t->label, t->predicted, t->n, t->classes, (uint64_t)seed,
                         err);
}

/* ---- For people ---- */

static void print_interval(FILE *stream, const char *name, const struct bootstrap_interval *i)
{
    fprintf(stream, "  %-18s %.4f to %.4f\n", name, i->low, i->high);
}

static void print_coverage(FILE *stream, const struct coverage *c)
{
    fprintf(stream, "coverage against accuracy, of images whose probability is at least\n"
                    "    limit  images  coverage  accuracy\n");
    for (int i = 0; i < c->n; i++) {
        const struct coverage_row *row = &c->row[i];
        fprintf(stream, "  %7.4g  %6d    %.4f", row->limit, row->kept,
                (double)row->kept / c->images);
        if (row->kept > 0)
            fprintf(stream, "    %.4f\n", (double)row->correct / row->kept);
        else
            fprintf(stream, "    -\n");
    }
}

void predict_trust_print(FILE *stream, const struct predict_trust *t)
{
    if (t->n > 0) {
        double plain = calibration_error_value(&t->plain),
               calibrated = calibration_error_value(&t->calibrated);
        fprintf(stream, "expected calibration error %.4f (15 bins)", calibrated);
        if (fabs(plain - calibrated) > 1e-6) /* what roundings of floats do is less */
            fprintf(stream, ", %.4f without the temperature", plain);
        fputc('\n', stream);
    }
    if (t->evaluate) {
        fprintf(stream, "95 %% intervals (bootstrap, %d draws of the %d images)\n", BOOTSTRAP_DRAWS,
                t->n);
        print_interval(stream, "accuracy", &t->intervals.accuracy);
        print_interval(stream, "balanced accuracy", &t->intervals.balanced_accuracy);
        print_interval(stream, "macro F1", &t->intervals.macro_f1);
    }
    if (t->n > 0 && (t->evaluate || t->reject_below > 0))
        print_coverage(stream, &t->coverage);
    if (t->reject_below > 0)
        fprintf(stream, "%d of %d images rejected (probability below %g)\n", t->rejected, t->images,
                t->reject_below);
}

/* ---- For programs ---- */

static void put_interval(struct json_write *w, const char *key, const struct bootstrap_interval *i)
{
    const double bounds[] = {i->low, i->high};
    json_write_numbers(w, key, bounds, 2);
}

static void put_coverage(struct json_write *w, const struct coverage *c)
{
    double limit[COVERAGE_MOST_ROWS], share[COVERAGE_MOST_ROWS], accuracy[COVERAGE_MOST_ROWS];
    for (int i = 0; i < c->n; i++) {
        const struct coverage_row *row = &c->row[i];
        limit[i] = row->limit;
        share[i] = (double)row->kept / c->images;
        accuracy[i] = row->kept > 0 ? (double)row->correct / row->kept : NAN;
    }
    json_write_numbers(w, "coverage_limits", limit, c->n);
    json_write_numbers(w, "coverage", share, c->n);
    json_write_numbers(w, "coverage_accuracy", accuracy, c->n);
}

void predict_trust_json(struct json_write *w, const struct predict_trust *t)
{
    json_write_number(w, "ece", calibration_error_value(&t->plain));
    json_write_number(w, "ece_calibrated", calibration_error_value(&t->calibrated));
    if (t->evaluate) {
        put_interval(w, "accuracy_interval", &t->intervals.accuracy);
        put_interval(w, "balanced_accuracy_interval", &t->intervals.balanced_accuracy);
        put_interval(w, "macro_f1_interval", &t->intervals.macro_f1);
    }
    if (t->reject_below > 0) {
        json_write_number(w, "reject_below", t->reject_below);
        json_write_integer(w, "rejected", t->rejected);
    }
    if (t->n > 0)
        put_coverage(w, &t->coverage);
}
