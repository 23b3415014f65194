#!/usr/bin/env python3
"""The steps of benchmark_torch.py in Paddle, of Res2Net50_vd_26w_4s alone: same options, same output. The reference
script's step: top k of the losses by paddle.topk, Adam."""
import argparse
import os

import paddle
from paddle.nn import functional

from reference_paddle import Res2Net
from step_timer import report

CLASSES, MODEL = 1000, "res2net50-vd-26w-4s"


def make_step(args):
    """A function without arguments: one training step, or one forward pass."""
    paddle.seed(0)
    x = paddle.rand((args.batch_size, 3, args.size, args.size))
    labels = paddle.randint(0, CLASSES, (args.batch_size, 1))
    model = Res2Net(CLASSES)
    if args.inference:
        model.eval()
        return paddle.no_grad()(lambda: model(x))
    optimiser = paddle.optimizer.Adam(1e-3, parameters=model.parameters())
    k = max(1, int(args.k * args.batch_size + 1e-9))

    def step():
        losses = functional.cross_entropy(model(x), labels, reduction="none").flatten()
        loss = paddle.topk(losses, k)[0].mean()
        loss.backward()
        optimiser.step()
        optimiser.clear_grad()
        return float(loss)
    return step


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help=f"model file: {MODEL}.yaml")
    parser.add_argument("--size", type=int, default=448)
    parser.add_argument("--batch-size", type=int, default=4)
    parser.add_argument("--k", type=float, default=0.7, help="a fraction")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--warm-up", type=int, default=1)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--inference", action="store_true")
    args = parser.parse_args()
    if os.path.basename(args.model) != f"{MODEL}.yaml":
        parser.error(f"--model: only {MODEL}.yaml")
    paddle.set_device("cpu")
    paddle.base.core.set_num_threads(args.threads)
    report(paddle.__version__, make_step(args), args)


main()
