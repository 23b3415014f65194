#!/usr/bin/env python3
"""The steps of tests/benchmark/benchmark_step.c in PyTorch: same options, same output. scripts/benchmark.py runs both in turn,
each time in a process of its own, so that peak memory is that of one case."""
import argparse

import torch
from reference_model import average_top_k, network, parse_k, read_spec
from step_timer import report

CLASSES = 1000
FORMATS = {"plain": torch.contiguous_format, "channels_last": torch.channels_last}


def make_network(path):
    """ReLUs in place, as torchvision and timm have them. (Importing timm would count in the peak of memory.)"""
    model = network(read_spec(path), CLASSES)
    for module in model.modules():
        if isinstance(module, (torch.nn.ReLU, torch.nn.ReLU6)):
            module.inplace = True
    return model


def make_step(args):
    """A function without arguments: one training step, or one forward pass."""
    layout = FORMATS[args.layout]
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(args.batch_size, 3, args.size, args.size, generator=generator).contiguous(memory_format=layout)
    labels = torch.randint(CLASSES, (args.batch_size,), generator=generator)
    model = make_network(args.model).to(memory_format=layout)
    if args.inference:
        model.eval()
        return torch.inference_mode()(lambda: model(x))
    model.train(not args.freeze_bn)  # nothing else in these networks depends on the mode
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    k = parse_k(args.k)(args.batch_size)

    def step():
        loss, _, _ = average_top_k(model(x), labels, k)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        return loss.item()
    return step


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layout", choices=FORMATS, default="channels_last")
    parser.add_argument("--model", required=True, help="model file")
    parser.add_argument("--size", type=int, default=448)
    parser.add_argument("--batch-size", type=int, default=4)
    parser.add_argument("--k", default="0.7")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--warm-up", type=int, default=1)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--freeze-bn", action="store_true", help="BatchNorm uses its running statistics")
    parser.add_argument("--inference", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    report(torch.__version__, make_step(args), args)


main()
