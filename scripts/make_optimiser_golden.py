#!/usr/bin/env python3
"""Writes tests/golden/nn/optimiser.safetensors: what PyTorch's optimisers and schedules compute, for
tests/unit/nn/test_optimiser.c and test_schedule.c.

"start" [40] and "gradient" [20, 40] are the input, float32; a weight matrix, a bias, a matrix, a bias lie behind each
other (SIZES). The learning rate of a step is in "rate" [20], float64. "after/CASE" [3, 40] are the weights after 1, 10
and 20 steps of a float64 run; "distance/CASE" is how far PyTorch's own float32 run is from it at its worst, in units of
the largest weight. "norm/clipped" [20] are the total norms that clip_grad_norm_ returned. "schedule/NAME" [24] are
learning rates of 24 steps, float64.
"""
import os

import numpy as np
import torch

import safetensors_file

HERE = os.path.dirname(os.path.abspath(__file__))
SIZES = [16, 8, 12, 4]  # matrix, bias, matrix, bias
STEPS, SHOWN = 20, (1, 10, 20)
BASE = 0.02

ADAM = {"betas": (0.9, 0.999), "eps": 1e-8}
# name, class, options, decay of biases, largest norm of a gradient
CASES = [
    ("adam", torch.optim.Adam, {**ADAM, "weight_decay": 0}, True, None),
    ("adam-decay", torch.optim.Adam, {**ADAM, "weight_decay": 0.1}, True, None),
    ("adamw", torch.optim.AdamW, {"betas": (0.8, 0.99), "eps": 1e-3, "weight_decay": 0.5}, True, None),
    ("adamw-weights-only", torch.optim.AdamW, {**ADAM, "weight_decay": 0.5}, False, None),
    ("sgd", torch.optim.SGD, {"weight_decay": 0.1}, True, None),
    ("sgd-momentum", torch.optim.SGD, {"momentum": 0.9, "weight_decay": 0.1}, False, None),
    ("sgd-nesterov", torch.optim.SGD, {"momentum": 0.9, "weight_decay": 0.1, "nesterov": True}, True, None),
    ("clipped", torch.optim.SGD, {"momentum": 0.5}, True, 3.0),
]


def rates():
    """A rate that changes at every step."""
    return [BASE * (1 - step / 40) for step in range(STEPS)]


def run(case, dtype, start, gradient):
    """-> weights after the shown steps [3, 40], norms [20]."""
    _name, optimiser_class, options, decay_biases, most = case
    parts = [torch.from_numpy(part.copy()).to(dtype).requires_grad_() for part in np.split(start, np.cumsum(SIZES)[:-1])]
    matrices, biases = parts[0::2], parts[1::2]
    groups = [{"params": parts}] if decay_biases else [{"params": matrices}, {"params": biases, "weight_decay": 0}]
    optimiser = optimiser_class(groups, lr=BASE, foreach=False, **options)
    shown, norms = [], []
    for step, rate in enumerate(rates()):
        for part, piece in zip(parts, np.split(gradient[step], np.cumsum(SIZES)[:-1])):
            part.grad = torch.from_numpy(piece.copy()).to(dtype)
        norms.append(torch.nn.utils.clip_grad_norm_(parts, most if most else float("inf")).item())
        for group in optimiser.param_groups:
            group["lr"] = rate
        optimiser.step()
        if step + 1 in SHOWN:
            shown.append(torch.cat([part.detach() for part in parts]).double().numpy())
    return np.stack(shown), np.array(norms)


def schedule(make):
    """Rates that a scheduler sets before each of 24 steps."""
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=BASE)
    scheduler = make(optimiser)
    out = []
    for _ in range(24):
        out.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        scheduler.step()
    return np.array(out)


def main():
    random = np.random.default_rng(5)
    n = sum(SIZES)
    start = (0.3 * random.standard_normal(n)).astype(np.float32)
    scale = 10.0 ** random.uniform(-4, 1, n)
    gradient = (scale * (random.standard_normal((STEPS, n)) + 0.5)).astype(np.float32)
    gradient[:, 3] = 0
    gradient[5:10] *= 0.01  # below the norm at which one is clipped
    out = {"start": start, "gradient": gradient, "rate": np.array(rates())}
    for case in CASES:
        exact, norms = run(case, torch.float64, start, gradient)
        rounded, _ = run(case, torch.float32, start, gradient)
        out[f"after/{case[0]}"] = exact
        out[f"distance/{case[0]}"] = np.abs(rounded - exact).max(axis=1) / np.abs(exact).max(axis=1)
        if case[4]:
            out[f"norm/{case[0]}"] = norms
    lr = torch.optim.lr_scheduler
    out["schedule/cosine"] = schedule(lambda o: lr.CosineAnnealingLR(o, 24, eta_min=0.001))
    out["schedule/poly"] = schedule(lambda o: lr.PolynomialLR(o, 24, power=0.9))
    out["schedule/step"] = schedule(lambda o: lr.MultiStepLR(o, [6, 15], gamma=0.2))
    out["schedule/warmup"] = schedule(lambda o: lr.LinearLR(o, 1 / 5, total_iters=4))
    safetensors_file.write(os.path.join(HERE, "../tests/golden/nn/optimiser.safetensors"), out)


if __name__ == "__main__":
    main()
