#!/usr/bin/env bats
# atk-export: what the file holds, what it computes (by tests/cli/onnx_run.py, and by onnxruntime where
# python3 has it), and what bad input gets.

load helpers

setup_file() {
    local BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR
    train_setup
    make_images 4
    make_small_model
    atk-train photos.csv "${small[@]}" --out run -q --mean 0.5,0.4,0.3 --std 0.2,0.3,0.4
}
setup() {
    train_setup
    made=$BATS_FILE_TMPDIR
    atk-export --version >/dev/null
    if [[ $(atk-export "$made/run" probe.onnx 2>&1) = *'built without ONNX'* ]]; then
        skip "built without ONNX"
    fi
    rm -f probe.onnx
}
atk-export() { "$build/atk-export" "$@"; }

# Python with NumPy.
python() {
    local python
    for python in python3 /usr/bin/python3; do
        if "$python" -c 'import numpy' 2>/dev/null; then
            "$python" "$@"
            return
        fi
    done
    skip "no python3 with numpy"
}
onnx_run() { python "$root/tests/cli/onnx_run.py" "$@"; }

photos() { find "$made/photos" -name '*.png' | sort; }

# Largest distance of two tables of numbers, a line for each image: at most 1e-6, of which half is the
# rounding to six digits in what atk-predict prints.
same_probabilities() { # file file
    paste -d' ' "$1" "$2" | awk '{
            if (NF == 0 || NF % 2 != 0) exit 1
            for (i = 1; i <= NF / 2; i++) {
                far = $i - $(i + NF / 2); if (far < 0) far = -far
                if (!(far <= 1e-6)) { print "line " NR ": " $i " and " $(i + NF / 2); exit 1 }
            }
            n++
        } END { if (n == 0) exit 1 }'
}

# What atk-predict says of the photos into ours.txt, what the network reads into images.
ours() { # run
    "$build/atk-predict" "$1" -q $(photos) | tail -n +2 | cut -d, -f4- | tr , ' ' >ours.txt
    "$build/resized-images" "$1/last.safetensors" images $(photos)
}

# The run is exported in each way, and all compute what atk-predict says.
expect_same_network() { # run [fold]
    local options
    rm -f "$1/best.safetensors"
    ours "$1"
    for options in "" "--input uint8" ${2:+--fold-norm}; do
        atk-export "$1" model.onnx -q $options
        onnx_run model.onnx images 5 >theirs.txt
        same_probabilities ours.txt theirs.txt
    done
}

# A network whose model file is standard input, trained a little at a size that divides badly.
train_network() { # [OPTION...]
    cat >network.yaml
    atk-train "$made/photos.csv" "${small[@]}" --model ./network.yaml --size 37 --out net -q "$@"
}

@test "a network with GroupNorm: inputs, outputs, metadata and nodes, and what it computes" {
    run atk-export "$made/run" model.onnx
    expect_status 0
    [ "$output" = "model.onnx: image float32 [N, 3, 32, 32] -> probabilities [N, 3]; 49 nodes, 0.03 MB" ]
    onnx_run model.onnx >about
    grep -qx 'ir 5 opset 10' about
    grep -qx "producer atk-train $(sed -n 's/^VERSION := //p' "$root/Makefile") graph small" about
    grep -qx 'input image float32 N 3 32 32' about
    grep -qx 'output probabilities float32 N 3' about
    grep -qx "metadata classes 'bird\\\\ncat\\\\ndog'" about
    grep -qx "metadata size '32'" about
    grep -qx "metadata resize 'squash'" about
    grep -qx "metadata interpolation 'bilinear'" about
    grep -qx "metadata exif 'apply'" about
    grep -qx "metadata mean '0.5 0.400000006 0.300000012'" about
    grep -qx "metadata std '0.200000003 0.300000012 0.400000006'" about
    grep -qx "metadata temperature '1'" about
    [ "$(grep -c '^metadata ' about)" -eq 8 ]
    [ "$(grep -c '^node ' about)" -eq 49 ]
    [ "$(grep -c '^node InstanceNormalization ' about)" -eq 6 ]
    grep -qx 'node Conv image.normalised conv1.weight -> conv1' about
    cp -r "$made/run" net
    expect_same_network net
}

@test "crop and letterbox: the metadata says so" {
    for resize in crop letterbox; do
        atk-train "$made/photos.csv" "${small[@]}" --epochs 1 --model "$made/small.yaml" --resize $resize \
            --interpolation bicubic --exif ignore --out $resize -q
        atk-export $resize $resize.onnx -q
        onnx_run $resize.onnx >about
        grep -qx "metadata resize '$resize'" about
        grep -qx "metadata interpolation 'bicubic'" about
        grep -qx "metadata exif 'ignore'" about
    done
    [ "$(onnx_run crop.onnx | grep -x "metadata crop_fraction '0.875'")" ]
    [ "$(onnx_run letterbox.onnx | grep -c crop_fraction)" -eq 0 ]
}

