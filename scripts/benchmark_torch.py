#!/usr/bin/env python3
"""The steps of tests/benchmark/benchmark_step.c in PyTorch: same options, same output. scripts/benchmark.py runs both in turn,
each time in a process of its own, so that peak memory is that of one case."""
import argparse
import os

import torch
from benchmark_cases import TIMM
from reference_model import average_top_k, network, parse_k, read_spec
from step_timer import report

CLASSES = 1000
FORMATS = {"plain": torch.contiguous_format, "channels_last": torch.channels_last}


def make_network(path, source):
    """ReLUs in place, as torchvision and timm have them. (Importing timm counts in the peak of memory.)"""
    if source == "timm":
        import reference_timm  # pylint: disable=import-outside-toplevel
        return reference_timm.create(TIMM[os.path.splitext(os.path.basename(path))[0]], CLASSES)
    model = network(read_spec(path), CLASSES)
    for module in model.modules():
        if isinstance(module, (torch.nn.ReLU, torch.nn.ReLU6)):
            module.inplace = True
    return model


def classifier_of(model):
    return model.classifier if hasattr(model, "classifier") else model.fc


def make_step(args):
    """A function without arguments: one training step, or one forward pass."""
    layout = FORMATS[args.layout]
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(args.batch_size, 3, args.size, args.size, generator=generator).contiguous(memory_format=layout)
    labels = torch.randint(CLASSES, (args.batch_size,), generator=generator)
    model = make_network(args.model, args.source).to(memory_format=layout)
    if args.inference:
        model.eval()
        return torch.inference_mode()(lambda: model(x))
    frozen = args.freeze_bn or args.train == "head"
    model.train(not frozen)  # nothing else in these networks depends on the mode
    if args.train == "head":  # autograd keeps nothing of what needs no gradient
        model.requires_grad_(False)
        classifier_of(model).requires_grad_(True)
    optimiser = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=1e-3)
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
    parser.add_argument("--source", choices=["own", "timm"], default="own", help="whose code the network is")
    parser.add_argument("--model", required=True, help="model file")
    parser.add_argument("--size", type=int, default=448)
    parser.add_argument("--batch-size", type=int, default=4)
    parser.add_argument("--k", default="0.7")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--warm-up", type=int, default=1)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--freeze-bn", action="store_true", help="BatchNorm uses its running statistics")
    parser.add_argument("--train", choices=["all", "head"], default="all", help="head: the classifier alone learns")
    parser.add_argument("--inference", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    report(torch.__version__, make_step(args), args)


if __name__ == "__main__":
    main()
