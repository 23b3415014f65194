"""The combinations, their runs, and the tables that are drawn for them."""
import fcntl
import itertools
import os
import re
import tempfile
from dataclasses import dataclass

from .console import Failure
from .programs import last_line, output_of, run
from .files import quoted, read_json, read_text, save


@dataclass(frozen=True)
class Setting:
    """One combination of values."""
    items: tuple  # (name, value)

    @property
    def options(self):
        return [f"--{name}={value}" for name, value in self.items]

    @property
    def label(self):
        return ", ".join(f"{name}={value}" for name, value in self.items)


@dataclass(frozen=True)
class Run:
    """A combination with a seed and, in cross-validation, a fold: 1 to --folds; 0: none."""
    setting: Setting
    seed: int
    fold: int

    @property
    def name(self):
        """Of its folder. Bytes that are no use in one become _."""
        text = ",".join(f"{name}={value}" for name, value in self.setting.items)
        text += f",seed={self.seed}" + (f",fold={self.fold}" if self.fold else "")
        return re.sub(rb"[^A-Za-z0-9._%+,=-]", b"_", os.fsencode(text)).decode("ascii")


def make_settings(options):
    names = [name for name, _values in options.grid]
    return [Setting(tuple(zip(names, values)))
            for values in itertools.product(*(values for _name, values in options.grid))]


def list_runs(settings, options):
    folds = range(1, options.folds + 1) if options.folds else [0]
    runs = [Run(setting, seed, fold) for seed in range(options.seeds) for fold in folds
            for setting in settings]
    names = set()
    for a_run in runs:
        if a_run.name in names:
            raise Failure(f"two combinations have the name {a_run.name}", 2)
        names.add(a_run.name)
    return runs


def check_settings(settings, options, programs):
    """A wrong option is found now and not in the middle: atk-train looks at all of them before it
    finds that /dev/null has no rows (status 1)."""
    with tempfile.TemporaryDirectory() as folder:
        for setting in settings:
            status, text = output_of([
                programs.train, "--cache", "disk", *options.train, *setting.options, "--dry-run",
                "--out", f"{folder}/none", "/dev/null"])
            if status != 1:
                message = last_line(text).removeprefix("atk-train: ")
                raise Failure(message or f"atk-train has ended with status {status}", 2)


