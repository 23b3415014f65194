#!/usr/bin/env python3
"""Makes tests/golden/image_kinds/: small WebP, BMP, GIF and TIFF files, and kinds.csv with what
Pillow's convert("RGB") makes of them (as stored: orientation is not applied). Needs python3 with
numpy and Pillow, which building and testing do not.

    scripts/make_image_kinds_golden.py [FOLDER]

What Pillow cannot write is written here byte by byte. Where another rule than Pillow's holds
(16-bit grey: the high byte), the rule is computed here.
"""
import hashlib
import io
import os
import struct
import sys
import zlib

import numpy as np
from PIL import Image

FOLDER = sys.argv[1] if len(sys.argv) > 1 else "tests/golden/image_kinds"
WIDTH, HEIGHT = 21, 13
LINES = []


def save(name, data, expected="equal", rgb=None, several=0):
    """expected: equal to Pillow's RGB or to rgb, or refused."""
    with open(os.path.join(FOLDER, name), "wb") as file:
        file.write(data)
    row = ["", "", "", ""]
    if expected == "equal":
        orientation = 1
        if rgb is None:
            image = Image.open(io.BytesIO(data))
            orientation = image.getexif().get(0x112, 1)
            if image.format == "TIFF" and orientation != 1:
                # Pillow turns a TIFF as it loads it: the same file without the tag is as stored.
                image = Image.open(io.BytesIO(data.replace(b"\x12\x01\x03\0\1\0\0\0" + bytes([orientation]),
                                                           b"\x12\x01\x03\0\1\0\0\0\1")))
            rgb = np.asarray(image.convert("RGB"))
        digest = hashlib.sha256(np.ascontiguousarray(rgb, dtype=np.uint8).tobytes()).hexdigest()
        row = [rgb.shape[1], rgb.shape[0], orientation, digest]
    LINES.append(",".join(str(value) for value in [name, expected, *row, several]))


