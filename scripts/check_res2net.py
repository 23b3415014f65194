#!/usr/bin/env python3
"""Writes weights of Res2Net50_vd_26w_4s as Paddle saves them, of timm's res2net50d and resnet50d as PyTorch does, and
what these networks make of an image, to compare atk-train with. By hand: Paddle is not in the tests.

check_res2net.py FOLDER    res2net50-vd-26w-4s.pdparams, res2net50d.pth, resnet50d.pth; for each, and each of three
                           sizes, NAME-SIZE.safetensors: "x" [1, SIZE, SIZE, 3], "logits" and "probabilities" [1, 10] of
                           a float64 run

Then, for each of them:

    scripts/convert-weights FOLDER/NAME.pdparams FOLDER/NAME.safetensors --model NAME
    build/run-network models/NAME.yaml FOLDER/NAME.safetensors FOLDER/NAME-SIZE.safetensors 10

check_res2net.py FOLDER --paddle FILE    FILE, of convert-weights --to-paddle, is loaded by Paddle, set as the network's
                                         state, and holds the bits that Paddle saved.

check_res2net.py --untrained FILE    FILE, a .pdparams: Paddle's own initial weights for 1,000 classes, with running
                                     statistics of eight batches of noise. get-weights res2net50-vd-26w-4s --from FILE
                                     makes recipe reference run where the real weights cannot be had.

Weights of the first are seeded_values.network_parameter of our names: running statistics are not those of a new network. Needs
Python with torch, timm and paddlepaddle.
"""
import argparse
import os

import numpy as np
import paddle
import torch

import reference_timm
import safetensors_file
import seeded_values
from make_golden import load_weights
from reference_paddle import Res2Net
from weights_files import names

CLASSES, SIZES, PADDLE = 10, (448, 224, 97), "res2net50-vd-26w-4s"


def write_logits(folder, name, size, logits):
    x = seeded_values.images(1, 1, size)
    p = np.exp(logits - logits.max())
    safetensors_file.write(os.path.join(folder, f"{name}-{size}.safetensors"),
                           {"x": x, "logits": logits[None], "probabilities": (p / p.sum())[None]}, {})
    print(f"{name} at {size}: logits are {np.linalg.norm(logits):.3g} long", flush=True)


def images(size):
    return np.ascontiguousarray(seeded_values.images(1, 1, size).transpose(0, 3, 1, 2)).astype(np.float64)


def make_paddle(folder):
    paddle.set_default_dtype("float64")
    model = Res2Net(CLASSES)
    state = model.state_dict()
    for theirs, tensor in state.items():
        ours, transposed = names.from_paddle(theirs, {})
        shape = tuple(tensor.shape)
        values = seeded_values.network_parameter(ours, shape[::-1] if transposed else shape)
        tensor.set_value((values.T if transposed else values).astype(np.float64))
    paddle.save({name: tensor.astype("float32") for name, tensor in state.items()},
                os.path.join(folder, f"{PADDLE}.pdparams"))
    model.eval()
    with paddle.no_grad():
        for size in SIZES:
            write_logits(folder, PADDLE, size, model(paddle.to_tensor(images(size))).numpy()[0])
    print(f"{PADDLE}: {len(state)} tensors")


@torch.no_grad()
def make_timm(folder, name):
    model = reference_timm.create(name, CLASSES)
    load_weights(model, seeded_values.network_parameter)
    torch.save(model.state_dict(), os.path.join(folder, f"{name}.pth"))
    model = model.double().eval()
    for size in SIZES:
        write_logits(folder, name, size, model(torch.from_numpy(images(size))).numpy()[0])


def check_return(folder, path):
    saved, back = paddle.load(os.path.join(folder, f"{PADDLE}.pdparams")), paddle.load(path)
    model = Res2Net(CLASSES)
    missing, unexpected = model.set_state_dict(back)
    assert not missing and not unexpected, (missing, unexpected)
    assert set(saved) == set(back)
    for name, tensor in saved.items():
        assert np.array_equal(tensor.numpy(), back[name].numpy()), name
        assert np.array_equal(tensor.numpy(), model.state_dict()[name].numpy()), name
    print(f"{path}: {len(back)} tensors, as Paddle saved them")


def make_untrained(path):
    paddle.seed(0)
    model = Res2Net(1000)
    with paddle.no_grad():
        for _ in range(8):
            model(paddle.randn((2, 3, 64, 64)))
    paddle.save(model.state_dict(), path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--paddle", metavar="FILE")
    parser.add_argument("--untrained", metavar="FILE")
    args = parser.parse_args()
    if args.untrained:
        make_untrained(args.untrained)
        return
    if args.paddle:
        check_return(args.folder, args.paddle)
        return
    os.makedirs(args.folder, exist_ok=True)
    make_paddle(args.folder)
    for name in ("res2net50d", "resnet50d"):
        make_timm(args.folder, name)


if __name__ == "__main__":
    main()
