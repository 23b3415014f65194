#!/usr/bin/env python3
"""Makes tests/golden/image/: small JPEG and PNG files with the pixels that PIL finds in them, and
sampled pixels of PIL's antialiased BILINEAR and BICUBIC resize, of torchvision's Resize and
CenterCrop (by its rule, from PIL's resize) and of PIL's ImageOps.pad. Needs python3 with numpy and Pillow, which
building and testing do not.

    scripts/make_image_golden.py [FOLDER]

PNG is written here chunk by chunk, since PIL cannot write all colour types, depths and interlacing.
"""
import io
import os
import struct
import sys
import zlib

import numpy as np
from PIL import Image, ImageOps

FOLDER = sys.argv[1] if len(sys.argv) > 1 else "tests/golden/image"
WIDTH, HEIGHT = 21, 13
GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
# What has to be done to the upright image so that the EXIF orientation of the key undoes it.
UNDONE_BY = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def save(name, data):
    with open(os.path.join(FOLDER, name), "wb") as file:
        file.write(data)


def save_pixels(name, rgb):
    """The reference: a PPM, which a test reads without any decoder."""
    height, width, _ = rgb.shape
    save(name, b"P6\n%d %d\n255\n" % (width, height) + rgb.astype(np.uint8).tobytes())


def exif_block(orientation, byte_order):
    """A TIFF header and one directory that holds nothing but the orientation."""
    mark = b"II*\0" if byte_order == "<" else b"MM\0*"
    return mark + struct.pack(byte_order + "IHHHIHHI", 8, 1, 0x112, 3, 1, orientation, 0, 0)


def png_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_rows(samples, depth):
    """Filter byte 0 and the packed samples of each row; samples is [height, width, channels]."""
    out = b""
    for row in samples.reshape(samples.shape[0], -1):
        if depth == 16:
            packed = row.astype(">u2").tobytes()
        elif depth == 8:
            packed = row.astype(np.uint8).tobytes()
        else:
            bits = "".join(format(value, "0%db" % depth) for value in row)
            bits += "0" * (-len(bits) % 8)
            packed = bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))
        out += b"\0" + packed
    return out


def png(samples, colour, depth, interlaced=False, before=b"", after=b""):
    height, width = samples.shape[:2]
    if samples.ndim == 2:
        samples = samples[:, :, None]
    parts = [samples[y::dy, x::dx] for x, y, dx, dy in ADAM7] if interlaced else [samples]
    pixels = b"".join(png_rows(part, depth) for part in parts if part.size)
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + before
        + png_chunk(b"IDAT", zlib.compress(pixels, 9))
        + after
        + png_chunk(b"IEND", b"")
    )


