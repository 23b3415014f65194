"""The command line, and --help."""
import os
import re
import sys
from dataclasses import dataclass, field

from .console import Failure, PROGRAM, say
from .programs import output_of

USAGE = f"""\
Usage: {PROGRAM} DATA.csv --out DIR [OPTION...] [-- OPTION-OF-ATK-TRAIN...]
Train once for each combination of the values below and each seed, and compare.

    {PROGRAM} photos.csv --k 1,0.25,0.5,0.7,1.0 --seeds 3 --jobs 2 \\
        --out sweeps/photos -- --model resnet10-gn --epochs 20
    {PROGRAM} photos.csv --grid learning-rate=1e-4,3e-4 --grid k=0.5,1.0 \\
        --out sweeps/rate
    {PROGRAM} photos.csv --k 0.5,1.0 --folds 5 --out sweeps/folds

      --k=LIST           values of --k, with commas between
      --grid=NAME=LIST   values of any option of atk-train; may be given several
                         times. Values that hold commas have ; between, and a
                         single one has it behind: crop-scale='0.5,1;'
      --seeds=N          seeds 0 to N-1 for each combination (default: 3; with
                         --folds: 1)
      --out=DIR          everything is written here
Runs of one seed have the same split: of DATA.csv, as atk-train makes it, or
with
      --test-split=F     this share of each class is set aside for testing,
                         drawn anew for each seed; the rest trains and validates
      --folds=N          cross-validation: the images are split into N parts,
                         and each of N runs is tested with another part and
                         trains and validates with the rest. Each seed draws N
                         parts of its own: a combination has seeds x N runs
      --flip-labels=F    this share of the training labels is made wrong, for
                         each seed (and fold), after the split (atk-data
                         flip-labels)
      --test=FILE        a table that each run's best network is tested with
Runs:
      --jobs=N           at a time, on each machine (default: 1)
      --threads=N        of each (default: the processors divided by --jobs)
      --retries=N        attempts at a run that fails (default: 1)
      --sshlogin=FILE    machines, one a line, as for GNU parallel; DIR, the
                         images and the programs must be there under the same
                         paths
      --slurm            write DIR/sweep.slurm, an array job, and start nothing
  -h, --help             print this

Resized images are kept on disk, once for all runs (--cache disk), and are put
there before the first run. Options of the table (--images, --image-column, ...)
are given behind --, and not in a recipe.

Started again with the same options it continues: finished runs are kept, runs
that were interrupted go on, runs that failed are run again; more values and
seeds may be added. In DIR:

  runs/, logs/, jobs/    a run folder, an output and a script for each run
  splits/, test/         tables of --test-split and --folds; predictions of the
                         test images
  sweep.csv              a row for each run
  summary.csv            mean and standard deviation over the seeds
  pooled.csv             recall of each class in the test images of all seeds
  pooled_matrix.csv      confusion matrix of these images
  pooled_figures.csv     their accuracy, balanced accuracy and macro F1, with
                         95 % intervals (bootstrap over the images of a seed)
  classes.csv            images of each class in DATA.csv
  joblog                 of GNU parallel

The best setting is the one with the best mean over the seeds. Its margin over
the average loss (k 1.0 or 100%, with nothing dropped) is taken seed by seed,
and exceeds the seed noise when 0 is not in the 95 % interval of its mean
(Student's t). With --folds all this is over the folds of all seeds; folds share
training images, so that their interval is somewhat too narrow.

Exit status: 0; 1 when a run failed, and for files; 2 for usage; 129, 130 and
143 when interrupted. An interrupted run saves its state first.
"""


@dataclass
class Options:
    table: str = ""
    out: str = ""
    grid: list = field(default_factory=list)  # (name, values)
    seeds: int = 0
    folds: int = 0  # 0: no cross-validation
    test_table: str = ""
    test_split: str = ""
    flip_labels: str = ""
    jobs: int = 1
    threads: int = 0
    retries: int = 1
    sshlogin: str = ""
    slurm: bool = False
    train: list = field(default_factory=list)  # options of atk-train, as given
    table_options: list = field(default_factory=list)  # those of them that say how tables are read
    image_column: str = "image"
    label_column: str = "label"
    has_header: bool = True
    delimiter: str = ","
    cache: str = "disk"

    @property
    def draws_tests(self):
        """Whether test images are set aside, other ones for each seed or fold."""
        return bool(self.test_split or self.folds)

    @property
    def is_tested(self):
        return bool(self.test_table or self.draws_tests)


NOT_IN_GRID = ("seed", "out", "resume", "dry-run", "data", "json", "config")
SET_BY_SWEEP = ("--seed", "--out", "-o", "--resume", "--dry-run", "--data")
NOT_FOR_SWEEP = ("--json", "--find-lr", "-h", "--help", "-V", "--version")


