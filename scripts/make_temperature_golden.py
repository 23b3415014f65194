#!/usr/bin/env python3
"""Writes tests/golden/nn/temperature.safetensors, for tests/unit/nn/test_temperature.c.

For each CASE "score/CASE" [n, classes] float32 and "label/CASE" [n] int64 are the input. "temperature/CASE" [1] float64
is where PyTorch's L-BFGS finds the least cross_entropy(score / T) in float64 (Guo et al. 2017), "loss/CASE" [1] that
mean cross-entropy, "probability/CASE" [n, classes] float64 the softmax there, and "error/CASE" [2] float64 the
expected calibration error, 15 bins, at temperature 1 and there, by numpy.
"""
import os

import numpy as np
import torch
import torch.nn.functional as F

import safetensors_file

HERE = os.path.dirname(os.path.abspath(__file__))
# name: images, classes, factor of the logits that the labels are drawn from, distance of the scores from 0
CASES = {"sure": (200, 10, 3.0, 0), "modest": (150, 4, 0.4, 0), "two": (80, 2, 8.0, 0), "far": (60, 5, 2.0, 500)}


def expected_calibration_error(probability, label):
    confidence, right = probability.max(1), probability.argmax(1) == label
    edges = np.arange(16) / 15
    error = 0.0
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            error += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return error


def best_temperature(score, label):
    log_t = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([log_t], max_iter=500, tolerance_grad=1e-14, tolerance_change=0,
                                  line_search_fn="strong_wolfe")

    def closure():
        optimiser.zero_grad()
        loss = F.cross_entropy(score / log_t.exp(), label)
        loss.backward()
        return loss

    optimiser.step(closure)
    assert abs(closure().item()) > 0 and abs(log_t.grad.item()) < 1e-9, log_t.grad
    return log_t.exp().item()


def main():
    random = np.random.default_rng(16)
    out = {}
    for name, (n, classes, factor, distance) in CASES.items():
        true = 1.5 * random.standard_normal((n, classes))
        share = np.exp(true) / np.exp(true).sum(1, keepdims=True)
        label = np.array([random.choice(classes, p=p) for p in share])
        score = (factor * true + distance).astype(np.float32)
        z, y = torch.from_numpy(score).double(), torch.from_numpy(label)
        temperature = best_temperature(z, y)
        probability = F.softmax(z / temperature, 1)
        out[f"score/{name}"], out[f"label/{name}"] = score, label
        out[f"temperature/{name}"] = np.array([temperature])
        out[f"loss/{name}"] = np.array([F.cross_entropy(z / temperature, y).item()])
        out[f"probability/{name}"] = probability.numpy()
        out[f"error/{name}"] = np.array([expected_calibration_error(F.softmax(z, 1).numpy(), label),
                                         expected_calibration_error(probability.numpy(), label)])
        print(name, temperature, out[f"error/{name}"])
    safetensors_file.write(os.path.join(HERE, "../tests/golden/nn/temperature.safetensors"), out,
                           {"made_by": "scripts/make_temperature_golden.py", "torch": torch.__version__})


if __name__ == "__main__":
    main()
