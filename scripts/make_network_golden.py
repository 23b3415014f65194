#!/usr/bin/env python3
"""Writes tests/golden/nn/network-NAME.safetensors and narrow-NAME.safetensors: what PyTorch computes with the kinds of
blocks, for the tests of nn/.

Weights are seeded_values.network_parameter(name, shape), inputs seeded_values.images(seed, batch, size), so a file
holds results only: of a float64 run, rounded to float32, and as "distance/NAME" how far PyTorch's own float32 run is
from it (relative L2; where a golden tensor is all zeros, L2).

network-NAME: a network of its full size, ten classes, in evaluation mode: "logits/224" and "logits/97", of one image
each, seed 1. That scripts/reference_model.py computes what timm does is asserted first.

narrow-NAME: a small one of the same blocks (NARROW below), five classes, BATCHES batches of three images of 52x52.
"frozen/..." with BatchNorm in evaluation mode, "training/..." in training mode, of the batches whose seeds are in
"frozen/seeds" and "training/seeds" [BATCHES], each from the same weights: "logits" [BATCHES, 15]; "gradient/NAME" of all
parameters and "gradient/x" of the input [3, 52, 52, 3], where the loss is the sum of logits *
seeded_values.uniform("dlogits", seed, 15); "training/buffer/NAME": running statistics afterwards; all [BATCHES,
entries]. Of a tensor of more than 37 entries those at floor(j * size / 37), j = 0..36. "distance/..." is the root mean
square over the batches: what rounding does to one batch is chance, and of 1,400 tensors some would always be lucky.
Seeds are such that no ReLU or max-pool is near its turning point (make_golden.py). A gradient that is zero but for
rounding (of a shift that the next BatchNorm takes off) is stored as zeros. "distance-without-fma/..." is the same of a
PyTorch that is kept from fused multiply-adds: the yardstick where the processor has none.

--timm: compare the twins with timm's networks in both sizes, write nothing. Needs Python with torch and timm.
"""
import argparse
import copy
import json
import os
import subprocess
import sys

import numpy as np
import torch

import reference_timm
import safetensors_file
import seeded_values
from make_golden import HERE, load_weights, images, sample, watch_decisions
from reference_model import network

CLASSES, SIZES = 10, (224, 97)
NARROW_CLASSES, NARROW_BATCH, NARROW_SIZE, MARGIN, BATCHES = 5, 3, 52, 6, 4
MODES = {"frozen": False, "training": True}  # whether BatchNorm uses the statistics of the batch
ENTRIES = 37  # of a tensor; no divisor of widths: all entries from one channel might be zero


def resnet(block, widths, blocks, stem=64, deep=None, keys=None, **more):
    """deep: widths of a stem of three 3x3. keys: of the block. Widths are outputs of blocks."""
    stages = [{"blocks": n, "width": width, "stride": 1 if i == 0 else 2}
              for i, (n, width) in enumerate(zip(blocks, widths))]
    convolutions = [{"width": stem, "kernel": 7, "stride": 2}]
    if deep:
        convolutions = [{"width": width, "kernel": 3, "stride": 1 if i else 2} for i, width in enumerate(deep)]
    return {"stem": convolutions, "pool": {"kernel": 3, "stride": 2}, "block": {"kind": block, **(keys or {})},
            "stages": stages, "norm": {"kind": "batch"}, **more}


def res2net(widths, blocks, base, deep, switches):
    return resnet("res2net", widths, blocks, deep=deep, keys={"base-width": base, "scale": 4, **POOLED, **switches})


def mobilenet(stem, stages, head, **more):
    """stages: (kernel, stride, expansion, width, blocks)"""
    keys = ("kernel", "stride", "expansion", "width", "blocks")
    return {"stem": [{"width": stem, "kernel": 3, "stride": 2}], "block": "inverted",
            "stages": [dict(zip(keys, stage)) for stage in stages], "head": {"width": head}, "activation": "relu6",
            "norm": {"kind": "batch"}, **more}


LITE = {"padding": "same", "norm": {"kind": "batch", "epsilon": 1e-3}}
THIN = {"pool": {"kernel": 3, "stride": 2, "padding": "same"}, "keys": {"stride-in": "first"}}
POOLED = {"shortcut": "average-pool"}
TIMM_RES2NET = {"chain-in-first-block": "false", "pool-counts-padding": "true"}
PADDLE_RES2NET = {"chain-in-first-block": "true", "pool-counts-padding": "false"}
DEEP, NARROW_DEEP, NARROW_WIDTHS, NARROW_BLOCKS = (32, 32, 64), (4, 4, 8), (32, 64, 128), (2, 2, 1)
RESNET50 = ((256, 512, 1024, 2048), (3, 4, 6, 3))

