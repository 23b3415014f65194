#include "run/train/monitor.h"

#include <math.h>

static bool is_lower(double loss, double best)
{
    return isnan(best) ? !isnan(loss) : loss < best;
}

bool monitor_is_best(enum monitor monitor, const struct run_state *s, const struct metrics *m)
{
    bool lower = is_lower(m->mean_loss, s->best_mean_loss);
    bool higher = is_lower(s->best_mean_loss, m->mean_loss);
    if (s->best_epoch == 0 || (monitor == MONITOR_LOSS && (lower || higher)))
        return s->best_epoch == 0 || lower;
    double now = m->accuracy, best = s->best_accuracy;
    if (monitor == MONITOR_BALANCED_ACCURACY) {
        now = m->balanced_accuracy;
        best = s->best_balanced_accuracy;
    }
    return now != best ? now > best : lower;
}

bool monitor_gives_up(int early_stop, const struct run_state *s)
{
    return early_stop > 0 && s->best_epoch > 0 && s->epoch - s->best_epoch >= early_stop;
}
