"""safetensors: 8 bytes of header length, a JSON header, the tensors' bytes."""
import errno
import json
import os
import struct

from .tensor import ITEM_BYTES, Storage, Tensor, WeightsError, is_count

MAX_HEADER_BYTES = 100_000_000


def read(file, size):
    """-> name -> Tensor, metadata."""
    (length,) = struct.unpack("<Q", file.read(8))
    if length > min(size - 8, MAX_HEADER_BYTES):
        raise WeightsError(f"its header has {length} bytes, the file {size}")
    try:
        header = json.loads(file.read(length))
    except (ValueError, RecursionError) as problem:
        raise WeightsError(f"its header is no JSON ({problem})") from None
    if type(header) is not dict:
        raise WeightsError("its header is no JSON object")
    metadata = header.pop("__metadata__", {})
    if type(metadata) is not dict or not all(map(is_text, metadata.values())):
        raise WeightsError("its metadata is not made of strings")
    start = 8 + length
    return {name: entry_tensor(file, start, size - start, name, entry)
            for name, entry in header.items()}, metadata


def is_text(value):
    """JSON can escape halves of characters, which UTF-8 cannot write."""
    return type(value) is str and not any("\ud800" <= c <= "\udfff" for c in value)


def entry_tensor(file, start, buffer_size, name, entry):
    entry = entry if type(entry) is dict else {}
    dtype, shape, span = (entry.get(key) for key in ("dtype", "shape", "data_offsets"))
    if dtype not in ITEM_BYTES or type(shape) is not list or type(span) is not list or len(
            span) != 2 or not all(map(is_count, shape + span)):
        raise WeightsError(f"tensor {name}: no type, shape and span of the format")
    begin, end = span
    if not begin <= end <= buffer_size or (end - begin) % ITEM_BYTES[dtype] != 0:
        raise WeightsError(f"tensor {name}: its span {begin}..{end} is not in the file")

    def read_span():
        file.seek(start + begin)
        return file.read(end - begin)

    try:
        tensor = Tensor(Storage(dtype, (end - begin) // ITEM_BYTES[dtype], read_span), shape)
    except WeightsError as problem:
        raise WeightsError(f"tensor {name}: {problem}") from None
    return tensor


def write(path, tensors, metadata):
    """Atomic. tensors: name -> (dtype, shape, function that gives the bytes); called one by one, so
    that only one tensor need be in memory. The order is that of atk-train: larger items first, then
    by name; same input, same bytes."""
    order = sorted(tensors, key=lambda name: (-ITEM_BYTES[tensors[name][0]], name))
    header, offset = {"__metadata__": dict(sorted(metadata.items()))}, 0
    for name in order:
        dtype, shape, _ = tensors[name]
        end = offset + ITEM_BYTES[dtype]
        for d in shape:
            end = offset + (end - offset) * d
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    with atomic_writer(path) as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for name in order:
            out.write(tensors[name][2]())


class atomic_writer:
    """A file that gets its name when all has been written, else none. Errors name that file. A link
    is written through; what is there and no file (a device, a folder) is refused, for a name that
    is taken over would put a file in its place."""

    def __init__(self, path):
        self.path, self.target = path, os.path.realpath(path)
        self.temporary = f"{self.target}.tmp.{os.getpid()}"

    def __enter__(self):
        if os.path.exists(self.target) and not os.path.isfile(self.target):
            raise OSError(errno.EINVAL, "not a file", self.path)
        try:
            self.file = open(self.temporary, "xb")
        except OSError as problem:
            raise OSError(problem.errno, problem.strerror, self.path) from None
        return self.file

    def __exit__(self, kind, value, _traceback):
        try:
            with self.file:
                if kind is None:
                    self.file.flush()
                    os.fsync(self.file.fileno())
            if kind is None:
                os.replace(self.temporary, self.target)
        except OSError as problem:
            raise OSError(problem.errno, problem.strerror, self.path) from None
        finally:
            if os.path.lexists(self.temporary):
                os.unlink(self.temporary)
        if isinstance(value, OSError) and value.filename is None:
            value.filename = self.path
