#!/usr/bin/env python3
"""Compares what atk-export writes with atk-predict. By hand: onnxruntime is not in the tests.

check_onnx.py FOLDER [--only NAME...] [--photos N] [--opencv PYTHON]

Trains, in FOLDER, each network of models/ from a seed for an epoch and each recipe of configs/ for a little, exports
it, and compares on a hundred photos:

  checker      onnx.checker's full check
  bytes        onnxruntime's probabilities of the images that atk decoded and resized (build/resized-images), given as
               float32, as uint8 and with --fold-norm, against atk-predict's: at most 1e-5 apart
  Pillow       predict_onnx.py, which decodes and resizes by Pillow: at least 99 of 100 the same class
  OpenCV       cv2.dnn at batch 1 and 3 (with GroupNorm: at batch 1) against onnxruntime: at most 1e-4 apart
  int8         recipe finetune-quick, whole, and quick: onnxruntime's quantize_static; its accuracy on the test images

Prints a line for each, and ends with exit status 1 when one does not hold. Needs Python with onnx, onnxruntime and
Pillow; for OpenCV another one, perhaps, that imports cv2 and numpy (Debian's python3-opencv: /usr/bin/python3).
"""
import argparse
import collections
import csv
import glob
import os
import subprocess
import sys

import numpy as np

import safetensors_file

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LITE0, RES2NET = "efficientnet-lite0", "res2net50-vd-26w-4s"
CLOSE, CLOSE_OPENCV = 1e-5, 1e-4
failures = []


def say(name, what, holds, text):
    print(f"{'ok' if holds else 'FAILED':6} {name:24} {what:18} {text}", flush=True)
    if not holds:
        failures.append((name, what))


def run(*command):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: {done.stdout}")
    return done.stdout


