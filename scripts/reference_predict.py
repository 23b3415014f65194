#!/usr/bin/env python3
"""Classifies photos with a network in PyTorch, as one writes it by hand: the other side of `benchmark_whole.py photo`.

    reference_predict.py MODEL.yaml WEIGHTS.pt IMAGE...

WEIGHTS.pt, by torch.save: {"state": the network's state dict, "classes", "size", "mean", "std"}."""
import sys

import torch
from PIL import Image

from reference_model import network, read_spec


def main(model, weights, *paths):
    saved = torch.load(weights, weights_only=True)
    net = network(read_spec(model), len(saved["classes"]))
    net.load_state_dict(saved["state"])
    net.eval()
    mean, std = (torch.tensor(saved[key]).view(3, 1, 1) for key in ("mean", "std"))
    with torch.inference_mode():
        for path in paths:
            image = Image.open(path).convert("RGB").resize((saved["size"], saved["size"]), Image.BILINEAR)
            x = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8).view(saved["size"], saved["size"], 3)
            x = x.permute(2, 0, 1).float().div(255).sub(mean).div(std)
            p = net(x[None]).softmax(1)[0]
            print(f"{path},{saved['classes'][p.argmax().item()]},{p.max().item():.6g}")


if __name__ == "__main__":
    main(*sys.argv[1:])
