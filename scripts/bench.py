#!/usr/bin/env python3
"""Times training steps of build/bench-step and, where python3 has torch, of PyTorch, in turn.

Both do forward, top-k loss, backward and Adam on the same network, sizes and threads; PyTorch in its two memory
layouts, the faster of which counts. Rounds are interleaved, so that a busy neighbour slows all of them; processor
seconds say how much of a step was waiting. Writes steps.csv (every step) and README.md (medians) to --out.
"""
import argparse
import csv
import json
import os
import platform
import statistics
import subprocess
import sys
import time

try:
    import torch
    from reference_model import ResNet, average_top_k, parse_k, read_spec
except ImportError:
    torch = None

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
CLASSES = 1000
OURS = "atk-train"
LAYOUTS = ("PyTorch channels_last", "PyTorch plain")


def model_file(name):
    return os.path.join(ROOT, "models", f"{name}.yaml")


class TorchSteps:
    """The steps of tests/bench/bench_step.c in PyTorch; the network stays alive between rounds."""

    def __init__(self, model, size, batch, k, layout):
        self.format = torch.channels_last if layout == "PyTorch channels_last" else torch.contiguous_format
        generator = torch.Generator().manual_seed(0)
        self.x = torch.rand(batch, 3, size, size, generator=generator).contiguous(memory_format=self.format)
        self.labels = torch.randint(CLASSES, (batch,), generator=generator)
        self.k = parse_k(k)(batch)
        self.model = ResNet(read_spec(model_file(model)), CLASSES).to(memory_format=self.format).train()
        self.optimiser = torch.optim.Adam(self.model.parameters(), lr=1e-3)

    def step(self):
        loss, _, _ = average_top_k(self.model(self.x), self.labels, self.k)
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        return loss.item()

    def run(self, warm_up, steps):
        seconds, cpu_seconds = [], []
        for i in range(warm_up + steps):
            began, cpu_began = time.perf_counter(), time.process_time()
            self.step()
            if i >= warm_up:
                seconds.append(time.perf_counter() - began)
                cpu_seconds.append(time.process_time() - cpu_began)
        return {"seconds": seconds, "cpu_seconds": cpu_seconds}


def run_ours(args, model, batch):
    command = [args.program, "--model", model_file(model), "--size", args.size, "--batch-size", batch, "--k", args.k,
               "--threads", args.threads, "--warm-up", args.warm_up, "--steps", args.steps]
    output = subprocess.run([str(part) for part in command], check=True, stdout=subprocess.PIPE).stdout
    return json.loads(output)


def run_case(args, model, batch):
    """-> (rows of steps.csv, what bench-step says about itself)"""
    torches = {} if torch is None else {layout: TorchSteps(model, args.size, batch, args.k, layout)
                                        for layout in LAYOUTS}
    rows, about = [], {}
    for number in range(args.rounds):
        about = run_ours(args, model, batch)
        results = {OURS: about}
        results.update({layout: steps.run(args.warm_up, args.steps) for layout, steps in torches.items()})
        for program, result in results.items():
            rows += [{"model": model, "batch": batch, "size": args.size, "k": args.k, "threads": args.threads,
                      "round": number, "program": program, "seconds": f"{wall:.6f}", "cpu_seconds": f"{cpu:.6f}"}
                     for wall, cpu in zip(result["seconds"], result["cpu_seconds"])]
            print("{} batch {} round {}: {} {:.3f} s".format(model, batch, number + 1, program,
                                                             statistics.median(result["seconds"])),
                  file=sys.stderr, flush=True)
    return rows, about


def median(rows, program, column):
    values = [float(row[column]) for row in rows if row["program"] == program]
    return statistics.median(values) if values else None


def table_rows(rows, model, batch):
    """Markdown lines of one case; the ratio is to the faster layout of PyTorch."""
    medians = {program: median(rows, program, "seconds") for program in (OURS,) + LAYOUTS}
    torch_best = min((medians[layout] for layout in LAYOUTS if medians[layout]), default=None)
    for program, seconds in medians.items():
        if seconds:
            ratio = f"{seconds / torch_best:.2f}" if torch_best else ""
            yield "| {} | {} | {} | {:.3f} | {:.2f} | {:.3f} | {} |".format(
                model, batch, program, seconds, batch / seconds, median(rows, program, "cpu_seconds"), ratio)


def processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next(line.split(":")[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


def report(args, cases, about):
    yield "# Training steps"
    yield ""
    yield ("Medians over {} rounds of {} steps, interleaved; {}x{} pixels, k {}, {} threads. The ratio is to "
           "PyTorch's faster layout (below 1: faster than that).").format(args.rounds, args.steps, args.size, args.size,
                                                                         args.k, args.threads)
    yield ""
    yield "| model | batch | program | seconds a step | pictures/s | processor seconds | time ratio |"
    yield "|---|---|---|---|---|---|---|"
    for model, batch, rows in cases:
        yield from table_rows(rows, model, batch)
    yield ""
    yield f"- processor: {processor()}; load average at the end {os.getloadavg()[0]:.1f}"
    yield f"- {OURS} {about['version']}, kernels {about['kernels']}, {about['blas']}"
    yield f"- PyTorch {torch.__version__}" if torch else "- python3 has no torch: nothing to compare with"


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0],
                                     formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--program", default=os.path.join(ROOT, "build/bench-step"))
    parser.add_argument("--case", action="append", metavar="MODEL:BATCH",
                        help="repeat for several (default: resnet18:4 and resnet10-gn:8)")
    parser.add_argument("--size", type=int, default=448)
    parser.add_argument("--k", default="0.7")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--warm-up", type=int, default=1, help="untimed steps before each round's")
    parser.add_argument("--steps", type=int, default=3, help="timed steps of a round")
    parser.add_argument("--out", default=os.path.join(ROOT, "build/bench"))
    return parser.parse_args()


def main():
    args = parse_arguments()
    if torch:
        torch.set_num_threads(args.threads)
    cases, about = [], {}
    for case in args.case or ["resnet18:4", "resnet10-gn:8"]:
        model, batch = case.rsplit(":", 1)
        rows, about = run_case(args, model, int(batch))
        cases.append((model, int(batch), rows))
    os.makedirs(args.out, exist_ok=True)
    with open(os.path.join(args.out, "steps.csv"), "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=cases[0][2][0])
        writer.writeheader()
        for _, _, rows in cases:
            writer.writerows(rows)
    text = "\n".join(report(args, cases, about)) + "\n"
    with open(os.path.join(args.out, "README.md"), "w", encoding="utf-8") as file:
        file.write(text)
    print(text, end="")


if __name__ == "__main__":
    main()
