#!/usr/bin/env python3
"""Writes tests/golden/nn/loss.safetensors: PyTorch's weighted and smoothed cross-entropy, for tests/unit/nn/test_loss.c.

"logits" [12, 5] float32, "label" [12] int64 and "weight" [5] float32 are the input. "loss/CASE" [12] and
"gradient/CASE" [12, 5] are what torch.nn.functional.cross_entropy(reduction="none") gives in float64.
"""
import os

import numpy as np
import torch
import torch.nn.functional as F

import safetensors_file

HERE = os.path.dirname(os.path.abspath(__file__))
CASES = {"plain": (False, 0.0), "weighted": (True, 0.0), "smoothed": (False, 0.1), "both": (True, 0.3)}


def main():
    random = np.random.default_rng(11)
    logits = (4 * random.standard_normal((12, 5))).astype(np.float32)
    label = np.arange(12) % 5
    weight = np.array([0.25, 1, 3.5, 0.8, 12], np.float32)
    out = {"logits": logits, "label": label, "weight": weight}
    for name, (weighted, smoothing) in CASES.items():
        z = torch.from_numpy(logits).double().requires_grad_()
        losses = F.cross_entropy(z, torch.from_numpy(label), reduction="none", label_smoothing=smoothing,
                                 weight=torch.from_numpy(weight).double() if weighted else None)
        losses.sum().backward()
        out[f"loss/{name}"] = losses.detach().numpy()
        out[f"gradient/{name}"] = z.grad.numpy()
    safetensors_file.write(os.path.join(HERE, "../tests/golden/nn/loss.safetensors"), out,
                           {"made_by": "scripts/make_loss_golden.py", "torch": torch.__version__})


if __name__ == "__main__":
    main()
