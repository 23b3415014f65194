#!/usr/bin/env python3
"""Times training steps and inference of build/benchmark-step and, where python3 has torch, of PyTorch, in turn.

Both do forward, top-k loss, backward and Adam on the same network, sizes and threads; PyTorch in its two memory
layouts, the faster of which counts; with --paddle also of Paddle. Each measurement is a process of its own; rounds are interleaved, so that a busy
neighbour slows all of them, and processor seconds with one thread hardly feel one. The time of PyTorch's step does not
depend on k (its backward pass visits all images), so it is measured for the first k of a case alone. Writes steps.csv
(every step) and README.md (a table of medians) to --out."""
import argparse
import csv
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
from collections import namedtuple

SCRIPTS = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(SCRIPTS)
OURS, PADDLE = "atk-train", "Paddle"
PADDLE_MODEL = "res2net50-vd-26w-4s"
LAYOUTS = ("channels_last", "plain")  # of PyTorch

# threads 0: all. shares: the k of each measurement; none: inference.
Case = namedtuple("Case", "model batch shares threads")
SHORT = [Case("resnet18", 4, ["0.7"], 0), Case("resnet18", 4, ["0.7"], 1), Case("resnet18", 16, ["0.7"], 0),
         Case("resnet10-gn", 4, ["1.0"], 0), Case("resnet10-gn", 16, ["1.0", "0.5"], 0), Case("resnet18", 4, [], 0)]
ALL = [Case(model, batch, ["1.0", "0.7", "0.5", "0.25"], threads)
       for model in ("resnet18", "resnet10-gn", "resnet18-gn") for batch in (4, 16) for threads in (0, 1)]
ALL += [Case("resnet18", 4, [], 0), Case("resnet18", 4, [], 1), Case("resnet10-gn", 4, [], 0)]


def parse_case(text):
    """'resnet18:4:0.7,1.0:2', '...:inference:2'; threads may be left out: all."""
    try:
        model, batch, shares, *threads = text.split(":")
        return Case(model, int(batch), [] if shares == "inference" else shares.split(","),
                    int(threads[0]) if threads else 0)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not MODEL:BATCH:K,K,...[:THREADS]") from None


