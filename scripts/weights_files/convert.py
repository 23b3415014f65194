"""A weights file of another project to one of atk-train, and back to Paddle."""
import math
import os
from typing import NamedTuple

from . import architectures, names, paddle_file, preprocessing, safetensors, weights_file
from .tensor import FLOATS, WeightsError, all_finite, f32_tensor, shape_text

NAMES_IN_MESSAGE = 3
LOOKS_ALIKE = 0.5  # of the tensors agree: worth a guess


class Fitting(NamedTuple):
    """Tensors under the model's names, in its order, their shapes checked."""
    tensors: dict
    architecture: architectures.Architecture
    source: str  # as names.recognise
    metadata: dict
    folded: bool  # norms that only hold what was folded into convolutions
    n_classes: int


def model_name(model):
    return os.path.basename(model)[:-len(".yaml")] if model.endswith(".yaml") else model


def load(path, model):
    """Reads and checks. model: a key of architectures.KNOWN, or the path of a model file: its
    structure is then taken from the tensors, and atk-train compares it with the model file."""
    tensors, metadata = weights_file.read(path)
    try:
        source = names.recognise(tensors)
        tensors = names.rename(source, tensors)
        shapes = {name: tensor.shape for name, tensor in tensors.items()}
        architecture = architectures.KNOWN.get(model) or architectures.infer(shapes)
        if architecture is None:
            raise WeightsError("its tensors are neither of a ResNet nor of a network of inverted "
                               f"bottlenecks (the first: {', '.join(list(tensors)[:3])})")
        folded = unfold(tensors, architecture)
        n_classes = classes_of(tensors, architecture)
        compare(tensors, architecture, n_classes, model)
    except WeightsError as problem:
        raise WeightsError(f"{path}: {problem}") from None
    wanted = architecture.tensors(n_classes)
    ordered = {n: tensors[n] for n in (*wanted, *sorted(architecture.counters())) if n in tensors}
    return Fitting(ordered, architecture, source, metadata,
                   folded or has_plain_statistics(ordered, architecture), n_classes)


# ---- BatchNorm that is folded into the convolutions ----

def unfold(tensors, architecture):
    """A convolution with a bias and without a norm gets one that adds the bias alone: statistics 0
    and 1, and the weight that cancels epsilon. -> whether there was one."""
    found = False
    for layer in architecture.layers:
        bias = tensors.get(layer.conv + ".bias")
        if bias is None or bias.shape != layer.shape[:1] or any(f"{layer.norm}.{part}" in tensors
                               for part in architectures.NORM_TENSORS):
            continue
        found = True
        n = layer.shape[0]
        constant = {"weight": math.sqrt(1 + architecture.epsilon), "running_mean": 0.0,
                    "running_var": 1.0}
        tensors[layer.norm + ".bias"] = tensors.pop(layer.conv + ".bias")
        for part, value in constant.items():
            tensors[f"{layer.norm}.{part}"] = f32_tensor([value] * n, (n,))
    return found


def has_plain_statistics(tensors, architecture):
    """Whether every running mean is 0 and every running variance 1."""
    def all_are(name, value):
        data = tensors[name].f32().cast("f")
        return data.count(value) == len(data) if hasattr(data, "count") else all(
            v == value for v in data)

    return all(all_are(layer.norm + ".running_mean", 0.0) and
               all_are(layer.norm + ".running_var", 1.0) for layer in architecture.layers)


# ---- comparison with the model ----

def classes_of(tensors, architecture):
    weight = tensors.get(architecture.classifier + ".weight")
    return weight.shape[0] if weight is not None and weight.shape else 0


def compare(tensors, architecture, n_classes, model):
    wanted, counters = architecture.tensors(n_classes), architecture.counters()
    other = [f"tensor {name}: shape {shape_text(tensors[name].shape)} but the model wants "
             f"{shape_text(shape)}" for name, shape in wanted.items()
             if name in tensors and tensors[name].shape != shape]
    missing = [name for name in wanted if name not in tensors]
    left_over = [name for name in tensors if name not in wanted and name not in counters]
    if other or missing or left_over:
        parts = other[:1] + ([f"{len(other) - 1} more of another shape"] if other[1:] else [])
        parts += listed(missing, "missing") + listed(left_over, "left over")
        raise WeightsError(f"does not fit {model_name(model)}: {'; '.join(parts)}{guess(tensors, model)}")
    for name, tensor in tensors.items():
        if name in counters and (tensor.dtype != "I64" or math.prod(tensor.shape) != 1):
            raise WeightsError(f"tensor {name}: not one I64")
        if name not in counters and tensor.dtype not in FLOATS:
            raise WeightsError(f"tensor {name}: its type {tensor.dtype} is not one of floats")