def add_grid(options, text):
    name, equals, values = text.partition("=")
    if not (name and equals and values):
        raise Failure(f'--grid: "{text}" is not NAME=VALUE,VALUE,...', 2)
    if name in NOT_IN_GRID:
        raise Failure(f"--grid: {name} is not a setting to try values of", 2)
    if name in dict(options.grid):
        raise Failure(f"--grid: {name} is given twice", 2)
    separator = ";" if ";" in values else ","
    values = values.split(separator)
    if separator == ";" and not values[-1]:
        values.pop()
    if not all(values):
        raise Failure(f"--grid: an empty value of {name}", 2)
    if len(set(values)) < len(values):
        raise Failure(f"--grid: {name}: a value is given twice", 2)
    options.grid.append((name, values))


def whole_number(low, high):
    def check(name, text):
        if not (re.fullmatch("[0-9]{1,9}", text) and low <= int(text) <= high):
            raise Failure(f'{name}: "{text}" is not a whole number from {low} to {high}', 2)
        return int(text)

    return check


def share(name, text):
    if not re.fullmatch(r"0?\.[0-9]*[1-9][0-9]*", text):
        raise Failure(f'{name}: "{text}" is not a share between 0 and 1, such as 0.1', 2)
    return text


def any_text(_name, text):
    return text


# Of each option with a value: the field, and what checks and converts the text.
FIELDS = {
    "--seeds": ("seeds", whole_number(1, 9999)),
    "--folds": ("folds", whole_number(2, 100)),
    "--out": ("out", any_text),
    "--test": ("test_table", any_text),
    "--test-split": ("test_split", share),
    "--flip-labels": ("flip_labels", share),
    "--jobs": ("jobs", whole_number(1, 9999)),
    "--threads": ("threads", whole_number(1, 999)),
    "--retries": ("retries", whole_number(1, 99)),
    "--sshlogin": ("sshlogin", any_text),
}


def take_value(options, name, value):
    if name == "--k":
        add_grid(options, "k=" + value)
    elif name == "--grid":
        add_grid(options, value)
    else:
        attribute, check = FIELDS[name]
        setattr(options, attribute, check(name, value))


def parse(arguments):
    options = Options()
    rest = list(arguments)
    while rest:
        argument = rest.pop(0)
        name, equals, value = argument.partition("=")
        if argument in ("-h", "--help"):
            for line in USAGE.splitlines():
                say(line)
            sys.exit(0)
        elif argument == "--":
            options.train = rest
            break
        elif argument == "--slurm":
            options.slurm = True
        elif name in FIELDS or name in ("--k", "--grid"):
            if not equals and not rest:
                raise Failure(f"{name} needs a value", 2)
            take_value(options, name, value if equals else rest.pop(0))
        elif argument.startswith("-") and argument != "-":
            raise Failure(f'unknown option "{name}"; those of atk-train stand behind --; see '
                          f"{PROGRAM} --help", 2)
        elif options.table:
            raise Failure(f'one table was expected, and "{argument}" is a second one', 2)
        else:
            options.table = argument
    check_options(options)
    take_train_options(options)
    return options


def check_options(options):
    if not options.table:
        raise Failure(f"no table given; see {PROGRAM} --help", 2)
    if not os.path.isfile(options.table):
        raise Failure(f"{options.table} is not a file")
    if not options.out:
        raise Failure("--out DIR is missing", 2)
    given = [name for name, value in (("--test", options.test_table), ("--folds", options.folds),
                                      ("--test-split", options.test_split)) if value]
    if len(given) > 1:
        raise Failure(f"{given[0]} and {given[1]} exclude each other", 2)
    for name, path in ("--test", options.test_table), ("--sshlogin", options.sshlogin):
        if path and not os.path.isfile(path):
            raise Failure(f"{name}: {path} is not a file")
    if not options.slurm and not has_parallel():
        raise Failure("GNU parallel is not installed (Debian: apt install parallel); --slurm does "
                      "without")
    if not options.grid:
        add_grid(options, "k=1.0")
    options.seeds = options.seeds or (1 if options.folds else 3)


def has_parallel():
    """moreutils has another program of that name."""
    try:
        return "GNU" in output_of(["parallel", "--version"])[1]
    except OSError:
        return False


def take_train_options(options):
    """What atk-predict, atk-data and the reader of tables need to know of the options behind --."""
    rest = list(options.train)
    while rest:
        name, equals, value = rest.pop(0).partition("=")
        if name in SET_BY_SWEEP:
            raise Failure(f"{name} behind --: the sweep sets it itself", 2)
        if name in NOT_FOR_SWEEP:
            raise Failure(f"{name} behind --: not for a sweep", 2)
        if name == "--no-header":
            options.has_header = False
            options.table_options.append(name)
        if name not in ("--images", "--image-column", "--label-column", "--delimiter", "--cache"):
            continue
        if not equals:
            if not rest:
                raise Failure(f"{name} needs a value", 2)
            value = rest.pop(0)
        if name != "--images":  # its value is of no use here
            setattr(options, name.strip("-").replace("-", "_"), value)
        if name != "--cache":
            options.table_options.append(f"{name}={value}")
    if options.delimiter == "tab":
        options.delimiter = "\t"
    if len(os.fsencode(options.delimiter)) != 1:
        raise Failure(f'--delimiter: "{options.delimiter}" is not one character, or tab', 2)
