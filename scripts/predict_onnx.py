#!/usr/bin/env python3
"""predict_onnx.py MODEL.onnx IMAGE...: classifies images with what atk-export wrote, as an example of its use. Needs
Python with onnxruntime and Pillow."""
import sys

import numpy as np
import onnxruntime
from PIL import Image, ImageOps


def resized(image, about):
    """The image as the file's metadata wants it, [size, size, 3]."""
    size, kind = int(about["size"]), Image.Resampling[about["interpolation"].upper()]
    if about["exif"] == "apply":
        image = ImageOps.exif_transpose(image)
    image = image.convert("RGB")
    if about["resize"] == "letterbox":
        colour = tuple(round(255 * float(mean)) for mean in about["mean"].split())
        return ImageOps.pad(image, (size, size), kind, color=colour)
    if about["resize"] == "squash":
        return image.resize((size, size), kind)
    short = int(size / float(about["crop_fraction"]) + 1e-4)
    image = image.resize([int(short * side / min(image.size)) for side in image.size], kind)
    left, top = (round((side - size) / 2) for side in image.size)
    return image.crop((left, top, left + size, top + size))


def main(model, *paths):
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    about = session.get_modelmeta().custom_metadata_map
    dtype = np.uint8 if "uint8" in session.get_inputs()[0].type else np.float32
    for path in paths:
        image = np.asarray(resized(Image.open(path), about), dtype).transpose(2, 0, 1)
        (probability,), = session.run(["probabilities"], {"image": image[None]})
        best = probability.argmax()
        print(path, about["classes"].split("\n")[best], f"{probability[best]:.4f}", sep="\t")


if __name__ == "__main__":
    main(*sys.argv[1:]) if len(sys.argv) > 2 else sys.exit(__doc__)
