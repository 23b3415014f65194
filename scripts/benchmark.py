#!/usr/bin/env python3
"""Times training steps and inference of build/benchmark-step and, where python3 has torch, of PyTorch, in turn.

Both do forward, top-k loss, backward and Adam on the same network, sizes and threads; with --paddle also Paddle. Each
measurement is a process of its own; rounds are interleaved, so that a busy neighbour slows all of them, and processor
seconds with one thread hardly feel one. PyTorch is measured in its two memory layouts and, where timm is installed and
has the network, with timm's code; what is 10 % slower than the fastest in the first round is left out of the others, and
the fastest counts. The time of PyTorch's step does not depend on k (its backward pass visits all images), so it is
measured for the first k of a case alone. --list table has what is asked of each case, at the level that --level says or
the processor has, beside what was measured. Writes steps.csv (every step) and README.md (tables of medians) to --out."""
import argparse
import csv
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys

import benchmark_cases

SCRIPTS = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(SCRIPTS)
OURS, HALF, PADDLE = "atk-train", "atk-train half", "Paddle"
PADDLE_MODEL = "res2net50-vd-26w-4s"
LAYOUTS = ("channels_last", "plain")  # of PyTorch
CLEARLY = 1.1
# What holds both programs to a processor level.
LEVELS = {"v4": {"ATK_KERNELS": "v4"},
          "v3": {"ATK_KERNELS": "v3", "OPENBLAS_CORETYPE": "Haswell", "ATEN_CPU_CAPABILITY": "avx2",
                 "ONEDNN_MAX_CPU_ISA": "AVX2"},
          "portable": {"ATK_KERNELS": "portable", "OPENBLAS_CORETYPE": "Nehalem", "ATEN_CPU_CAPABILITY": "default",
                       "ONEDNN_MAX_CPU_ISA": "SSE41"}}


