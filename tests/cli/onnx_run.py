#!/usr/bin/env python3
"""An ONNX file, read and computed without ONNX: the second opinion of export.bats.

onnx_run.py MODEL.onnx                     what is in it, a line each
onnx_run.py MODEL.onnx IMAGES              probabilities, a line for each image, computed in float64
onnx_run.py MODEL.onnx IMAGES BATCH        the same, so many images at once

IMAGES is of build/resized-images. A field, an operator or an attribute that is not known here is an error, and so is a
node that reads what no node before it wrote. Needs Python with NumPy.
"""
import os
import struct
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))
import safetensors_file  # noqa: E402

# Fields of the messages of onnx.proto: number -> name and kind. A message's kind is its name, "*" says repeated.
MESSAGES = {
    "Model": {1: ("ir_version", "int"), 2: ("producer_name", "text"), 3: ("producer_version", "text"),
              7: ("graph", "Graph"), 8: ("opset_import", "*Opset"), 14: ("metadata", "*Entry")},
    "Opset": {1: ("domain", "text"), 2: ("version", "int")},
    "Entry": {1: ("key", "text"), 2: ("value", "text")},
    "Graph": {1: ("node", "*Node"), 2: ("name", "text"), 5: ("initializer", "*Tensor"), 11: ("input", "*Value"),
              12: ("output", "*Value")},
    "Node": {1: ("input", "*text"), 2: ("output", "*text"), 3: ("name", "text"), 4: ("op_type", "text"),
             5: ("attribute", "*Attribute")},
    "Attribute": {1: ("name", "text"), 2: ("f", "float"), 3: ("i", "int"), 8: ("ints", "*int"), 20: ("type", "int")},
    "Tensor": {1: ("dims", "*int"), 2: ("data_type", "int"), 8: ("name", "text"), 9: ("raw_data", "bytes")},
    "Value": {1: ("name", "text"), 2: ("type", "Type")},
    "Type": {1: ("tensor", "TensorType")},
    "TensorType": {1: ("elem_type", "int"), 2: ("shape", "Shape")},
    "Shape": {1: ("dim", "*Dimension")},
    "Dimension": {1: ("size", "int"), 2: ("name", "text")},
}
DTYPES = {1: np.dtype("<f4"), 2: np.dtype("u1"), 7: np.dtype("<i8")}
ATTRIBUTE_TYPES = {"f": 1, "i": 2, "ints": 7}


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            return value, at


def message(data, kind):
    """Protobuf's wire format: name -> value, or list of values of a repeated field."""
    fields = MESSAGES[kind]
    out = {name: [] for name, of in fields.values() if of[0] == "*"}
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        name, of = fields[key >> 3]
        wire = {"int": 0, "float": 5}.get(of.lstrip("*"), 2)
        assert key & 7 == wire, f"{kind}.{name}: wire type {key & 7}"
        if wire == 0:
            value, at = varint(data, at)
            value -= (value >> 63) << 64
        elif wire == 5:
            (value,), at = struct.unpack_from("<f", data, at), at + 4
        else:
            size, at = varint(data, at)
            assert at + size <= len(data), f"{kind}.{name} is cut short"
            value, at = data[at:at + size], at + size
            if of.endswith("text"):
                value = value.decode("utf-8")
            elif of != "bytes":
                value = message(value, of.lstrip("*"))
        if of[0] == "*":
            out[name].append(value)
        else:
            assert name not in out, f"{kind}.{name} comes twice"
            out[name] = value
    return out


def attributes(node):
    out = {}
    for a in node["attribute"]:
        given = [key for key in ATTRIBUTE_TYPES if a.get(key) not in (None, [])]
        assert len(given) == 1 and a["type"] == ATTRIBUTE_TYPES[given[0]], f"attribute {a}"
        out[a["name"]] = a[given[0]]
    return out


# ---- operators, on float64 ----

def windows(x, kernel_shape, strides, pads, fill):
    """[N, C, out, out, kernel, kernel]"""
    top, left, bottom, right = pads
    x = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=fill)
    return np.lib.stride_tricks.sliding_window_view(x, kernel_shape, (2, 3))[:, :, ::strides[0], ::strides[1]]


