#!/usr/bin/env bats
# bats file_tags=release
# scripts/convert-weights: every kind of file, other projects' names, hostile files, and Paddle and
# back. The files are of scripts/make_weights_golden.py: PyTorch, onnx and Paddle wrote them.

bats_require_minimum_version 1.5.0

setup() {
    command -v python3 >/dev/null || skip "python3 is not installed"
    root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    golden=$root/tests/golden/weights
    cd "$BATS_TEST_TMPDIR"
    touch narrow.yaml
}

# (a program that waits for a pipe is ended)
convert() { timeout 60 "$root/scripts/convert-weights" "$@"; }

# What NAME.txt of the golden files says, of a safetensors file.
digests() {
    python3 - "$1" <<'END'
import hashlib, json, struct, sys
with open(sys.argv[1], "rb") as file:
    (size,) = struct.unpack("<Q", file.read(8))
    header, data = json.loads(file.read(size)), file.read()
assert size % 8 == 0
header.pop("__metadata__")
for name in sorted(header):
    begin, end = header[name]["data_offsets"]
    shape = "x".join(map(str, header[name]["shape"])) or "scalar"
    print(name, shape, hashlib.sha256(data[begin:end]).hexdigest()[:16])
END
}

# meta FILE KEY: the value, or nothing.
meta() {
    python3 -c 'import json, struct, sys
file = open(sys.argv[1], "rb")
(size,) = struct.unpack("<Q", file.read(8))
print(json.loads(file.read(size))["__metadata__"].get(sys.argv[2], ""))' "$@"
}

# converts FILE EXPECTED: bit for bit what the framework has put into it.
converts() {
    convert "$golden/$1" out.safetensors --model narrow.yaml
    digests out.safetensors | diff - "$golden/$2"
}

# refused TEXT ARGUMENT...: exit status 1, one line that holds TEXT, and no file.
refused() {
    local text=$1
    shift
    run convert "$@" out.safetensors --model "${model:-narrow.yaml}"
    echo "$output"
    [ "$status" -eq 1 ]
    [ "${#lines[@]}" -eq 1 ]
    [[ $output = *"$text"* ]]
    [ -z "$(find . -name 'out*')" ]
}

@test "every container of PyTorch gives the tensors that PyTorch put into it" {
    converts resnet_zip.pth resnet.txt
    converts resnet_legacy.pth resnet.txt
    converts resnet_tar.pth resnet.txt
    converts resnet.safetensors resnet.txt
}

@test "a checkpoint's weights are found, without the prefix of DataParallel" {
    converts resnet_checkpoint.pth resnet.txt
}

@test "views arrive as they are seen: channels_last, transposed, parts of one storage" {
    converts resnet_views.pth resnet.txt
}

@test "half, bfloat16 and double become float32 as PyTorch's float() makes it" {
    converts resnet_f16.pth resnet_f16.txt
    converts resnet_bf16.pth resnet_bf16.txt
    converts resnet_f64.pth resnet_f64.txt
}

@test "the initialisers of an ONNX file are read, raw and as float_data" {
    converts resnet.onnx resnet.txt
}

@test "names of timm, torchvision and the EfficientNet package become the same tensors" {
    converts inverted_timm.pth inverted.txt
    [ "$(meta out.safetensors source)" = timm-efficientnet-lite0 ]
    converts inverted_torchvision.pth inverted.txt
    [ "$(meta out.safetensors source)" = torchvision ]
    converts inverted_package.pth inverted.txt
    [ "$(meta out.safetensors mean)" = '0.498039216 0.498039216 0.498039216' ]
    [ "$(meta out.safetensors std)" = '0.501960784 0.501960784 0.501960784' ]
    [ "$(meta out.safetensors interpolation)" = bicubic ]
}

@test "folded BatchNorm gets norms that change nothing, is marked and warned of" {
    run --separate-stderr convert "$golden/folded.onnx" out.safetensors --model narrow.yaml
    [ "$status" -eq 0 ]
    [[ $stderr = 'convert-weights: warning: '*'BatchNorm is folded'* ]]
    digests out.safetensors | diff - "$golden/folded.txt"
    [ "$(meta out.safetensors batch_norm)" = folded ]
    convert out.safetensors again.safetensors --model narrow.yaml 2>/dev/null
    [ "$(meta again.safetensors batch_norm)" = folded ]
    convert "$golden/resnet_zip.pth" other.safetensors --model narrow.yaml
    [ -z "$(meta other.safetensors batch_norm)" ]
}

