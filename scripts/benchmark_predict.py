#!/usr/bin/env python3
"""Times atk-predict on a folder of images, and a PyTorch script with a DataLoader on the same images, network and weights.

The PyTorch side is what one would write with torchvision: PIL opens an image, converts it to RGB and resizes it
(bilinear, antialiased), a DataLoader with two workers makes batches, the network of reference_model.py in its faster
memory layout classifies them in inference mode. Both go end to end: start of the program, reading of the weights, the
folder, the table. Each measurement is a process of its own, in turn. A neighbour on the machine slows the clock; so the
ratio is one of processor seconds (user and system, children included), and the clock's is printed beside it. Memory is
the largest sum of the proportional set sizes of a program's processes, looked at every 0.1 s.

  benchmark_predict.py --model resnet18 --weights runs/train1/best.safetensors photos/     photos: one image or more,
                                                          copied by links to --images names
Without --weights a network with random weights is written by atk-train first, on --table."""
import argparse
import csv
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time

SCRIPTS = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(SCRIPTS)
ENDINGS = (".jpg", ".jpeg", ".png")


# ---- the PyTorch side, a process of its own ------------------------------------------------------------------

def classify_with_torch(options):
    import torch
    from PIL import Image
    sys.path.insert(0, SCRIPTS)
    import reference_model
    import safetensors.torch
    from safetensors import safe_open

    with safe_open(options["weights"], "pt") as file:
        about = file.metadata()
    size = int(about["size"])
    mean = torch.tensor([float(v) for v in about["mean"].split()]).view(3, 1, 1)
    std = torch.tensor([float(v) for v in about["std"].split()]).view(3, 1, 1)
    classes = about["classes"].split("\n")
    network = reference_model.network(reference_model.read_spec(options["model"]), len(classes))
    network.load_state_dict(safetensors.torch.load_file(options["weights"]), strict=True)
    torch.set_num_threads(options["threads"])
    layout = torch.channels_last if options["layout"] == "channels_last" else torch.contiguous_format
    network = network.eval().to(memory_format=layout)

    class Images(torch.utils.data.Dataset):
        def __init__(self, folder):
            self.paths = sorted(os.path.join(at, name) for at, _, names in os.walk(folder) for name in names
                                if name.lower().endswith(ENDINGS))

        def __len__(self):
            return len(self.paths)

        def __getitem__(self, i):
            with Image.open(self.paths[i]) as image:
                image = image.convert("RGB").resize((size, size), Image.BILINEAR)
            # torchvision's ToTensor and Normalize
            values = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8).view(size, size, 3)
            return values.permute(2, 0, 1).contiguous().float().div(255).sub(mean).div(std), i

    images = Images(options["folder"])
    loader = torch.utils.data.DataLoader(images, batch_size=options["batch"], num_workers=options["workers"])
    with open(options["out"], "w", newline="", encoding="utf-8") as out, torch.inference_mode():
        table = csv.writer(out)
        table.writerow(["image", "predicted", "probability"] + classes)
        for x, numbers in loader:
            probability = network(x.to(memory_format=layout)).softmax(1)
            best, predicted = probability.max(1)
            for i, p, b, row in zip(numbers.tolist(), predicted.tolist(), best.tolist(), probability.tolist()):
                table.writerow([images.paths[i], classes[p], f"{b:.6g}"] + [f"{v:.6g}" for v in row])


# ---- measuring -----------------------------------------------------------------------------------------------

def processes_below(pid):
    found, parents = [pid], [pid]
    while parents:
        parent = parents.pop()
        try:
            for task in os.listdir(f"/proc/{parent}/task"):
                with open(f"/proc/{parent}/task/{task}/children", encoding="ascii") as file:
                    children = [int(word) for word in file.read().split()]
                found += children
                parents += children
        except OSError:
            pass
    return found


def memory_mib(pid):
    total = 0
    for process in processes_below(pid):
        try:
            with open(f"/proc/{process}/smaps_rollup", encoding="ascii") as file:
                total += next(int(line.split()[1]) for line in file if line.startswith("Pss:"))
        except (OSError, StopIteration):
            pass
    return total / 1024


def measure(command):
    """-> wall seconds, processor seconds, peak MiB"""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    peak = [0.0]

    def watch():
        while process.poll() is None:
            peak[0] = max(peak[0], memory_mib(process.pid))
            time.sleep(0.1)

    watcher = threading.Thread(target=watch)
    watcher.start()
    watcher.join()
    if process.returncode != 0:
        sys.exit(f"{command[0]}: exit status {process.returncode}")
    wall, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, peak[0]


