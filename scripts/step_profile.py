#!/usr/bin/env python3
"""Shows where a training step's time goes, by function, what of it is serial, and what more threads could gain.

Runs `build/benchmark-step --profile` (one thread; processor time): each call of parallel_for is timed piece by piece,
and what lies between two calls. Serial is what lies between, and regions of a single piece. "With N threads" gives each
thread its share of a region's pieces, and then what others have left, as the pool does, without what waking and shared
memory cost. All options that follow -- go to benchmark-step:

    scripts/step_profile.py -- --model resnet18 --batch-size 4
    scripts/step_profile.py -- --model efficientnet-lite0 --size 224 --batch-size 16 --k 1.0 --freeze-bn
"""
import argparse
import bisect
import json
import os
import subprocess
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
LIMIT = 0.01  # the largest serial share


class Names:
    """Functions of a program, by what nm says."""

    def __init__(self, program):
        lines = subprocess.run(["nm", program], check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
        rows = [line.split() for line in lines if len(line.split()) == 3]
        self.start = next(int(row[0], 16) for row in rows if row[2] == "__executable_start")
        functions = sorted((int(row[0], 16), row[2]) for row in rows if row[1] in "tT")
        self.addresses, self.names = zip(*functions)

    def of(self, offset):
        if offset == 0:
            return "(the step's edge)"
        return self.names[bisect.bisect_right(self.addresses, self.start + offset) - 1]


def print_regions(profile, names, step):
    print("| function | share of the step | ms | regions | pieces | longest piece, ms |")
    print("|---|---|---|---|---|---|")
    for row in sorted(profile["regions"], key=lambda row: -row["seconds"]):
        alone = " (single pieces)" if row["second"] else ""
        print("| {}{} | {:.1f} % | {:.2f} | {:.0f} | {:.0f} | {:.3f} |".format(
            names.of(row["first"]), alone, 100 * row["seconds"] / step, 1e3 * row["seconds"], row["calls"],
            row["pieces"], 1e3 * row["longest"]))


def print_gaps(profile, names, step, n):
    print(f"\nBetween regions, the {n} longest in sum:\n")
    print("| behind | before | share of the step | ms | times |")
    print("|---|---|---|---|---|")
    for row in sorted(profile["gaps"], key=lambda row: -row["seconds"])[:n]:
        print("| {} | {} | {:.3f} % | {:.3f} | {:.0f} |".format(
            names.of(row["first"]), names.of(row["second"]), 100 * row["seconds"] / step, 1e3 * row["seconds"],
            row["calls"]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=os.path.join(ROOT, "build/benchmark-step"), help="(default: %(default)s)")
    parser.add_argument("--gaps", type=int, default=8, help="how many are shown (default: %(default)s)")
    parser.add_argument("--check", action="store_true", help=f"exit status 1 when more than {100 * LIMIT:.0f} %% is serial")
    parser.add_argument("options", nargs="*", help="of benchmark-step")
    args = parser.parse_args()
    command = [args.program, "--profile", *args.options]
    profile = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    names, step = Names(args.program), profile["threads"]["1"]
    print_regions(profile, names, step)
    print_gaps(profile, names, step, args.gaps)
    share = (profile["between"] + profile["alone"]) / step
    print("\n{}: {:.2f} ms with one thread; serial {:.2f} % ({:.2f} ms between regions, {:.2f} ms in single pieces)".format(
        " ".join(args.options), 1e3 * step, 100 * share, 1e3 * profile["between"], 1e3 * profile["alone"]))
    print("times as fast, by the pieces alone: " + ", ".join(
        f"{step / seconds:.2f} with {n} threads" for n, seconds in profile["threads"].items() if n != "1"))
    return 1 if args.check and share > LIMIT else 0


if __name__ == "__main__":
    sys.exit(main())