def table_rows(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write_table(path, rows, folder):
    with open(path, "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["image", "label"])
        out.writerows([os.path.join(folder, row["image"]), row["label"]] for row in rows)


def few_of_each(rows, n):
    """The first n of each class."""
    seen = collections.Counter()
    return [row for row in rows if not seen.update([row["label"]]) and seen[row["label"]] <= n]


class Programs:
    """The programs under test, the photos, and a folder."""

    def __init__(self, options):
        self.build, self.folder, self.data = options.build, options.folder, os.path.abspath(options.data)
        os.makedirs(self.folder, exist_ok=True)
        os.environ.setdefault("ATK_TRAIN_SHARE", ROOT)  # models/ and configs/
        rows = {name: table_rows(f"{self.data}/{name}_str.csv") for name in ("train", "val", "test")}
        self.test = rows["test"]
        self.photos = [os.path.join(self.data, row["image"]) for row in rows["test"][:options.photos]]
        self.calibration = [os.path.join(self.data, row["image"]) for row in rows["train"][:100]]
        write_table(self.path("few.csv"), few_of_each(rows["train"], 4), self.data)
        write_table(self.path("some.csv"), rows["train"][:: len(rows["train"]) // 130], self.data)
        write_table(self.path("train.csv"), rows["train"], self.data)
        write_table(self.path("val.csv"), rows["val"], self.data)
        write_table(self.path("few_val.csv"), few_of_each(rows["val"], 2), self.data)

    def path(self, name):
        return os.path.join(self.folder, name)

    def train(self, name, table, *options):
        """The run's folder; an earlier one of this name is taken as it is."""
        out = self.path(name)
        if not os.path.exists(f"{out}/summary.json"):
            run("rm", "-rf", out)
            run(f"{self.build}/atk-train", self.path(table), "--out", out, "--quiet", *options)
        return out

    def export(self, run_folder, *options):
        out = f"{run_folder}{''.join(options)}.onnx"
        run(f"{self.build}/atk-export", run_folder, out, *options)
        return out

    def predict(self, run_folder, photos):
        """[photos, classes]: atk-predict's probabilities."""
        lines = run(f"{self.build}/atk-predict", run_folder, "--quiet", *photos).splitlines()
        return np.array([[float(p) for p in row[3:]] for row in list(csv.reader(lines))[1:]])

    def resized(self, run_folder, photos):
        """uint8 [photos, 3, size, size], and the same as float32 where bars have the mean colour."""
        weights = next(path for path in (f"{run_folder}/best.safetensors", f"{run_folder}/last.safetensors")
                       if os.path.exists(path))
        run(f"{self.build}/resized-images", weights, self.path("resized"), *photos)
        tensors = safetensors_file.read(self.path("resized"))
        return tensors["images"].transpose(0, 3, 1, 2), tensors["shown"]


def session_of(model):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def probabilities(model, images, batch=10):
    session = session_of(model)
    parts = [session.run(["probabilities"], {"image": np.ascontiguousarray(images[i:i + batch])})[0]
             for i in range(0, len(images), batch)]
    return np.concatenate(parts)


def with_bars(images, shown, about):
    """float32; what is not image has the mean colour."""
    out = images.astype(np.float32)
    mean = 255 * np.array([float(value) for value in about["mean"].split()], np.float32)
    for image, (x, y, width, height) in zip(out, shown):
        inside = image[:, y:y + height, x:x + width].copy()
        image[:] = mean[:, None, None]
        image[:, y:y + height, x:x + width] = inside
    return out


def check_bytes(name, programs, run_folder, norm, photos):
    ours = programs.predict(run_folder, photos)
    images, shown = programs.resized(run_folder, photos)
    variants = [(), ("--input", "uint8")] + ([("--fold-norm",)] if norm == "batch" else [])
    for options in variants:
        model = programs.export(run_folder, *options)
        about = session_of(model).get_modelmeta().custom_metadata_map
        given = with_bars(images, shown, about)
        if "uint8" in options:
            given = np.rint(given).astype(np.uint8)
        theirs = probabilities(model, given, 7)  # the last batch has another size
        far = np.abs(theirs - ours).max()
        exact = "uint8" not in options or about["resize"] != "letterbox"
        say(name, " ".join(("bytes",) + options), not exact or far <= CLOSE,
            f"largest difference {far:.1e}, largest probability {ours.max():.3f}, classes {len(set(ours.argmax(1)))}")
    return ours, images


def check_model(name, programs, run_folder, model):
    import onnx
    loaded = onnx.load(model)
    onnx.checker.check_model(loaded, full_check=True)
    names = {node.op_type for node in loaded.graph.node}
    say(name, "checker", True, f"{len(loaded.graph.node)} nodes: {' '.join(sorted(names))}")


def check_pillow(name, model, ours, photos):
    text = run(sys.executable, f"{ROOT}/scripts/predict_onnx.py", model, *photos)
    classes = session_of(model).get_modelmeta().custom_metadata_map["classes"].split("\n")
    theirs = [line.split("\t")[1] for line in text.splitlines()]
    same = sum(classes[best] == other for best, other in zip(ours.argmax(1), theirs))
    say(name, "Pillow", same >= 0.99 * len(photos), f"{same} of {len(photos)} the same class")


def check_opencv(name, programs, python, model, images, norm):
    for options in ((), ("--fold-norm",)) if norm == "batch" else ((),):
        path = model if not options else programs.export(os.path.splitext(model)[0], *options)
        for batch in (1, 3) if norm == "batch" else (1,):
            x = images[:batch].astype(np.float32)
            np.save(programs.path("x.npy"), x)
            run(python, os.path.abspath(__file__), "--opencv-run", path, programs.path("x.npy"), programs.path("y.npy"))
            far = np.abs(np.load(programs.path("y.npy")).reshape(batch, -1) - probabilities(path, x)).max()
            say(name, " ".join(("OpenCV",) + options), far <= CLOSE_OPENCV, f"batch {batch}: {far:.1e}")


def run_opencv(model, x, y):
    import cv2
    net = cv2.dnn.readNetFromONNX(model)
    net.setInput(np.load(x))
    np.save(y, net.forward())


def check_int8(name, programs, run_folder, norm):
    import onnx
    from onnxruntime import quantization
    model = programs.export(run_folder, *(["--fold-norm"] if norm == "batch" else []))
    out = f"{run_folder}.int8.onnx"
    calibration = programs.resized(run_folder, programs.calibration)[0].astype(np.float32)

    class Reader(quantization.CalibrationDataReader):
        batches = iter(calibration[i:i + 1] for i in range(len(calibration)))

        def get_next(self):
            batch = next(self.batches, None)
            return None if batch is None else {"image": batch}

    # Its scales for each channel are of opset 13.
    onnx.save(onnx.version_converter.convert_version(onnx.load(model), 13), f"{run_folder}.13.onnx")
    quantization.quantize_static(f"{run_folder}.13.onnx", out, Reader(), per_channel=True,
                                 quant_format=quantization.QuantFormat.QDQ)
    photos = [os.path.join(programs.data, row["image"]) for row in programs.test]
    classes = session_of(out).get_modelmeta().custom_metadata_map["classes"].split("\n")
    images = programs.resized(run_folder, photos)[0].astype(np.float32)
    right = {}
    for kind, path in ("float32", model), ("int8", out):
        best = probabilities(path, images).argmax(1)
        right[kind] = sum(classes[b] == row["label"] for b, row in zip(best, programs.test))
    say(name, "int8", right["int8"] >= 0.9 * right["float32"],
        f"accuracy {right['int8'] / len(photos):.3f}, float32 {right['float32'] / len(photos):.3f}; "
        f"{os.path.getsize(out) / 1e6:.1f} of {os.path.getsize(model) / 1e6:.1f} MB")


def norm_of(run_folder):
    with open(f"{run_folder}/model.yaml", encoding="utf-8") as file:
        text = file.read()
    return next(kind for kind in ("batch", "group", "none") if f"kind: {kind}" in text.split("norm:")[1])


def train_networks(programs):
    """Each network of models/: an epoch, so that running statistics are those of images."""
    for path in sorted(glob.glob(f"{ROOT}/models/*.yaml")):
        name = os.path.basename(path)[:-len(".yaml")]
        yield name, lambda name=name: programs.train(f"model-{name}", "some.csv", "--model", name, "--size", "224",
                                                     "--epochs", "1", "--seed", "1", "--val-split", "0.1")


def train_recipes(programs):
    """Each recipe of configs/; the whole of what takes a minute."""
    start = ["--weights", f"{programs.path('model-' + RES2NET)}/last.safetensors"]
    few = ["few.csv", "--val", programs.path("few_val.csv"), "--epochs", "1", "--warmup-epochs", "0"]
    whole = ["train.csv", "--val", programs.path("val.csv")]
    some = ["some.csv"] + few[1:3] + ["--epochs", "4", "--warmup-epochs", "0"]
    arguments = {"finetune-quick": whole, "finetune": some,
                 "quick": whole + ["--epochs", "3", "--warmup-epochs", "0"],
                 "reference": few + start, "reference-mended": few + start}
    for path in sorted(glob.glob(f"{ROOT}/configs/*.yaml")):
        name = os.path.basename(path)[:-len(".yaml")]
        table, *options = arguments.get(name, few)
        yield f"recipe {name}", lambda name=name, table=table, options=options: programs.train(
            f"recipe-{name}", table, "--config", name, *options)
    for kind in "crop", "letterbox":
        yield f"--resize {kind}", lambda kind=kind: programs.train(
            f"resize-{kind}", "some.csv", "--size", "96", "--resize", kind, "--interpolation", "bicubic", "--epochs",
            "1", "--model", "resnet12-gn", "--mean", "0.5,0.4,0.3", "--std", "0.2,0.3,0.4")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", metavar="FOLDER")
    parser.add_argument("--only", nargs="*", metavar="NAME", help="networks, or recipes as \"recipe quick\"")
    parser.add_argument("--build", default=f"{ROOT}/build", metavar="DIR")
    parser.add_argument("--data", default=f"{ROOT}/../shared/data/clothing", metavar="DIR", help="tables and photos")
    parser.add_argument("--photos", type=int, default=100, metavar="N", help="at most 126 (default: 100)")
    parser.add_argument("--opencv", metavar="PYTHON", help="a Python with cv2; without it OpenCV is left out")
    options = parser.parse_args()
    programs = Programs(options)
    for name, train in list(train_networks(programs)) + list(train_recipes(programs)):
        if options.only and name not in options.only:
            continue
        folder = train()
        norm = norm_of(folder)
        ours, images = check_bytes(name, programs, folder, norm, programs.photos)
        model = programs.export(folder)
        check_model(name, programs, folder, model)
        check_pillow(name, model, ours, programs.photos)
        if options.opencv:
            check_opencv(name, programs, options.opencv, model, images, norm)
        if name in ("recipe finetune-quick", "recipe quick"):
            check_int8(name, programs, folder, norm)
    print(f"{len(failures)} failed")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--opencv-run"]:
        run_opencv(*sys.argv[2:])
    else:
        main()