@test "Paddle's weights of both protocols are mapped, the linear layer transposed" {
    converts res2net_protocol2.pdparams res2net.txt
    converts res2net_protocol4.pdparams res2net.txt
}

@test "to Paddle and back is the same bits, in both protocols" {
    convert "$golden/res2net_protocol4.pdparams" once.safetensors --model narrow.yaml
    for protocol in 2 4; do
        convert --to-paddle --protocol $protocol once.safetensors p.pdparams --model narrow.yaml
        convert p.pdparams twice.safetensors --model narrow.yaml
        digests twice.safetensors | diff - "$golden/res2net.txt"
        # as Paddle's own file: names, order, and the linear layer as [in, out]
        python3 -m pickletools p.pdparams | grep -o "'[a-z].*\.[_a-z]*'" >ours
        python3 -m pickletools "$golden/res2net_protocol$protocol.pdparams" |
            grep -o "'[a-z].*\.[_a-z]*'" | grep -v numpy >theirs
        diff <(grep -v numpy ours | head -n 102) <(head -n 102 theirs)
    done
}

@test "all 437 names of Paddle's Res2Net50_vd_26w_4s are mapped as the table of the facts has it" {
    table=${ATK_SHARED:-$root/../shared}/facts/names/res2net50_names_map.tsv
    [ -f "$table" ] || skip "no shared data"
    PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$root/scripts python3 - "$table" <<'END'
import sys
from weights_files import architectures, names
rows = [line.rstrip("\n").split("\t") for line in open(sys.argv[1])][1:]
assert len(rows) == 437
known = architectures.KNOWN["res2net50-vd-26w-4s"]
back, wanted = names.to_paddle(known), known.tensors(4)
assert list(back.values()) == [row[0] for row in rows]
for theirs, _, ours, shape, how in rows:
    assert names.from_paddle(theirs, {}) == (ours, how == "transpose"), theirs
    assert back[ours] == theirs and "x".join(map(str, wanted[ours])) == shape, ours
assert len(wanted) == 437
END
}

@test "the metadata has the keys and number formats of atk-train, and options change them" {
    convert "$golden/resnet_zip.pth" out.safetensors --model narrow.yaml >said
    grep -q '^out.safetensors: narrow, 50 tensors, 1,713 parameters, 3 classes$' said
    grep -q '^images as in torchvision: size 224, resize crop 0.875, bilinear' said
    [ "$(meta out.safetensors format)" = pt ]
    [ "$(meta out.safetensors architecture)" = narrow ]
    [ "$(meta out.safetensors mean)" = '0.485 0.456 0.406' ]
    [ "$(meta out.safetensors size)" = 224 ]
    [ "$(meta out.safetensors crop_fraction)" = 0.875 ]
    [ "$(meta out.safetensors num_classes)" = 3 ]
    [ "$(meta out.safetensors source_file)" = resnet_zip.pth ]
    [ "$(meta out.safetensors source_sha256)" = "$(sha256sum "$golden/resnet_zip.pth" | cut -c-64)" ]
    printf 'a\nb c\nd\n' >names
    convert "$golden/resnet_zip.pth" out.safetensors --model narrow.yaml --source timm --size 96 \
        --mean 0,0.1,1 --std 1,2,3 --resize letterbox --classes names
    [ "$(meta out.safetensors classes)" = "$(printf 'a\nb c\nd')" ]
    [ "$(meta out.safetensors mean)" = '0 0.1 1' ]
    [ "$(meta out.safetensors resize) $(meta out.safetensors interpolation)" = 'letterbox bicubic' ]
    # what a file of ours says is kept
    convert out.safetensors again.safetensors --model narrow.yaml
    [ "$(meta again.safetensors mean) $(meta again.safetensors size)" = '0 0.1 1 96' ]
    [ "$(meta again.safetensors classes)" = "$(printf 'a\nb c\nd')" ]
    printf 'a\na\nd\n' >names
    rm out.safetensors
    refused 'names: 3 different names' "$golden/resnet_zip.pth" --classes names
}

