"""Files that are whole or not there, and arguments as bash quotes them."""
import json
import os
import re

from .console import AS_BYTES, Failure


def save(path, text):
    save_all({path: text})


def save_all(texts):
    """Path -> text. Each file is whole, and the others are, too, before its name exists."""
    aside = {path: f"{path}.tmp.{os.getpid()}" for path in texts}
    try:
        for path, text in texts.items():
            with open(aside[path], "w", newline="", **AS_BYTES) as file:
                file.write(text)
        for path in texts:
            os.rename(aside[path], path)
    except BaseException as problem:
        for file in filter(os.path.lexists, aside.values()):
            os.unlink(file)
        if isinstance(problem, OSError):
            raise Failure(f"cannot write {path}: {problem.strerror}") from None
        raise


def read_text(path):
    """"" when it is not there."""
    try:
        with open(path, newline="", **AS_BYTES) as file:
            return file.read()
    except FileNotFoundError:
        return ""


def read_json(path):
    """An object with its numbers as they are written; empty when there is none."""
    try:
        content = json.loads(read_text(path), parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def quoted(*arguments):
    """The arguments as bash reads them, in the form of its own printf %q in the C locale: by this
    form a run is known again, also one of the sweeps that were bash scripts."""
    return " ".join(map(quoted_one, arguments))


ESCAPES = {7: r"\a", 8: r"\b", 9: r"\t", 10: r"\n", 11: r"\v", 12: r"\f", 13: r"\r", 27: r"\E",
           39: r"\'", 92: r"\\"}


def quoted_one(argument):
    text = os.fsencode(argument)
    if not text:
        return "''"
    if all(32 <= byte < 127 for byte in text):
        escaped = re.sub(r"([^A-Za-z0-9%+./:=@_~#-])", r"\\\1", text.decode("ascii"))
        return re.sub(r"(^#|(?:^|(?<=[:=]))~)", r"\\\1", escaped)
    return "$'" + "".join(ESCAPES.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}")
                          for byte in text) + "'"