@test "the temperature of a weights file is in the graph" {
    cp -r "$made/run" net
    rm net/best.safetensors
    python - net/last.safetensors <<'END'
import json, struct, sys
with open(sys.argv[1], "rb") as file:
    (size,) = struct.unpack("<Q", file.read(8))
    header, tensors = json.loads(file.read(size)), file.read()
header["__metadata__"]["temperature"] = "2.5"
text = json.dumps(header).encode()
with open(sys.argv[1], "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text + tensors)
END
    expect_same_network net
    onnx_run model.onnx >about
    grep -qx "metadata temperature '2.5'" about
    grep -qx "node Mul fc logits.inverse_temperature -> logits.scaled" about
    "$build/atk-predict" "$made/run/last.safetensors" -q $(photos) | tail -n +2 | cut -d, -f4- | tr , ' ' >cold.txt
    run -1 same_probabilities ours.txt cold.txt
}

@test "bytes as input: a Cast is the first node" {
    atk-export "$made/run" model.onnx --input uint8 -q
    onnx_run model.onnx >about
    grep -qx 'input image uint8 N 3 32 32' about
    [ "$(grep '^node ' about | head -n 1)" = 'node Cast image -> image.float' ]
}

@test "basic blocks with BatchNorm: as nodes, and folded, which leaves none" {
    train_network <<'END'
stem: [{width: 8, kernel: 7, stride: 2}]
pool: {kernel: 3, stride: 2}
block: basic
stages: [{blocks: 2, width: 8, stride: 1}, {blocks: 1, width: 16, stride: 2}]
norm: {kind: batch, epsilon: 0.01}
zero-init-residual: true
END
    expect_same_network net fold
    [ "$(onnx_run model.onnx | grep -c BatchNormalization)" -eq 0 ]
    onnx_run model.onnx | grep -qx 'node Conv maxpool layer1.0.conv1.weight layer1.0.bn1.bias -> layer1.0.conv1'
    atk-export net model.onnx -q
    [ "$(onnx_run model.onnx | grep -c '^node BatchNormalization ')" -eq 8 ]
}

@test "bottlenecks with a stem of three and average pools in the shortcuts" {
    for norm in '{kind: batch}' '{kind: group, groups: 2}'; do
        rm -rf net
        train_network <<END
stem: [{width: 4, kernel: 3, stride: 2}, {width: 4, kernel: 3, stride: 1}, {width: 8, kernel: 3, stride: 1}]
pool: {kernel: 3, stride: 2}
block: {kind: bottleneck, shortcut: average-pool, reduction: 2}
stages: [{blocks: 2, width: 8, stride: 1}, {blocks: 2, width: 16, stride: 2}]
norm: $norm
END
        if [[ $norm = *batch* ]]; then expect_same_network net fold; else expect_same_network net; fi
    done
}

@test "inverted residuals, TensorFlow's padding, ReLU6 and a head" {
    for padding in same torch; do
        rm -rf net
        # So small a std makes activations that ReLU6 clips.
        train_network --std 0.02,0.02,0.02 <<END
stem: [{width: 8, kernel: 3, stride: 2}]
pool: {kernel: 2, stride: 2}
block: inverted
stages: [{blocks: 1, width: 8, stride: 1, expansion: 1}, {blocks: 2, width: 12, stride: 2, kernel: 5}]
head: {width: 24}
norm: {kind: batch, epsilon: 0.001}
activation: relu6
padding: $padding
END
        expect_same_network net fold
        onnx_run model.onnx | grep -qx 'node Clip conv_stem -> bn1'
    done
}

@test "res2net with and without a chain in first blocks, and both averages" {
    for way in 'true, pool-counts-padding: false' 'false, pool-counts-padding: true'; do
        rm -rf net
        train_network <<END
stem: [{width: 8, kernel: 3, stride: 2}]
block: {kind: res2net, base-width: 64, scale: 4, shortcut: average-pool, chain-in-first-block: $way}
stages: [{blocks: 2, width: 16, stride: 1}, {blocks: 2, width: 32, stride: 2}]
norm: {kind: batch}
END
        expect_same_network net fold
    done
}

@test "no norm at all, and an activation alone" {
    train_network <<'END'
stem: [{width: 8, kernel: 4, stride: 4}]
block: basic
stages: [{blocks: 1, width: 8, stride: 1}]
norm: {kind: none}
END
    expect_same_network net
    run atk-export net model.onnx --fold-norm
    expect_status 2
    [ "$output" = "atk-export: --fold-norm: BatchNorm alone can be folded, and this network has no norm" ]
}

@test "the same network gives the same bytes; a run folder, its best weights and a weights file are taken" {
    atk-export "$made/run" a.onnx -q
    atk-export "$made/run/best.safetensors" - >b.onnx 2>said
    cmp a.onnx b.onnx
    grep -q '^-: image float32' said
    cp -r "$made/run" bare
    perl -pe 's/"size":"32"/"size":"64"/' "$made/run/best.safetensors" >bare/best.safetensors
    atk-export bare bare.onnx -q
    onnx_run bare.onnx | grep -qx "metadata size '64'"
    atk-export bare/last.safetensors last.onnx -q
    onnx_run last.onnx | grep -qx "metadata size '32'"
    rm bare/best.safetensors
    atk-export bare bare.onnx -q
    cmp bare.onnx last.onnx
}

@test "onnx and onnxruntime: the file is valid, and the probabilities are atk-predict's" {
    python3 -c 'import onnx, onnxruntime' 2>/dev/null || skip "python3 has no onnx and onnxruntime"
    ours "$made/run"
    "$build/atk-predict" "$made/run/last.safetensors" -q $(photos) | tail -n +2 | cut -d, -f4- | tr , ' ' >ours.txt
    atk-export "$made/run/last.safetensors" model.onnx -q
    python3 - "$root/scripts" images >theirs.txt <<'END'
import sys
import numpy, onnx, onnxruntime
sys.path.insert(0, sys.argv[1])
import safetensors_file
onnx.checker.check_model("model.onnx", full_check=True)
images = safetensors_file.read(sys.argv[2])["images"].transpose(0, 3, 1, 2).astype(numpy.float32)
session = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])
for row in session.run(None, {"image": images})[0]:
    print(*row)
