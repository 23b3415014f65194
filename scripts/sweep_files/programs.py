"""Signals, and the programs that a sweep starts."""
import os
import signal
import subprocess
import sys
import tempfile

from .console import AS_BYTES, Failure

SCRIPTS = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))


class Signals:
    """SIGINT, SIGTERM and SIGHUP end the program by SystemExit, so that what has to be done first
    stands where it has to be done. Only the first one counts."""

    caught = 0
    held = False

    @classmethod
    def handle(cls):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) != signal.SIG_IGN:  # nohup, and a shell's background
                signal.signal(number, cls.take)

    @classmethod
    def take(cls, number, _frame):
        if not cls.caught:
            cls.caught = number
            if not cls.held:
                sys.exit(128 + number)

    @classmethod
    def release(cls):
        cls.held = False
        if cls.caught:
            sys.exit(128 + cls.caught)


def run(command, **how):
    """Runs a program to its end; -> its exit status as a shell tells it. A signal to this program
    becomes a SIGTERM of that one, whose end is waited for."""
    child = None
    try:
        Signals.held = True  # a child that is started is known
        child = subprocess.Popen(command, **how)
        Signals.release()
        status = child.wait()
        return status if status >= 0 else 128 - status
    except BaseException:
        Signals.held = False
        if child:
            child.terminate()
            child.wait()
        raise


def output_of(command):
    """-> exit status, and what it has written to both outputs."""
    with tempfile.TemporaryFile() as file:
        status = run(command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT)
        file.seek(0)
        return status, file.read().decode(**AS_BYTES)


def last_line(text):
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""


class Programs:
    """atk-train, atk-predict and atk-data: in the source tree or installed."""

    def __init__(self):
        for folder in (os.environ.get("ATK_TRAIN_BIN"), f"{SCRIPTS}/../build", f"{SCRIPTS}/../../../bin"):
            if folder and all(os.access(f"{folder}/{name}", os.X_OK)
                              for name in ("atk-train", "atk-predict")):
                self.folder = os.path.realpath(folder)
                break
        else:
            raise Failure("atk-train and atk-predict are not there: make builds them "
                          "(ATK_TRAIN_BIN: their folder)")
        self.train = f"{self.folder}/atk-train"
        self.predict = f"{self.folder}/atk-predict"
        self.data = f"{self.folder}/atk-data"
