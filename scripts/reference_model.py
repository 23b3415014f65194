"""The networks of models/*.yaml and the average top-k loss in PyTorch.

The other half of every comparison with atk-train: same functions, same parameter names (torchvision's), same
initialisation, same rules for k. Written for clarity; PyTorch 1.13 and later.
"""
import math
import re

import torch
import torch.nn as nn
import torch.nn.functional as F


# ---- model files -------------------------------------------------------------------------------------------

def _flow_map(text):
    """'{width: 32, kernel: 7}' -> {'width': 32, 'kernel': 7}"""
    return {key: int(value) if value.isdigit() else value
            for key, value in re.findall(r"([\w-]+)\s*:\s*([\w.+-]+)", text)}


def read_spec(path):
    """A model file as a dict. Reads the YAML that models/ is written in: keys with a word, a {flow map} or a
    list of flow maps; checking a file is atk-train's business."""
    spec, section = {}, None
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            line = line.split("#")[0].strip()
            if not line:
                continue
            item = re.fullmatch(r"-\s*(\{.*\})", line)
            entry = re.fullmatch(r"([\w-]+)\s*:\s*(.*)", line)
            if item and section is not None:
                spec[section].append(_flow_map(item.group(1)))
            elif entry and entry.group(2) == "":
                section = entry.group(1)
                spec[section] = []
            elif entry:
                section, value = None, entry.group(2)
                spec[entry.group(1)] = _flow_map(value) if value.startswith("{") else value
            else:
                raise ValueError(f"{path}:{number}: this reader does not know {line!r}")
    return spec


# ---- network -----------------------------------------------------------------------------------------------

def padding(kernel):
    """Odd kernels keep the size at stride 1; even ones, the patches of a 4x4/4 stem, are not padded."""
    return (kernel - 1) // 2 if kernel % 2 else 0


def pad_same(x, kernel, stride, value=0.0):
    """TensorFlow's "same": output ceil(size / stride); the odd one of the rows and columns is at the bottom and right."""
    pads = []
    for size in (x.shape[3], x.shape[2]):
        total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads, value=value)


class SameConvolution(nn.Conv2d):
    def forward(self, x):
        return super().forward(pad_same(x, self.kernel_size[0], self.stride[0]))


class SameMaxPool(nn.MaxPool2d):
    def forward(self, x):
        return super().forward(pad_same(x, self.kernel_size, self.stride, -math.inf))


def convolution(spec, inputs, width, kernel, stride=1, groups=1):
    """spec: the network's, for its padding."""
    if spec.get("padding", "torch") == "same" and (stride > 1 or kernel % 2 == 0):
        return SameConvolution(inputs, width, kernel, stride, 0, groups=groups, bias=False)
    return nn.Conv2d(inputs, width, kernel, stride, padding(kernel), groups=groups, bias=False)


def norm_layer(spec, width):
    norm = spec["norm"]
    if norm["kind"] == "group":
        return nn.GroupNorm(norm["groups"], width)
    if norm["kind"] == "batch":
        return nn.BatchNorm2d(width, float(norm.get("epsilon", 1e-5)), float(norm.get("momentum", 0.1)))
    raise ValueError(f"norm kind {norm['kind']!r} is neither batch nor group")


def activation(spec):
    return {"relu": nn.ReLU, "relu6": nn.ReLU6}[spec.get("activation", "relu")]()


def max_pool(spec):
    if "pool" not in spec:
        return nn.Identity()
    pool = spec["pool"]
    pad = pool.get("padding", spec.get("padding", "torch"))
    if pad == "same":
        return SameMaxPool(pool["kernel"], pool["stride"])
    return nn.MaxPool2d(pool["kernel"], pool["stride"], padding(pool["kernel"]) if pad == "torch" else pad)


def shortcut_layers(spec, stage, inputs, stride):
    """Of a block whose input and output differ; None of others. "average-pool": ResNet-D's, where a pool takes the
    stride (timm: an identity at stride 1)."""
    width = stage["width"]
    if stride == 1 and inputs == width:
        return None
    if stage.get("shortcut") != "average-pool":
        return nn.Sequential(convolution(spec, inputs, width, 1, stride), norm_layer(spec, width))
    pool = nn.Identity()
    if stride != 1:
        pool = nn.AvgPool2d(2, stride, ceil_mode=True, count_include_pad=False)
    return nn.Sequential(pool, convolution(spec, inputs, width, 1), norm_layer(spec, width))


class BasicBlock(nn.Module):
    def __init__(self, spec, stage, inputs, stride):
        super().__init__()
        width = stage["width"]
        self.conv1 = convolution(spec, inputs, width, 3, stride)
        self.bn1 = norm_layer(spec, width)
        self.conv2 = convolution(spec, width, width, 3)
        self.bn2 = norm_layer(spec, width)
        self.relu = activation(spec)
        self.downsample = shortcut_layers(spec, stage, inputs, stride)
        self.last_norm = [self.bn2]

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        y = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(y)) + shortcut)