@test "digits in torchvision's file names and timm's config.json say how images are prepared" {
    cp "$golden/resnet_zip.pth" resnet50-11ad3fa6.pth
    convert resnet50-11ad3fa6.pth out.safetensors --model narrow.yaml
    [ "$(meta out.safetensors crop_fraction)" = 0.965517241 ]
    cat >config.json <<'END'
{"architecture": "resnet18", "pretrained_cfg": {"mean": [0.5, 0.4, 0.3], "std": [0.2, 0.2, 0.2],
 "input_size": [3, 160, 160], "interpolation": "bicubic", "crop_pct": 0.95}}
END
    convert resnet50-11ad3fa6.pth out.safetensors --model narrow.yaml
    [ "$(meta out.safetensors source) $(meta out.safetensors size)" = 'config.json 160' ]
    [ "$(meta out.safetensors mean) $(meta out.safetensors crop_fraction)" = '0.5 0.4 0.3 0.95' ]
}

@test "the same input gives the same bytes" {
    convert "$golden/resnet_zip.pth" a --model narrow.yaml
    convert "$golden/resnet_zip.pth" b --model narrow.yaml
    cmp a b
}

@test "weights of another network: the first tensor that differs, what is missing, a guess" {
    model=resnet18 refused 'tensor conv1.weight: shape [4,3,3,3] but the model wants [64,3,7,7]' \
        "$golden/resnet_zip.pth"
    model=resnet50 refused 'missing (layer1.0.conv3.weight' "$golden/resnet_zip.pth"
    model=mobilenetv2 refused 'left over (conv1.weight' "$golden/resnet_zip.pth"
    shaped_as resnet34 r34
    model=resnet18 refused 'these look like resnet34' r34
}

# shaped_as MODEL FILE: safetensors of that model's names and shapes, all zeros.
shaped_as() {
    PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$root/scripts python3 - "$@" <<'END'
import json, struct, sys
from math import prod
from weights_files import architectures
header, at = {}, 0
for name, shape in architectures.KNOWN[sys.argv[1]].tensors(10).items():
    header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + 4 * prod(shape)]}
    at += 4 * prod(shape)
text = json.dumps(header).encode()
with open(sys.argv[2], "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text)
    file.truncate(8 + len(text) + at)
END
}

@test "timm's Res2Net for Paddle's, which has the same tensors, is warned of" {
    shaped_as res2net50d r2n
    run --separate-stderr convert r2n out.safetensors --model res2net50-vd-26w-4s
    [ "$status" -eq 0 ]
    [[ $stderr = *'those of res2net50d, which has the same tensors'* ]]
    run --separate-stderr convert r2n out.safetensors --model res2net50d
    [[ $stderr != *'same tensors'* ]]
    run --separate-stderr convert out.safetensors again.safetensors --model res2net50-vd-26w-4s
    [ "$status" -eq 0 ]
    [[ $stderr != *'same tensors'* ]] # ours says what it is
}

# ---- hostile files ----

# Writes PICKLE as a bare pickle, evil.pdparams, and as the data.pkl of a zip archive, evil.pth.
# In it: call(MODULE, NAME, ARGUMENT...) for a call that the reader would make.
evil() {
    python3 - "$1" <<'END'
import io, pickle, sys, types, zipfile
from collections import OrderedDict
class call:
    def __init__(self, module, name, *arguments):
        for part in (module.split(".")[0], module):
            if part not in sys.modules:
                sys.modules[part] = types.ModuleType(part)
                sys.modules[part].__path__ = []
        if not hasattr(sys.modules[module], name):
            exec(f"def {name}(): pass", sys.modules[module].__dict__)
            getattr(sys.modules[module], name).__module__ = module
        self.reduced = getattr(sys.modules[module], name), arguments
    def __reduce__(self):
        return self.reduced
class stored:
    def __init__(self, n): self.n = n
class Pickler(pickle.Pickler):
    def persistent_id(self, value):
        if isinstance(value, stored):
            return ("storage", call_type("FloatStorage"), "0", "cpu", value.n)
def call_type(name):
    return call("torch", name).reduced[0]
value = eval(sys.argv[1])
with zipfile.ZipFile("evil.pth", "w") as archive:
    data = io.BytesIO()
    Pickler(data, 2).dump(value)
    archive.writestr("a/data.pkl", data.getvalue())
    archive.writestr("a/data/0", bytes(16))
if "stored" not in sys.argv[1]:
    with open("evil.pdparams", "wb") as file:
        pickle.dump(value, file, 4)
END
}