class Bench:
    """Runs the programs. about: what each last said of itself."""

    def __init__(self, args):
        self.args, self.about = args, {}
        self.environment = {**os.environ, **LEVELS.get(args.level, {})}

    def command(self, program, case, share, threads):
        args = self.args
        if program in (OURS, HALF):
            command = [args.program] + (["--half"] if program == HALF else [])
        elif program == PADDLE:
            command = [sys.executable, os.path.join(SCRIPTS, "benchmark_paddle.py")]
        else:
            layout, _, source = program.partition(" ")
            command = [sys.executable, os.path.join(SCRIPTS, "benchmark_torch.py"), "--layout", layout, "--source",
                       source or "own"]
        command += ["--model", os.path.join(ROOT, "models", f"{case.model}.yaml"), "--size", case.size or args.size,
                    "--batch-size", case.batch, "--threads", threads, "--warm-up", 1, "--steps",
                    case.steps or max(2, args.pictures // case.batch)]
        command += ["--inference"] if share is None else ["--k", share]
        command += ["--freeze-bn"] if case.freeze_bn and share else []
        command += ["--train", case.train] if case.train != "all" else []
        return [str(part) for part in command]

    def run(self, program, case, share, threads, copies=1):
        """-> the JSON of each of so many processes at once"""
        command = self.command(program, case, share, threads)
        processes = [subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE) for _ in range(copies)]
        outputs = [process.communicate()[0] for process in processes]
        for process in processes:
            if process.returncode != 0:
                sys.exit(f"benchmark: exit status {process.returncode}: {' '.join(command)}")
        results = [json.loads(output.splitlines()[-1]) for output in outputs]
        self.about["PyTorch" if program not in (OURS, HALF, PADDLE) else program] = results[0]
        return results

    def has_half(self):
        """Whether our program can keep activations in 16 bits."""
        usage = subprocess.run([self.args.program, "--help"], capture_output=True, text=True, check=False)
        return "--half" in usage.stderr + usage.stdout


class Measured:
    """What was measured of a case. rows: those of steps.csv; alone: [images a second of as many one-thread programs at
    once as there are threads] of each round."""

    def __init__(self, case, size, threads):
        self.case, self.size, self.threads, self.rows, self.alone = case, size, threads, [], []

    def add(self, program, share, number, result):
        for wall, cpu in zip(result["seconds"], result["cpu_seconds"]):
            self.rows.append({"model": self.case.model, "batch": self.case.batch, "k": share or "inference",
                              "threads": self.threads, "round": number, "program": program, "seconds": f"{wall:.6f}",
                              "cpu_seconds": f"{cpu:.6f}", "peak_mib": result["peak_mib"], "size": self.size,
                              "train": self.case.train, "freeze_bn": int(self.case.freeze_bn)})
        print("{} round {}: {} {:.4f} s".format(
            benchmark_cases.describe(self.case, share, self.size, self.threads), number, program,
            statistics.median(result["seconds"])), file=sys.stderr, flush=True)

    def medians(self, program, share=None):
        """-> (seconds, processor seconds, peak MiB), or None"""
        chosen = [row for row in self.rows if row["program"] == program and share in (None, row["k"])]
        return [statistics.median(float(row[column]) for row in chosen)
                for column in ("seconds", "cpu_seconds", "peak_mib")] if chosen else None

    def torch(self):
        """Of the fastest of PyTorch's programs -> (seconds, processor seconds, peak MiB, name), or None. The peak is
        that of the network without timm, where it was measured in this layout."""
        found = {row["program"]: self.medians(row["program"]) for row in self.rows
                 if row["program"].partition(" ")[0] in LAYOUTS}
        if not found:
            return None
        name = min(found, key=lambda program: found[program][0])
        peak = min(value[2] for program, value in found.items() if program.split()[0] == name.split()[0])
        return (*found[name][:2], peak, name)

    def sharing(self):
        """Throughput of all threads / that of one-thread programs at once, or None."""
        if not self.alone:
            return None
        return self.case.batch / self.medians(OURS)[0] / statistics.median(self.alone)


def throughput_at_once(case, results):
    """Images a second of programs that ran at once. Each one's last step counts not: the other may have ended."""
    return sum(case.batch / statistics.median(result["seconds"][:-1] or result["seconds"]) for result in results)


def run_case(bench, case, sources):
    args = bench.args
    measured = Measured(case, case.size or args.size, case.threads or args.threads)
    shares = case.shares or [None]
    torch = [layout for layout in LAYOUTS if "own" in sources]
    others = [PADDLE] if args.paddle and case.model == PADDLE_MODEL else []
    others += [HALF] if case.half and bench.has_half() else []
    for number in range(1, args.rounds + 1):
        for share in shares:
            measured.add(OURS, share, number, *bench.run(OURS, case, share, measured.threads))
        for program in torch + others:
            measured.add(program, shares[0], number, *bench.run(program, case, shares[0], measured.threads))
        if number == 1 and torch:
            fastest = measured.torch()[3]
            if "timm" in sources and case.model in benchmark_cases.TIMM:
                torch.append(f"{fastest} timm")
                measured.add(torch[-1], shares[0], 1, *bench.run(torch[-1], case, shares[0], measured.threads))
            limit = CLEARLY * measured.torch()[0]
            torch = [program for program in torch if measured.medians(program)[0] <= limit]
        if case.sharing and measured.threads > 1:
            measured.alone.append(throughput_at_once(case, bench.run(OURS, case, shares[0], 1, measured.threads)))
    return measured


# ---- the report ----------------------------------------------------------------------------------------------

def table_rows(measured):
    """Markdown lines of one case."""
    case, torch, first = measured.case, measured.torch(), None
    for share in case.shares or [None]:
        ours = measured.medians(OURS, share or "inference")
        first = first or ours
        name = benchmark_cases.describe(case, share, measured.size, measured.threads)
        cells = [name, f"{case.batch / ours[0]:.2f}"]
        cells += [f"{case.batch / torch[0]:.2f} ({torch[3]})", f"**{torch[0] / ours[0]:.2f}**"] if torch else ["", ""]
        cells += [f"{ours[0] / first[0]:.2f}", f"{ours[1] / case.batch:.4f}"]
        cells += [f"{torch[1] / case.batch:.4f}", f"{torch[1] / ours[1]:.2f}"] if torch else ["", ""]
        cells += [f"{ours[2]:.0f}"]
        cells += [f"{torch[2]:.0f}", f"{ours[2] / torch[2]:.2f}"] if torch else ["", ""]
        yield "| " + " | ".join(cells) + " |"


def verdict(value, least, stretch, more_is_better=True):
    if not more_is_better:
        value, least, stretch = -value, -least, -stretch
    return "stretch" if value >= stretch else "yes" if value >= least else "**no**"


def asked_rows(measured, level):
    case, torch = measured.case, measured.torch()
    name = benchmark_cases.describe(case, case.shares[0] if case.shares else None, measured.size, measured.threads)
    ours, asked = measured.medians(OURS), case.speed and (case.speed.get(level) or case.speed.get(""))
    if torch and asked:
        ratio = torch[0] / ours[0]
        yield f"| {name} | {ratio:.2f} | {asked[0]} | {asked[1]} | {verdict(ratio, *asked)} |"
    if torch and case.memory:
        ratio = ours[2] / torch[2]
        yield (f"| {name}: peak memory / PyTorch's | {ratio:.2f} | {case.memory[0]} | {case.memory[1]} | "
               f"{verdict(ratio, *case.memory, more_is_better=False)} |")
    half = measured.medians(HALF)
    if torch and case.memory and half:
        ratio = half[2] / torch[2]
        yield (f"| {name}: the same, half activations ({half[0] / ours[0]:.2f} of the time) | {ratio:.2f} | "
               f"{case.memory[0]} | {case.memory[1]} | {verdict(ratio, *case.memory, more_is_better=False)} |")
    if measured.alone:
        share = measured.sharing()
        yield (f"| {name}: / one-thread programs at once | {share:.3f} | {case.sharing[0]} | {case.sharing[1]} | "
               f"{verdict(share, *case.sharing)} |")


def scaling(all_measured):
    """Lines of text: all threads against one, where both were measured."""
    def key(measured, share):
        return measured.case._replace(threads=0, shares=(), speed=None, memory=None, sharing=None), share
    alone = {key(m, share): m.medians(OURS, share or "inference")[0]
             for m in all_measured for share in m.case.shares or [None] if m.threads == 1}
    for m in all_measured:
        for share in m.case.shares or [None]:
            one = alone.get(key(m, share))
            if one and m.threads > 1:
                yield "- {}: {:.2f} times as fast as one".format(
                    benchmark_cases.describe(m.case, share, m.size, m.threads),
                    one / m.medians(OURS, share or "inference")[0])


def half_lines(all_measured):
    for m in all_measured:
        half, ours = m.medians(HALF), m.medians(OURS)
        if half:
            yield (f"- {benchmark_cases.describe(m.case, m.case.shares[0], m.size, m.threads)}: with half activations "
                   f"{half[2]:.0f} MiB, {half[2] / ours[2]:.2f} of the memory, {half[0] / ours[0]:.2f} of the time")


def paddle_lines(all_measured):
    for m in all_measured:
        theirs, ours = m.medians(PADDLE), m.medians(OURS, (m.case.shares or ["inference"])[0])
        if theirs:
            yield (f"- {m.case.model} batch {m.case.batch}: Paddle {m.case.batch / theirs[0]:.2f} img/s, "
                   f"{theirs[1] / m.case.batch:.3f} CPU s, {theirs[2]:.0f} MiB; atk-train is "
                   f"{theirs[0] / ours[0]:.1f} times as fast")


def processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next(line.split(":")[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


def report(bench, all_measured):
    ours, about = bench.about[OURS], bench.about
    asked = [row for m in all_measured for row in asked_rows(m, ours["kernels"])]
    if asked:
        yield "| | measured | asked | stretch | reached |"
        yield "|---|---|---|---|---|"
        yield from asked
        yield ""
    yield (f"Medians of {bench.args.rounds} interleaved rounds; PyTorch as it is fastest. Processor seconds are per image; "
           "memory is the peak of the process.")
    yield ""
    yield ("| network | atk-train img/s | PyTorch img/s | times as fast | step time / first k's | CPU s | PyTorch CPU s "
           "| ratio | MiB | PyTorch MiB | ratio |")
    yield "|---|---|---|---|---|---|---|---|---|---|---|"
    for measured in all_measured:
        yield from table_rows(measured)
    yield ""
    yield from scaling(all_measured)
    yield from half_lines(all_measured)
    yield from paddle_lines(all_measured)
    yield f"- {processor()}, {len(os.sched_getaffinity(0))} processors; load average at the end {os.getloadavg()[0]:.1f}"
    yield f"- {OURS} {ours['version']}, kernels {ours['kernels']}, {ours['blas']}"
    yield f"- PyTorch {about['PyTorch']['version']}" if "PyTorch" in about else "- python3 has no torch to compare with"
    if PADDLE in about:
        yield f"- Paddle {about[PADDLE]['version']}"


def write(bench, all_measured):
    out = bench.args.out
    os.makedirs(out, exist_ok=True)
    with open(os.path.join(out, "steps.csv"), "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=all_measured[0].rows[0])
        writer.writeheader()
        for measured in all_measured:
            writer.writerows(measured.rows)
    text = "\n".join(report(bench, all_measured)) + "\n"
    with open(os.path.join(out, "README.md"), "w", encoding="utf-8") as file:
        file.write(text)
    return text


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0],
                                     formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--program", default=os.path.join(ROOT, "build/benchmark-step"))
    parser.add_argument("--list", choices=benchmark_cases.LISTS, default="short",
                        help="short: some minutes; all: every network, batch, k and number of threads, over an hour; "
                             "table: what is asked, a quarter of an hour")
    parser.add_argument("--all", action="store_const", dest="list", const="all", help="the same as --list all")
    parser.add_argument("--case", action="append", type=benchmark_cases.parse,
                        metavar="MODEL:BATCH:K,K,...[:THREADS[:size=N,freeze-bn,head,half]]",
                        help="measure this in place of the list; K may be the word inference; repeat for several")
    parser.add_argument("--only", metavar="TEXT", help="of the list, the cases of networks with this in their name")
    parser.add_argument("--level", choices=LEVELS, help="hold both programs to this processor level (default: the "
                                                        "processor's)")
    parser.add_argument("--paddle", action="store_true", help=f"of {PADDLE_MODEL}, measure Paddle's step, too")
    parser.add_argument("--size", type=int, default=448, help="of cases that do not say")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="what 'all' means")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pictures", type=int, default=16, help="timed in a round, in two steps or more, of cases that "
                                                                 "do not say")
    parser.add_argument("--out", default=os.path.join(ROOT, "build/bench"))
    return parser.parse_args()


def main():
    args = parse_arguments()
    bench, all_measured = Bench(args), []
    sources = [source for source, module in (("own", "torch"), ("timm", "timm")) if importlib.util.find_spec(module)]
    cases = [case for case in args.case or benchmark_cases.LISTS[args.list] if (args.only or "") in case.model]
    if not cases:
        sys.exit(f"benchmark: --only {args.only}: the list has no such network")
    for case in cases:
        all_measured.append(run_case(bench, case, sources))
        text = write(bench, all_measured)  # a long run that is stopped leaves what it has
    print(text, end="")


if __name__ == "__main__":
    main()