class Sweep:
    """A sweep in its folder: where things are, and what is to be done."""

    def __init__(self, options, settings, programs):
        self.options = options
        self.settings = settings
        self.programs = programs
        self.out = os.path.realpath(options.out)
        try:
            for name in "jobs", "logs", "runs":
                os.makedirs(f"{self.out}/{name}", exist_ok=True)
        except OSError as problem:
            raise Failure(f"--out: {problem.filename}: {problem.strerror}") from None
        self.lock()
        self.table = os.path.realpath(options.table)
        self.test_table = os.path.realpath(options.test_table) if options.test_table else ""
        self.threads = options.threads or max(int(output_of(["nproc"])[1]) // options.jobs, 1)
        self.sums = {path: check_sum(path) if path else "" for path in (self.table, self.test_table)}
        self.runs = list_runs(settings, options)

    def lock(self):
        """One sweep at a time in a folder. A lock ends with its processes: GNU parallel and the runs
        keep it, too, so that a sweep that was killed is not started beside them."""
        self.lock_file = os.open(f"{self.out}/lock", os.O_WRONLY | os.O_CREAT, 0o666)
        try:
            fcntl.flock(self.lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failure(f"another sweep is working in {self.out}") from None

    def folder(self, a_run):
        return f"{self.out}/runs/{a_run.name}"

    def job(self, a_run):
        return f"{self.out}/jobs/{a_run.name}.sh"

    def has_failed(self, a_run):
        return os.path.exists(self.folder(a_run) + ".failed")

    def is_done(self, a_run):
        return (is_finished(self.folder(a_run)) and not self.has_failed(a_run) and
                (not self.options.is_tested or os.path.exists(f"{self.out}/test/{a_run.name}.json")))

    def tables_of(self, a_run):
        """-> the tables to train and to test with; the second is "" without a test."""
        train, test = self.table, self.test_table
        prefix = self.split_prefix(a_run)
        if self.options.draws_tests:
            train, test = f"{prefix}_train.csv", f"{prefix}_test.csv"
        if self.options.flip_labels:
            train = f"{prefix}_noisy.csv"
        return train, test

    def split_prefix(self, a_run):
        prefix = f"{self.out}/splits/seed{a_run.seed}"
        return f"{prefix}_fold{a_run.fold}" if a_run.fold else prefix

    def made_from(self):
        """What the tables in splits/ depend on beside the seed, in the form of their made_by file
        and of the second line of a job."""
        options = self.options
        text = f"test-split {options.test_split}, flip-labels {options.flip_labels}"
        return text + (f", folds {options.folds}" if options.folds else "")

    def identity(self, a_run):
        """What decides the result of a run, as one line."""
        fold = f", fold {a_run.fold}" if a_run.fold else ""
        return (f"# data {self.sums[self.table]}, test {self.sums[self.test_table]}, "
                f"{self.made_from()}, seed {a_run.seed}{fold}: "
                f"{quoted(*self.options.train, *a_run.setting.options)}")


def is_finished(folder):
    return read_json(f"{folder}/summary.json").get("status") in ("finished", "stopped early")


def check_sum(path):
    """POSIX cksum: the CRC and the size."""
    with open(path, "rb") as file, tempfile.TemporaryFile() as answer:
        if run(["cksum"], stdin=file, stdout=answer) != 0:
            raise Failure(f"{path}: cannot be read")
        answer.seek(0)
        return answer.read().decode("ascii").strip()


def make_splits(sweep):
    """Draws for each seed what is not there yet."""
    options, folder = sweep.options, f"{sweep.out}/splits"
    if not options.draws_tests and not options.flip_labels:
        return
    os.makedirs(folder, exist_ok=True)
    made_by = f"data {sweep.sums[sweep.table]}, {sweep.made_from()}"
    if not set(os.listdir(folder)) - {"made_by"}:  # nothing yet, or what could not be drawn
        save(f"{folder}/made_by", made_by + "\n")
    if made_by not in read_text(f"{folder}/made_by").splitlines():
        raise Failure(f"{folder} was made from other data or shares: give another --out", 2)
    for seed in range(options.seeds):
        draw_split(sweep, [a_run for a_run in sweep.runs if a_run.seed == seed])


def draw_split(sweep, runs):
    """The tables of the runs of one seed."""
    options, seed = sweep.options, runs[0].seed
    prefixes = dict.fromkeys(map(sweep.split_prefix, runs))  # one, or one of each fold
    wanted = [f"{prefix}_{part}.csv" for prefix in prefixes for part in ("train", "test")]
    if options.draws_tests and not all(map(os.path.exists, wanted)):
        how = ["--folds", str(options.folds)] if options.folds else ["--test", options.test_split]
        draw(sweep, runs, wanted, "split", *how, "--seed", str(seed), "--out",
             f"{sweep.out}/splits/seed{seed}", sweep.table)
    for prefix in prefixes if options.flip_labels else ():
        clean = f"{prefix}_train.csv" if options.draws_tests else sweep.table
        wanted = [f"{prefix}_noisy.csv", f"{prefix}_noisy_flipped.csv"]
        if not all(map(os.path.exists, wanted)):
            draw(sweep, runs, wanted, "flip-labels", "--share", options.flip_labels, "--seed",
                 str(seed), "--out", f"{prefix}_noisy", clean)


def draw(sweep, runs, wanted, *command):
    """Has atk-data draw tables. What stands half-drawn, after a kill, is drawn again; but no table is
    drawn behind a run that has used it: its test images might have been trained with."""
    for a_run in runs:
        if os.path.exists(sweep.folder(a_run)):
            raise Failure(f"{sweep.folder(a_run)} is there and its tables in splits/ are not: give "
                          "another --out", 2)
    for path in filter(os.path.lexists, wanted):
        os.unlink(path)
    name, *rest = command
    if not os.access(sweep.programs.data, os.X_OK):
        raise Failure(f"{sweep.programs.data} is not there: make builds it")
    status, text = output_of([sweep.programs.data, name, *sweep.options.table_options, *rest])
    if status != 0:
        raise Failure(last_line(text) or f"atk-data {name} has ended with status {status}")
