"""Reads and writes safetensors files as dicts of NumPy arrays, in the order that io/safetensors writes."""
import json
import struct

import numpy as np

DTYPES = {"F64": np.dtype("<f8"), "F32": np.dtype("<f4"), "I64": np.dtype("<i8"), "U8": np.dtype("u1")}
NAMES = {dtype: name for name, dtype in DTYPES.items()}


def write(path, tensors, metadata=None):
    """tensors: name -> array of float64, float32, int64 or uint8."""
    arrays = {name: np.asarray(array, order="C") for name, array in tensors.items()}
    header, offset = {}, 0
    if metadata:
        header["__metadata__"] = dict(sorted(metadata.items()))
    order = sorted(arrays, key=lambda name: (-arrays[name].dtype.itemsize, name))
    for name in order:
        array = arrays[name]
        header[name] = {"dtype": NAMES[array.dtype], "shape": list(array.shape),
                        "data_offsets": [offset, offset + array.nbytes]}
        offset += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for name in order:
            out.write(arrays[name].tobytes())


def read(path):
    """-> name -> array; metadata is left out."""
    with open(path, "rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(size))
        buffer = file.read()
    header.pop("__metadata__", None)
    return {name: np.frombuffer(buffer[entry["data_offsets"][0]:entry["data_offsets"][1]],
                                DTYPES[entry["dtype"]]).reshape(entry["shape"]).copy()
            for name, entry in header.items()}
