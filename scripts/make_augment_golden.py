#!/usr/bin/env python3
"""Writes tests/golden/image/augment.safetensors: what PIL and colorsys make of a small image, for
tests/unit/image/test_resize_crop.c, test_rotate.c and tests/unit/data/test_augment_colour.c. Needs python3 with NumPy and
Pillow.

"picture" [20, 20, 3] bytes. "box" [5, 4] float64: left, top, right, bottom; "crop/SIDE" and "crop_bicubic/SIDE" [5, SIDE, SIDE, 3]
bytes are PIL's resize(box=...) with BILINEAR and with BICUBIC. "degrees" [6] and "rotated" [6, 20, 20, 3]: PIL's rotate with BILINEAR. "factor" [3]
and "brightness", "contrast", "saturation" [3, 20, 20, 3]: PIL's ImageEnhance, which cuts fractions off. "turns" [4]
and "hue" [4, 20, 20, 3] float32: grey levels through colorsys, the hexcone, not rounded.
"""
import colorsys
import os

import numpy as np
import PIL
from PIL import Image, ImageEnhance

import safetensors_file

HERE = os.path.dirname(os.path.abspath(__file__))
SIDE = 20
BOXES = [(0, 0, 20, 20), (3.25, 0, 20, 13.5), (6.6, 4.3, 13.1, 18.9), (0.4, 0.4, 19.7, 19.7), (12, 12, 18, 18)]
DEGREES = [0, 7.5, -30, 90, 180, 123.4]
FACTORS = [0.0, 0.6, 1.7]
TURNS = [0.05, -0.3, 0.5, -0.013]


def draw():
    """A slope, blocks of colour and noise; grey, black and white pixels among them."""
    random = np.random.default_rng(3)
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    slope = np.stack([6 * x, 6 * y, 120 - 3 * x + y], axis=2)
    blocks = np.kron(random.integers(0, 100, (4, 4, 3)), np.ones((5, 5, 1), int))
    image = np.clip(slope + blocks + random.integers(-20, 20, (SIDE, SIDE, 3)), 0, 255)
    image[5] = image[5, :, :1]
    image[9, :6], image[9, 6:12] = 0, 255
    return image.astype(np.uint8)


def turn_hue(image, turns):
    out = np.empty(image.shape, np.float32)
    for place in np.ndindex(SIDE, SIDE):
        h, s, v = colorsys.rgb_to_hsv(*(image[place] / 255))
        out[place] = 255 * np.array(colorsys.hsv_to_rgb((h + turns) % 1, s, v))
    return out


def main():
    image = draw()
    image = Image.fromarray(image)
    out = {"picture": image, "box": np.array(BOXES, np.float64), "degrees": np.array(DEGREES, np.float64),
           "factor": np.array(FACTORS, np.float64), "turns": np.array(TURNS, np.float64)}
    for side in (8, 20, 28):
        for name, resample in (("crop", Image.BILINEAR), ("crop_bicubic", Image.BICUBIC)):
            out[f"{name}/{side}"] = np.stack([image.resize((side, side), resample, box=box) for box in BOXES])
    out["rotated"] = np.stack([image.rotate(angle, Image.BILINEAR) for angle in DEGREES])
    for name, enhance in (("brightness", ImageEnhance.Brightness), ("contrast", ImageEnhance.Contrast),
                          ("saturation", ImageEnhance.Color)):
        out[name] = np.stack([enhance(image).enhance(factor) for factor in FACTORS])
    out["hue"] = np.stack([turn_hue(image, turns) for turns in TURNS])
    safetensors_file.write(os.path.join(HERE, "../tests/golden/image/augment.safetensors"), out,
                           {"made_by": "scripts/make_augment_golden.py", "pillow": PIL.__version__})


if __name__ == "__main__":
    main()
