"""A weights file of any kind, told apart by its first bytes. -> name -> Tensor, metadata."""
import hashlib
import mmap
import os

from . import onnx_file, paddle_file, safetensors, torch_file
from .tensor import Tensor, WeightsError

LEGACY_START = bytes.fromhex("80028a0a6cfc9c46f9206aa850192e")
CONTAINERS = ("state_dict", "model", "model_state_dict")  # of checkpoints, by how common they are
PREFIXES = ("module.", "_orig_mod.")  # of DataParallel and of torch.compile
HASHED_AT_ONCE = 1 << 20


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(HASHED_AT_ONCE):
            digest.update(block)
    return digest.hexdigest()


def read(path):
    """Tensors may read the file later: it must stay."""
    try:
        if not os.path.isfile(path):  # opening a pipe would wait for its writer
            raise WeightsError("not a file" if os.path.exists(path) else "there is no such file")
        file = open(path, "rb")
        return read_open(file, os.fstat(file.fileno()).st_size)
    except OSError as problem:
        raise WeightsError(f"{path}: {problem.strerror}") from None
    except WeightsError as problem:
        raise WeightsError(f"{path}: {problem}") from None
    except Exception as problem:  # what the libraries make of a damaged file: anything
        raise WeightsError(f"{path}: damaged ({type(problem).__name__}: {problem})") from None


def read_open(file, size):
    start = file.read(512)
    file.seek(0)
    if start.startswith(b"PK\x03\x04"):
        return state_of(torch_file.read_zip(file)), {}
    if start.startswith(LEGACY_START):
        return state_of(torch_file.read_legacy(file, size)), {}
    if start[257:262] == b"ustar":
        return state_of(torch_file.read_tar(file, size)), {}
    # The length of a safetensors header may look like a pickle's start, but not the reverse.
    if start[8:9] == b"{" and int.from_bytes(start[:8], "little") <= size:
        return safetensors.read(file, size)
    if start[:1] == b"\x80" and start[1:2] in (b"\x02", b"\x03", b"\x04"):
        return state_of(paddle_file.read(file)), {}
    if start[:1] == b"\x08":  # the first field of an ONNX model is the version of its format
        return onnx_file.read(memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))), {}
    raise WeightsError("neither .pth, .pdparams, safetensors nor ONNX by its first bytes"
                       if start[8:9] != b"{" else "a safetensors file that is cut")


def state_of(loaded):
    """The tensors of a checkpoint, without the prefixes that wrappers add."""
    for key in CONTAINERS:
        if isinstance(loaded, dict) and isinstance(loaded.get(key), dict):
            loaded = loaded[key]
    if not isinstance(loaded, dict):
        raise WeightsError(f"it holds a {type(loaded).__name__}, not a dict of tensors")
    state = {name: value for name, value in loaded.items() if isinstance(value, Tensor)}
    if not state or not all(type(name) is str for name in state):
        keys = ", ".join(repr(key) for key in list(loaded)[:4])
        raise WeightsError(f"no dict of names and tensors was found in it (its keys: {keys})")
    for prefix in PREFIXES:
        if all(name.startswith(prefix) for name in state):
            state = {name[len(prefix):]: tensor for name, tensor in state.items()}
    return state
