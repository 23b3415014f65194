"""How images must be prepared for weights: it belongs to the weights file, not to the network.

torchvision's and timm's resnet50 have the same names and shapes and want different images. So what
is believed comes from, in this order: options; the metadata of a safetensors file that says it
already; timm's config.json beside the file; the project whose names or file name these are.
"""
import json
import math
import os
import re
from dataclasses import dataclass, fields, replace

from .tensor import WeightsError

RESIZES, INTERPOLATIONS = ("squash", "crop", "letterbox"), ("bilinear", "bicubic")
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Preprocessing:
    """In the words of atk-train's metadata; mean and std are of RGB values in 0..1."""
    mean: tuple = IMAGENET_MEAN
    std: tuple = IMAGENET_STD
    size: int = 224
    resize: str = "crop"
    crop_fraction: float = 0.875
    interpolation: str = "bilinear"

    def __post_init__(self):
        if len(self.mean) != 3 or len(self.std) != 3 or not all(
                map(math.isfinite, self.mean + self.std)) or min(self.std) <= 0:
            raise ValueError("mean and std")
        if not 1 <= self.size <= 65536 or not 0 < self.crop_fraction <= 1:
            raise ValueError("size and crop_fraction")
        if self.resize not in RESIZES or self.interpolation not in INTERPOLATIONS:
            raise ValueError("resize and interpolation")

    def metadata(self):
        return {"mean": numbers_text(self.mean), "std": numbers_text(self.std),
                "size": str(self.size), "resize": self.resize,
                "crop_fraction": f"{self.crop_fraction:.9g}", "interpolation": self.interpolation}

    def __str__(self):
        how = f"{self.resize} {self.crop_fraction:.4g}" if self.resize == "crop" else self.resize
        return (f"size {self.size}, resize {how}, {self.interpolation}, "
                f"mean {short_text(self.mean)}, std {short_text(self.std)}")


DEFAULTS = {
    # The shorter side to 256, the middle 224.
    "torchvision": Preprocessing(),
    # Its second weights of 2022: to 232, the middle 224.
    "torchvision-v2": Preprocessing(crop_fraction=224 / 232),
    # Most of timm's ResNets (recipes a1, ra2, ...): 95 %, bicubic.
    "timm": Preprocessing(crop_fraction=0.95, interpolation="bicubic"),
    "timm-mobilenetv2": Preprocessing(interpolation="bicubic"),
    "timm-efficientnet-lite0": Preprocessing((0.5,) * 3, (0.5,) * 3, interpolation="bicubic"),
    # TensorFlow's (x - 127) / 128 of 0..255.
    "efficientnet-package": Preprocessing((127 / 255,) * 3, (128 / 255,) * 3,
                                          interpolation="bicubic"),
    "paddle": Preprocessing(),
    # Caffe's means of 0..255, no division; the first convolution has been turned from BGR to RGB.
    "opennsfw": Preprocessing((123 / 255, 117 / 255, 104 / 255), (1 / 255,) * 3),
}

# Digits in torchvision's file names: which weights of theirs these are.
TORCHVISION_V1 = ("f37072fd", "5c106cde", "b627a593", "333f7ec4", "0676ba61", "19c8e357", "b0353104")
TORCHVISION_V2 = ("11ad3fa6", "7ebf99e0")


def numbers_text(values):
    return " ".join(f"{value:.9g}" for value in values)


def short_text(values):
    return " ".join(f"{value:.4g}" for value in values)


def of(path, source, is_mobilenet, metadata, options):
    """-> a key of DEFAULTS or 'config.json' or 'atk-train', and the Preprocessing. source: as
    names.recognise. options: name -> value or None."""
    project = options.get("source") or project_of(path, source, is_mobilenet)
    found, said_by = DEFAULTS[project], project
    if not options.get("source"):
        if "mean" in metadata and "std" in metadata and "size" in metadata:
            found, said_by = of_metadata(metadata), "atk-train"
        elif config := timm_config(path):
            found, said_by = of_timm(config), "config.json"
    given = {f.name: options[f.name] for f in fields(Preprocessing)
             if options.get(f.name) is not None}
    return said_by, replace(found, **given)


def project_of(path, source, is_mobilenet):
    """Of the names alone plain ResNets do not say: digits in the file's name, else torchvision."""
    digits = re.findall(r"-([0-9a-f]{8})\.", os.path.basename(path))
    if digits and digits[-1] in TORCHVISION_V2:
        return "torchvision-v2"
    if source == "torchvision-mobilenet" or source in ("resnet", None):
        return "torchvision"
    if source == "timm" and is_mobilenet is not None:
        return "timm-mobilenetv2" if is_mobilenet else "timm-efficientnet-lite0"
    return source


def of_metadata(metadata):
    """What an earlier conversion, or atk-train, has written. Files of before resize was known were
    squashed."""
    try:
        return Preprocessing(numbers(metadata["mean"]), numbers(metadata["std"]),
                             int(metadata["size"]), metadata.get("resize", "squash"),
                             float(metadata.get("crop_fraction", 0.875)),
                             metadata.get("interpolation", "bilinear"))
    except ValueError:
        raise WeightsError("its metadata holds a mean, std, size, resize, crop_fraction or "
                           "interpolation that is not one of atk-train") from None


def numbers(text):
    values = tuple(map(float, text.split()))
    if len(values) != 3:
        raise ValueError(text)
    return values


def timm_config(path):
    """pretrained_cfg of the config.json that timm's hub keeps beside its files, or None."""
    try:
        with open(os.path.join(os.path.dirname(path) or ".", "config.json"), "rb") as file:
            config = json.load(file)
    except (OSError, ValueError):
        return None
    config = config.get("pretrained_cfg") if isinstance(config, dict) else None
    return config if isinstance(config, dict) else None


def of_timm(config):
    """crop_mode 'center' is timm's default; 'border' and interpolations other than ours have none
    here, and the nearest is taken."""
    default = DEFAULTS["timm"]
    interpolation = config.get("interpolation", default.interpolation)
    try:
        return Preprocessing(tuple(map(float, config.get("mean", default.mean))),
                             tuple(map(float, config.get("std", default.std))),
                             int(config.get("input_size", (3, default.size, 0))[1]),
                             "squash" if config.get("crop_mode") == "squash" else "crop",
                             float(config.get("crop_pct", default.crop_fraction)),
                             interpolation if interpolation in INTERPOLATIONS else "bicubic")
    except (TypeError, ValueError, IndexError):
        raise WeightsError("config.json beside it: its pretrained_cfg is not timm's") from None
