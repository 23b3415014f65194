#!/usr/bin/env python3
"""Writes tests/golden/nn/*.safetensors: what PyTorch computes, for tests/unit/nn/test_golden.c.

Weights and images come from seeded_values.py, so a file holds results only. Values are those of a float64 run,
rounded to float32; beside each tensor, "distance/NAME" is how far PyTorch's own float32 run is from it
(relative L2), which is what the test measures atk-train against.

A ReLU or max-pool whose decision hangs on the last bit gives either program another gradient by chance. So input
seeds are searched for which no decision is closer than its margin times PyTorch's largest float32 error in that layer.
"""
import argparse
import os

import numpy as np
import torch
import torch.nn.functional as F

import safetensors_file
import seeded_values
from reference_model import ResNet, SameMaxPool, average_top_k, pad_same, read_spec

HERE = os.path.dirname(os.path.abspath(__file__))
LEARNING_RATE = 0.01
EPSILON = 0.01  # Adam's usual 1e-8 makes its first step the gradient's sign: chance where that is zero but for rounding


def small_spec(norm):
    """Widths 8 to 64, one basic block each; test_golden.c has the same in C."""
    return {"stem": [{"width": 8, "kernel": 7, "stride": 2}], "pool": {"kernel": 3, "stride": 2}, "block": "basic",
            "stages": [{"blocks": 1, "width": 8 << i, "stride": 1 if i == 0 else 2} for i in range(4)], "norm": norm}


# name, network, classes, images in a batch and their size, k, Adam steps, stored entries of a tensor, margin
CASES = [
    ("small-bn", small_spec({"kind": "batch"}), 5, 5, 64, 3, 10, None, 8),
    ("small-gn", small_spec({"kind": "group", "groups": 4}), 5, 5, 64, 3, 10, None, 8),
    ("resnet18", "resnet18.yaml", 7, 2, 64, 1, 1, 256, 4),
    ("resnet10-gn", "resnet10-gn.yaml", 7, 3, 96, 2, 1, 256, 4),
]
ENTRIES_AFTER_STEPS = 512  # stored entries of a tensor of updated weights


def load_weights(model, values=seeded_values.parameter):
    """Reloads the seeded weights, whatever the model's precision."""
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if tensor.dim() > 0:
                tensor.copy_(torch.from_numpy(values(name, tuple(tensor.shape))))
            else:
                tensor.zero_()


def watch_decisions(model, seen):
    """Appends to seen what each ReLU compares with zero (ReLU6: with six as well), and for the max-pool how far each
    window's winner is ahead."""
    def relu(module, inputs):
        x = inputs[0].detach().double()
        seen.append(torch.stack((x, x - 6)) if isinstance(module, torch.nn.ReLU6) else x)

    def pool(module, inputs):
        x = inputs[0].detach().double()
        if isinstance(module, SameMaxPool):
            x = pad_same(x, module.kernel_size, module.stride)
        windows = F.unfold(x.flatten(0, 1).unsqueeze(1), module.kernel_size, 1, module.padding, module.stride)
        first, second = windows.topk(2, dim=1).values.unbind(1)
        seen.append(torch.where(first > 0, first - second, torch.inf))

    hooks = [module.register_forward_pre_hook(pool if isinstance(module, torch.nn.MaxPool2d) else relu)
             for module in model.modules() if isinstance(module, (torch.nn.ReLU, torch.nn.ReLU6, torch.nn.MaxPool2d))]
    return hooks


def decision_margin(models, x):
    """The smallest distance of a decision from turning, over PyTorch's largest float32 error among its layer."""
    seen = {}
    with torch.no_grad():
        for dtype, model in models.items():
            seen[dtype] = []
            hooks = watch_decisions(model, seen[dtype])
            model(x.to(dtype))
            for hook in hooks:
                hook.remove()
    margin = np.inf
    for exact, rounded in zip(seen[torch.float64], seen[torch.float32]):
        finite = exact.isfinite() & rounded.isfinite()
        error = (exact - rounded)[finite].abs().max()
        margin = min(margin, (exact[finite].abs().min() / error).item())
    return margin


