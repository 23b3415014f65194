"""What the two programs share: usage errors of one line, and an end that leaves nothing behind."""
import argparse
import os
import signal
import sys

from .tensor import WeightsError

PROGRAM = os.path.basename(sys.argv[0])
HAS_OUTPUT = sys.stdout is not None


class Parser(argparse.ArgumentParser):
    def __init__(self, description, epilog):
        super().__init__(prog=PROGRAM, description=description, epilog=epilog, allow_abbrev=False,
                         formatter_class=argparse.RawDescriptionHelpFormatter)

    def error(self, message):
        self.exit(2, f"{PROGRAM}: {message}; see {PROGRAM} --help\n")

    def print_help(self, file=None):
        print_out(self.format_help(), end="")  # argparse's own is silent where it cannot write


def print_out(text, end="\n"):
    try:
        print(text, end=end, flush=True)
    except BrokenPipeError:
        raise
    except OSError as problem:
        problem.filename = "standard output"
        raise


def say(lines):
    for line in lines:
        if line.startswith("warning: "):
            print(f"{PROGRAM}: {line}", file=sys.stderr)
        else:
            print_out(line)


def open_standard_streams():
    """Standard streams that are closed lead to /dev/null: the next file opened would get their
    numbers, and with them what is printed. HAS_OUTPUT tells what was open."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # open gives the lowest number that is free: this one
    sys.stdin = sys.stdin or open(os.devnull, encoding="utf-8")
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")


def end_without_output(message):
    """What is left in the buffer cannot be written either: no flush at exit."""
    print(message, file=sys.stderr, flush=True)
    os._exit(1)


def run(main):
    """main() -> nothing. A signal unwinds the stack, so that temporary files go."""
    open_standard_streams()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, lambda number, _frame: sys.exit(128 + number))
    try:
        main()
        sys.stdout.flush()
    except BrokenPipeError:
        os._exit(1)  # the reader is gone: nothing can be said, and the flush at exit would fail again
    except WeightsError as problem:
        # Names out of a file may hold anything; a message is one line.
        sys.exit("".join(c if c.isprintable() else "?" for c in f"{PROGRAM}: {problem}"))
    except OSError as problem:
        where = f"{problem.filename}: " if problem.filename else ""
        if problem.filename == "standard output":
            end_without_output(f"{PROGRAM}: {where}{problem.strerror}")
        sys.exit(f"{PROGRAM}: {where}{problem.strerror}")
    except MemoryError:
        sys.exit(f"{PROGRAM}: not enough memory")
