"""The test images of all folds and seeds of a setting, as one confusion matrix, and figures of it."""
import itertools
import random
import statistics

DRAWS = 1000


def figures_of(counts, classes):
    """(label, predicted) -> images becomes accuracy, balanced accuracy and macro F1, as atk-predict defines them."""
    images, predicted, correct = (dict.fromkeys(classes, 0) for _ in range(3))
    for (label, guess), n in counts.items():
        images[label] += n
        predicted[guess] += n
        correct[label] += n * (label == guess)
    marked = {name: images[name] + predicted[name] for name in classes}
    return (sum(correct.values()) / sum(images.values()),
            statistics.fmean(correct[name] / images[name] for name in classes if images[name]),
            statistics.fmean(2 * correct[name] / marked[name] for name in classes if marked[name]))


def percentile(values, share):
    """Of sorted values, between two linearly."""
    at = share * (len(values) - 1)
    below = min(int(at), len(values) - 2)
    return values[below] + (at - below) * (values[below + 1] - values[below])


class Pooled:
    """counts: (label, predicted) -> images. FIGURES: name -> (value, low, high), with the ends of a 95 % bootstrap
    interval. A draw has as many images as one seed tests: another seed's tests of the same images add nothing that
    other images would."""

    NAMES = ("accuracy", "balanced accuracy", "macro F1")

    def __init__(self, outcomes, classes):
        self.classes = list(classes)
        self.counts = {}
        for outcome in outcomes:
            for pair, n in outcome.matrix.items():
                if n:
                    self.counts[pair] = self.counts.get(pair, 0) + n
        seeds = {outcome.run.seed for outcome in outcomes if outcome.matrix}
        self.images = sum(self.counts.values())
        self.figures = self.intervals(max(1, self.images // len(seeds))) if self.counts else {}

    def intervals(self, n):
        draw = random.Random(0)
        pairs = sorted(self.counts)
        upto = list(itertools.accumulate(self.counts[pair] for pair in pairs))
        drawn = []
        for _ in range(DRAWS):
            counts = {}
            for pair in draw.choices(pairs, cum_weights=upto, k=n):
                counts[pair] = counts.get(pair, 0) + 1
            drawn.append(figures_of(counts, self.classes))
        return {name: (value, percentile(sorted(column), 0.025), percentile(sorted(column), 0.975))
                for name, value, column in zip(self.NAMES, figures_of(self.counts, self.classes),
                                               zip(*drawn))}

    def row(self, label):
        return [self.counts.get((label, guess), 0) for guess in self.classes]
