#!/usr/bin/env python3
"""Makes src/nn/conv/conv2d_table.c, the planner's table, from what benchmark-kernels measured.

    conv2d_table.py CSV... > src/nn/conv/conv2d_table.c && clang-format -i src/nn/conv/conv2d_table.c

with one CSV for each processor level (build/benchmark-kernels --csv FILE). For the lower levels BLAS is
held back as the kernels are: ATK_KERNELS=v3 OPENBLAS_CORETYPE=Haswell and ATK_KERNELS=portable
OPENBLAS_CORETYPE=Nehalem.

A pass takes winograd before direct before im2col; one further down the list takes its place only if
it is more than 5 % faster, so that noise decides nothing. A shape whose smaller image has the same
plan as its larger one gets one row.
"""
import csv
import sys

ORDER = ("winograd", "direct", "im2col")
PASSES = ("forward", "data", "weights")
CLEARLY = 1.05
LEVELS = ("v4", "v3", "portable")

HEAD = """/* Made by scripts/conv2d_table.py from measurements of `make bench-kernels`; not edited by hand. */
#include "nn/conv/conv2d_plan.h"

#define I CONV2D_IM2COL
#define D CONV2D_DIRECT
#define W CONV2D_WINOGRAD

/* level, kernel, stride, in_c, out_c, size: forward, backward-data, backward-weights */
const struct conv2d_plan_row conv2d_plan_table[] = {
"""


def best(times):
    """The method of a pass; one that was never measured (an image gets no gradient) is direct."""
    measured = [m for m in ORDER if m in times]
    chosen = measured[0] if measured else "direct"
    for method in measured:
        if times[method] * CLEARLY < times[chosen]:
            chosen = method
    return chosen


def main(paths):
    times = {}
    for path in paths:
        with open(path, newline="") as file:
            for row in csv.DictReader(file):
                if row["method"] not in ORDER:
                    continue  # depthwise layers have no choice
                shape = tuple(int(row[k]) for k in ("kernel", "stride", "in_c", "out_c", "size"))
                passes = times.setdefault((row["level"], *shape), {p: {} for p in PASSES})
                passes[row["pass"]][row["method"]] = float(row["milliseconds"])
    plans = {key: tuple(best(passes[p]) for p in PASSES) for key, passes in times.items()}
    rows = []
    previous = None
    for key in sorted(plans, key=lambda k: (LEVELS.index(k[0]), k[1:5], -k[5])):
        if previous and previous[:5] == key[:5] and plans[previous] == plans[key]:
            continue
        letters = ", ".join(m[0].upper() for m in plans[key])
        rows.append(f'    {{"{key[0]}", {", ".join(map(str, key[1:]))}, {{{letters}}}}},\n')
        previous = key
    sys.stdout.write(HEAD + "".join(rows))
    sys.stdout.write("};\nconst int conv2d_plan_table_rows = sizeof conv2d_plan_table / sizeof conv2d_plan_table[0];\n")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1:])
