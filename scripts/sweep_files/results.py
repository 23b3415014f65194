"""What all runs have given, as tables and as text."""
import csv
import io
import statistics

from .console import say
from .files import save_all
from .tables import count_classes
from .outcomes import Cell, compare, figure_names, read_outcome, shown
from .pooled import Pooled


class Results:
    """What all runs have given, as tables and as text."""

    def __init__(self, sweep):
        self.sweep = sweep
        self.classes = count_classes(sweep.options)
        self.rarest = min(self.classes, key=self.classes.get)
        self.is_tested = sweep.options.is_tested
        self.unit = "fold" if sweep.options.folds else "seed"
        self.outcomes = [read_outcome(sweep, a_run, self.rarest) for a_run in sweep.runs]
        self.cells = [Cell(setting, self.outcomes) for setting in sweep.settings]
        self.pooled = [Pooled(cell.outcomes, self.classes) for cell in self.cells]
        self.names = [name for name, _values in sweep.options.grid]
        self.figures = figure_names(self.classes, self.is_tested)

    # ---- tables ----

    def save_tables(self):
        tables = {"sweep": self.run_records(), "summary": self.summary_records(),
                  "classes": [("class", "pictures"), *self.classes.items()]}
        if self.is_tested:
            tables["pooled"] = self.pooled_records()
            tables["pooled_matrix"] = self.matrix_records()
            tables["pooled_figures"] = self.pooled_figure_records()
        texts = {}
        for name, records in tables.items():
            text = io.StringIO()
            csv.writer(text, lineterminator="\n").writerows(records)
            texts[f"{self.sweep.out}/{name}.csv"] = text.getvalue()
        save_all(texts)

    def run_records(self):
        folds = bool(self.sweep.options.folds)
        yield ["run", *self.names, "seed", *(["fold"] if folds else []), "status", "epochs_done",
               "best_epoch", *self.figures]
        for outcome in self.outcomes:
            a_run = outcome.run
            yield [a_run.name, *(value for _name, value in a_run.setting.items), a_run.seed,
                   *([a_run.fold] if folds else []), outcome.status, outcome.epochs_done,
                   outcome.best_epoch,
                   *(shown(outcome.figures.get(name)) for name in self.figures)]

    def summary_records(self):
        header = [*self.names, self.unit + "s"]
        for name in self.figures:
            header += [f"{name} mean", f"{name} sd"]
        yield header + (["pooled_test_accuracy", "pooled_test_balanced_accuracy"]
                        if self.is_tested else [])
        for cell in self.cells:
            record = [*(value for _name, value in cell.setting.items), cell.count("seconds")]
            for name in self.figures:
                record += [shown(cell.mean(name)), shown(cell.deviation(name))]
            yield record + (list(map(shown, self.pooled_accuracies(cell))) if self.is_tested else [])

    def pooled_accuracies(self, cell):
        """-> accuracy and balanced accuracy over all test images of a setting."""
        pairs = [pair for pair in map(cell.tested, self.classes) if pair[0]]
        if not pairs:
            return None, None
        return (sum(right for _images, right in pairs) / sum(images for images, _right in pairs),
                statistics.fmean(right / images for images, right in pairs))

    def pooled_records(self):
        yield [*self.names, "class", "images", "correct", "recall"]
        for cell in self.cells:
            for label in self.classes:
                images, right = cell.tested(label)
                yield [*(value for _name, value in cell.setting.items), label, images, right,
                       shown(right / images if images else None)]

    def matrix_records(self):
        yield [*self.names, "true\\predicted", *self.classes]
        for cell, pooled in zip(self.cells, self.pooled):
            for label in self.classes:
                yield [*(value for _name, value in cell.setting.items), label, *pooled.row(label)]

    def pooled_figure_records(self):
        yield [*self.names, "figure", "images", "value", "low", "high"]
        for cell, pooled in zip(self.cells, self.pooled):
            for name, values in pooled.figures.items():
                yield [*(value for _name, value in cell.setting.items), name, pooled.images,
                       *map(shown, values)]

    # ---- text ----

    def print_summary(self):
        recall = f"recall {self.rarest}"
        columns = [("accuracy", "best_accuracy", 16), ("balanced", "best_balanced_accuracy", 16),
                   (recall, "rarest_recall", max(len(recall), 16))]
        if self.is_tested:
            columns += [("test accuracy", "test_accuracy", 16),
                        ("test balanced", "test_balanced_accuracy", 16),
                        ("test recall", "test_rarest_recall", 16)]
        width = max(7, *(len(cell.label) for cell in self.cells))
        say("  ".join([f"{'setting':{width}}", self.unit + "s",
                       *(f"{title:{size}}" for title, _name, size in columns)]))
        for cell in self.cells:
            say("  ".join([f"{cell.label:{width}}", f"{cell.count('seconds'):5}",
                           *(f"{mean_and_deviation(cell, name):{size}}"
                             for _title, name, size in columns)]))

    def report_pooled(self):
        """Cross-validation has one figure in the end: that of all images, each tested by a network that has not
        seen it."""
        for cell, pooled in zip(self.cells, self.pooled):
            if pooled.figures:
                say(f"{cell.label}, {pooled.images} test images of all folds: " + ", ".join(
                    f"{name} {value:.4f} (95 % interval {low:.4f} to {high:.4f})"
                    for name, (value, low, high) in pooled.figures.items()))

    def score(self, cell, name):
        text = f"{cell.label} {cell.mean(name):.4f}"
        if cell.deviation(name) is None:
            return text
        return f"{text} (sd {cell.deviation(name):.4f}, {cell.count(name)} {self.unit}s)"

    def margin(self, a, b, name):
        mean, half = compare(a, b, name)
        if mean is None:
            return f"no {self.unit} in common"
        if half is None:
            return f"margin {mean:+.4f}, one {self.unit}: the noise is not known"
        inside = mean - half <= 0 <= mean + half
        return (f"margin {mean:+.4f} (95 % interval {mean - half:+.4f} to {mean + half:+.4f}): "
                f"{'within' if inside else 'exceeds'} the {self.unit} noise")

    def report_best(self, name, what):
        measured = [cell for cell in self.cells if cell.mean(name) is not None]
        best = best_of(measured, name)
        if best is None:
            return
        say(f"best by {what}: {self.score(best, name)}")
        alike = [cell for cell in measured if cell.other_settings == best.other_settings]
        base = next((cell for cell in alike if cell.is_average), None)
        rival = best_of([cell for cell in (alike if base else measured) if cell is not best], name)
        if not base:
            if rival:
                say(f"  the next: {self.score(rival, name)}; {self.margin(best, rival, name)}")
            if "k" in self.names:
                say("  no run of the average loss to compare with")
        elif base is not best:
            say(f"  average loss: {self.score(base, name)}; {self.margin(best, base, name)}")
            self.report_test(best, base, name)
        elif rival:
            say(f"  that is the average loss itself; the next: {self.score(rival, name)}; "
                f"{self.margin(rival, base, name)}")

    def report_test(self, best, base, name):
        name = "test_balanced_accuracy" if "balanced" in name else "test_accuracy"
        if best.mean(name) is not None and base.mean(name) is not None:
            say(f"  on the test images: {best.mean(name):.4f} against {base.mean(name):.4f}; "
                f"{self.margin(best, base, name)}")

    def report(self):
        self.print_summary()
        if self.sweep.options.folds:
            self.report_pooled()
        self.report_best("best_accuracy", "validation accuracy")
        self.report_best("best_balanced_accuracy", "balanced accuracy")
        few = [label for label in self.classes
               if any(0 < cell.tested(label)[0] < 10 for cell in self.cells)]
        if few:
            say("fewer than 10 test images in all, so that the recall says little: " +
                ", ".join(few))


def mean_and_deviation(cell, name):
    mean, deviation = cell.mean(name), cell.deviation(name)
    if mean is None:
        return "-"
    return f"{mean:.4f}" + ("" if deviation is None else f" +- {deviation:.4f}")


def best_of(cells, name):
    """None of none; at a tie the average loss, then the first."""
    return max(cells, key=lambda cell: (cell.mean(name), cell.is_average), default=None)
