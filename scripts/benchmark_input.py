#!/usr/bin/env python3
"""JPEG file -> square of bytes, beside PIL: decode and antialiased resize, without PIL's draft mode.
Needs python3 with Pillow.

    scripts/benchmark_input.py --program build/benchmark-input --photos FOLDER [--rounds 7]

The images are mosaics of the photos in FOLDER (4:2:0, quality 90), made at run time. Both sides
count processor time of one thread and take turns; the table has medians."""
import argparse
import io
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time

try:
    import PIL
    from PIL import Image
except ImportError:
    sys.exit("benchmark_input: Pillow is needed (python3-pil)")

# Width and height of the JPEG, --jpeg-scale, side of the result; how much faster than PIL it must be.
CASES = [(4000, 3000, "auto", 448, 2.5), (1600, 1200, "fast", 448, 2.0), (1600, 1200, "off", 448, 1.2),
         (1600, 1200, "auto", 448, None), (1600, 1200, "auto", 224, None), (640, 480, "auto", 448, None),
         (640, 480, "auto", 224, None)]  # fmt: skip
FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


def find_photos(folder):
    found = [os.path.join(root, name) for root, _, names in os.walk(folder) for name in names]
    photos = sorted(path for path in found if path.lower().endswith((".jpg", ".jpeg")))
    if not photos:
        sys.exit("benchmark_input: no JPEG in %s" % folder)
    return photos


def draw_mosaic(photos, width, height):
    """Photos side by side at their own size, in seeded order."""
    mosaic = Image.new("RGB", (width, height))
    chance = random.Random(1)
    top = 0
    while top < height:
        left, row_height = 0, height
        while left < width:
            photo = Image.open(chance.choice(photos)).convert("RGB")
            mosaic.paste(photo, (left, top))
            left += photo.width
            row_height = min(row_height, photo.height)
        top += row_height
    return mosaic


def time_pil(data, side, interpolation):
    start = time.process_time()
    Image.open(io.BytesIO(data)).convert("RGB").resize((side, side), FILTERS[interpolation])
    return 1e3 * (time.process_time() - start)


def time_ours(program, path, side, scale, interpolation):
    command = [program, str(side), scale, interpolation, path]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default="build/benchmark-input")
    parser.add_argument("--photos", default=os.environ.get("ATK_SHARED", "../shared") + "/data/clothing")
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    photos = find_photos(args.photos)
    print("Pillow %s, %d rounds, milliseconds of one thread\n" % (PIL.__version__, args.rounds))
    print("| JPEG | to | --jpeg-scale | | PIL | ours | PIL / ours | at least |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for width, height, scale, side, least in CASES:
            path = os.path.join(folder, "%dx%d.jpg" % (width, height))
            draw_mosaic(photos, width, height).save(path, quality=90, subsampling="4:2:0")
            with open(path, "rb") as file:
                data = file.read()
            for interpolation in FILTERS:
                theirs, ours = [], []
                for _ in range(args.rounds):
                    theirs.append(time_pil(data, side, interpolation))
                    ours.append(time_ours(args.program, path, side, scale, interpolation))
                pil, own = statistics.median(theirs), statistics.median(ours)
                wanted = "%.1f" % least if least and interpolation == "bilinear" else ""
                print("| %dx%d | %d | %s | %s | %.1f | %.1f | %.2f | %s |"
                      % (width, height, side, scale, interpolation, pil, own, pil / own, wanted))  # fmt: skip


main()