class BottleneckBlock(nn.Module):
    """1x1, 3x3, 1x1 around which the input is added. The 3x3 strides (torchvision, timm), or with "stride-in: first" the
    first 1x1 (He et al. 2016, as Caffe and TensorFlow have it)."""

    def __init__(self, spec, stage, inputs, stride):
        super().__init__()
        width, inner = stage["width"], stage["width"] // stage.get("reduction", 4)
        first = stage.get("stride-in") == "first"
        self.conv1 = convolution(spec, inputs, inner, 1, stride if first else 1)
        self.bn1 = norm_layer(spec, inner)
        self.conv2 = convolution(spec, inner, inner, 3, 1 if first else stride)
        self.bn2 = norm_layer(spec, inner)
        self.conv3 = convolution(spec, inner, width, 1)
        self.bn3 = norm_layer(spec, width)
        self.relu = activation(spec)
        self.downsample = shortcut_layers(spec, stage, inputs, stride)
        self.last_norm = [self.bn3]

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        return self.relu(self.bn3(self.conv3(y)) + shortcut)


class Res2NetBlock(nn.Module):
    """1x1 to "scale" groups of "base-width" channels (where the width is 256, else in proportion); a 3x3 for each group but the last, whose input is its
    group and, in a chain, the output before it; 1x1.

    At stride 2 there is no chain, and the last group goes through a 3x3 average pool. At stride 1 the last group passes.
    A first block at stride 1 (of the first stage) has a chain in Paddle's networks ("chain-in-first-block: true") and is
    like one at stride 2 in timm's; that average pool's padding is counted in timm's ("pool-counts-padding: true")."""

    def __init__(self, spec, stage, inputs, stride):
        super().__init__()
        width, scale = stage["width"], stage.get("scale", 4)
        self.slice = width * stage.get("base-width", 26) // 256
        inner = scale * self.slice
        self.conv1 = convolution(spec, inputs, inner, 1)
        self.bn1 = norm_layer(spec, inner)
        self.convs = nn.ModuleList(convolution(spec, self.slice, self.slice, 3, stride) for _ in range(scale - 1))
        self.bns = nn.ModuleList(norm_layer(spec, self.slice) for _ in range(scale - 1))
        self.conv3 = convolution(spec, inner, width, 1)
        self.bn3 = norm_layer(spec, width)
        self.relu = activation(spec)
        self.downsample = shortcut_layers(spec, stage, inputs, stride)
        self.has_chain = stride == 1
        if self.downsample is not None and stage["chain-in-first-block"] != "true":
            self.has_chain = False
        self.pool = nn.Identity()
        if not self.has_chain:
            self.pool = nn.AvgPool2d(3, stride, 1, count_include_pad=stage["pool-counts-padding"] == "true")
        self.last_norm = [self.bn3]

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        groups = self.relu(self.bn1(self.conv1(x))).split(self.slice, 1)
        outputs = []
        for group, conv, norm in zip(groups, self.convs, self.bns):
            chained = self.has_chain and outputs
            outputs.append(self.relu(norm(conv(group + outputs[-1] if chained else group))))
        outputs.append(self.pool(groups[-1]))
        return self.relu(self.bn3(self.conv3(torch.cat(outputs, 1))) + shortcut)


class InvertedBlock(nn.Module):
    """1x1 to "expansion" times the channels (left out where that is 1), depthwise, 1x1 without activation; the input is
    added where it has the output's shape. timm's names: InvertedResidual and DepthwiseSeparableConv."""

    def __init__(self, spec, stage, inputs, stride):
        super().__init__()
        width, expansion = stage["width"], stage.get("expansion", 6)
        inner = expansion * inputs
        depthwise = convolution(spec, inner, inner, stage.get("kernel", 3), stride, groups=inner)
        if expansion == 1:
            self.conv_dw, self.bn1 = depthwise, norm_layer(spec, inner)
            self.conv_pw, self.bn2 = convolution(spec, inner, width, 1), norm_layer(spec, width)
            self.last_norm = [self.bn2]
        else:
            self.conv_pw, self.bn1 = convolution(spec, inputs, inner, 1), norm_layer(spec, inner)
            self.conv_dw, self.bn2 = depthwise, norm_layer(spec, inner)
            self.conv_pwl, self.bn3 = convolution(spec, inner, width, 1), norm_layer(spec, width)
            self.last_norm = [self.bn3]
        self.relu = activation(spec)
        self.is_expanded = expansion != 1
        self.has_shortcut = stride == 1 and inputs == width

    def forward(self, x):
        if self.is_expanded:
            y = self.relu(self.bn1(self.conv_pw(x)))
            y = self.bn3(self.conv_pwl(self.relu(self.bn2(self.conv_dw(y)))))
        else:
            y = self.bn2(self.conv_pw(self.relu(self.bn1(self.conv_dw(x)))))
        return x + y if self.has_shortcut else y


BLOCKS = {"basic": BasicBlock, "bottleneck": BottleneckBlock, "res2net": Res2NetBlock, "inverted": InvertedBlock}


