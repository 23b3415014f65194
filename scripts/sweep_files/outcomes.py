"""What the runs have left, and statistics over those of a setting."""
import itertools
import math
import os
import re
import statistics
from dataclasses import dataclass, field

from .console import Failure
from .files import read_json, read_text
from .tables import read_records
from .runs import Run


# Columns of sweep.csv by their names in summary.json. Behind the third comes rarest_recall, of the
# class with the fewest images in the table.
VALIDATION = ("best_accuracy", "best_balanced_accuracy", "best_mean_loss", "rarest_recall",
              "last_accuracy", "last_balanced_accuracy", "last_mean_loss", "seconds")
TEST = ("test_accuracy", "test_balanced_accuracy", "test_mean_loss", "test_rarest_recall")


def figure_names(classes, is_tested):
    names = [*VALIDATION, *(TEST if is_tested else ()), *(f"recall {name}" for name in classes)]
    return names + [f"test recall {name}" for name in classes] if is_tested else names


def number_text(value):
    """A number as it is written in a file; None where there is none."""
    if value in (None, ""):
        return None
    if not isinstance(value, str) or math.isnan(float(value)):
        raise ValueError(f"{value} is not a number")
    return value


def shown(number):
    """A number of a file, or one that was computed here, as a field of a table."""
    if number is None:
        return ""
    return f"{number:.6g}" if isinstance(number, float) else str(number)


@dataclass
class Outcome:
    """Of a run: its state, its figures by name, and its test images: class -> (images, correct)."""
    run: Run
    status: str
    epochs_done: str = ""
    best_epoch: str = ""
    figures: dict = field(default_factory=dict)
    tested: dict = field(default_factory=dict)
    matrix: dict = field(default_factory=dict)  # (label, predicted) -> test images
    settings: dict = field(default_factory=dict)  # all of them, so those of a recipe, too


def read_outcome(sweep, a_run, rarest):
    folder = sweep.folder(a_run)
    summary = read_json(f"{folder}/summary.json")
    outcome = Outcome(
        a_run,
        "failed" if sweep.has_failed(a_run) else str(summary.get("status") or "not finished"),
        shown(summary.get("epochs_done")), shown(summary.get("best_epoch")))
    if outcome.status in ("finished", "stopped early"):
        try:
            read_figures(outcome, sweep, rarest)
        except (LookupError, ValueError) as problem:
            raise Failure(f"{folder}: a file of this run or of its test is not as atk-train and "
                          f"atk-predict write it ({problem})") from None
    return outcome


def read_figures(outcome, sweep, rarest):
    folder = sweep.folder(outcome.run)
    summary = read_json(f"{folder}/summary.json")
    for line in read_text(f"{folder}/args.yaml").splitlines():
        name, _colon, value = line.partition(": ")
        outcome.settings[name] = value
    figures = outcome.figures
    figures.update({name: number_text(summary.get(name)) for name in VALIDATION})
    if os.path.exists(f"{folder}/per_class.csv"):
        for _line, (label, *values) in itertools.islice(
                read_records(f"{folder}/per_class.csv"), 1, None):
            figures[f"recall {label}"] = number_text(values[2])
    figures["rarest_recall"] = figures.get(f"recall {rarest}")
    if sweep.options.is_tested:
        read_test(outcome, f"{sweep.out}/test/{outcome.run.name}", rarest)


def read_test(outcome, prefix, rarest):
    answer = read_json(f"{prefix}.json")
    if not answer:
        return
    figures = outcome.figures
    figures["test_accuracy"] = number_text(answer.get("accuracy"))
    figures["test_balanced_accuracy"] = number_text(answer.get("balanced_accuracy"))
    figures["test_mean_loss"] = number_text(answer.get("mean_cross_entropy"))
    matrix = [record for _line, record in read_records(f"{prefix}.confusion.csv")]
    for label, *counts in matrix[1:]:
        counts = dict(zip(matrix[0][1:], map(int, counts)))
        images, correct = sum(counts.values()), counts.get(label, 0)
        outcome.tested[label] = images, correct
        outcome.matrix.update({(label, guess): n for guess, n in counts.items()})
        if images:
            figures[f"test recall {label}"] = correct / images
    figures["test_rarest_recall"] = figures.get(f"test recall {rarest}")


class Cell:
    """The outcomes of one setting: of each seed and fold."""

    def __init__(self, setting, outcomes):
        self.setting = setting
        self.outcomes = [outcome for outcome in outcomes if outcome.run.setting == setting]
        self.label = setting.label
        self.settings = next((outcome.settings for outcome in self.outcomes if outcome.settings), {})

    def values(self, name):
        """(seed, fold) -> the figure, where there is one."""
        values = {}
        for outcome in self.outcomes:
            value = outcome.figures.get(name)
            if value is not None:
                values[outcome.run.seed, outcome.run.fold] = float(value)
        return values

    def count(self, name):
        return len(self.values(name))

    def mean(self, name):
        values = self.values(name).values()
        return statistics.fmean(values) if values else None

    def deviation(self, name):
        values = self.values(name).values()
        return statistics.stdev(values) if len(values) > 1 else None

    def tested(self, label):
        """-> images of the class in all tests, and how many of them are right."""
        pairs = [outcome.tested.get(label, (0, 0)) for outcome in self.outcomes]
        return sum(images for images, _right in pairs), sum(right for _images, right in pairs)

    @property
    def is_average(self):
        """Whether all losses are averaged: k 1.0, 100% or 1.00, or the aggregate average."""
        settings = self.settings
        if not re.fullmatch(r"[0.]*%?", settings.get("drop-largest", "")):
            return False
        return settings.get("aggregate") == "average" or (
            settings.get("aggregate") == "atk" and settings.get("k-schedule") == "constant" and
            bool(re.fullmatch(r"100(\.0*)?%|1\.0*", settings.get("k", ""))))

    @property
    def other_settings(self):
        """Those that do not belong to the loss of a batch."""
        return [item for item in self.setting.items
                if not re.fullmatch("k|k-.*|aggregate|scope|drop-largest", item[0])]


def t_within(angle, degrees):
    """P(|t| < tan(angle) sqrt(degrees)) for Student's t: Abramowitz and Stegun, Handbook of
    Mathematical Functions (1964), 26.7.3 for odd and 26.7.4 for even degrees of freedom."""
    odd = degrees % 2
    term = math.cos(angle) if odd else 1.0
    total = 0.0
    for i in range(2 + odd, degrees + 1, 2):
        total += term
        term *= math.cos(angle) ** 2 * (i - 1) / i
    total *= math.sin(angle)
    return (angle + total) * 2 / math.pi if odd else total


def t_quantile(degrees, within=0.95):
    """The t that |t| is below with that probability: half the width of a confidence interval, in
    standard errors. By bisection to the last digit of a double."""
    low, high = 0.0, math.pi / 2
    for _ in range(60):
        middle = (low + high) / 2
        if t_within(middle, degrees) < within:
            low = middle
        else:
            high = middle
    return math.tan(low) * math.sqrt(degrees)


def compare(a, b, name):
    """-> the mean of the differences a - b, seed by seed and fold by fold, and half the width of its
    95 % interval; None for what is not known."""
    mine, other = a.values(name), b.values(name)
    differences = [mine[key] - other[key] for key in mine if key in other]
    if not differences:
        return None, None
    if len(differences) == 1:
        return differences[0], None
    n = len(differences)
    return (statistics.fmean(differences),
            t_quantile(n - 1) * statistics.stdev(differences) / math.sqrt(n))