def link_images(source, folder, n):
    paths = sorted(os.path.join(at, name) for at, _, names in os.walk(source) for name in names
                   if name.lower().endswith(ENDINGS))
    if not paths:
        sys.exit(f"{source}: no images")
    for i in range(n):
        path = paths[i % len(paths)]
        os.symlink(os.path.abspath(path), os.path.join(folder, f"{i:06d}{os.path.splitext(path)[1]}"))


def make_weights(args, model, work):
    """Weights that an epoch on a few images leaves: what they are decides nothing about time."""
    run = os.path.join(work, "run")
    subprocess.run([os.path.join(args.build, "atk-train"), args.table, "--model", model, "--size", str(args.size),
                    "--epochs", "1", "--batch-size", "8", "--quiet", "--out", run], check=True,
                   stdout=subprocess.DEVNULL)
    return os.path.join(run, "best.safetensors")


def agreement(a, b):
    """-> share of rows with the same class, largest difference of a probability"""
    with open(a, encoding="utf-8") as first, open(b, encoding="utf-8") as second:
        rows = list(zip(csv.DictReader(first), csv.DictReader(second)))
    same = sum(x["predicted"] == y["predicted"] for x, y in rows)
    far = max(abs(float(x["probability"]) - float(y["probability"])) for x, y in rows)
    return same / len(rows), far


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", metavar="IMAGES", help="folder of images")
    parser.add_argument("--model", default="resnet18", help="name in models/ (default: %(default)s)")
    parser.add_argument("--weights", help="weights of it that atk-train wrote")
    parser.add_argument("--table", help="a CSV of images and labels, to make weights when --weights is missing")
    parser.add_argument("--size", type=int, default=224, help="of the images, for --table (default: %(default)s)")
    parser.add_argument("--images", type=int, default=5000, help="how many are classified (default: %(default)s)")
    parser.add_argument("--batch", type=int, default=32, help="PyTorch's batch size (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=2, help="of both, and PyTorch's workers (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=1, help="(default: %(default)s)")
    parser.add_argument("--layouts", default="channels_last,plain", help="of PyTorch (default: %(default)s)")
    parser.add_argument("--build", default=os.path.join(ROOT, "build"), help="where the programs are")
    parser.add_argument("--json", metavar="FILE", help="write the measurements to FILE")
    args = parser.parse_args()
    if not args.weights and not args.table:
        parser.error("--weights or --table is needed")

    model = os.path.join(ROOT, "models", f"{args.model}.yaml")
    results = []
    with tempfile.TemporaryDirectory(prefix="benchmark_predict.") as work:
        weights = args.weights or make_weights(args, model, work)
        folder = os.path.join(work, "images")
        os.mkdir(folder)
        link_images(args.source, folder, args.images)
        ours = os.path.join(work, "ours.csv")
        commands = {"atk-predict": [os.path.join(args.build, "atk-predict"), weights, folder, "--out", ours, "--threads",
                                    str(args.threads), "--workers", str(args.threads)]}
        for layout in args.layouts.split(","):
            options = {"weights": weights, "model": model, "folder": folder, "threads": args.threads, "workers":
                       args.threads, "batch": args.batch, "layout": layout, "out": os.path.join(work, f"{layout}.csv")}
            commands[layout] = [sys.executable, os.path.abspath(__file__), "--torch-side", json.dumps(options)]
        for number in range(args.rounds):
            for program, command in commands.items():
                wall, cpu, peak = measure(command)
                results.append({"program": program, "round": number + 1, "seconds": wall, "cpu_seconds": cpu,
                                "peak_mib": peak})
                print(f"{args.model} {program} round {number + 1}: {args.images / wall:.1f} images/s, {wall:.1f} s, "
                      f"{cpu:.1f} processor seconds, {peak:.0f} MiB", flush=True)
        for layout in args.layouts.split(","):
            same, far = agreement(ours, os.path.join(work, f"{layout}.csv"))
            print(f"{layout}: the same class for {100 * same:.2f} % of the images, probabilities at most {far:.4f} apart")

    def of(program, key):
        return statistics.median(r[key] for r in results if r["program"] == program)

    best = min(args.layouts.split(","), key=lambda layout: of(layout, "cpu_seconds"))
    print(f"{args.model}: PyTorch ({best}) / atk-predict: "
          f"{of(best, 'cpu_seconds') / of('atk-predict', 'cpu_seconds'):.2f} by processor time, "
          f"{of(best, 'seconds') / of('atk-predict', 'seconds'):.2f} by the clock, memory "
          f"{of(best, 'peak_mib') / of('atk-predict', 'peak_mib'):.2f}")
    if args.json:
        with open(args.json, "w", encoding="utf-8") as out:
            json.dump({"model": args.model, "images": args.images, "results": results}, out, indent=1)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--torch-side"]:
        classify_with_torch(json.loads(sys.argv[2]))
    else:
        main()