def conv(x, weight, bias=None, *, kernel_shape, strides, pads, group):
    assert list(weight.shape[2:]) == kernel_shape
    seen = windows(x, kernel_shape, strides, pads, 0)
    n, channels, height, width = seen.shape[:4]
    seen = seen.reshape(n, group, channels // group, height, width, *kernel_shape)
    weight = weight.reshape(group, -1, *weight.shape[1:])
    y = np.einsum("ngchwij,gocij->ngohw", seen, weight, optimize=True).reshape(n, -1, height, width)
    return y if bias is None else y + bias[:, None, None]


def average_pool(x, *, kernel_shape, strides, pads):
    total, n = (windows(values, kernel_shape, strides, pads, 0).sum((4, 5)) for values in (x, np.ones_like(x)))
    return total / n


def pad(x, *, pads):
    return np.pad(x, list(zip(pads[:4], pads[4:])))


def normal(x, mean, variance, weight, bias, epsilon):
    shape = (1, -1) + (1,) * (x.ndim - 2)
    return (x - mean) / np.sqrt(variance + epsilon) * weight.reshape(shape) + bias.reshape(shape)


def batch_norm(x, weight, bias, mean, variance, *, epsilon):
    return normal(x, mean[:, None, None], variance[:, None, None], weight, bias, epsilon)


def instance_norm(x, weight, bias, *, epsilon):
    axes = tuple(range(2, x.ndim))
    return normal(x, x.mean(axes, keepdims=True), x.var(axes, keepdims=True), weight, bias, epsilon)


def reshape(x, shape):
    return x.reshape([x.shape[i] if size == 0 else size for i, size in enumerate(shape.astype(int))])


def slice_(x, first, end, axis):
    return x.take(np.arange(int(first[0]), int(end[0])), int(axis[0]))


def gemm(x, weight, bias, *, transB):
    assert transB == 1
    return x @ weight.T + bias


def softmax(x, *, axis):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def cast(x, *, to):
    assert to == 1
    return x


OPERATORS = {
    "Add": np.add, "AveragePool": average_pool, "BatchNormalization": batch_norm, "Cast": cast,
    "Clip": lambda x, *, min, max: np.clip(x, min, max),
    "Concat": lambda *x, axis: np.concatenate(x, axis), "Conv": conv, "Div": np.divide,
    "Flatten": lambda x: x.reshape(len(x), -1), "Gemm": gemm,
    "GlobalAveragePool": lambda x: x.mean((2, 3), keepdims=True), "InstanceNormalization": instance_norm,
    "MaxPool": lambda x, *, kernel_shape, strides, pads: windows(x, kernel_shape, strides, pads, -np.inf).max((4, 5)),
    "Mul": np.multiply, "Pad": pad, "Relu": lambda x: np.maximum(x, 0), "Reshape": reshape,
    "Slice": slice_, "Softmax": softmax, "Sub": np.subtract,
}


def constants(graph):
    out = {}
    for t in graph["initializer"]:
        assert t["name"] not in out, f"two constants {t['name']}"
        out[t["name"]] = np.frombuffer(t["raw_data"], DTYPES[t["data_type"]]).reshape(t["dims"]).astype(np.float64)
    return out


def compute(graph, image):
    values = constants(graph)
    read = set()
    values["image"] = image.astype(np.float64)
    for node in graph["node"]:
        (output,) = node["output"]
        assert output not in values, f"{output} is written twice"
        read.update(node["input"])
        values[output] = OPERATORS[node["op_type"]](*[values[name] for name in node["input"]], **attributes(node))
    unread = set(values) - read - {"probabilities"}
    assert not unread, f"nothing reads {sorted(unread)}"
    return values["probabilities"]


def describe(model):
    graph = model["graph"]
    print("ir", model["ir_version"], "opset", *[opset["version"] for opset in model["opset_import"]])
    print("producer", model["producer_name"], model["producer_version"], "graph", graph["name"])
    for side in "input", "output":
        for value in graph[side]:
            tensor = value["type"]["tensor"]
            dims = [dim["name"] if "name" in dim else dim["size"] for dim in tensor["shape"]["dim"]]
            print(side, value["name"], DTYPES[tensor["elem_type"]], *dims)
    for tensor in graph["initializer"]:
        print("constant", tensor["name"], DTYPES[tensor["data_type"]], *tensor["dims"])
    for node in graph["node"]:
        print("node", node["op_type"], *node["input"], "->", *node["output"])
    for entry in model["metadata"]:
        print("metadata", entry["key"], repr(entry["value"]))


def main(path, images=None, batch=1):
    with open(path, "rb") as file:
        model = message(file.read(), "Model")
    if images is None:
        describe(model)
        return
    given = safetensors_file.read(images)["images"].transpose(0, 3, 1, 2)
    for at in range(0, len(given), int(batch)):
        for row in compute(model["graph"], given[at:at + int(batch)]):
            print(*[f"{p:.8f}" for p in row])


if __name__ == "__main__":
    main(*sys.argv[1:])
