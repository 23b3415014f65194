"""What every part of a sweep says and how: lines, errors, failures."""
import os
import sys

PROGRAM = os.path.basename(sys.argv[0])
# Labels and paths pass through as the bytes they are, whatever the locale.
AS_BYTES = {"encoding": sys.getfilesystemencoding(), "errors": "surrogateescape"}


class Failure(Exception):
    """What is wrong, for the user, and the exit status."""

    def __init__(self, message, status=1):
        super().__init__(message)
        self.status = status


def one_line(text):
    """A name out of a file may hold anything; what a terminal gets is one line of characters."""
    return "".join(c if c.isprintable() else "?" for c in text)


def say(text):
    try:
        print(one_line(text))
    except BrokenPipeError:
        raise
    except OSError as problem:
        raise Failure(f"standard output: {problem.strerror}") from None


def warn(text):
    print_error(f"{PROGRAM}: {text}")


def print_error(text):
    try:
        print(one_line(text), file=sys.stderr)
    except OSError:
        pass  # there is nobody to tell


def open_standard_streams():
    """A descriptor of the three that is closed leads to /dev/null from here on: the next file opened
    would get its number, and with it all that is printed."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
            os.set_inheritable(number, True)
    sys.stdout = sys.stdout or open(1, "w", closefd=False)
    sys.stderr = sys.stderr or open(2, "w", closefd=False)
    for stream in sys.stdout, sys.stderr:
        stream.reconfigure(line_buffering=True, errors="backslashreplace")