@test "a pickle that asks for a program is refused by name, and nothing runs" {
    evil '{"conv1.weight": call("posix", "system", "touch pwned")}'
    refused 'posix.system, which no weights need: refused' evil.pth
    refused 'posix.system, which no weights need: refused' evil.pdparams
    evil '{"a": [{"b": (1, call("builtins", "eval", "open(\"pwned\", \"w\")"))}]}'
    refused '__builtin__.eval' evil.pth # as protocol 2 calls it
    refused 'builtins.eval' evil.pdparams
    evil '{"a": call("builtins", "getattr", OrderedDict, "fromkeys")}'
    refused 'builtins.getattr' evil.pdparams
    evil '{"a": call("argparse", "Namespace")}'
    refused 'argparse.Namespace' evil.pth
    [ ! -e pwned ]
}

@test "a pickle cannot reach through an allowed name, nor set attributes" {
    printf '\x80\x04\x8c\x0bcollections\x94\x8c\x16OrderedDict.fromkeys.x\x94\x93.' >dotted.pdparams
    refused 'collections.OrderedDict.fromkeys.x' dotted.pdparams
    # BUILD on the class OrderedDict
    printf '\x80\x02ccollections\nOrderedDict\n}X\x01\x00\x00\x00aK\x01sb.' >build.pdparams
    refused 'sets the state of a type' build.pdparams
    # a call of what is no function
    printf '\x80\x02X\x01\x00\x00\x00a)R.' >call.pdparams
    refused 'its pickle is damaged' call.pdparams
}

@test "a few bytes cannot ask for gigabytes" {
    # a memo of 2^31 entries, 2^60 bytes, a tensor of 2^60 numbers out of 4
    (ulimit -v 1000000
        printf '\x80\x02}r\xff\xff\xff\x7f.' >memo.pdparams
        refused 'no dict of names' memo.pdparams
        printf '\x80\x04\x8e\x00\x00\x00\x00\x00\x00\x00\x10abc.' >bytes.pdparams
        refused 'pickle' bytes.pdparams
        evil '{"a": call("torch._utils", "_rebuild_tensor_v2", stored(4), 0, (1 << 30, 1 << 30), (0, 0), False, OrderedDict())}'
        refused 'reaches beyond its storage' evil.pth)
}

@test "a name of a file cannot ask for a thousand million blocks, nor for a second line" {
    python3 -c 'import json, struct
names = ["conv1.weight", "layer1.0.conv1.weight", "layer1.0.conv2.weight", "layer1.999999999.a\nb"]
header = {name: {"dtype": "F32", "shape": [1, 1, 1, 1], "data_offsets": [4 * i, 4 * i + 4]}
          for i, name in enumerate(names)}
text = json.dumps(header).encode()
open("names", "wb").write(struct.pack("<Q", len(text)) + text + bytes(16))'
    (ulimit -v 1000000
        refused 'its tensors are neither of a ResNet' names
        model=resnet18 refused '1 left over (layer1.999999999.a?b)' names)
}

@test "a view beyond its storage, a storage of another size, a negative stride: refused" {
    evil '{"a": call("torch._utils", "_rebuild_tensor_v2", stored(4), 1, (2, 2), (2, 1), False, OrderedDict())}'
    refused 'a view of shape [2,2] at 1 reaches beyond its storage of 4 items' evil.pth
    evil '{"a": call("torch._utils", "_rebuild_tensor_v2", stored(5), 0, (2, 2), (2, 1), False, OrderedDict())}'
    refused 'a storage of 5 F32 has 16 bytes' evil.pth
    evil '{"a": call("torch._utils", "_rebuild_tensor_v2", stored(4), 3, (4,), (-1,), False, OrderedDict())}'
    refused 'is no view' evil.pth
    evil '{"a": call("torch._utils", "_rebuild_tensor_v2", stored(4), 0, (2, 2), (2,), False, OrderedDict())}'
    refused 'is no view' evil.pth
}

@test "a file that is cut anywhere is refused in one line" {
    local file size part
    for file in resnet_zip.pth resnet_legacy.pth resnet_tar.pth resnet.safetensors resnet.onnx \
        res2net_protocol2.pdparams res2net_protocol4.pdparams; do
        size=$(stat -c %s "$golden/$file")
        for part in 1 7 40 $((size / 3)) $((size * 3 / 4)) $((size - 100)); do
            # the end of a tar archive is padding
            [[ $file = *_tar* && $part -gt $((size * 3 / 4)) ]] && continue
            head -c $part "$golden/$file" >cut
            refused 'cut: ' cut
        done
    done
    : >empty
    refused 'empty: neither' empty
}