def listed(found, what):
    if not found:
        return []
    dots = ", ..." if len(found) > NAMES_IN_MESSAGE else ""
    return [f"{len(found)} {what} ({', '.join(found[:NAMES_IN_MESSAGE])}{dots})"]


def guess(tensors, model):
    tensors = dict(tensors)
    own = architectures.infer({n: t.shape for n, t in tensors.items()})
    if own:
        unfold(tensors, own)
    name, share = architectures.resembles({n: t.shape for n, t in tensors.items()})
    return f"; these look like {name}" if share >= LOOKS_ALIKE and name != model else ""


# ---- writing ----

def finite_f32(tensor, name):
    data = tensor.f32()
    if not all_finite(data):
        raise WeightsError(f"tensor {name}: holds a NaN or an infinity")
    return data


def read_classes(path, n_classes):
    try:
        with open(path, encoding="utf-8") as file:
            found = file.read().splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        raise WeightsError(f"{path}: {getattr(problem, 'strerror', None) or problem}") from None
    if len(found) != n_classes or not all(found) or len(set(found)) != len(found):
        raise WeightsError(f"{path}: {n_classes} different names, one a line, are expected, for the "
                           f"classifier's {n_classes} classes; there are {len(found)} lines")
    return "\n".join(found)


def metadata_of(fitting, path, model, options):
    is_mobilenet = None
    if "conv_stem.weight" in fitting.tensors:
        share = architectures.resembles({n: t.shape for n, t in fitting.tensors.items()})
        is_mobilenet = (model if model in architectures.KNOWN else share[0]) == "mobilenetv2"
    said_by, images = preprocessing.of(path, fitting.source, is_mobilenet, fitting.metadata, options)
    metadata = {"format": "pt", "architecture": model_name(model), "source": said_by,
                "source_file": os.path.basename(path), "source_sha256": weights_file.sha256(path),
                "num_classes": str(fitting.n_classes), **images.metadata()}
    if fitting.folded:
        metadata["batch_norm"] = "folded"
    if options.get("classes"):
        metadata["classes"] = read_classes(options["classes"], fitting.n_classes)
    elif "classes" in fitting.metadata:
        metadata["classes"] = fitting.metadata["classes"]
    return metadata, said_by, images


def to_safetensors(path, out, model, options):
    """-> lines that say what was written."""
    fitting = load(path, model)
    metadata, said_by, images = metadata_of(fitting, path, model, options)
    counters = fitting.architecture.counters()
    entries = {}
    for name, tensor in fitting.tensors.items():
        if name in counters:
            entries[name] = ("I64", (), tensor.bytes)
        else:
            entries[name] = ("F32", tensor.shape,
                             lambda tensor=tensor, name=name: finite_f32(tensor, name))
    try:
        safetensors.write(out, entries, metadata)
    except WeightsError as problem:
        raise WeightsError(f"{path}: {problem}") from None
    return summary(fitting, out, model, said_by, images)


def summary(fitting, out, model, said_by, images):
    wanted = fitting.architecture.tensors(fitting.n_classes)
    parameters = sum(math.prod(shape) for name, shape in wanted.items() if "running_" not in name)
    lines = [f"{out}: {model_name(model)}, {len(fitting.tensors)} tensors, {parameters:,} parameters, "
             f"{fitting.n_classes} classes",
             f"images as in {said_by}: {images}"]
    other = {("res2net50-vd-26w-4s", "timm"): "res2net50d",
             ("res2net50d", "paddle"): "res2net50-vd-26w-4s"}.get((model, fitting.source))
    if other and not {"architecture", "model"} & set(fitting.metadata):
        lines.append(f"warning: these names are those of {other}, which has the same tensors as {model} "
                     f"and computes another function of them: --model {other} is meant, most likely")
    if fitting.folded:
        lines.append("warning: every running mean is 0 and every variance 1: BatchNorm is folded into "
                     "the convolutions; atk-train measures its statistics unless it is frozen (metadata: batch_norm=folded)")
    return lines


def to_paddle(path, out, model, protocol):
    """-> lines that say what was written."""
    fitting = load(path, model)
    try:
        theirs = names.to_paddle(fitting.architecture)
        tensors = {theirs[name]: tensor.transposed() if name == "fc.weight" else tensor
                   for name, tensor in fitting.tensors.items() if name in theirs}
        for name, tensor in tensors.items():
            finite_f32(tensor, name)
    except WeightsError as problem:
        raise WeightsError(f"{path}: {problem}") from None
    with safetensors.atomic_writer(out) as file:
        paddle_file.write(file, tensors, protocol)
    return [f"{out}: {len(tensors)} tensors under Paddle's names, pickle protocol {protocol}"]
