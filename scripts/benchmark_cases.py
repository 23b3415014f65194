"""What scripts/benchmark.py measures: its lists of cases, and how one is written on the command line."""
import argparse
from collections import namedtuple

# shares: the k of each measurement; none: inference. threads 0: all. size 0: --size. steps 0: by --pictures.
# train: "all" or "head". speed: {processor level, or "": (at least, stretch)} of PyTorch's time / ours, with two
# threads; memory: (at most, stretch) of our peak / PyTorch's; sharing: (at least, stretch) of the throughput of all
# threads / that of as many one-thread programs at once. With none of these nothing is asked. half: our memory and time
# with half activations as well.
Case = namedtuple("Case", "model batch shares threads size freeze_bn train steps speed memory sharing half",
                  defaults=[0, 0, False, "all", 0, None, None, None, False])

SHORT = [Case("resnet18", 4, ["0.7"]), Case("resnet18", 4, ["0.7"], 1), Case("resnet18", 16, ["0.7"]),
         Case("resnet10-gn", 4, ["1.0"]), Case("resnet10-gn", 16, ["1.0", "0.5"]), Case("resnet18", 4, []),
         Case("efficientnet-lite0", 16, ["1.0"], size=224, freeze_bn=True)]

ALL = [Case(model, batch, ["1.0", "0.7", "0.5", "0.25"], threads)
       for model in ("resnet18", "resnet10-gn", "resnet18-gn") for batch in (4, 16) for threads in (0, 1)]
ALL += [Case("resnet18", 4, []), Case("resnet18", 4, [], 1), Case("resnet10-gn", 4, [])]
ALL += [Case(model, 16, ["1.0"], threads, size=224, freeze_bn=True)
        for model in ("efficientnet-lite0", "mobilenetv2") for threads in (0, 1)]
ALL += [Case("resnet50", 4, ["1.0"], threads, freeze_bn=True) for threads in (0, 1)]
ALL += [Case("res2net50-vd-26w-4s", 4, ["1.0"], threads) for threads in (0, 1)]
ALL += [Case(model, 16, [], threads, size=224)
        for model in ("efficientnet-lite0", "resnet50") for threads in (0, 1)]
ALL += [Case("efficientnet-lite0", 16, ["1.0"], size=224, train="head")]

# Each with the ratio that is asked of it.
TABLE = [
    Case("resnet18", 4, ["0.7"], size=448, steps=6, speed={"v3": (2.6, 3.0), "v4": (2.2, 2.5)}, sharing=(0.95, 0.98)),
    Case("resnet10-gn", 4, ["1.0"], size=448, steps=8, speed={"v3": (2.4, 2.8), "v4": (2.1, 2.4)}),
    Case("efficientnet-lite0", 16, ["1.0"], size=224, freeze_bn=True, steps=6, speed={"": (3.0, 4.0)},
         memory=(0.45, 0.35), sharing=(0.95, 0.98), half=True),
    Case("mobilenetv2", 16, ["1.0"], size=224, freeze_bn=True, steps=6, speed={"": (2.5, 3.5)}),
    Case("resnet50", 4, ["1.0"], size=448, freeze_bn=True, steps=3, speed={"": (1.6, 2.0)}, memory=(0.6, 0.5),
         half=True),
    Case("res2net50-vd-26w-4s", 4, ["1.0"], size=448, steps=3, speed={"": (1.5, 2.0)}),
    Case("efficientnet-lite0", 16, [], size=224, steps=12, speed={"": (1.8, 2.5)}),
    Case("resnet50", 16, [], size=224, steps=6, speed={"": (1.6, 2.0)}),
    Case("efficientnet-lite0", 16, ["1.0"], size=224, train="head", steps=8),
    Case("resnet18", 16, ["1.0"], size=448, steps=2, memory=(0.6, 0.45), half=True),
]

# Networks of models/ that timm has, and their names there.
TIMM = {"efficientnet-lite0": "tf_efficientnet_lite0", "mobilenetv2": "mobilenetv2_100", "resnet18": "resnet18",
        "resnet34": "resnet34", "resnet50": "resnet50", "resnet50d": "resnet50d", "res2net50d": "res2net50d"}

LISTS = {"short": SHORT, "all": ALL, "table": TABLE}


def parse(text):
    """'resnet18:4:0.7,1.0:2', '...:inference:2', '...:1.0:2:size=224,freeze-bn,head,half'; what follows k may be left
    out: all threads, --size."""
    try:
        model, batch, shares, *rest = text.split(":")
        threads, words = rest[0] if rest else "0", rest[1].split(",") if len(rest) > 1 else []
        sizes = [int(word.removeprefix("size=")) for word in words if word.startswith("size=")]
        others = {word for word in words if not word.startswith("size=")}
        if len(rest) > 2 or len(sizes) > 1 or others - {"freeze-bn", "head", "half"}:
            raise ValueError
        return Case(model, int(batch), [] if shares == "inference" else shares.split(","), int(threads or 0),
                    sizes[0] if sizes else 0, "freeze-bn" in others, "head" if "head" in others else "all",
                    half="half" in others)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not MODEL:BATCH:K,K,...[:THREADS[:size=N,freeze-bn,head,half]]") from None


def describe(case, share, size, threads):
    """In words, as a table has it."""
    what = f"k {share}" if share else "inference"
    if share and case.train == "head":
        what += ", classifier alone"
    elif share and case.freeze_bn:
        what += ", BatchNorm frozen"
    return f"{case.model}, {size}, batch {case.batch}, {what}, {threads} thread{'s' if threads > 1 else ''}"
