#!/usr/bin/env python3
"""One epoch of images by PyTorch's DataLoader: the other side of `benchmark_whole.py input`. Prints JSON: seconds from
the first request for a batch to the last batch, and the processor seconds of this process and its workers, the imports
not counted.

The transforms are torchvision's Resize((size, size)) of a PIL image (bilinear, antialiased), ToTensor and Normalize: by
torchvision where it is installed, else the same calls of PIL and torch by hand."""
import argparse
import csv
import json
import os
import resource
import time

import PIL
import torch
from PIL import Image

try:
    from torchvision import __version__ as torchvision_version
    from torchvision import transforms
except ImportError:
    transforms = None
    torchvision_version = None


def by_hand(size, mean, std):
    mean, std = torch.tensor(mean).view(3, 1, 1), torch.tensor(std).view(3, 1, 1)

    def transform(image):
        image = image.resize((size, size), Image.BILINEAR)
        x = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8).view(size, size, 3)
        return x.permute(2, 0, 1).contiguous().to(torch.float32).div(255).sub_(mean).div_(std)
    return transform


class Photos(torch.utils.data.Dataset):
    def __init__(self, table, transform):
        with open(table, newline="", encoding="utf-8") as file:
            self.rows = [(os.path.join(os.path.dirname(table), row["image"]), int(row["label"]))
                         for row in csv.DictReader(file)]
        self.transform = transform

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, i):
        path, label = self.rows[i]
        with open(path, "rb") as file:  # as torchvision's pil_loader
            return self.transform(Image.open(file).convert("RGB")), label


def processor_seconds():
    return sum(usage.ru_utime + usage.ru_stime
               for usage in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("table", help="CSV of image and label")
    parser.add_argument("--size", type=int, default=448)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--batch-size", type=int, default=16)
    args = parser.parse_args()
    mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    if transforms:
        transform = transforms.Compose([transforms.Resize((args.size, args.size)), transforms.ToTensor(),
                                        transforms.Normalize(mean, std)])
    else:
        transform = by_hand(args.size, mean, std)
    loader = torch.utils.data.DataLoader(Photos(args.table, transform), args.batch_size, shuffle=True,
                                         num_workers=args.workers)
    start, cpu_start, n = time.perf_counter(), processor_seconds(), 0
    for x, _ in loader:
        n += len(x)
    del x
    seconds = time.perf_counter() - start
    print(json.dumps({"images": n, "seconds": seconds, "cpu_seconds": processor_seconds() - cpu_start,
                      "torch": torch.__version__, "torchvision": torchvision_version, "pillow": PIL.__version__}))


if __name__ == "__main__":
    main()