# name: (network, timm's name of it or None)
NETWORKS = {
    "efficientnet-lite0": (mobilenet(32, [(3, 1, 1, 16, 1), (3, 2, 6, 24, 2), (5, 2, 6, 40, 2), (3, 2, 6, 80, 3),
                                          (5, 1, 6, 112, 3), (5, 2, 6, 192, 4), (3, 1, 6, 320, 1)], 1280, **LITE),
                           "tf_efficientnet_lite0"),
    "mobilenetv2": (mobilenet(32, [(3, 1, 1, 16, 1), (3, 2, 6, 24, 2), (3, 2, 6, 32, 3), (3, 2, 6, 64, 4),
                                   (3, 1, 6, 96, 3), (3, 2, 6, 160, 3), (3, 1, 6, 320, 1)], 1280), "mobilenetv2_100"),
    "resnet34": (resnet("basic", (64, 128, 256, 512), (3, 4, 6, 3)), "resnet34"),
    "resnet50": (resnet("bottleneck", *RESNET50), "resnet50"),
    "thin-resnet50": (resnet("bottleneck", (128, 256, 512, 1024), (3, 4, 6, 3), **THIN), None),
    "resnet50d": (resnet("bottleneck", *RESNET50, deep=DEEP, keys=POOLED), "resnet50d"),
    "res2net50d": (res2net(*RESNET50, 26, DEEP, TIMM_RES2NET), "res2net50d"),
    "res2net50-vd-26w-4s": (res2net(*RESNET50, 26, DEEP, PADDLE_RES2NET), None),
}
NARROW = {
    "efficientnet-lite": mobilenet(8, [(3, 1, 1, 8, 1), (3, 2, 6, 8, 2), (5, 2, 6, 16, 2), (5, 1, 4, 24, 1)], 64, **LITE),
    "mobilenetv2": mobilenet(8, [(3, 1, 1, 8, 1), (3, 2, 6, 8, 2), (3, 2, 6, 16, 2)], 64),
    "resnet34": resnet("basic", (8, 16, 32), (2, 1, 2), stem=8),
    "resnet50": resnet("bottleneck", NARROW_WIDTHS, NARROW_BLOCKS, stem=8),
    "thin-resnet50": resnet("bottleneck", NARROW_WIDTHS, NARROW_BLOCKS, stem=8, **THIN),
    "resnet50d": resnet("bottleneck", NARROW_WIDTHS, NARROW_BLOCKS, deep=NARROW_DEEP, keys=POOLED),
    "res2net50d": res2net(NARROW_WIDTHS, NARROW_BLOCKS, 32, NARROW_DEEP, TIMM_RES2NET),
    "res2net50-vd": res2net(NARROW_WIDTHS, NARROW_BLOCKS, 32, NARROW_DEEP, PADDLE_RES2NET),
}


def seeded(model):
    load_weights(model, seeded_values.network_parameter)
    return model


def logits_of(model, dtype):
    model = model.to(dtype).eval()
    with torch.no_grad():
        return {f"logits/{size}": model(images(1, 1, size).to(dtype)).double().numpy()[0] for size in SIZES}


def compare_with_timm(name, spec, timm_name):
    """The twin's names, shapes and logits are timm's."""
    ours, theirs = network(spec, CLASSES), reference_timm.create(timm_name, CLASSES)
    assert {k: v.shape for k, v in ours.state_dict().items()} == {k: v.shape for k, v in theirs.state_dict().items()}
    worst = 0
    for mine, other in zip(logits_of(seeded(ours), torch.float64).values(),
                           logits_of(seeded(theirs), torch.float64).values()):
        worst = max(worst, np.linalg.norm(mine - other) / np.linalg.norm(other))
    assert worst < 1e-12, (name, worst)
    print(f"{name}: logits are those of timm's {timm_name} to {worst:.1e}", flush=True)


def with_distances(batches, limit):
    """batches: of (exact, rounded), name -> float64 array each -> the file's tensors."""
    tensors, worst = {}, 0
    for key in batches[0][0]:
        values, squares = [], 0
        for exact, rounded in batches:
            value, other = sample(exact[key], limit), sample(rounded[key], limit)
            norm = np.linalg.norm(value)
            squares += (np.linalg.norm(other - value) / (norm or 1)) ** 2
            values.append(value)
        distance = np.sqrt(squares / len(batches))
        worst = max(worst, distance if norm else 0)
        tensors[key] = np.array(values if len(values) > 1 else values[0], np.float32)
        tensors[f"distance/{key}"] = np.array(distance, np.float32)
    return tensors, worst


def write(directory, name, tensors, worst):
    path = os.path.join(directory, f"{name}.safetensors")
    safetensors_file.write(path, tensors, {"made_by": "scripts/make_network_golden.py", "torch": torch.__version__})
    print(f"{name}: {os.path.getsize(path)} bytes, PyTorch's float32 is at most {worst:.1e} away", flush=True)


