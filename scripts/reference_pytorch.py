#!/usr/bin/env python3
"""Trains a network of models/*.yaml in PyTorch with atk-train's recipe, to compare accuracies with.

Same images (PIL: EXIF turn, antialiased bilinear to size x size), network, initialisation, loss inside the batch,
Adam or AdamW, learning rate, shuffled batches with the last one partial, augmentation (scripts/reference_augment.py).
Random numbers differ from atk-train's, so compare means over seeds. Example, the twin of configs/quick.yaml:
    scripts/reference_pytorch.py --data clothing/train.csv --test clothing/val.csv --test clothing/test.csv \\
        --model models/resnet12-gn.yaml --size 224 --epochs 60 --batch-size 8 --k 1.0 --optimizer adamw \\
        --weight-decay 0.05 --lr-schedule cosine --warmup-epochs 2 --hflip 0.5 --crop-scale 0.4 1 \\
        --brightness 0.2 --contrast 0.2 --seed 0 --out run0.json
"""
import argparse
import csv
import json
import math
import os
import random
import time

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageOps

from reference_augment import Augmentation
from reference_model import average_top_k, initialise, network, parse_k, read_spec


def read_rows(paths, image_column, label_column):
    """[(image's path, label text)] of all CSV files, one behind the other."""
    rows = []
    for path in paths:
        with open(path, newline="", encoding="utf-8-sig") as file:
            rows += [(os.path.join(os.path.dirname(path), row[image_column]), row[label_column])
                     for row in csv.DictReader(file)]
    return rows


def label_order(labels):
    """Whole numbers in numeric order if all are, else by their bytes."""
    try:
        return sorted(set(labels), key=int)
    except ValueError:
        return sorted(set(labels), key=str.encode)


class Images:
    """Rows as tensors, resized once and kept as bytes [n, size, size, 3]."""

    def __init__(self, rows, classes, size, mean, std):
        self.bytes = np.empty((len(rows), size, size, 3), np.uint8)
        for i, (path, _) in enumerate(rows):
            with Image.open(path) as image:
                image = ImageOps.exif_transpose(image).convert("RGB")
                self.bytes[i] = np.asarray(image.resize((size, size), Image.BILINEAR))
        self.labels = torch.tensor([classes.index(label) for _, label in rows])
        self.mean, self.std = torch.tensor(mean), torch.tensor(std)

    def __len__(self):
        return len(self.labels)

    def _bytes(self, index):
        return self.bytes[index.numpy()]

    def batch(self, index):
        x = torch.from_numpy(self._bytes(index)).float().div_(255).sub_(self.mean).div_(self.std)
        return x.permute(0, 3, 1, 2), self.labels[index]  # strides of channels_last


class AugmentedImages(Images):
    """A new view of an image whenever it is in a batch; the images are kept at their own size."""

    def __init__(self, rows, classes, size, mean, std, augmentation, seed):
        super().__init__([], classes, size, mean, std)
        self.size, self.augmentation, self.random = size, augmentation, random.Random(seed)
        self.images = []
        for path, _ in rows:
            with Image.open(path) as image:
                self.images.append(ImageOps.exif_transpose(image).convert("RGB"))
        self.labels = torch.tensor([classes.index(label) for _, label in rows])

    def _bytes(self, index):
        return np.stack([np.asarray(self.augmentation.view(self.images[i], self.size, self.random)) for i in index])


def learning_rate(args, step, n_batches):
    """The closed form of nn/schedule.h."""
    warmup, total = round(args.warmup_epochs * n_batches), args.epochs * n_batches
    if step < warmup:
        return args.learning_rate * (step + 1) / warmup
    if args.lr_schedule == "constant":
        return args.learning_rate
    share = (step - warmup) / (total - warmup)
    return args.lr_min + (args.learning_rate - args.lr_min) * (1 + math.cos(math.pi * share)) / 2


def evaluate(model, images, n_classes, batch_size, layout):
    """Mean cross-entropy, accuracy and recall per class (None without images) over all images, in evaluation mode."""
    model.eval()
    total, hits, counts = 0.0, torch.zeros(n_classes), torch.zeros(n_classes)
    with torch.no_grad():
        for index in torch.arange(len(images)).split(batch_size):
            x, y = images.batch(index)
            logits = model(x.contiguous(memory_format=layout))
            total += F.cross_entropy(logits, y, reduction="sum").item()
            counts.index_add_(0, y, torch.ones(len(y)))
            hits.index_add_(0, y, (logits.argmax(1) == y).float())
    return {"loss": total / len(images), "accuracy": (hits.sum() / counts.sum()).item(),
            "recall": [h / n if n else None for h, n in zip(hits.tolist(), counts.tolist())]}