def find_inputs(models, batch, size, n_steps, least_margin):
    """Seeds of the first n_steps batches without a close decision."""
    seeds, seed = [], 0
    while len(seeds) < n_steps:
        seed += 1
        if decision_margin(models, images(seed, batch, size)) >= least_margin:
            seeds.append(seed)
    return seeds


def images(seed, batch, size):
    return torch.from_numpy(seeded_values.images(seed, batch, size)).permute(0, 3, 1, 2).contiguous()


def run(model, dtype, seeds, batch, size, classes, k):
    """n steps, each from reloaded weights while the moments go on -> name -> float64 array."""
    labels = torch.arange(batch) * 3 % classes
    out = {}
    optimiser = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, eps=EPSILON)
    for step, seed in enumerate(seeds, 1):
        load_weights(model)
        model.train()
        x = images(seed, batch, size).to(dtype)
        logits = model(x)
        loss, losses, chosen = average_top_k(logits, labels, k)
        optimiser.zero_grad()
        loss.backward()
        if step == 1:
            out.update({"logits": logits, "losses": losses, "loss": loss, "selected": chosen})
            out.update({f"gradient/{name}": p.grad.clone() for name, p in model.named_parameters()})
            out.update({f"buffer/{name}": b.clone() for name, b in model.named_buffers() if b.dim() > 0})
            model.eval()
            with torch.no_grad():
                out["logits_eval"] = model(x)
        optimiser.step()
        if step in (1, len(seeds)):
            which = "first" if step == 1 else "last"
            out.update({f"after_{which}/{name}": p.detach().clone() for name, p in model.named_parameters()})
    return {name: tensor.detach().double().numpy() for name, tensor in out.items()}


def sample(array, limit):
    """Entries floor(j * size / limit), j = 0..limit-1, of the flattened array; all if there are not more."""
    flat = array.reshape(-1)
    return flat if limit is None or flat.size <= limit else flat[np.arange(limit) * flat.size // limit]


def make(case, directory):
    name, spec, classes, batch, size, k, n_steps, limit, least_margin = case
    if isinstance(spec, str):
        spec = read_spec(os.path.join(HERE, "../models", spec))
    models = {dtype: ResNet(spec, classes).to(dtype) for dtype in (torch.float64, torch.float32)}
    for model in models.values():
        load_weights(model)
    seeds = find_inputs(models, batch, size, n_steps, least_margin)
    exact, rounded = (run(models[dtype], dtype, seeds, batch, size, classes, k)
                      for dtype in (torch.float64, torch.float32))
    assert np.array_equal(exact["selected"], rounded["selected"])

    tensors = {"selected": exact.pop("selected").astype(np.int64), "seeds": np.array(seeds, np.int64)}
    worst = 0
    for key, value in exact.items():
        most = ENTRIES_AFTER_STEPS if key.startswith("after_") and limit is None else limit
        value, ours = sample(value, most), sample(rounded[key], most)
        distance = np.linalg.norm(ours - value) / np.linalg.norm(value)
        worst = max(worst, distance)
        tensors[key] = value.astype(np.float32)
        tensors[f"distance/{key}"] = np.array(distance, np.float32)
    path = os.path.join(directory, f"{name}.safetensors")
    safetensors_file.write(path, tensors, {"made_by": "scripts/make_golden.py", "torch": torch.__version__})
    print(f"{os.path.relpath(path)}: {os.path.getsize(path)} bytes, input seeds {seeds}, PyTorch's float32 is at most {worst:.1e} away")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--out", default=os.path.join(HERE, "../tests/golden/nn"), help="folder to write to")
    parser.add_argument("--only", help="one case by its name")
    args = parser.parse_args()
    torch.set_num_threads(1)  # the same sums on every machine
    os.makedirs(args.out, exist_ok=True)
    for case in CASES:
        if args.only in (None, case[0]):
            make(case, args.out)


if __name__ == "__main__":
    main()
