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
            for key, value in re.findall(r"(\w+)\s*:\s*([\w.-]+)", text)}


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


def convolution(inputs, width, kernel, stride):
    return nn.Conv2d(inputs, width, kernel, stride, padding(kernel), bias=False)


def norm_layer(norm, width):
    if norm["kind"] == "group":
        return nn.GroupNorm(norm["groups"], width)
    if norm["kind"] == "batch":
        return nn.BatchNorm2d(width)
    raise ValueError(f"norm kind {norm['kind']!r} is neither batch nor group")


class BasicBlock(nn.Module):
    def __init__(self, inputs, width, stride, norm):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 3, stride, 1, bias=False)
        self.bn1 = norm_layer(norm, width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = norm_layer(norm, width)
        self.relu = nn.ReLU()
        self.downsample = None
        if stride != 1 or inputs != width:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, width, 1, stride, bias=False), norm_layer(norm, width))

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        y = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(y)) + shortcut)


class ResNet(nn.Module):
    """spec: what read_spec returns. A stem of one convolution is conv1 and bn1 as in torchvision; of several, all but
    the last norm are inside conv1 (conv1.0, conv1.1, conv1.3, ...) as in timm's "d" models."""

    def __init__(self, spec, classes):
        super().__init__()
        if spec["block"] != "basic":
            raise ValueError(f"block {spec['block']!r} is not basic")
        norm, layers, inputs = spec["norm"], [], 3
        for conv in spec["stem"]:
            if layers:
                layers += [norm_layer(norm, inputs), nn.ReLU()]
            layers.append(convolution(inputs, conv["width"], conv["kernel"], conv["stride"]))
            inputs = conv["width"]
        self.conv1 = layers[0] if len(layers) == 1 else nn.Sequential(*layers)
        self.bn1 = norm_layer(norm, inputs)
        self.relu = nn.ReLU()
        self.maxpool = nn.Identity()
        if "pool" in spec:
            kernel = spec["pool"]["kernel"]
            self.maxpool = nn.MaxPool2d(kernel, spec["pool"]["stride"], padding(kernel))
        self.n_stages = len(spec["stages"])
        for i, stage in enumerate(spec["stages"], 1):
            blocks = []
            for j in range(stage["blocks"]):
                blocks.append(BasicBlock(inputs, stage["width"], stage["stride"] if j == 0 else 1, norm))
                inputs = stage["width"]
            self.add_module(f"layer{i}", nn.Sequential(*blocks))
        self.fc = nn.Linear(inputs, classes)
        self.zero_init_residual = spec.get("zero-init-residual") == "true"

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        for i in range(1, self.n_stages + 1):
            x = getattr(self, f"layer{i}")(x)
        return self.fc(x.mean(dim=(2, 3)))


def initialise(model, generator):
    """The rule of nn/model.h: He's normal over fan_out, norms 1 and 0 (the last one of a block 0 where the network asks
    for that), the classifier as nn.Linear does it."""
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.Conv2d):
                fan_out = module.out_channels * module.kernel_size[0] * module.kernel_size[1]
                module.weight.normal_(0, math.sqrt(2 / fan_out), generator=generator)
            elif isinstance(module, nn.Linear):
                bound = 1 / math.sqrt(module.in_features)
                module.weight.uniform_(-bound, bound, generator=generator)
                module.bias.uniform_(-bound, bound, generator=generator)
            elif isinstance(module, BasicBlock) and model.zero_init_residual:
                module.bn2.weight.zero_()


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
