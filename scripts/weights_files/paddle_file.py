"""Paddle's .pdparams: one pickle, a dict of names and NumPy arrays, and the names that Paddle gave
its parameters under the key StructuredToParameterName@@.

What is written here are the opcodes that NumPy's own pickling comes to, without NumPy. Protocol 2 has
no opcode for bytes: they are text of as many characters, encoded by _codecs.encode."""
import pickle
import struct

from . import restricted
from .tensor import WeightsError

PARAMETER_NAMES = "StructuredToParameterName@@"
DTYPE_STATE = (3, "<", None, None, None, -1, -1, 0)


def read(file):
    """-> the object, arrays as Tensor."""
    state = restricted.load(file)
    if type(state) is not dict or "UnpackBigParamInfor@@" in state:
        raise WeightsError("a .pdparams file is expected to be one dict of whole arrays")
    state.pop(PARAMETER_NAMES, None)
    return {name: value.tensor if isinstance(value, restricted.NumpyArray) else value
            for name, value in state.items()}


class PickleWriter:
    """Opcodes of protocol 2 or 4, for the few kinds of objects that arrays are made of."""

    def __init__(self, out, protocol):
        self.out, self.protocol = out, protocol
        out.write(pickle.PROTO + bytes([protocol]))

    def op(self, opcode, payload=b""):
        self.out.write(opcode + payload)

    def text(self, value):
        data = value.encode("utf-8", "surrogatepass")
        self.op(pickle.BINUNICODE, struct.pack("<I", len(data)) + data)

    def name(self, module, name):
        if self.protocol == 2:
            self.op(pickle.GLOBAL, f"{module}\n{name}\n".encode())
        else:
            self.text(module)
            self.text(name)
            self.op(pickle.STACK_GLOBAL)

    def value(self, value):
        if value is None:
            self.op(pickle.NONE)
        elif value is True or value is False:
            self.op(pickle.NEWTRUE if value else pickle.NEWFALSE)
        elif type(value) is int:
            self.op(pickle.BININT, struct.pack("<i", value))
        elif type(value) is str:
            self.text(value)
        elif type(value) is tuple:
            self.op(pickle.MARK)
            for item in value:
                self.value(item)
            self.op(pickle.TUPLE)
        else:
            self.bytes(value)

    def bytes(self, data):
        if self.protocol == 2:
            self.name("_codecs", "encode")
            self.op(pickle.MARK)
            self.text(str(data, "latin1"))
            self.text("latin1")
            self.op(pickle.TUPLE)
            self.op(pickle.REDUCE)
        else:
            self.op(pickle.BINBYTES8, struct.pack("<Q", len(data)))
            self.out.write(data)

    def float32_array(self, shape, data):
        self.name("numpy.core.multiarray", "_reconstruct")
        self.op(pickle.MARK)
        self.name("numpy", "ndarray")
        self.value((0,))
        self.value(b"b")
        self.op(pickle.TUPLE)
        self.op(pickle.REDUCE)
        self.op(pickle.MARK)  # its state: version, shape, type, column-major, data
        self.value(1)
        self.value(tuple(shape))
        self.name("numpy", "dtype")
        self.value(("f4", False, True))
        self.op(pickle.REDUCE)
        self.value(DTYPE_STATE)
        self.op(pickle.BUILD)
        self.value(False)
        self.value(data)
        self.op(pickle.TUPLE)
        self.op(pickle.BUILD)

    def stop(self):
        self.op(pickle.STOP)


def write(file, tensors, protocol):
    """tensors: name -> Tensor. paddle.load makes tensors of the arrays that the table of names lists;
    the names that Paddle itself gave are not known here, and set_state_dict does not want them."""
    out = PickleWriter(file, protocol)
    out.op(pickle.EMPTY_DICT)
    out.op(pickle.MARK)
    for name, tensor in tensors.items():
        out.text(name)
        out.float32_array(tensor.shape, tensor.f32())
    out.text(PARAMETER_NAMES)
    out.op(pickle.EMPTY_DICT)
    out.op(pickle.MARK)
    for name in tensors:
        out.text(name)
        out.text(name)
    out.op(pickle.SETITEMS)
    out.op(pickle.SETITEMS)
    out.stop()