def pillow(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def exif_block(orientation, byte_order="<"):
    mark = b"II*\0" if byte_order == "<" else b"MM\0*"
    return mark + struct.pack(byte_order + "IHHHIHHI", 8, 1, 0x112, 3, 1, orientation, 0, 0)


def packed(index, bits):
    """Rows of indices of so many bits, the first in the highest bits; bytes."""
    rows = []
    for row in index:
        text = "".join(format(int(value), "0%db" % bits) for value in row)
        text += "0" * (-len(text) % 8)
        rows.append(bytes(int(text[i : i + 8], 2) for i in range(0, len(text), 8)))
    return rows


# ---- WebP ----


def riff(chunks):
    body = b"WEBP"
    for name, data in chunks:
        body += name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def chunks_of(webp):
    at, found = 12, []
    while at < len(webp):
        size = struct.unpack("<I", webp[at + 4 : at + 8])[0]
        found.append((webp[at : at + 4], webp[at + 8 : at + 8 + size]))
        at += 8 + size + size % 2
    return found


def u24(value):
    return struct.pack("<I", value)[:3]


def make_webp(image, noise):
    upright = Image.fromarray(image)
    clear = Image.fromarray(np.dstack([image, noise[:, :, 0]]))
    lossy = pillow(upright, "WEBP", quality=80)
    lossless = pillow(upright, "WEBP", lossless=True)
    save("lossy.webp", lossy)
    save("lossy_10.webp", pillow(upright, "WEBP", quality=10, method=6))
    save("lossy_100.webp", pillow(upright, "WEBP", quality=100, method=0))
    save("lossless.webp", lossless)
    save("lossless_noise.webp", pillow(Image.fromarray(noise), "WEBP", lossless=True, method=0))
    save("lossless_alpha.webp", pillow(clear, "WEBP", lossless=True, exact=True))
    save("lossy_alpha.webp", pillow(clear, "WEBP", quality=80))
    save("lossy_alpha_10.webp", pillow(clear, "WEBP", quality=10, alpha_quality=20))
    save("palette.webp", pillow(upright.quantize(5), "WEBP", lossless=True))
    save("grey.webp", pillow(upright.convert("L"), "WEBP", quality=90))
    save("one_pixel.webp", pillow(upright.crop((0, 0, 1, 1)), "WEBP", lossless=True))
    save("one_column.webp", pillow(upright.crop((3, 0, 4, HEIGHT)), "WEBP"))
    save("exif_6.webp", pillow(upright, "WEBP", exif=b"Exif\0\0" + exif_block(6, ">")))
    save("exif_3.webp", pillow(upright, "WEBP", lossless=True, exif=exif_block(3)))
    save("profile.webp", pillow(upright, "WEBP", icc_profile=b"not a profile"))
    frames = [upright, Image.fromarray(255 - image)]
    save("animated.webp", pillow(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True),
         several=1)
    frame = chunks_of(pillow(clear.crop((0, 0, 9, 7)), "WEBP", lossless=True, exact=True))
    frame = [chunk for chunk in frame if chunk[0] == b"VP8L"][0]
    anmf = u24(2) + u24(1) + u24(8) + u24(6) + u24(100) + b"\0"
    anmf += frame[0] + struct.pack("<I", len(frame[1])) + frame[1] + b"\0" * (len(frame[1]) % 2)
    canvas = [(b"VP8X", b"\x12\0\0\0" + u24(WIDTH - 1) + u24(HEIGHT - 1)), (b"ANIM", b"\xff" * 4 + b"\0\0"),
              (b"ANMF", anmf)]  # fmt: skip
    save("frame_in_a_canvas.webp", riff(canvas))
    save("truncated.webp", lossy[:-20], "refuse")
    inner = chunks_of(lossless)[0][1]
    save("truncated_inside.webp", riff([(b"VP8L", inner[: len(inner) // 2])]), "refuse")
    canvas[0] = (b"VP8X", b"\x12\0\0\0" + u24(3) + u24(3))
    save("frame_outside.webp", riff(canvas), "refuse")
    save("bomb.webp", riff([(b"VP8X", b"\x02\0\0\0" + u24(0xFFFFFF) + u24(0xFF)), *canvas[1:]]), "refuse")


# ---- BMP ----


def bmp(width, height, bits, rows, compression=0, palette=b"", masks=b"", size=40, colours=0, bottom_up=True,
        gap=b""):  # fmt: skip
    """rows: bytes of the rows from the top, or with run lengths all of them as bytes."""
    if isinstance(rows, list):
        rows = [row + b"\0" * (-len(row) % 4) for row in rows]
        pixels = b"".join(rows[::-1] if bottom_up else rows)
    else:
        pixels = rows
    if size == 12:
        header = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        header = struct.pack("<IiiHHIIiiII", size, width, height if bottom_up else -height, 1, bits, compression,
                             len(pixels), 2835, 2835, colours, 0)  # fmt: skip
        header += masks
        header += b"\0" * (size - len(header))
    at = 14 + len(header) + len(palette) + len(gap)
    return b"BM" + struct.pack("<IHHI", at + len(pixels), 0, 0, at) + header + palette + gap + pixels


def run_lengths(index):
    """Runs of eight bits, from the bottom row."""
    out = b""
    for row in index[::-1]:
        at = 0
        while at < len(row):
            n = 1
            while at + n < len(row) and row[at + n] == row[at]:
                n += 1
            out += bytes([n, row[at]])
            at += n
        out += b"\0\0"
    return out[:-2] + b"\0\1"


def run_lengths_4(index):
    """Runs of two colours, and plain ones."""
    out = b""
    for y, row in enumerate(index[::-1]):
        if y % 2:
            half = packed([row], 4)[0]
            out += b"\0" + bytes([len(row)]) + half + b"\0" * (len(half) % 2)
        else:
            for at in range(0, len(row), 2):
                pair = row[at : at + 2]
                out += bytes([len(pair), int(pair[0]) << 4 | int(pair[-1])])
        out += b"\0\0"
    return out + b"\0\1"


def make_bmp(image, noise):
    bgr = image[:, :, ::-1]
    colours = noise.reshape(-1, 3)[:256]
    bgrx = np.hstack([colours[:, ::-1], np.zeros((256, 1), np.uint8)])
    index8 = (image[:, :, 1] // 4).astype(np.uint8)
    index4, index1 = index8 // 8, index8 // 32
    index4 = np.minimum(index4, 15)
    words = (image[:, :, 0].astype(np.uint16) >> 3) << 10 | (image[:, :, 1].astype(np.uint16) >> 3) << 5 | image[:, :, 2] >> 3
    words6 = (image[:, :, 0].astype(np.uint16) >> 3) << 11 | (image[:, :, 1].astype(np.uint16) >> 2) << 5 | image[:, :, 2] >> 3
    quads = np.dstack([bgr, noise[:, :, 0]])
    plain = [row.tobytes() for row in bgr]
    rgb = bmp(WIDTH, HEIGHT, 24, plain)
    save("rgb24.bmp", rgb)
    save("rgb24_top_down.bmp", bmp(WIDTH, HEIGHT, 24, plain, bottom_up=False))
    save("rgb24_os2.bmp", bmp(WIDTH, HEIGHT, 24, plain, size=12))
    save("rgb24_gap.bmp", bmp(WIDTH, HEIGHT, 24, plain, gap=b"gap" * 7))
    save("rgb32.bmp", bmp(WIDTH, HEIGHT, 32, [row.tobytes() for row in quads]))
    save("rgb16_555.bmp", bmp(WIDTH, HEIGHT, 16, [row.astype("<u2").tobytes() for row in words]))
    masks = struct.pack("<III", 0xF800, 0x7E0, 0x1F)
    save("rgb16_565.bmp", bmp(WIDTH, HEIGHT, 16, [row.astype("<u2").tobytes() for row in words6], 3, masks=masks))
    masks = struct.pack("<IIII", 0xFF, 0xFF00, 0xFF0000, 0xFF000000)
    alpha = bmp(WIDTH, HEIGHT, 32, [row.tobytes() for row in np.dstack([image, noise[:, :, 0]])], 3, masks=masks, size=124)
    save("rgba32_v5.bmp", alpha)
    masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    save("rgba32_v4.bmp", bmp(WIDTH, HEIGHT, 32, [row.tobytes() for row in quads], 3, masks=masks, size=108))
    save("palette8.bmp", bmp(WIDTH, HEIGHT, 8, packed(index8, 8), palette=bgrx.tobytes()))
    save("palette8_short.bmp", bmp(WIDTH, HEIGHT, 8, packed(index8, 8), palette=bgrx[:70].tobytes(), colours=70))
    save("palette8_os2.bmp", bmp(WIDTH, HEIGHT, 8, packed(index8, 8), palette=colours[:, ::-1].tobytes(), size=12))
    save("palette4.bmp", bmp(WIDTH, HEIGHT, 4, packed(index4, 4), palette=bgrx[:16].tobytes()))
    save("palette1.bmp", bmp(WIDTH, HEIGHT, 1, packed(index1, 1), palette=bgrx[:2].tobytes()))
    grey = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 4, 1)
    save("grey8.bmp", bmp(WIDTH, HEIGHT, 8, packed(image[:, :, 1], 8), palette=grey.tobytes()))
    save("rle8.bmp", bmp(WIDTH, HEIGHT, 8, run_lengths(index8), 1, palette=bgrx.tobytes()))
    save("rle4.bmp", bmp(WIDTH, HEIGHT, 4, run_lengths_4(index4), 2, palette=bgrx[:16].tobytes()))
    step = bytes([3, 5, 0, 2, 4, 1, 6, 9, 0, 2, WIDTH - 15, HEIGHT - 3, 2, 8, 0, 0, WIDTH, 7, 0, 1])
    save("rle8_step.bmp", bmp(WIDTH, HEIGHT, 8, step, 1, palette=bgrx.tobytes()))
    save("truncated.bmp", rgb[:-20], "refuse")
    save("rle8_truncated.bmp", bmp(WIDTH, HEIGHT, 8, run_lengths(index8)[:-30], 1, palette=bgrx.tobytes()), "refuse")
    save("outside_of_palette.bmp", bmp(WIDTH, HEIGHT, 8, packed(index8, 8), palette=bgrx[:9].tobytes(), colours=9),
         "refuse")  # fmt: skip
    save("bomb.bmp", bmp(1 << 30, 1 << 30, 8, b"\0\1", 1), "refuse")
    save("png_inside.bmp", bmp(WIDTH, HEIGHT, 32, b"\x89PNG", 5), "refuse")


# ---- GIF ----


def lzw(index, bits):
    """Codes of one index each, with a clear code before the table could grow longer codes."""
    clear, out, value, n_bits = 1 << bits, b"", 0, 0
    codes = [clear]
    for i, pixel in enumerate(index):
        codes.append(int(pixel))
        if i % ((1 << bits) - 2) == (1 << bits) - 3:
            codes.append(clear)
    for code in codes + [clear + 1]:
        value |= code << n_bits
        n_bits += bits + 1
        while n_bits >= 8:
            out += bytes([value & 255])
            value, n_bits = value >> 8, n_bits - 8
    if n_bits:
        out += bytes([value & 255])
    return bytes([bits]) + b"".join(bytes([len(out[i : i + 255])]) + out[i : i + 255] for i in range(0, len(out), 255)) + b"\0"


def colour_table(colours):
    return len(colours).bit_length() - 2, colours.astype(np.uint8).tobytes()


def gif_image(index, bits, left=0, top=0, colours=None, interlaced=False):
    flags, table = 0, b""
    if colours is not None:
        n, table = colour_table(colours)
        flags = 0x80 | n
    if interlaced:
        index = np.concatenate([index[0::8], index[4::8], index[2::4], index[1::2]])
        flags |= 0x40
    height, width = index.shape
    return b"," + struct.pack("<HHHHB", left, top, width, height, flags) + table + lzw(index.ravel(), bits)


def gif(width, height, *parts, colours=None, background=0, version=b"GIF89a"):
    flags, table = 0, b""
    if colours is not None:
        n, table = colour_table(colours)
        flags = 0xF0 | n
    return version + struct.pack("<HHBBB", width, height, flags, background, 0) + table + b"".join(parts) + b";"


def control(transparent, disposal=0):
    return b"!\xf9\4" + bytes([disposal << 2 | 1, 10, 0, transparent]) + b"\0"


def make_gif(image, noise):
    colours = noise.reshape(-1, 3)
    index = (image[:, :, 1] // 8).astype(np.uint8) % 16
    index4 = (image[:, :, 0] // 40 % 4).astype(np.uint8)
    palette = colours[:16]
    upright = Image.fromarray(image)
    whole = gif(WIDTH, HEIGHT, gif_image(index, 4), colours=palette)
    save("palette16.gif", whole)
    save("palette256.gif", pillow(upright.quantize(256), "GIF", interlace=0))
    save("palette256_interlaced.gif", pillow(upright.quantize(256), "GIF", interlace=1))
    save("interlaced.gif", gif(WIDTH, HEIGHT, gif_image(index, 4, interlaced=True), colours=palette))
    save("interlaced_low.gif", gif(WIDTH, 3, gif_image(index[:3], 4, interlaced=True), colours=palette))
    save("version_87.gif", gif(WIDTH, HEIGHT, gif_image(index4, 2), colours=colours[:4], version=b"GIF87a"))
    save("two_colours.gif", gif(WIDTH, HEIGHT, gif_image(index4 % 2, 2), colours=colours[:2]))
    save("local_palette.gif", gif(WIDTH, HEIGHT, gif_image(index, 4, colours=colours[20:36]), colours=palette))
    save("local_palette_alone.gif", gif(WIDTH, HEIGHT, gif_image(index, 4, colours=palette)))
    save("no_palette.gif", gif(WIDTH, HEIGHT, gif_image(index, 4)))
    save("grey.gif", pillow(upright.convert("L"), "GIF"))
    save("transparent.gif", gif(WIDTH, HEIGHT, control(5), gif_image(index, 4), colours=palette))
    save("inside_of_a_canvas.gif", gif(WIDTH + 9, HEIGHT + 7, gif_image(index, 4, 4, 3), colours=palette, background=3))
    save("transparent_canvas.gif", gif(WIDTH + 9, HEIGHT + 7, control(5), gif_image(index, 4, 4, 3), colours=palette,
                                       background=3))  # fmt: skip
    save("interlaced_in_a_canvas.gif", gif(WIDTH + 2, HEIGHT + 5, gif_image(index, 4, 1, 2, interlaced=True), colours=palette))
    save("larger_than_canvas.gif", gif(4, 3, gif_image(index, 4, 2, 2), colours=palette))
    frames = [control(5, 2), gif_image(index, 4), control(3), gif_image(index4, 4, 1, 1)]
    save("animated.gif", gif(WIDTH, HEIGHT, b"!\xff\x0bNETSCAPE2.0\3\1\0\0\0", *frames, colours=palette), several=1)
    save("comment.gif", gif(WIDTH, HEIGHT, b"!\xfe\3abc\2de\0", gif_image(index, 4), colours=palette))
    save("one_pixel.gif", gif(1, 1, gif_image(index[:1, :1], 4), colours=palette))
    save("no_trailer.gif", whole[:-1])
    save("truncated.gif", whole[:-30], "refuse")
    save("outside_of_palette.gif", gif(WIDTH, HEIGHT, gif_image(index, 4), colours=colours[:2]), "refuse")
    save("no_image.gif", gif(WIDTH, HEIGHT, control(5), colours=palette), "refuse")
    save("bomb.gif", gif(0xFFFF, 0xFFFF, gif_image(index, 4), colours=palette), "refuse")


# ---- TIFF ----


def strips_of(samples, bits, order, rows, tile):
    """Bytes of each strip or tile of samples [height, width, channels]."""
    height, width, channels = samples.shape
    across, down = tile if tile else (width, rows)
    parts = []
    for y in range(0, height, down):
        for x in range(0, width, across):
            part = samples[y : y + down, x : x + across]
            if tile:
                part = np.pad(part, ((0, down - part.shape[0]), (0, across - part.shape[1]), (0, 0)))
            flat = part.reshape(part.shape[0], -1)
            if bits == 16:
                parts.append(flat.astype(order + "u2").tobytes())
            else:
                parts.append(b"".join(packed(flat, bits)) if bits < 8 else flat.astype(np.uint8).tobytes())
    return parts


def tiff(samples, photometric, bits=8, order="<", rows=5, tile=None, planes=False, deflated=False, tags=(), pages=1,
         big=False):  # fmt: skip
    """tags: (number, type, values) besides the usual ones. Types: 3 two bytes, 4 four."""
    if samples.ndim == 2:
        samples = samples[:, :, None]
    height, width, channels = samples.shape
    parts = []
    for plane in [samples[:, :, i : i + 1] for i in range(channels)] if planes else [samples]:
        parts += strips_of(plane, bits, order, rows, tile)
    if deflated:
        parts = [zlib.compress(part) for part in parts]
    place, n_place = ("Q", 8) if big else ("I", 4)
    mark = b"II" if order == "<" else b"MM"
    out = mark + (struct.pack(order + "HHHQ", 43, 8, 0, 16) if big else struct.pack(order + "HI", 42, 8))
    entries = [(256, 4, [width]), (257, 4, [height]), (258, 3, [bits] * channels), (259, 3, [8 if deflated else 1]),
               (262, 3, [photometric]), (277, 3, [channels]), (284, 3, [2 if planes else 1])]  # fmt: skip
    if tile:
        entries += [(322, 4, [tile[0]]), (323, 4, [tile[1]])]
    else:
        entries += [(278, 4, [rows])]
    offsets, counts = (324, 325) if tile else (273, 279)
    entries += [(offsets, 4, [0] * len(parts)), (counts, 4, [len(part) for part in parts]), *tags]
    entries.sort(key=lambda entry: entry[0])
    size = {3: 2, 4: 4}
    directory = (8 if big else 2) + len(entries) * (4 + 2 * n_place) + n_place
    at = len(out) + pages * directory
    far = {}
    for number, kind, values in entries:
        n_bytes = size[kind] * len(values)
        if n_bytes > n_place:
            far[number] = at
            at += n_bytes + n_bytes % 2
    begins, values_end = [], at
    for part in parts:
        begins.append(at)
        at += len(part)
    for page in range(pages):
        out += struct.pack(order + ("Q" if big else "H"), len(entries))
        for number, kind, values in entries:
            values = begins if number == offsets else values
            text = struct.pack(order + {3: "H", 4: "I"}[kind] * len(values), *values)
            out += struct.pack(order + "HH" + place, number, kind, len(values))
            out += text + b"\0" * (n_place - len(text)) if number not in far else struct.pack(order + place, far[number])
        out += struct.pack(order + place, len(out) + n_place if page + 1 < pages else 0)
    for number, kind, values in entries:
        if number in far:
            values = begins if number == offsets else values
            text = struct.pack(order + {3: "H", 4: "I"}[kind] * len(values), *values)
            out += text + b"\0" * (len(text) % 2)
    assert len(out) == values_end
    return out + b"".join(parts)


def make_tiff(image, noise):
    grey, alpha = image[:, :, 1], noise[:, :, 0]
    upright = Image.fromarray(image)
    deep = image.astype(np.uint16) * 256 + noise
    deep_grey = np.dstack([deep[:, :, 1] >> 8] * 3)
    colours = [int(value) for value in (noise.reshape(-1, 3)[:256].astype(int) * 257 - 3).clip(0).T.ravel()]
    colours16 = [int(value) for value in (noise.reshape(-1, 3)[:16].astype(int) * 257).T.ravel()]
    unassociated, associated, unknown = [(338, 3, [2])], [(338, 3, [1])], [(338, 3, [0])]
    multiplied = (image.astype(np.uint16) * alpha[:, :, None] // 255).astype(np.uint8)
    cmyk = np.dstack([255 - image, noise[:, :, 1] // 3])
    whole = tiff(image, 2)
    save("rgb8.tif", whole)
    save("rgb8_big_endian.tif", tiff(image, 2, order=">"))
    save("rgb8_planes.tif", tiff(image, 2, planes=True))
    save("rgb8_tiled.tif", tiff(image, 2, tile=(16, 16)))
    save("rgb8_tiled_planes.tif", tiff(image, 2, tile=(16, 16), planes=True, deflated=True))
    save("rgb8_deflate.tif", tiff(image, 2, deflated=True, rows=13))
    save("rgb8_lzw_predictor.tif", pillow(upright, "TIFF", compression="tiff_lzw", tiffinfo={317: 2}))
    save("rgb8_packbits.tif", pillow(upright, "TIFF", compression="packbits"))
    save("rgb8_jpeg.tif", pillow(upright, "TIFF", compression="jpeg"))
    save("big_tiff.tif", tiff(image, 2, big=True))
    save("rgb16.tif", tiff(deep, 2, 16))
    save("rgb16_big_endian.tif", tiff(deep, 2, 16, order=">", deflated=True))
    save("rgba8.tif", tiff(np.dstack([image, alpha]), 2, tags=unassociated))
    save("rgba8_multiplied.tif", tiff(np.dstack([multiplied, alpha]), 2, tags=associated))
    save("rgbx8.tif", tiff(np.dstack([image, alpha]), 2, tags=unknown))
    save("rgba16.tif", tiff(np.dstack([deep, deep[:, :, 0]]), 2, 16, tags=unassociated))
    save("grey8.tif", tiff(grey, 1))
    save("grey8_white_first.tif", tiff(grey, 0, tile=(16, 16)))
    save("grey8_alpha.tif", tiff(np.dstack([grey, alpha]), 1, tags=unassociated))
    save("grey16.tif", tiff(deep[:, :, 1], 1, 16), rgb=deep_grey)
    save("grey16_big_endian.tif", tiff(deep[:, :, 1], 1, 16, order=">"), rgb=deep_grey)
    save("grey16_white_first.tif", tiff(deep[:, :, 1], 0, 16), rgb=255 - deep_grey)
    save("grey4.tif", tiff(grey // 16, 1, 4))
    save("grey2_white_first.tif", tiff(grey // 64, 0, 2))
    save("grey1_tiled.tif", tiff(grey // 128, 1, 1, tile=(16, 16)))
    save("group4.tif", pillow(upright.convert("1"), "TIFF", compression="group4"))
    save("palette8.tif", tiff(grey, 3, tags=[(320, 3, colours)]))
    save("palette4.tif", tiff(grey // 16, 3, 4, tags=[(320, 3, colours16)], order=">"))
    save("cmyk8.tif", tiff(cmyk, 5))
    save("cmyk8_planes.tif", tiff(cmyk, 5, planes=True))
    save("cmyk16.tif", tiff(cmyk.astype(np.uint16) * 256 + 77, 5, 16))
    for orientation in (3, 6):
        save("orientation_%d.tif" % orientation, tiff(image, 2, tags=[(274, 3, [orientation])]))
    save("two_pages.tif", tiff(image, 2, pages=2), several=1)
    save("reduced.tif", tiff(grey, 1, pages=2, tags=[(254, 4, [1])]))
    save("float.tif", pillow(Image.fromarray(grey.astype(np.float32)), "TIFF"), "refuse")
    save("truncated.tif", whole[:-20], "refuse")
    save("truncated_lzw.tif", pillow(upright, "TIFF", compression="tiff_lzw")[:-40], "refuse")
    save("bomb.tif", whole.replace(struct.pack("<HHII", 256, 4, 1, WIDTH), struct.pack("<HHII", 256, 4, 1, 1 << 30)), "refuse")
    same = [(40000 + i, 4, [0] * 100) for i in range(3)]
    far = tiff(image, 2, tags=same)
    for number, _, _ in same:
        at = far.index(struct.pack("<HHI", number, 4, 100))
        far = far[: at + 4] + struct.pack("<II", 300, 8) + far[at + 12 :]
    save("shared_values.tif", far, "refuse")
    save("tile_bomb.tif", tiff(image, 2, tile=(16, 16)).replace(struct.pack("<HHII", 322, 4, 1, 16),
                                                                struct.pack("<HHII", 322, 4, 1, 1 << 24)), "refuse")  # fmt: skip
    save("lab.tif", tiff(image, 8), "refuse")
    save("zstd.tif", whole.replace(struct.pack("<HHII", 259, 3, 1, 1), struct.pack("<HHII", 259, 3, 1, 50000)), "refuse")


def main():
    os.makedirs(FOLDER, exist_ok=True)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    image = np.dstack([x * 12, 255 - y * 19, (x + y) * 7]).astype(np.uint8)
    noise = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    make_webp(image, noise)
    make_bmp(image, noise)
    make_gif(image, noise)
    make_tiff(image, noise)
    header = "file,expected,width,height,orientation,sha256,several\n"
    with open(os.path.join(FOLDER, "kinds.csv"), "w", encoding="ascii") as file:
        file.write(header + "\n".join(LINES) + "\n")


main()
