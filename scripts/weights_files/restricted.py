"""Pickles without code. A pickle is a program that may call whatever it names; this one can name
only what it is given, and everything else is refused by its name.

Built on the unpickler that the standard library writes in Python, not on the one in C: its memo is a
dict and it reads no more than there is, so a few bytes cannot ask for gigabytes.
"""
import io
import pickle
from collections import OrderedDict

from .tensor import Storage, Tensor, WeightsError, is_count

TORCH_STORAGES = {"DoubleStorage": "F64", "FloatStorage": "F32", "HalfStorage": "F16",
                  "BFloat16Storage": "BF16", "LongStorage": "I64", "IntStorage": "I32",
                  "ShortStorage": "I16", "CharStorage": "I8", "ByteStorage": "U8",
                  "BoolStorage": "BOOL"}
NUMPY_TYPES = {"f8": "F64", "f4": "F32", "f2": "F16", "i8": "I64", "i4": "I32", "i2": "I16",
               "i1": "I8", "u1": "U8", "b1": "BOOL"}


# ---- what the allowed names stand for ----

def rebuild_tensor(storage, offset, shape, strides, *_unused):
    """torch._utils._rebuild_tensor and _v2, whose further arguments concern autograd."""
    if not isinstance(storage, Storage) or type(shape) is not tuple or type(strides) is not tuple:
        raise WeightsError("a tensor is rebuilt from what is no storage, shape and strides")
    return Tensor(storage, shape, strides, offset)


def rebuild_parameter(data, *_unused):
    return data


def encode(text, encoding):
    """_codecs.encode: how protocol 2 writes bytes."""
    if type(text) is not str or encoding != "latin1":
        raise WeightsError(f"_codecs.encode is asked for the encoding {encoding!r}")
    return text.encode("latin1")


class NumpyType:
    """numpy.dtype: '<f4' after its state is set."""

    def __init__(self, name, *_unused):
        self.name = name

    def __setstate__(self, state):
        if state[1] not in ("<", "|", "="):
            raise WeightsError(f"arrays of byte order {state[1]!r} are not read")

    @property
    def dtype(self):
        if self.name not in NUMPY_TYPES:
            raise WeightsError(f"arrays of type {self.name!r} are not read")
        return NUMPY_TYPES[self.name]


class NumpyArray:
    """numpy.ndarray, empty until its state is set."""

    tensor = None

    def __setstate__(self, state):
        _version, shape, numpy_type, is_fortran, data = state
        if type(data) is str:  # written by Python 2
            data = data.encode("latin1")
        if type(shape) is not tuple or type(data) is not bytes or not all(map(is_count, shape)):
            raise WeightsError("an array's state is no shape and bytes")
        dtype = numpy_type.dtype
        n = 1
        for d in shape:
            n *= d
        storage = Storage(dtype, n, lambda: data)
        storage.bytes()
        self.tensor = Tensor(storage, shape[::-1]).transposed() if is_fortran else Tensor(
            storage, shape)


def reconstruct(*_unused):
    """numpy's _reconstruct(ndarray, (0,), b'b')."""
    return NumpyArray()


ALLOWED = {("collections", "OrderedDict"): OrderedDict,
           ("torch._utils", "_rebuild_tensor"): rebuild_tensor,
           ("torch._utils", "_rebuild_tensor_v2"): rebuild_tensor,
           ("torch._utils", "_rebuild_parameter"): rebuild_parameter,
           ("numpy.core.multiarray", "_reconstruct"): reconstruct,
           ("numpy._core.multiarray", "_reconstruct"): reconstruct,
           ("numpy", "ndarray"): NumpyArray,
           ("numpy", "dtype"): NumpyType,
           ("_codecs", "encode"): encode,
           **{("torch", name): dtype for name, dtype in TORCH_STORAGES.items()}}


# ---- reading ----

class Unpickler(pickle._Unpickler):
    dispatch = dict(pickle._Unpickler.dispatch)

    def __init__(self, file, allowed, persistent_load):
        super().__init__(file, encoding="latin1")
        self.allowed = allowed
        if persistent_load:
            self.persistent_load = persistent_load

    def find_class(self, module, name):
        if (module, name) not in self.allowed:
            raise WeightsError(f"its pickle asks for {module}.{name}, which no weights need: refused")
        return self.allowed[module, name]

    def build(self):
        """BUILD: no attribute is set but by the two that expect it. (An OrderedDict of torch brings
        the versions of its modules, which nobody needs here.)"""
        state = self.stack.pop()
        if isinstance(self.stack[-1], (NumpyArray, NumpyType)):
            self.stack[-1].__setstate__(state)
        elif not isinstance(self.stack[-1], OrderedDict):
            raise WeightsError(f"its pickle sets the state of a {type(self.stack[-1]).__name__}")

    dispatch[pickle.BUILD[0]] = build


def load(file, persistent_load=None, more_allowed=None):
    """The next pickle of a binary file or of bytes. Every failure is a WeightsError."""
    if isinstance(file, (bytes, memoryview)):
        file = io.BytesIO(file)
    try:
        return Unpickler(file, {**ALLOWED, **(more_allowed or {})}, persistent_load).load()
    except WeightsError:
        raise
    except EOFError:
        raise WeightsError("the file ends within a pickle") from None
    except MemoryError:
        raise WeightsError("its pickle does not fit into memory") from None
    except Exception as problem:  # a hostile pickle can raise anything
        raise WeightsError(f"its pickle is damaged ({type(problem).__name__}: {problem})") from None