def train_epoch(model, optimiser, images, order, first_step, args, layout):
    """Sample-weighted ATk loss, mean loss and accuracy over the epoch's batches."""
    model.train()
    k_of = parse_k(args.k)
    atk = mean = hits = 0.0
    batches = order.split(args.batch_size)
    for i, index in enumerate(batches):
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(args, first_step + i, len(batches))
        x, y = images.batch(index)
        logits = model(x.contiguous(memory_format=layout))
        loss, losses, _ = average_top_k(logits, y, k_of(len(y)))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        atk += loss.item() * len(y)
        mean += losses.sum().item()
        hits += (logits.argmax(1) == y).sum().item()
    return {"atk": atk / len(order), "mean": mean / len(order), "accuracy": hits / len(order)}


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0],
                                     formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--data", required=True, help="CSV of training images")
    parser.add_argument("--val", action="append", default=[], help="CSV to evaluate after each epoch; repeat to join")
    parser.add_argument("--test", action="append", default=[], help="CSV to evaluate at the end; repeat to join")
    parser.add_argument("--image-column", default="image")
    parser.add_argument("--label-column", default="label")
    here = os.path.dirname(os.path.abspath(__file__))
    parser.add_argument("--model", default=os.path.join(here, "../models/resnet10-gn.yaml"), help="model file")
    parser.add_argument("--size", type=int, default=448)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--k", default="0.7", help="count, fraction or percent")
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--optimizer", choices=["adam", "adamw"], default="adam")
    parser.add_argument("--weight-decay", type=float, default=0.0)
    parser.add_argument("--lr-schedule", choices=["constant", "cosine"], default="constant")
    parser.add_argument("--warmup-epochs", type=float, default=0.0)
    parser.add_argument("--lr-min", type=float, default=0.0)
    parser.add_argument("--hflip", type=float, default=0.0, metavar="P")
    parser.add_argument("--crop-scale", type=float, nargs=2, metavar=("LEAST", "MOST"))
    parser.add_argument("--crop-ratio", type=float, nargs=2, default=[3 / 4, 4 / 3], metavar=("LEAST", "MOST"))
    for name in ("brightness", "contrast", "saturation"):
        parser.add_argument(f"--{name}", type=float, default=0.0, metavar="X")
    parser.add_argument("--mean", type=float, nargs=3, default=[0, 0, 0])
    parser.add_argument("--std", type=float, nargs=3, default=[1, 1, 1])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--layout", choices=["channels_last", "plain"], default="channels_last", help="of memory")
    parser.add_argument("--out", help="JSON file for settings, one entry per epoch, and the test figures")
    return parser.parse_args()


def main():
    args = parse_arguments()
    torch.set_num_threads(args.threads)
    layout = torch.channels_last if args.layout == "channels_last" else torch.contiguous_format
    rows = read_rows([args.data], args.image_column, args.label_column)
    classes = label_order([label for _, label in rows])
    held_out = {name: Images(read_rows(paths, args.image_column, args.label_column), classes, args.size, args.mean,
                               args.std)
                for name, paths in (("val", args.val), ("test", args.test)) if paths}
    if args.hflip or args.crop_scale or args.brightness or args.contrast or args.saturation:
        augmentation = Augmentation(args.hflip, args.crop_scale, args.crop_ratio, args.brightness, args.contrast,
                                    args.saturation)
        images = AugmentedImages(rows, classes, args.size, args.mean, args.std, augmentation, args.seed)
    else:
        images = Images(rows, classes, args.size, args.mean, args.std)

    generator = torch.Generator().manual_seed(args.seed)
    model = network(read_spec(args.model), len(classes))
    initialise(model, generator)
    model = model.to(memory_format=layout)
    optimiser_class = torch.optim.AdamW if args.optimizer == "adamw" else torch.optim.Adam
    optimiser = optimiser_class(model.parameters(), lr=args.learning_rate, weight_decay=args.weight_decay)
    n_batches = math.ceil(len(images) / args.batch_size)
    result = {"torch": torch.__version__, "settings": vars(args), "classes": classes, "epochs": []}
    for epoch in range(1, args.epochs + 1):
        start = time.time()
        order = torch.randperm(len(images), generator=generator)
        trained = train_epoch(model, optimiser, images, order, (epoch - 1) * n_batches, args, layout)
        entry = {"epoch": epoch, "train": trained}
        entry["seconds"] = time.time() - start
        line = "epoch {}/{}  atk {:.4f}  mean {:.4f}  accuracy {:.4f}".format(epoch, args.epochs, *entry["train"].values())
        if "val" in held_out:
            entry["val"] = evaluate(model, held_out["val"], len(classes), args.batch_size, layout)
            line += "  val loss {loss:.4f}  val accuracy {accuracy:.4f}".format(**entry["val"])
        print(f"{line}  {entry['seconds']:.1f} s", flush=True)
        result["epochs"].append(entry)
    if "test" in held_out:
        result["test"] = evaluate(model, held_out["test"], len(classes), args.batch_size, layout)
        print("test: {} images, accuracy {accuracy:.4f}, loss {loss:.4f}".format(len(held_out["test"]),
                                                                                  **result["test"]))
    if args.out:
        with open(args.out, "w", encoding="utf-8") as file:
            json.dump(result, file, indent=1)
            file.write("\n")


if __name__ == "__main__":
    main()
