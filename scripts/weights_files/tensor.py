"""A tensor: type and shape, and a view of a storage whose bytes are read when they are wanted.

A file may lie about every number. So a view is checked against its storage before anything is
computed from it, and nothing larger than the storage itself is ever allocated.
"""
import math
import struct
from array import array

ITEM_BYTES = {"F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2,
              "I16": 2, "U16": 2, "I8": 1, "U8": 1, "BOOL": 1}
FLOATS = ("F64", "F32", "F16", "BF16")
MAX_DIMS = 8
HALVES_AT_ONCE = 1 << 16


class WeightsError(Exception):
    """What is wrong with a file, in one line."""


class Storage:
    """n items of one type. read() -> their bytes; called once, when they are first wanted."""

    def __init__(self, dtype, n, read):
        self.dtype, self.n, self.read, self._bytes = dtype, n, read, None

    def bytes(self):
        if self._bytes is None:
            data = memoryview(self.read()).cast("B")
            if len(data) != self.n * ITEM_BYTES[self.dtype]:
                raise WeightsError(f"a storage of {self.n} {self.dtype} has {len(data)} bytes")
            self._bytes = data
        return self._bytes


def is_count(value):
    return type(value) is int and value >= 0


class Tensor:
    """A view: offset and strides count items of the storage. Without strides: contiguous."""

    def __init__(self, storage, shape, strides=None, offset=0):
        self.storage, self.shape, self.offset = storage, tuple(shape), offset
        self.strides = contiguous_strides(self.shape) if strides is None else tuple(strides)
        self.check()

    @property
    def dtype(self):
        return self.storage.dtype

    def check(self):
        numbers = (*self.shape, *self.strides, self.offset)
        if len(self.shape) > MAX_DIMS or len(self.strides) != len(self.shape) or not all(
                map(is_count, numbers)):
            raise WeightsError(f"shape {shape_text(self.shape)} with strides "
                               f"{shape_text(self.strides)} at {self.offset!r} is no view")
        n = math.prod(self.shape)
        last = self.offset + sum((d - 1) * s for d, s in zip(self.shape, self.strides))
        if n > self.storage.n or (n > 0 and last >= self.storage.n):
            raise WeightsError(f"a view of shape {shape_text(self.shape)} at {self.offset} reaches "
                               f"beyond its storage of {self.storage.n} items")

    def transposed(self):
        return Tensor(self.storage, self.shape[::-1], self.strides[::-1], self.offset)

    def reversed_inputs(self):
        """Of a convolution's weight [O,I,kh,kw]: the order of I turned round (BGR to RGB)."""
        outs, ins, *kernel = self.shape
        item, data = math.prod(kernel) * ITEM_BYTES[self.dtype], bytes(self.bytes())
        swapped = b"".join(data[(o * ins + i) * item:(o * ins + i + 1) * item]
                           for o in range(outs) for i in reversed(range(ins)))
        return Tensor(Storage(self.dtype, math.prod(self.shape), lambda: swapped), self.shape)

    def bytes(self):
        """Contiguous, in the tensor's own type."""
        size, data = ITEM_BYTES[self.dtype], self.storage.bytes()
        n = math.prod(self.shape)
        if is_contiguous(self.shape, self.strides):
            return data[self.offset * size:(self.offset + n) * size]
        return gather(data, self, n)

    def f32(self):
        """Contiguous, as float32."""
        return CONVERSIONS[self.dtype](self.bytes())


def shape_text(shape):
    return "[" + ",".join(map(str, shape)) + "]"


def contiguous_strides(shape):
    strides, step = [], 1
    for d in reversed(shape):
        strides.append(step)
        step *= d if is_count(d) else 1
    return tuple(reversed(strides))


def is_contiguous(shape, strides):
    """Strides of dimensions of 1 mean nothing."""
    wanted = contiguous_strides(shape)
    return 0 in shape or all(d == 1 or s == w for d, s, w in zip(shape, strides, wanted))


def gather(data, tensor, n):
    """Copies slices along the longest dimension, so that Python's loop runs over the others."""
    items = array({1: "B", 2: "H", 4: "I", 8: "Q"}[ITEM_BYTES[tensor.dtype]])
    items.frombytes(data)
    out = array(items.typecode, bytes(n * items.itemsize))
    long = max(range(len(tensor.shape)), key=lambda d: tensor.shape[d])
    others = [d for d in range(len(tensor.shape)) if d != long]
    to_strides = contiguous_strides(tensor.shape)
    places = [(tensor.offset, 0)]
    for d in others:
        places = [(source + i * tensor.strides[d], to + i * to_strides[d])
                  for source, to in places for i in range(tensor.shape[d])]
    length, step, to_step = tensor.shape[long], tensor.strides[long], to_strides[long]
    for source, to in places:
        if step == 0:
            column = items[source:source + 1] * length
        else:
            column = items[source:source + (length - 1) * step + 1:step]
        out[to:to + (length - 1) * to_step + 1:to_step] = column
    return memoryview(out).cast("B")


def doubles_to_f32(data):
    values = array("d")
    values.frombytes(data)
    return memoryview(array("f", values)).cast("B")


def halves_to_f32(data):
    out = array("f")
    for at in range(0, len(data), 2 * HALVES_AT_ONCE):
        part = data[at:at + 2 * HALVES_AT_ONCE]
        out.extend(struct.unpack(f"<{len(part) // 2}e", part))
    return memoryview(out).cast("B")


def bfloats_to_f32(data):
    """The upper half of a float32."""
    out, data = bytearray(2 * len(data)), bytes(data)
    out[2::4], out[3::4] = data[0::2], data[1::2]
    return memoryview(out)


CONVERSIONS = {"F32": lambda data: data, "F64": doubles_to_f32, "F16": halves_to_f32,
               "BF16": bfloats_to_f32}


def all_finite(f32):
    """A NaN or an infinity stays one in a sum, and no sum of float32 overflows a double."""
    return math.isfinite(sum(f32.cast("f")))


def f32_tensor(values, shape):
    """A tensor of these values, made here."""
    data = array("f", values)
    return Tensor(Storage("F32", len(data), lambda: data), shape)
