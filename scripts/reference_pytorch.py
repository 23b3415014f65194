#!/usr/bin/env python3
"""Trains a network of models/*.yaml in PyTorch with atk-train's recipe, to compare accuracies with.

Same pictures (PIL: EXIF turn, antialiased bilinear to size x size), network, initialisation, loss inside the batch,
Adam, shuffled batches with the last one partial, no augmentation. Random numbers differ from atk-train's, so
compare means over seeds. Example:
    scripts/reference_pytorch.py --data clothing/train.csv --val clothing/val.csv --val clothing/test.csv \\
        --model models/resnet10-gn.yaml --size 224 --epochs 18 --k 1.0 --seed 0 --out run0.json
"""
import argparse
import csv
import json
import os
import time

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageOps

from reference_model import ResNet, average_top_k, initialise, parse_k, read_spec


def read_rows(paths, image_column, label_column):
    """[(picture's path, label text)] of all CSV files, one behind the other."""
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


class Pictures:
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

    def batch(self, index):
        x = torch.from_numpy(self.bytes[index.numpy()]).float().div_(255).sub_(self.mean).div_(self.std)
        return x.permute(0, 3, 1, 2), self.labels[index]  # strides of channels_last


def evaluate(model, pictures, n_classes, batch_size, layout):
    """Mean cross-entropy, accuracy and recall per class (None without pictures) over all pictures, in evaluation mode."""
    model.eval()
    total, hits, counts = 0.0, torch.zeros(n_classes), torch.zeros(n_classes)
    with torch.no_grad():
        for index in torch.arange(len(pictures)).split(batch_size):
            x, y = pictures.batch(index)
            logits = model(x.contiguous(memory_format=layout))
            total += F.cross_entropy(logits, y, reduction="sum").item()
            counts.index_add_(0, y, torch.ones(len(y)))
            hits.index_add_(0, y, (logits.argmax(1) == y).float())
    return {"loss": total / len(pictures), "accuracy": (hits.sum() / counts.sum()).item(),
            "recall": [h / n if n else None for h, n in zip(hits.tolist(), counts.tolist())]}


def train_epoch(model, optimiser, pictures, order, args, layout):
    """Sample-weighted ATk loss, mean loss and accuracy over the epoch's batches."""
    model.train()
    k_of = parse_k(args.k)
    atk = mean = hits = 0.0
    for index in order.split(args.batch_size):
        x, y = pictures.batch(index)
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
    parser.add_argument("--data", required=True, help="CSV of training pictures")
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
    held_out = {name: Pictures(read_rows(paths, args.image_column, args.label_column), classes, args.size, args.mean,
                               args.std)
                for name, paths in (("val", args.val), ("test", args.test)) if paths}
    pictures = Pictures(rows, classes, args.size, args.mean, args.std)

    generator = torch.Generator().manual_seed(args.seed)
    model = ResNet(read_spec(args.model), len(classes))
    initialise(model, generator)
    model = model.to(memory_format=layout)
    optimiser = torch.optim.Adam(model.parameters(), lr=args.learning_rate)
    result = {"torch": torch.__version__, "settings": vars(args), "classes": classes, "epochs": []}
    for epoch in range(1, args.epochs + 1):
        start = time.time()
        order = torch.randperm(len(pictures), generator=generator)
        entry = {"epoch": epoch, "train": train_epoch(model, optimiser, pictures, order, args, layout)}
        entry["seconds"] = time.time() - start
        line = "epoch {}/{}  atk {:.4f}  mean {:.4f}  accuracy {:.4f}".format(epoch, args.epochs, *entry["train"].values())
        if "val" in held_out:
            entry["val"] = evaluate(model, held_out["val"], len(classes), args.batch_size, layout)
            line += "  val loss {loss:.4f}  val accuracy {accuracy:.4f}".format(**entry["val"])
        print(f"{line}  {entry['seconds']:.1f} s", flush=True)
        result["epochs"].append(entry)
    if "test" in held_out:
        result["test"] = evaluate(model, held_out["test"], len(classes), args.batch_size, layout)
        print("test: {} pictures, accuracy {accuracy:.4f}, loss {loss:.4f}".format(len(held_out["test"]),
                                                                                  **result["test"]))
    if args.out:
        with open(args.out, "w", encoding="utf-8") as file:
            json.dump(result, file, indent=1)
            file.write("\n")


if __name__ == "__main__":
    main()
