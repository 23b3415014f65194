#!/usr/bin/env python3
"""Compares training steps of atk-train with PyTorch's, number by number.

Reloaded: before each step all programs get the same weights and moments, those of a float64 run rounded to float32.
Losses are to agree to 5e-5; gradients and updated weights, for each tensor and for all of them together, are to be
no farther from the float64 step than twice PyTorch's own float32 distance (relative L2 over all steps). Single steps
are not judged alone: a ReLU near zero turns in one program and not in the other, by chance. So does, in Adam's first
step, a weight whose gradient is below float32's error, because that step is the gradient's sign: such entries count in
the distance of all weights together but not in that of their tensor (one of them would be all of a vector's
distance); instead it is counted how many did turn, here and in PyTorch.
Free-running: each program goes its own way from the same start; the losses of all steps together are to be no farther
from those of a float64 run than twice PyTorch's.

PyTorch runs in both memory layouts; its distance is the larger of the two. Needs build/parity-driver (make
build/parity-driver). Exit status 1 when something is too far. At the default 448 pixels it takes some minutes.
"""
import argparse
import csv
import os
import subprocess
import sys
import tempfile

import numpy as np
import torch

import safetensors_file
import seeded_values
from reference_model import average_top_k, initialise, network, parse_k, read_spec
from reference_pytorch import Images, label_order, read_rows

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
LAYOUTS = {"plain": torch.contiguous_format, "channels_last": torch.channels_last}
LOSS_TOLERANCE = 5e-5
FACTOR = 2


class Steps:
    """Training steps in PyTorch. A state is a dict of NumPy arrays: weights and buffers by name, moments "m/NAME" and
    "v/NAME", and "step", the number of updates done."""

    def __init__(self, spec, classes, dtype, layout, args):
        self.model = network(spec, classes).to(dtype=dtype, memory_format=LAYOUTS[layout]).train(not args.freeze_bn)
        self.dtype, self.layout, self.k = dtype, LAYOUTS[layout], parse_k(args.k)
        self.optimiser = torch.optim.Adam(self.model.parameters(), lr=args.learning_rate)

    def load(self, state):
        with torch.no_grad():
            for name, tensor in self.model.state_dict().items():
                if tensor.dim() > 0:
                    tensor.copy_(torch.from_numpy(state[name]))
            for name, parameter in self.model.named_parameters():
                # Copies, because Adam updates them in place.
                moments = [torch.empty_like(parameter).copy_(torch.from_numpy(state[f"{which}/{name}"]))
                           for which in "mv"]
                self.optimiser.state[parameter] = {"step": torch.tensor(float(state["step"])), "exp_avg": moments[0],
                                                   "exp_avg_sq": moments[1]}

    def run(self, batch):
        """One step -> loss."""
        x, labels = batch
        x = torch.from_numpy(x).to(self.dtype).permute(0, 3, 1, 2).contiguous(memory_format=self.layout)
        loss, _, _ = average_top_k(self.model(x), torch.from_numpy(labels), self.k(len(labels)))
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        return loss.item()

    def results(self):
        """Of the last step: gradients and updated weights."""
        out = {f"gradient/{name}": p.grad.numpy() for name, p in self.model.named_parameters()}
        out.update({f"weight/{name}": p.detach().numpy() for name, p in self.model.named_parameters()})
        return out

    def state(self):
        """After the last step, rounded to float32."""
        out = {name: tensor.float().numpy().copy() for name, tensor in self.model.state_dict().items()
               if tensor.dim() > 0}
        for name, parameter in self.model.named_parameters():
            entry = self.optimiser.state[parameter]
            out[f"m/{name}"] = entry["exp_avg"].float().numpy().copy()
            out[f"v/{name}"] = entry["exp_avg_sq"].float().numpy().copy()
            out["step"] = np.array(int(entry["step"]), np.int64)
        return out