def block_kind(spec):
    """-> the kind, and its keys for all stages"""
    block = spec["block"]
    return (block, {}) if isinstance(block, str) else (block["kind"], block)


def stage_blocks(spec, stage, inputs):
    """The first block strides -> (nn.Sequential, channels behind it)"""
    kind, keys = block_kind(spec)
    blocks = []
    for j in range(stage["blocks"]):
        blocks.append(BLOCKS[kind](spec, {**keys, **stage}, inputs, stage["stride"] if j == 0 else 1))
        inputs = stage["width"]
    return nn.Sequential(*blocks), inputs


class ResNet(nn.Module):
    """spec: what read_spec returns, block basic, bottleneck or res2net. A stem of one convolution is conv1 and bn1 as in
    torchvision; of several, all but the last norm are inside conv1 (conv1.0, conv1.1, conv1.3, ...) as in timm's "d"
    models."""

    def __init__(self, spec, classes):
        super().__init__()
        layers, inputs = [], 3
        for conv in spec["stem"]:
            if layers:
                layers += [norm_layer(spec, inputs), activation(spec)]
            layers.append(convolution(spec, inputs, conv["width"], conv["kernel"], conv["stride"]))
            inputs = conv["width"]
        self.conv1 = layers[0] if len(layers) == 1 else nn.Sequential(*layers)
        self.bn1 = norm_layer(spec, inputs)
        self.relu = activation(spec)
        self.maxpool = max_pool(spec)
        self.n_stages = len(spec["stages"])
        for i, stage in enumerate(spec["stages"], 1):
            blocks, inputs = stage_blocks(spec, stage, inputs)
            self.add_module(f"layer{i}", blocks)
        self.fc = nn.Linear(inputs, classes)
        self.zero_init_residual = spec.get("zero-init-residual") == "true"

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        for i in range(1, self.n_stages + 1):
            x = getattr(self, f"layer{i}")(x)
        return self.fc(x.mean(dim=(2, 3)))


class MobileNet(nn.Module):
    """spec: what read_spec returns, block inverted: a stem of one convolution, stages, the head's 1x1 convolution.
    timm's names."""

    def __init__(self, spec, classes):
        super().__init__()
        (stem,) = spec["stem"]
        inputs = stem["width"]
        self.conv_stem = convolution(spec, 3, inputs, stem["kernel"], stem["stride"])
        self.bn1 = norm_layer(spec, inputs)
        stages = []
        for stage in spec["stages"]:
            blocks, inputs = stage_blocks(spec, stage, inputs)
            stages.append(blocks)
        self.blocks = nn.Sequential(*stages)
        width = spec["head"]["width"]
        self.conv_head = convolution(spec, inputs, width, 1)
        self.bn2 = norm_layer(spec, width)
        self.relu = activation(spec)
        self.classifier = nn.Linear(width, classes)
        self.zero_init_residual = spec.get("zero-init-residual") == "true"

    def forward(self, x):
        x = self.blocks(self.relu(self.bn1(self.conv_stem(x))))
        x = self.relu(self.bn2(self.conv_head(x)))
        return self.classifier(x.mean(dim=(2, 3)))


def network(spec, classes):
    return (MobileNet if block_kind(spec)[0] == "inverted" else ResNet)(spec, classes)


def initialise(model, generator):
    """The rule of nn/model.h: He's normal over fan_out, norms 1 and 0 (the last one of a block 0 where the network asks
    for that), the classifier as nn.Linear does it."""
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.Conv2d):
                fan_out = module.out_channels // module.groups * module.kernel_size[0] * module.kernel_size[1]
                module.weight.normal_(0, math.sqrt(2 / fan_out), generator=generator)
            elif isinstance(module, nn.Linear):
                bound = 1 / math.sqrt(module.in_features)
                module.weight.uniform_(-bound, bound, generator=generator)
                module.bias.uniform_(-bound, bound, generator=generator)
            elif isinstance(module, tuple(BLOCKS.values())) and model.zero_init_residual:
                module.last_norm[0].weight.zero_()


# ---- average top-k -----------------------------------------------------------------------------------------

def parse_k(text):
    """'10' is a count, '0.7' and '1.0' are fractions, '70%' is a percent: a function n -> k."""
    if re.fullmatch(r"[1-9][0-9]*", text):
        return lambda n: min(int(text), n)
    fraction = float(text[:-1]) / 100 if text.endswith("%") else float(text)
    if not 0 < fraction <= 1:
        raise ValueError(f"{text!r} is not a count >= 1, a fraction in (0, 1] or a percent in (0%, 100%]")
    return lambda n: max(1, math.floor(fraction * n + 1e-9))


def select(losses, k):
    """Indices of the k largest, ascending; at a tie the lower index wins."""
    order = torch.sort(losses.detach(), descending=True, stable=True).indices
    return torch.sort(order[:k]).values


def average_top_k(logits, labels, k):
    """-> (loss, individual losses, selected indices); k = n is the plain mean."""
    losses = F.cross_entropy(logits, labels, reduction="none")
    chosen = select(losses, k)
    return losses[chosen].mean(), losses, chosen