END
    same_probabilities ours.txt theirs.txt
    [ "$(python3 "$root/scripts/predict_onnx.py" model.onnx $(photos) | wc -l)" -eq "$(photos | wc -l)" ]
}

@test "usage errors: exit status 2, one line, nothing written" {
    local expected
    while IFS='|' read -r arguments expected; do
        run atk-export $arguments
        expect_status 2
        [ "${#lines[@]}" -eq 1 ]
        expect "atk-export: $expected"
    done <<END
|no model given; usage: atk-export [OPTION...] MODEL FILE.onnx
$made/run|no file to write given; usage: atk-export
$made/run a b|more than a model and a file given; usage: atk-export
$made/run a --input float16|--input: "float16" is neither float nor uint8
$made/run a --fold-norms|unknown option "--fold-norms"; did you mean --fold-norm?
$made/run a --fold-norm|--fold-norm: BatchNorm alone can be folded, and this network has GroupNorm
$made/run/best.safetensors $made/run/best.safetensors|$made/run/best.safetensors is the model, which would be overwritten
$made/run $made/run/results.csv|$made/run/results.csv is a file of the run, which would be overwritten
$made/run/last.safetensors $made/run/best.safetensors|$made/run/best.safetensors is a file of the run, which would be overwritten
END
    [ ! -e a ]
}

@test "what is no model, or a broken one: exit status 1, one line, the old file stays" {
    echo old >model.onnx
    head -c 100 "$made/run/best.safetensors" >cut
    head -c 4000 /dev/urandom >noise
    perl -pe 's/"size":"32"/"size":"-1"/' "$made/run/best.safetensors" >size
    perl -pe 's/"size":"32"/"siz3":"32"/' "$made/run/best.safetensors" >no_size
    for model in missing cut noise size no_size "$made/photos.csv" .; do
        run atk-export "$model" model.onnx
        expect_status 1
        [ "${#lines[@]}" -eq 1 ]
        [ "$(cat model.onnx)" = old ]
    done
    [ "$(ls | grep -c tmp)" -eq 0 ]
}

@test "a full disk, a folder that is not there, a device that is full: exit status 1, nothing half" {
    echo old >model.onnx
    run bash -c 'ulimit -f 1; exec "$@"' - "$build/atk-export" "$made/run" model.onnx
    expect_status 1
    expect "/model.onnx: File too large"
    [ "$(cat model.onnx)" = old ]
    [ "$(ls)" = model.onnx ]
    run atk-export "$made/run" nowhere/model.onnx
    expect_status 1
    run bash -c "'$build/atk-export' '$made/run' - >/dev/full"
    expect_status 1
    run bash -c "'$build/atk-export' '$made/run' - >&-"
    expect_status 2
    [ "$(ls)" = model.onnx ]
}

# bats test_tags=release
@test "without memory: exit status 1 and one line, whatever there is" {
    echo old >model.onnx
    local kib failed=0
    for kib in 30000 60000 90000 120000 150000 180000; do
        status=0
        (ulimit -v $kib && exec "$build/atk-export" "$made/run" model.onnx -q) 2>said || status=$?
        if [ "$status" -eq 0 ]; then
            echo old >model.onnx
            continue
        fi
        failed=$((failed + 1))
        [ "$status" -eq 1 ] || [ "$status" -eq 127 ] # 127: the libraries do not fit
        [ "$(wc -l <said)" -eq 1 ]
        [ "$(cat model.onnx)" = old ]
    done
    [ "$failed" -gt 0 ]
}

@test "signals end it where nobody reads what it writes: exit status 143" {
    mkfifo nobody
    "$build/atk-export" "$made/run" nobody 2>said 3>&- &
    pid=$!
    sleep 0.5
    kill -TERM $pid
    sleep 0.1
    kill -TERM $pid
    status=0
    wait $pid || status=$?
    [ "$status" -eq 143 ]
}
