#include "cli/report.h"

#include <math.h>

void report_curve_step(struct console *c, const struct lr_curve *curve)
{
    const struct lr_curve_point *last = &curve->point[curve->n - 1];

    console_print(c, "step %3d/%d  learning rate %.2e  loss %.4f  mean %.4f  recent mean %.4f\n",
                  curve->n, LR_CURVE_STEPS, last->learning_rate, last->loss, last->mean_loss,
                  curve->recent);
}

void report_curve(struct console *c, const struct lr_curve *curve, const char *path)
{
    const struct lr_curve_point *last = &curve->point[curve->n - 1];
    const struct lr_curve_suggestion s = lr_curve_suggest(curve);

    console_print(c, "%s at a learning rate of %.1e, after %d steps; the curve is in %s\n",
                  curve->diverged ? "diverged" : "ended", last->learning_rate, curve->n, path);
    if (isnan(s.learning_rate))
        console_print(c, "no suggestion: the mean loss did not fall at any learning rate\n");
    else
        console_print(c,
                      "try --learning-rate %.1e: the smoothed mean loss fell from %.3f to %.3f and "
                      "was near that\n  between %.1e and %.1e; this is a third of the way, on a "
                      "logarithmic scale\n",
                      s.learning_rate, s.first, s.lowest, s.from, s.to);
}
