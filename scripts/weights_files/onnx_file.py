"""The initialisers of an ONNX file, and which of its nodes they belong to: the few fields of
onnx.proto that say so, read from protobuf's wire format (a varint key of field number and wire type,
then a varint, 8 bytes, 4 bytes, or a length and bytes)."""

from .tensor import ITEM_BYTES, Storage, Tensor, WeightsError

MODEL_GRAPH = 7
GRAPH_NODE, GRAPH_INITIALIZER = 1, 5
NODE_INPUT, NODE_OUTPUT, NODE_NAME, NODE_OP_TYPE = 1, 2, 3, 4
TENSOR_DIMS, TENSOR_TYPE, TENSOR_FLOATS, TENSOR_NAME, TENSOR_RAW = 1, 2, 4, 8, 9
TENSOR_EXTERNAL = 13
TYPES = {1: "F32", 2: "U8", 3: "I8", 4: "U16", 5: "I16", 6: "I32", 7: "I64", 9: "BOOL", 10: "F16",
         11: "F64", 12: "U32", 13: "U64", 16: "BF16"}
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


def varint(data, at):
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise WeightsError("its protobuf is damaged or cut: a number does not end")
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def fields(data):
    """(number, value) of a message: a number, or a memoryview."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        wire = key & 7
        if wire == VARINT:
            value, at = varint(data, at)
        elif wire in (BYTES, FIXED64, FIXED32):
            size, at = varint(data, at) if wire == BYTES else (8 if wire == FIXED64 else 4, at)
            if size > len(data) - at:
                raise WeightsError(f"its protobuf is damaged or cut: {size} bytes are announced, "
                                   f"{len(data) - at} are there")
            value, at = data[at:at + size], at + size
        else:
            raise WeightsError(f"its protobuf is damaged: wire type {wire}")
        yield key >> 3, value


def text(value):
    if type(value) is int:
        raise WeightsError("its protobuf is damaged: a number where a text belongs")
    return str(value, "utf-8", "replace")


def numbers(value):
    """A repeated varint, packed or not."""
    if type(value) is int:
        return [value]
    out, at = [], 0
    while at < len(value):
        number, at = varint(value, at)
        out.append(number)
    return out


def initializer(data):
    dims, dtype, name, raw, floats, external = [], None, "", None, [], False
    for number, value in fields(data):
        if number == TENSOR_DIMS:
            dims += numbers(value)
        elif number == TENSOR_TYPE:
            dtype = TYPES.get(value)
        elif number == TENSOR_NAME:
            name = text(value)
        elif number == TENSOR_RAW:
            raw = value
        elif number == TENSOR_FLOATS:
            floats.append(value)
        elif number == TENSOR_EXTERNAL:
            external = True
    if external:
        raise WeightsError(f"tensor {name} is in a file beside it: save the model as one file")
    if raw is None and dtype == "F32":
        raw = memoryview(b"".join(floats))
    if raw is None or type(raw) is int or dtype is None:
        return name, None  # a type that no weights have, or data in a field of its own
    try:
        storage = Storage(dtype, len(raw) // ITEM_BYTES[dtype], lambda: raw)
        storage.bytes()
        return name, Tensor(storage, dims)
    except WeightsError as problem:
        raise WeightsError(f"tensor {name}: {problem}") from None


def node(data):
    inputs, outputs, name, op = [], [], "", ""
    for number, value in fields(data):
        if number == NODE_INPUT:
            inputs.append(text(value))
        elif number == NODE_OUTPUT:
            outputs.append(text(value))
        elif number == NODE_NAME:
            name = text(value)
        elif number == NODE_OP_TYPE:
            op = text(value)
    return op, name, inputs, outputs


def read(data):
    """-> name -> Tensor. Initialisers of convolutions with anonymous weights get the name of what
    the node computes: tf2onnx folds BatchNorm into them, and calls the output after it."""
    graph = next((value for number, value in fields(data) if number == MODEL_GRAPH), None)
    if graph is None or type(graph) is int:
        raise WeightsError("an ONNX file without a graph")
    tensors, nodes = {}, []
    for number, value in fields(graph):
        if number == GRAPH_INITIALIZER:
            name, tensor = initializer(value)
            if tensor is not None:
                tensors[name] = tensor
        elif number == GRAPH_NODE:
            nodes.append(node(value))
    if any(name.endswith("_weights_fused_bn") for name in tensors):
        return name_by_nodes(tensors, nodes)
    return tensors


def name_by_nodes(tensors, nodes):
    """'bn_stage0_block0_branch2a.weight' and '.bias' for a convolution whose output is
    'bn_stage0_block0_branch2a/FusedBatchNormV3:0'; 'fc.weight', transposed, for a MatMul 'fc/...'."""
    out = {}
    for op, name, inputs, outputs in nodes:
        held = [tensors[i] for i in inputs if i in tensors]
        if op == "Conv" and outputs and len(held) in (1, 2):
            label = outputs[0].split("/")[0]
            out.update(zip((label + ".weight", label + ".bias"), held))
        elif op == "MatMul" and len(held) == 1:
            out[name.split("/")[0] + ".weight"] = held[0].transposed()
        elif op == "Add" and len(held) == 1:
            out[name.split("/")[0] + ".bias"] = held[0]
    return out