def measure(args, program, case, share, threads):
    """One process -> its JSON. (Python's own memory, not torch's, is the least peak that a child can report.)"""
    command = {OURS: [args.program], PADDLE: [sys.executable, os.path.join(SCRIPTS, "benchmark_paddle.py")]}.get(
        program, [sys.executable, os.path.join(SCRIPTS, "benchmark_torch.py"), "--layout", program])
    steps = max(2, args.pictures // case.batch)
    command += ["--model", os.path.join(ROOT, "models", f"{case.model}.yaml"), "--size", args.size, "--batch-size",
                case.batch, "--threads", threads, "--warm-up", 1, "--steps", steps]
    command += ["--inference"] if share is None else ["--k", share]
    output = subprocess.run([str(part) for part in command], check=True, stdout=subprocess.PIPE).stdout
    return json.loads(output)


def run_case(args, case, layouts, about):
    """-> rows of steps.csv; what the programs say about themselves into about."""
    threads = case.threads or args.threads
    shares = case.shares or [None]
    turns = [(OURS, share) for share in shares] + [(layout, shares[0]) for layout in layouts]
    if args.paddle and case.model == PADDLE_MODEL:
        turns.append((PADDLE, shares[0]))
    rows = []
    for number in range(args.rounds):
        for program, share in turns:
            result = measure(args, program, case, share, threads)
            about["PyTorch" if program in layouts else program] = result
            rows += [{"model": case.model, "batch": case.batch, "k": share or "inference", "threads": threads,
                      "round": number + 1, "program": program, "seconds": f"{wall:.6f}", "cpu_seconds": f"{cpu:.6f}",
                      "peak_mib": result["peak_mib"]}
                     for wall, cpu in zip(result["seconds"], result["cpu_seconds"])]
            print("{} batch {} k {} threads {} round {}: {} {:.3f} s".format(
                case.model, case.batch, share or "inference", threads, number + 1, program,
                statistics.median(result["seconds"])), file=sys.stderr, flush=True)
    return rows


def medians(rows, program, share=None):
    """Of one program's rows of a case: (seconds, processor seconds, peak MiB), or None."""
    chosen = [row for row in rows if row["program"] == program and share in (None, row["k"])]
    return [statistics.median(float(row[column]) for row in chosen)
            for column in ("seconds", "cpu_seconds", "peak_mib")] if chosen else None


def table_rows(case, rows):
    """Markdown lines of one case, each beside PyTorch's faster layout."""
    torch = min((found for found in (medians(rows, layout) for layout in LAYOUTS) if found), default=None)
    first = None
    for share in case.shares or ["inference"]:
        ours = medians(rows, OURS, share)
        first = first or ours
        cells = [case.model, case.batch, share, rows[0]["threads"], f"{case.batch / ours[0]:.2f}"]
        cells += [f"{case.batch / torch[0]:.2f}", f"**{torch[0] / ours[0]:.2f}**"] if torch else ["", ""]
        cells += [f"{ours[0] / first[0]:.2f}", f"{ours[1] / case.batch:.3f}"]
        cells += [f"{torch[1] / case.batch:.3f}"] if torch else [""]
        cells += [f"{ours[2]:.0f}"]
        cells += [f"{torch[2]:.0f}", f"{ours[2] / torch[2]:.2f}"] if torch else ["", ""]
        yield "| " + " | ".join(str(cell) for cell in cells) + " |"


def scaling(measured):
    """Lines of text: all threads against one, where both were measured."""
    alone = {(case.model, case.batch, share): medians(rows, OURS, share or "inference")[0]
             for case, rows in measured for share in case.shares or [None] if rows[0]["threads"] == 1}
    for case, rows in measured:
        for share in case.shares or [None]:
            one, threads = alone.get((case.model, case.batch, share)), rows[0]["threads"]
            if one and threads > 1:
                yield "- {} batch {} k {}: {} threads are {:.2f} times as fast as one".format(
                    case.model, case.batch, share or "inference", threads,
                    one / medians(rows, OURS, share or "inference")[0])


def paddle_lines(measured):
    for case, rows in measured:
        theirs, ours = medians(rows, PADDLE), medians(rows, OURS, (case.shares or ["inference"])[0])
        if theirs:
            yield (f"- {case.model} batch {case.batch}: Paddle {case.batch / theirs[0]:.2f} img/s, {theirs[1] / case.batch:.3f} "
                   f"CPU s, {theirs[2]:.0f} MiB; atk-train is {theirs[0] / ours[0]:.1f} times as fast")


def processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next(line.split(":")[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


def report(args, measured, about):
    ours = about[OURS]
    yield ("Medians of {} interleaved rounds at {}x{}; PyTorch in its faster memory layout. Processor seconds are per "
           "image; memory is the peak of the process.").format(args.rounds, args.size, args.size)
    yield ""
    yield ("| network | batch | k | threads | atk-train img/s | PyTorch img/s | times as fast | step time / first k's "
           "| CPU s | PyTorch CPU s | MiB | PyTorch MiB | memory ratio |")
    yield "|---|---|---|---|---|---|---|---|---|---|---|---|---|"
    for case, rows in measured:
        yield from table_rows(case, rows)
    yield ""
    yield from scaling(measured)
    yield from paddle_lines(measured)
    yield f"- {processor()}, {len(os.sched_getaffinity(0))} processors; load average at the end {os.getloadavg()[0]:.1f}"
    yield f"- {OURS} {ours['version']}, kernels {ours['kernels']}, {ours['blas']}"
    yield f"- PyTorch {about['PyTorch']['version']}" if "PyTorch" in about else "- python3 has no torch to compare with"
    if PADDLE in about:
        yield f"- Paddle {about[PADDLE]['version']}"


def write(args, measured, about):
    os.makedirs(args.out, exist_ok=True)
    with open(os.path.join(args.out, "steps.csv"), "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=measured[0][1][0])
        writer.writeheader()
        for _, rows in measured:
            writer.writerows(rows)
    text = "\n".join(report(args, measured, about)) + "\n"
    with open(os.path.join(args.out, "README.md"), "w", encoding="utf-8") as file:
        file.write(text)
    return text


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0],
                                     formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--program", default=os.path.join(ROOT, "build/benchmark-step"))
    parser.add_argument("--all", action="store_true", help="every network, batch, k and number of threads: about an "
                                                           "hour; else a few minutes")
    parser.add_argument("--case", action="append", type=parse_case, metavar="MODEL:BATCH:K,K,...[:THREADS]",
                        help="measure this in place of the list; K may be the word inference; repeat for several")
    parser.add_argument("--paddle", action="store_true", help=f"of {PADDLE_MODEL}, measure Paddle's step, too")
    parser.add_argument("--size", type=int, default=448)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="what 'all' means")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pictures", type=int, default=16, help="timed in a round, in two steps or more")
    parser.add_argument("--out", default=os.path.join(ROOT, "build/bench"))
    return parser.parse_args()


def main():
    args = parse_arguments()
    layouts = LAYOUTS if importlib.util.find_spec("torch") else ()
    about, measured = {}, []
    for case in args.case or (ALL if args.all else SHORT):
        measured.append((case, run_case(args, case, layouts, about)))
        text = write(args, measured, about)  # a long run that is stopped leaves what it has
    print(text, end="")


if __name__ == "__main__":
    main()