def make_png(image, noise):
    grey = image[:, :, 1]
    alpha = noise[:, :, 0]
    colours = noise.reshape(-1, 3)[:16]
    index = (grey // 16).astype(np.uint8)
    palette = png_chunk(b"PLTE", colours.tobytes())
    clear = png_chunk(b"tRNS", bytes(range(0, 160, 10)))

    save_pixels("picture.ppm", image)
    save("rgb8.png", png(image, RGB, 8))
    save("rgb8_interlaced.png", png(image, RGB, 8, interlaced=True))
    save("rgb16.png", png(image.astype(np.uint16) * 256 + noise, RGB, 16))
    save("rgba8.png", png(np.dstack([image, alpha]), RGBA, 8))
    save_pixels("grey8.ppm", np.dstack([grey] * 3))
    save("grey8.png", png(grey, GREY, 8))
    save("grey16.png", png(grey.astype(np.uint16) * 256 + alpha, GREY, 16))
    save("grey_alpha8.png", png(np.dstack([grey, alpha]), GREY_ALPHA, 8))
    save_pixels("grey1.ppm", np.dstack([(grey // 128) * 255] * 3))
    save("grey1.png", png(grey // 128, GREY, 1))
    save_pixels("palette4.ppm", colours[index])
    save("palette4.png", png(index, PALETTE, 4, before=palette + clear))
    save("palette4_interlaced.png", png(index, PALETTE, 4, interlaced=True, before=palette))

    turned = np.asarray(Image.fromarray(image).transpose(UNDONE_BY[6]))
    exif = exif_block(6, ">")
    profile = b"Exif\0\0" + exif
    raw = b"Raw profile type exif\0\nexif\n%8d\n%s\n" % (len(profile), profile.hex().encode())
    xmp = b'XML:com.adobe.xmp\0\0\0\0\0<rdf:Description tiff:Orientation="6"/>'
    save("exif_6.png", png(turned, RGB, 8, before=png_chunk(b"eXIf", exif)))
    save("exif_6_late.png", png(turned, RGB, 8, after=png_chunk(b"eXIf", exif)))
    save("exif_6_raw_profile.png", png(turned, RGB, 8, before=png_chunk(b"tEXt", raw)))
    save("exif_6_xmp.png", png(turned, RGB, 8, before=png_chunk(b"iTXt", xmp)))


def jpeg(image, **options):
    out = io.BytesIO()
    image.save(out, "JPEG", **{"quality": 95, "subsampling": 0, **options})
    return out.getvalue()


def make_jpeg(image):
    upright = Image.fromarray(image)
    files = {
        "rgb444": jpeg(upright),
        "rgb420": jpeg(upright, subsampling=2),
        "rgb422_progressive": jpeg(upright, subsampling=1, progressive=True),
        "grey": jpeg(upright.convert("L")),
        "cmyk": jpeg(upright.convert("CMYK")),
    }
    for name, data in files.items():
        save(name + ".jpg", data)
        save_pixels(name + "_jpg.ppm", np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))
    for orientation in range(1, 9):
        turn = UNDONE_BY.get(orientation)
        exif = b"Exif\0\0" + exif_block(orientation, "<" if orientation % 2 else ">")
        turned = upright if turn is None else upright.transpose(turn)
        save("exif_%d.jpg" % orientation, jpeg(turned, exif=exif))


def resize_source(width, height):
    """The same formula as in tests/unit/image/test_resize.c: a ramp with noise on it, 0..254."""
    x = np.arange(width, dtype=np.uint32)[None, :, None]
    y = np.arange(height, dtype=np.uint32)[:, None, None]
    c = np.arange(3, dtype=np.uint32)[None, None, :]
    h = (x * np.uint32(73856093)) ^ (y * np.uint32(19349663)) ^ (c * np.uint32(83492791))
    h = (h ^ (h >> np.uint32(13))) * np.uint32(0x5BD1E995)
    ramp = (x * 3 + y * 5 + c * 85) % 256
    return (((h >> np.uint32(15)) & 127) + np.where(ramp < 128, ramp, 255 - ramp)).astype(np.uint8)


# Source width and height, side of the result.
RESIZE_CASES = [(w, 800 - w, 448) for w in (521, 529, 544, 560, 576, 597, 612, 651, 680, 699)] + [
    (800, 600, 448), (600, 800, 448), (640, 480, 448), (400, 533, 448), (1600, 1200, 448),
    (448, 448, 448), (447, 449, 448), (28, 28, 448), (2, 2, 448), (1, 1, 448), (3, 7, 448),
    (1, 5000, 448), (5000, 1, 448), (640, 480, 224), (333, 517, 96), (1200, 900, 160), (100, 50, 64),
]  # fmt: skip
RESIZE_SAMPLES = 256


FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


def sample(image):
    """256 pixels of a square image, at places that the tests know too."""
    pixels = np.asarray(image)
    i = np.arange(RESIZE_SAMPLES)
    return pixels[i * 83 % len(pixels), i * 37 % len(pixels)]


def save_cases(name, header, cases, images):
    """NAME.csv has the cases, NAME.png one row of samples for each."""
    save(name + ".png", png(np.stack([sample(image) for image in images]), RGB, 8))
    lines = [header] + [",".join(str(value) for value in case) for case in cases]
    save(name + ".csv", ("\n".join(lines) + "\n").encode())


def make_resize():
    for name, interpolation in (("resize", "bilinear"), ("resize_bicubic", "bicubic")):
        images = [
            Image.fromarray(resize_source(width, height)).resize((side, side), FILTERS[interpolation])
            for width, height, side in RESIZE_CASES
        ]
        save_cases(name, "width,height,side", RESIZE_CASES, images)


BAR = (255, 0, 255)  # no pixel of resize_source has a 255


def fit(image, size, resize, fraction, resample):
    """torchvision's Resize: the shorter side as asked for, the longer one int(size * long / short);
    its CenterCrop: int(round((side - size) / 2))."""
    if resize == "squash":
        return image.resize((size, size), resample)
    if resize == "letterbox":
        return ImageOps.pad(image, (size, size), resample, color=BAR)
    short = int(size / fraction)
    sides = [int(short * side / min(image.size)) for side in image.size]
    left, top = (int(round((side - size) / 2)) for side in sides)
    return image.resize(sides, resample).crop((left, top, left + size, top + size))


# Source width and height, side of the square, how it is filled.
FIT_SIZES = [(640, 480, 224), (480, 640, 224), (333, 517, 96), (517, 332, 97), (300, 300, 128),
             (90, 41, 128), (700, 100, 65), (101, 700, 64)]  # fmt: skip
FIT_CASES = [
    (width, height, side, resize, fraction, interpolation)
    for width, height, side in FIT_SIZES
    for resize, fraction in (("squash", 1), ("crop", 0.875), ("crop", 1), ("letterbox", 1))
    for interpolation in FILTERS
]


def make_fit():
    images = [
        fit(Image.fromarray(resize_source(width, height)), side, resize, fraction, FILTERS[interpolation])
        for width, height, side, resize, fraction, interpolation in FIT_CASES
    ]
    save_cases("fit", "width,height,side,resize,crop_fraction,interpolation", FIT_CASES, images)


def main():
    os.makedirs(FOLDER, exist_ok=True)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    image = np.dstack([x * 12, 255 - y * 19, (x + y) * 7]).astype(np.uint8)
    noise = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    make_png(image, noise)
    make_jpeg(image)
    make_resize()
    make_fit()


main()
