"""What torch.save has written: a zip archive since 1.6, five pickles and raw data before, a tar
archive before 0.2. -> the pickled object, its tensors as Tensor."""
import io
import struct
import tarfile
import zipfile

from . import restricted
from .tensor import ITEM_BYTES, Storage, Tensor, WeightsError, is_count

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
LEGACY_PROTOCOL = 1001
TENSOR_TYPES = {("torch", name.replace("Storage", "Tensor")): dtype
                for name, dtype in restricted.TORCH_STORAGES.items()}


def check_storage_id(dtype, n):
    if dtype not in ITEM_BYTES or not is_count(n):
        raise WeightsError("its pickle names a storage without type or size")


# ---- zip ----

def read_zip(file):
    try:
        with zipfile.ZipFile(file) as archive:
            return read_archive(archive)
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as problem:
        raise WeightsError(f"a damaged or cut zip archive ({problem})") from None


def read_archive(archive):
    members = {info.filename: info for info in archive.infolist()}
    folders = [name[:-len("data.pkl")] for name in members if name.endswith("/data.pkl")]
    if len(folders) != 1:
        raise WeightsError("a zip archive, but not one of torch.save: it has no data.pkl")
    folder = folders[0]
    if any(name.startswith(folder + "code/") for name in members):
        raise WeightsError("a TorchScript archive, which holds a program: save the weights alone, "
                           "with torch.save(model.state_dict(), FILE)")

    def member(name):
        info = members.get(folder + name)
        if info is None:
            raise WeightsError(f"the archive lacks {name}")
        if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size:
            raise WeightsError(f"{name} is compressed, which torch.save does not do")
        return archive.read(info)

    if folder + "byteorder" in members and member("byteorder") != b"little":
        raise WeightsError("written on a big-endian machine, which is not read")
    storages = {}

    def persistent_load(pid):
        kind, dtype, key, _device, n = pid
        check_storage_id(dtype, n)
        if kind != "storage" or type(key) is not str:
            raise WeightsError(f"its pickle refers to a {kind!r}")
        if key not in storages:
            storages[key] = Storage(dtype, n, lambda data=member(f"data/{key}"): data)
            storages[key].bytes()
        elif storages[key].dtype != dtype or storages[key].n != n:
            raise WeightsError(f"its pickle names storage {key} with two types or sizes")
        return storages[key]

    return restricted.load(member("data.pkl"), persistent_load)


# ---- before 1.6 ----

def exactly(file, n, left):
    """n bytes of a file that has left bytes in all."""
    if n > left:
        raise WeightsError("the file ends within a storage")
    data = file.read(n)
    if len(data) != n:
        raise WeightsError("the file ends within a storage")
    return data


def read_counted(file, storage, left):
    """An i64 count and raw data."""
    (n,) = struct.unpack("<q", exactly(file, 8, left))
    if n != storage.n:
        raise WeightsError(f"a storage of {storage.n} items has {n} in the file")
    data = exactly(file, n * ITEM_BYTES[storage.dtype], left)
    storage.read = lambda: data


def read_legacy(file, size):
    if restricted.load(file) != LEGACY_MAGIC or restricted.load(file) != LEGACY_PROTOCOL:
        raise WeightsError("not of the torch.save that its first bytes promise")
    system = restricted.load(file)
    if type(system) is not dict or system.get("little_endian") is not True:
        raise WeightsError("written on a big-endian machine, which is not read")
    storages = {}

    def persistent_load(pid):
        kind, dtype, key, _device, n, view = pid
        check_storage_id(dtype, n)
        if kind != "storage":
            raise WeightsError(f"its pickle refers to a {kind!r}")
        root = storages.setdefault(key, Storage(dtype, n, None))
        if root.dtype != dtype or root.n != n:
            raise WeightsError(f"its pickle names storage {key} with two types or sizes")
        return root if view is None else view_of(root, view[1], view[2])

    result = restricted.load(file, persistent_load)
    keys = restricted.load(file)
    if type(keys) is not list or set(keys) != set(storages) or len(keys) != len(storages):
        raise WeightsError("its list of storages is not that of its tensors")
    for key in keys:
        read_counted(file, storages[key], size)
    return result


def view_of(root, offset, n):
    """A part of a storage as a storage (torch before 0.4 shared them so)."""
    if not is_count(offset) or not is_count(n) or offset + n > root.n:
        raise WeightsError(f"a storage's part {offset!r}+{n!r} reaches beyond its {root.n} items")
    item = ITEM_BYTES[root.dtype]
    return Storage(root.dtype, n, lambda: root.bytes()[offset * item:(offset + n) * item])


# ---- before 0.2: tar ----

def read_tar(file, size):
    try:
        with tarfile.open(fileobj=file, mode="r:") as archive:
            members = {name: io.BytesIO(read_member(archive, name, size))
                       for name in ("storages", "tensors", "pickle")}
    except (tarfile.TarError, EOFError) as problem:
        raise WeightsError(f"a damaged or cut tar archive ({problem})") from None
    objects = read_tar_storages(members["storages"], size)
    read_tar_tensors(members["tensors"], objects)

    def persistent_load(pid):
        if int(pid) not in objects:
            raise WeightsError(f"its pickle refers to tensor {pid}, which is not there")
        return objects[int(pid)]

    return restricted.load(members["pickle"], persistent_load)


def read_member(archive, name, size):
    member = archive.extractfile(name) if name in archive.getnames() else None
    if member is None:
        raise WeightsError(f"a tar archive, but not one of torch.save: it lacks {name}")
    return exactly(member, archive.getmember(name).size, size)


def count(file):
    n = restricted.load(file)
    if not is_count(n):
        raise WeightsError("its archive does not say how many tensors there are")
    return n


def read_tar_storages(file, size):
    objects = {}
    for _ in range(count(file)):
        key, _device, dtype = restricted.load(file)
        (n,) = struct.unpack("<q", exactly(file, 8, size))
        check_storage_id(dtype, n)
        data = exactly(file, n * ITEM_BYTES[dtype], size)
        objects[key] = Storage(dtype, n, lambda data=data: data)
    for key, root, offset, n in restricted.load(file):
        objects[key] = view_of(objects[root], offset, n)
    return objects


def read_tar_tensors(file, objects):
    for _ in range(count(file)):
        key, storage, _type = restricted.load(file, more_allowed=TENSOR_TYPES)
        (n_dims,) = struct.unpack("<i4x", exactly(file, 8, 8))
        if n_dims not in range(9) or not isinstance(objects.get(storage), Storage):
            raise WeightsError(f"tensor {key} has {n_dims} dimensions in storage {storage}")
        numbers = struct.unpack(f"<{2 * n_dims + 1}q", exactly(file, 16 * n_dims + 8, 1 << 10))
        objects[key] = Tensor(objects[storage], numbers[:n_dims], numbers[n_dims:-1], numbers[-1])