def make_network(name, directory):
    spec, _ = NETWORKS[name]
    model = seeded(network(spec, CLASSES))
    rounded, exact = logits_of(model, torch.float32), logits_of(model, torch.float64)
    write(directory, f"network-{name}", *with_distances([(exact, rounded)], None))


def margin_of(models, x, training):
    """make_golden.decision_margin in either mode; the running statistics stay."""
    seen = {}
    with torch.no_grad():
        for dtype, model in models.items():
            model, seen[dtype] = copy.deepcopy(model).train(training), []
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


def gradients(model, dtype, seed, training):
    """name -> float64 array of one mode."""
    model = copy.deepcopy(model).train(training)
    x = images(seed, NARROW_BATCH, NARROW_SIZE).to(dtype).requires_grad_()
    logits = model(x)
    dlogits = seeded_values.uniform("dlogits", seed, logits.numel()).reshape(logits.shape)
    logits.backward(torch.from_numpy(dlogits).to(dtype))
    out = {"logits": logits, "gradient/x": x.grad.permute(0, 2, 3, 1)}
    out.update({f"gradient/{name}": p.grad for name, p in model.named_parameters()})
    if training:
        out.update({f"buffer/{name}": b for name, b in model.named_buffers() if b.dim() > 0})
    return {name: tensor.detach().double().numpy() for name, tensor in out.items()}


def run_batch(models, mode, seed):
    """-> exact, rounded: "MODE/NAME" -> float64 array each."""
    exact, rounded = ({f"{mode}/{key}": value for key, value in gradients(models[d], d, seed, MODES[mode]).items()}
                      for d in (torch.float64, torch.float32))
    for key, value in exact.items():
        if np.abs(value).max() < 1e-10:
            exact[key] = np.zeros_like(value)
    return exact, rounded


def narrow_models(name):
    model = seeded(network(NARROW[name], NARROW_CLASSES))
    return {dtype: copy.deepcopy(model).to(dtype) for dtype in (torch.float64, torch.float32)}


def print_distances(name, seeds):
    """As JSON, of the batches with these seeds (mode -> list)."""
    models, out = narrow_models(name), {}
    for mode in MODES:
        tensors, _ = with_distances([run_batch(models, mode, seed) for seed in seeds[mode]], ENTRIES)
        out.update({key: float(value) for key, value in tensors.items() if key.startswith("distance/")})
    print(json.dumps(out))


def distances_without_fma(name, seeds):
    """Of another process: PyTorch looks at these variables when it is loaded."""
    environment = {**os.environ, "ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41",
                   "MKL_ENABLE_INSTRUCTIONS": "SSE4_2"}
    answer = subprocess.run([sys.executable, __file__, "--only", name, "--distances", json.dumps(seeds)],
                            env=environment, check=True, stdout=subprocess.PIPE)
    return {key.replace("distance/", "distance-without-fma/", 1): np.array(value, np.float32)
            for key, value in json.loads(answer.stdout.splitlines()[-1]).items()}


def make_narrow(name, directory):
    models = narrow_models(name)
    tensors, worst, seeds = {}, 0, {}
    for mode, training in MODES.items():
        seeds[mode], batches, seed = [], [], 0
        while len(seeds[mode]) < BATCHES:
            seed += 1
            if margin_of(models, images(seed, NARROW_BATCH, NARROW_SIZE), training) >= MARGIN:
                seeds[mode].append(seed)
                batches.append(run_batch(models, mode, seed))
        tensors[f"{mode}/seeds"] = np.array(seeds[mode], np.int64)
        of_mode, of_worst = with_distances(batches, ENTRIES)
        tensors.update(of_mode)
        worst = max(worst, of_worst)
    tensors.update(distances_without_fma(name, seeds))
    print(f"narrow-{name}: seeds {seeds}")
    write(directory, f"narrow-{name}", tensors, worst)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--out", default=os.path.join(HERE, "../tests/golden/nn"), help="folder to write to")
    parser.add_argument("--only", help="a network by its name")
    parser.add_argument("--timm", action="store_true", help="compare with timm only")
    parser.add_argument("--distances", type=json.loads, help=argparse.SUPPRESS)  # for distances_without_fma
    args = parser.parse_args()
    torch.set_num_threads(1)  # the same sums on every machine
    if args.distances:
        print_distances(args.only, args.distances)
        return
    for name, (spec, timm_name) in NETWORKS.items():
        if args.only in (None, name):
            if timm_name:
                compare_with_timm(name, spec, timm_name)
            if not args.timm:
                make_network(name, args.out)
    for name in NARROW:
        if args.only in (None, name) and not args.timm:
            make_narrow(name, args.out)


if __name__ == "__main__":
    main()