@test "a TorchScript archive is refused with what to do" {
    python3 -c 'import zipfile
with zipfile.ZipFile("script.pt", "w") as archive:
    for name in ("data.pkl", "code/__torch__.py", "constants.pkl"):
        archive.writestr("s/" + name, b"")'
    refused 'a TorchScript archive, which holds a program: save the weights alone' script.pt
}

@test "what is no file, and bytes of no format, are refused" {
    mkfifo pipe
    refused 'pipe: not a file' pipe
    refused 'nothing: there is no such file' nothing
    printf 'GIF89a, or nearly so' >x
    refused 'neither .pth, .pdparams, safetensors nor ONNX' x
}

@test "a NaN or an infinity is refused by the name of its tensor" {
    local value
    for value in '\x00\x00\xc0\x7f' '\x00\x00\x80\xff'; do
        cp "$golden/resnet.safetensors" bad
        printf "$value" | dd of=bad bs=1 seek=$(($(stat -c %s bad) - 4)) conv=notrunc status=none
        refused 'holds a NaN or an infinity' bad
    done
}

@test "OUT is replaced only by a whole file, and may be IN" {
    echo before >out
    cp "$golden/resnet_zip.pth" evil
    run convert "$golden/resnet_zip.pth" out --model resnet18
    [ "$status" -eq 1 ]
    [ "$(cat out)" = before ]
    cp "$golden/resnet.safetensors" same
    convert same same --model narrow.yaml
    digests same | diff - "$golden/resnet.txt"
    run convert "$golden/resnet_zip.pth" no/out --model narrow.yaml
    [ "$status" -eq 1 ]
    [ "$output" = 'convert-weights: no/out: No such file or directory' ]
    [ -z "$(find . -name '*.tmp.*')" ]
}

@test "usage errors are one line and exit status 2; --help is 0" {
    local arguments
    for arguments in '' 'a b' 'a b --model resnet17' 'a b --model ./none.yaml' 'a b --model resnet18 -x' \
        'a b --model resnet18 --size 0' 'a b --model resnet18 --mean 1,2' \
        'a b --model resnet18 --std 1,0,1' 'a b --model resnet18 --protocol 2' \
        'a b --to-paddle --protocol 3 --model resnet18' 'a b --to-paddle --size 3 --model resnet18'; do
        run convert $arguments
        echo "$arguments: $output"
        [ "$status" -eq 2 ]
        [ "${#lines[@]}" -eq 1 ]
    done
    run convert --help
    [ "$status" -eq 0 ]
    [[ $output = *'Exit status: 0; 1 '* ]]
}

# ---- where nothing can be written ----

@test "a full disk is an error with the file's name, and nothing is left" {
    run bash -c 'ulimit -f 1; exec "$@"' - "$root/scripts/convert-weights" "$golden/resnet_zip.pth" \
        out.safetensors --model narrow.yaml
    [ "$status" -eq 1 ]
    [ "$output" = 'convert-weights: out.safetensors: File too large' ]
    [ -z "$(find . -name 'out*')" ]
}

@test "on a full standard output help and lines are an error, not a success" {
    run bash -c '"$1" --help >/dev/full' - "$root/scripts/convert-weights"
    [ "$status" -eq 1 ]
    [ "$output" = 'convert-weights: standard output: No space left on device' ]
    run bash -c '"$1" "$2" out.safetensors --model narrow.yaml >/dev/full' - \
        "$root/scripts/convert-weights" "$golden/resnet_zip.pth"
    [ "$status" -eq 1 ]
    [ "$output" = 'convert-weights: standard output: No space left on device' ]
}

@test "the output is a file or a link to one: a pipe is refused and stays, a dangling link is followed" {
    mkfifo pipe.safetensors
    run convert "$golden/resnet_zip.pth" pipe.safetensors --model narrow.yaml
    [ "$status" -eq 1 ]
    [ "$output" = 'convert-weights: pipe.safetensors: not a file' ]
    [ -p pipe.safetensors ]
    ln -s target.safetensors link.safetensors
    convert "$golden/resnet_zip.pth" link.safetensors --model narrow.yaml
    [ -L link.safetensors ]
    [ -f target.safetensors ]
}