def set_statistics(model, batches):
    """Running statistics as they are with these images: random weights have none that could be frozen."""
    norms = [module for module in model.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = None  # the mean over all batches
    model.train()
    with torch.no_grad():
        for x, _ in batches:
            model(torch.from_numpy(x).permute(0, 3, 1, 2))


def initial_state(spec, classes, batches, args):
    model = network(spec, classes)
    initialise(model, torch.Generator().manual_seed(args.seed))
    if args.freeze_bn:
        set_statistics(model, batches)
    state = {name: tensor.numpy().copy() for name, tensor in model.state_dict().items() if tensor.dim() > 0}
    for name, parameter in model.named_parameters():
        for which in "mv":
            state[f"{which}/{name}"] = np.zeros(tuple(parameter.shape), np.float32)
    state["step"] = np.array(0, np.int64)
    return state


class Ours:
    """The same steps by build/parity-driver."""

    def __init__(self, args, model):
        self.directory = tempfile.TemporaryDirectory()
        self.files = [os.path.join(self.directory.name, name) for name in ("state", "out")]
        self.command = [args.program, model_file(model), *self.files, args.k, str(args.learning_rate),
                        str(args.threads)] + (["freeze-bn"] if args.freeze_bn else [])

    def run(self, state, batches):
        tensors = dict(state)
        tensors["x"] = np.stack([x for x, _ in batches])
        tensors["label"] = np.stack([labels for _, labels in batches])
        safetensors_file.write(self.files[0], tensors)
        subprocess.run(self.command, check=True)
        return safetensors_file.read(self.files[1])


def model_file(name):
    return os.path.join(ROOT, "models", f"{name}.yaml")


def make_batches(args):
    """-> ([(x [batch, size, size, 3], labels)], number of classes): photos, or seeded noise where there are none."""
    if os.path.exists(args.data):
        rows = read_rows([args.data], "image", "label")
        classes = label_order([label for _, label in rows])
        chosen = np.random.default_rng(args.seed).permutation(len(rows))[:args.steps * args.batch_size]
        photos = Images([rows[i] for i in chosen], classes, args.size, [0, 0, 0], [1, 1, 1])
        order = torch.arange(len(chosen)).split(args.batch_size)
        print(f"images: {args.data}")
        return [(photos.bytes[i.numpy()].astype(np.float32) / np.float32(255), photos.labels[i].numpy())
                for i in order], len(classes)
    print(f"images: seeded noise ({args.data} is not there)")
    return [(seeded_values.images(step, args.batch_size, args.size), np.arange(args.batch_size) * 3 % 10)
            for step in range(args.steps)], 10


class Distances:
    """Sums of squared differences to the float64 results, for each tensor, over steps."""

    def __init__(self):
        self.squares, self.norms = {}, {}

    def add(self, exact, results, masks=()):
        """masks: name -> which entries count; all of them where there is none."""
        for name, value in exact.items():
            mask = masks[name] if name in masks else True
            self.norms[name] = self.norms.get(name, 0.0) + float(np.sum(np.square(value), where=mask))
            for program, result in results.items():
                square = float(np.sum(np.square(result[name] - value), where=mask))
                self.squares[program, name] = self.squares.get((program, name), 0.0) + square

    def relative(self, program, names):
        return np.sqrt(sum(self.squares[program, name] for name in names) / sum(self.norms[name] for name in names))


def determined(exact, results):
    """Of each tensor of weights, where Adam's first step has a sign that float32 can tell: the gradient is larger than
    FACTOR times PyTorch's largest error in that tensor."""
    out = {}
    for name, gradient in exact.items():
        if name.startswith("gradient/"):
            error = max(np.max(np.abs(results[layout][name] - gradient)) for layout in LAYOUTS)
            out[name.replace("gradient/", "weight/")] = np.abs(gradient) > FACTOR * error
    return out


def count_turned(exact, result, learning_rate):
    """Weights that Adam's first step moved by +learning_rate in one run and by -learning_rate in the other."""
    return sum(int(np.sum(np.abs(result[name] - value) > learning_rate)) for name, value in exact.items()
               if name.startswith("weight/"))


def run_reloaded(args, spec, classes, batches, ours):
    """-> (losses by program, Distances of whole tensors, Distances of the determined entries, turned by program)"""
    exact = Steps(spec, classes, torch.float64, "plain", args)
    rounded = {layout: Steps(spec, classes, torch.float32, layout, args) for layout in LAYOUTS}
    losses = {program: [] for program in ("float64", "ours", *LAYOUTS)}
    whole, judged, turned, state = Distances(), Distances(), {}, initial_state(spec, classes, batches, args)
    for number, batch in enumerate(batches, 1):
        exact.load(state)
        losses["float64"].append(exact.run(batch))
        results = {"ours": ours.run(state, [batch])}
        losses["ours"].append(results["ours"]["loss"][0])
        for layout, steps in rounded.items():
            steps.load(state)
            losses[layout].append(steps.run(batch))
            results[layout] = steps.results()
        reference = exact.results()
        whole.add(reference, results)
        if number == 1:
            judged.add(reference, results, determined(reference, results))
            turned = {program: count_turned(reference, result, args.learning_rate)
                      for program, result in results.items()}
        else:
            judged.add(reference, results)
        state = exact.state()
        print(f"reloaded step {number}/{len(batches)}", file=sys.stderr, flush=True)
    return losses, whole, judged, turned


def run_free(args, spec, classes, batches, ours):
    """-> losses by program"""
    state = initial_state(spec, classes, batches, args)
    losses = {"ours": ours.run(state, batches)["loss"].tolist()}
    for program, dtype, layout in [("float64", torch.float64, "plain")] + [(l, torch.float32, l) for l in LAYOUTS]:
        steps = Steps(spec, classes, dtype, layout, args)
        steps.load(state)
        losses[program] = [steps.run(batch) for batch in batches]
        print(f"free-running: {program}", file=sys.stderr, flush=True)
    return losses


def verdict(passed, text):
    print(("PASS  " if passed else "FAIL  ") + text)
    return passed


def judge_tensors(kind, whole, judged, rows):
    """Each tensor of a kind ("gradient" or "weight"), then all of them."""
    names = [name for name in whole.norms if name.startswith(kind + "/")]
    ratios = {}
    for name in names + [f"{kind}/*"]:
        ours, plain, last = (whole.relative(program, names) if name.endswith("*") else judged.relative(program, [name])
                             for program in ("ours", *LAYOUTS))
        ratios[name] = ours / max(plain, last)
        rows.append({"tensor": name, "ours": ours, "plain": plain, "channels_last": last, "ratio": ratios[name]})
    total = rows[-1]
    worst = max(names, key=ratios.get)
    good = verdict(total["ratio"] <= FACTOR, "{}s, all: ours {ours:.2e}, PyTorch {plain:.2e} and {channels_last:.2e}, "
                   "ratio {ratio:.2f}".format(kind, **total))
    n_far = sum(ratio > FACTOR for ratio in ratios.values())
    return verdict(n_far == 0, f"{kind}s, each of {len(names)}: {n_far} above {FACTOR}; median ratio "
                   f"{np.median(list(ratios.values())):.2f}, worst {ratios[worst]:.2f} ({worst})") and good


def relative_losses(losses):
    """Distance of a program's losses from float64's, over all steps."""
    exact = np.array(losses["float64"])
    return {program: float(np.linalg.norm(np.array(losses[program]) - exact) / np.linalg.norm(exact))
            for program in ("ours", *LAYOUTS)}


def compare(args, model, batches, classes, rows):
    """All checks of one network; rows takes the table's lines."""
    spec, ours = read_spec(model_file(model)), Ours(args, model)
    print(f"{model}: {args.size}x{args.size}, batch {args.batch_size}, k {args.k}, {len(batches)} steps"
          + (", BatchNorm frozen" if args.freeze_bn else ""))
    losses, whole, judged, turned = run_reloaded(args, spec, classes, batches, ours)
    worst = {layout: max(abs(a - b) / abs(b) for a, b in zip(losses["ours"], losses[layout])) for layout in LAYOUTS}
    good = verdict(max(worst.values()) <= LOSS_TOLERANCE, "reloaded losses: at most {plain:.1e} from PyTorch's plain "
                   "layout, {channels_last:.1e} from channels_last".format(**worst))
    own_rows = []
    good = judge_tensors("gradient", whole, judged, own_rows) and good
    good = judge_tensors("weight", whole, judged, own_rows) and good
    good = verdict(turned["ours"] <= FACTOR * max(turned[layout] for layout in LAYOUTS), "weights that Adam's first "
                   "step turned: ours {ours}, PyTorch {plain} and {channels_last}".format(**turned)) and good
    rows += [{"model": model, **row} for row in own_rows]
    free = run_free(args, spec, classes, batches, ours)
    away = relative_losses(free)
    print("step  float64    " + "".join(f"{name:>15}" for name in away) + "   (difference)")
    for i, exact in enumerate(free["float64"]):
        print(f"{i + 1:4}  {exact:9.6f}  " + "".join(f"{free[name][i] - exact:15.2e}" for name in away))
    return verdict(away["ours"] <= FACTOR * max(away[layout] for layout in LAYOUTS), "free-running losses: ours "
                   "{ours:.2e}, PyTorch {plain:.2e} and {channels_last:.2e}".format(**away)) and good


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0],
                                     formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    shared = os.environ.get("ATK_SHARED", os.path.join(ROOT, "../shared"))
    parser.add_argument("--program", default=os.path.join(ROOT, "build/parity-driver"))
    parser.add_argument("--model", action="append", help="name; repeat (default: resnet18 and resnet10-gn)")
    parser.add_argument("--data", default=os.path.join(shared, "data/clothing/train.csv"), help="CSV of photos")
    parser.add_argument("--size", type=int, default=448)
    parser.add_argument("--batch-size", type=int, default=4)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--k", default="0.7")
    parser.add_argument("--learning-rate", type=float, help="(default: 1e-3; with --freeze-bn 1e-5: statistics that do "
                                                           "not follow the weights make larger steps explode)")
    parser.add_argument("--freeze-bn", action="store_true", help="BatchNorm uses running statistics, those that the "
                                                                 "first weights give to the images")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--out", help="CSV of every tensor's distances")
    args = parser.parse_args()
    if args.learning_rate is None:
        args.learning_rate = 1e-5 if args.freeze_bn else 1e-3
    return args


def main():
    args = parse_arguments()
    torch.set_num_threads(args.threads)
    batches, classes = make_batches(args)
    rows, good = [], True
    for model in args.model or ["resnet18", "resnet10-gn"]:
        good = compare(args, model, batches, classes, rows) and good
    if args.out:
        with open(args.out, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fieldnames=rows[0])
            writer.writeheader()
            writer.writerows(rows)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
