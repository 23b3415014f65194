#!/usr/bin/env bats
# --weights: how a file is found, what it decides, which rows its classifier gives, what is refused;
# and --save-dtype.

load helpers

setup() {
    train_setup
    make_small_model
    make_images 4
    export XDG_DATA_HOME=$PWD/data
    library=$XDG_DATA_HOME/atk-train/weights
    mkdir -p "$library"
}

# The run whose weights the tests start from: sees 32 pixels, mean 0.25.
train_first() { # OPTION...
    atk-train "${small[@]}" -q --epochs 1 --mean 0.25 --out first "$@" photos.csv
    cp first/best.safetensors "$library/pets.safetensors"
}

again=(--batch-size 4 --epochs 1 --k 1.0) # neither size nor network

refused() { # STATUS MESSAGE OPTION...
    local status_wanted=$1 message=$2
    shift 2
    run atk-train "${again[@]}" -q "$@" photos.csv
    expect_status "$status_wanted"
    expect "$message"
    expect_one_line_and_no_run
}

@test "train: weights by name bring their network and the images that they expect" {
    train_first
    run atk-train "${again[@]}" --weights pets --out second photos.csv
    expect_status 0
    expect 'weights   pets: 3 classes; mean 0.25, std 1, size 32'
    expect 'taken over'
    expect 'network   small:'
    expect "tensors loaded from $library/pets.safetensors"
    expect 'classifier: 3 of 3 classes by name'
    [ "$(grep -cE '^(size: 32|mean: 0.25|weights: pets|model: second/model.yaml)$' second/args.yaml)" -eq 4 ]
    # Neither a resume nor its settings in another run need the file.
    rm "$library/pets.safetensors"
    atk-train -q --resume second --epochs 2
    cmp first/model.yaml second/model.yaml
}

# There are networks with the same tensors that compute other functions of them.
@test "train: weights of another network by name, as the file says, are told of" {
    train_first
    cp small.yaml other.yaml
    run atk-train "${again[@]}" --weights pets --model ./other.yaml --out second photos.csv
    expect_status 0
    expect 'given otherwise than the file says: model small'
    run atk-train "${again[@]}" --weights pets --model ./small.yaml --out third photos.csv
    expect_status 0
    [[ $output != *'than the file says'* ]]
}

@test "train: args.yaml of a run with the weights' network starts the same run" {
    train_first
    atk-train "${again[@]}" -q --weights pets --out second photos.csv
    atk-train -q --config second/args.yaml --out third
    cmp second/last.safetensors third/last.safetensors
}

@test "train: what is given wins over the weights file, also where it is the default, and that is said" {
    train_first
    run atk-train "${again[@]}" --weights pets --mean 0 --size 32 --model ./small.yaml --out second photos.csv
    expect_status 0
    expect 'given otherwise than the file says: mean 0.25'
    [[ $output != *'file says: mean 0.25, size'* ]] # given, and the same
    grep -q '^mean: 0$' second/args.yaml
    echo 'mean: 0.5' >mean.yaml
    run atk-train "${again[@]}" --weights pets --config mean.yaml --out third photos.csv
    expect_status 0
    grep -q '^mean: 0.5$' third/args.yaml
}

@test "train: a run folder as --weights stands for its best weights" {
    train_first
    run atk-train "${again[@]}" --weights first --dry-run photos.csv
    expect_status 0
    expect 'weights   best: 3 classes; '
}

@test "train: the classifier is taken by class name, and what is new begins anew" {
    train_first
    sed 's/,bird$/,fish/' photos.csv >fish.csv
    run atk-train "${again[@]}" --weights pets --out fish fish.csv
    expect_status 0
    expect 'classifier: 2 of 3 classes by name; initial values for fish'
    sed 's/,bird$/,1/; s/,cat$/,2/; s/,dog$/,3/' photos.csv >numbers.csv
    run atk-train "${again[@]}" --weights pets --out numbers numbers.csv
    expect_status 0
    expect "classifier: initial values, as none of the file's 3 classes has the name of one here"
}

# With weights that do not move, the same rows in another order give the same accuracy.
@test "train: classes in another order are classified as well as before" {
    atk-train "${small[@]}" -q --epochs 12 --val photos.csv --out first photos.csv
    printf '%s\n' dog bird cat >order.txt
    atk-train "${again[@]}" -q --weights first --classes order.txt --learning-rate 1e-12 --val photos.csv \
        --out second photos.csv
    [ "$(tail -n 1 first/results.csv | cut -d, -f7)" = "$(tail -n 1 second/results.csv | cut -d, -f7)" ]
}

@test "train: weights that are not in the library: how to get them, and what was probably meant" {
    train_first
    rm -r first
    refused 2 "there is no $library/lite.safetensors; get it with: atk-get-weights lite" --weights lite
    refused 2 "did you mean pets?" --weights pet
}

@test "train: a file of another kind costs its first bytes" {
    printf 'PK\3\4 and so on, as torch.save writes it' >model.pth
    refused 1 'model.pth is not a safetensors file, but a zip archive' --weights model.pth --model ./small.yaml
    truncate -s 3G huge.safetensors
    refused 1 'huge.safetensors is not a safetensors file' --weights huge.safetensors --model ./small.yaml
    mkfifo fifo.safetensors
    refused 1 'fifo.safetensors is a named pipe, not a file' --weights fifo.safetensors --model ./small.yaml
}

@test "train: weights of another network: the first names, and which network they are of" {
    atk-train -q --model resnet10-gn --size 32 --batch-size 4 --k 1.0 --epochs 1 --out "$BATS_TEST_TMPDIR/run" photos.csv
    refused 1 'the weights do not fit the network; these look like resnet10-gn: ' \
        --weights run/last.safetensors --model ./small.yaml
    expect 'left over (layer3.0.bn1.bias, '
}

@test "train: weights that do not say of which network they are need --model" {
    printf '\002\000\000\000\000\000\000\000{}' >foreign.safetensors
    refused 2 'foreign.safetensors does not say of which network it is: give --model' --weights foreign.safetensors
    refused 1 'the weights do not fit the network: 20 missing (conv1.weight, bn1.weight, ...)' --weights foreign.safetensors \
        --model ./small.yaml --size 32
}

# Writes over the first number of the first tensor: without counters that is bn1.bias.
spoil() { # FILE BYTES
    local header
    header=$(od -An -tu8 -N8 "$1")
    printf "$2" | dd of="$1" bs=1 seek=$((8 + header)) conv=notrunc status=none
}

@test "numbers that are not finite are refused with tensor and place, in training and in prediction" {
    train_first
    spoil first/best.safetensors '\000\000\300\177'
    run "$build/atk-predict" first photos.csv
    expect_status 1
    expect 'first/best.safetensors: bn1.bias[0] is nan'
    spoil first/best.safetensors '\000\000\200\177'
    mv first firsts
    refused 1 'firsts/best.safetensors: bn1.bias[0] is inf' --weights firsts
}

measured='BatchNorm was folded into the convolutions: statistics measured on'

@test "train: folded BatchNorm stays so while frozen, else its statistics are measured first" {
    sed -i 's/norm: .*/norm: {kind: batch}/' small.yaml
    atk-train "${small[@]}" -q --freeze-bn --out folded photos.csv # from random weights: no statistics
    run atk-train "${again[@]}" --weights folded --freeze-bn --out second photos.csv
    expect_status 0
    [[ $output != *"$measured"* ]]
    run atk-train "${again[@]}" --weights second --train head --out third photos.csv
    expect_status 0
    [[ $output != *"$measured"* ]]
    # Third is folded, too.
    run atk-train "${again[@]}" --weights third --learning-rate 1e-20 --out fourth photos.csv
    expect_status 0
    expect "$measured 9 training images"
    # Which does not change what the network computes, and is folded no more.
    for run in third fourth; do "$build/atk-predict" -q "$run/last.safetensors" photos.csv --out $run.csv; done
    python3 - third.csv fourth.csv <<'END'
import csv, sys
a, b = ([row for row in csv.reader(open(path))][1:] for path in sys.argv[1:])
far = max(abs(float(x) - float(y)) for one, other in zip(a, b) for x, y in zip(one[-3:], other[-3:]))
assert len(a) == 12 and 0 < far < 0.2, far
END
    run atk-train "${again[@]}" --weights fourth --out fifth photos.csv
    expect_status 0
    [[ $output != *"$measured"* ]]
}

@test "train: folded BatchNorm that learns later is measured at the start, and --find-lr measures, too" {
    sed -i 's/norm: .*/norm: {kind: batch}/' small.yaml
    atk-train "${small[@]}" -q --freeze-bn --out folded photos.csv
    run atk-train "${again[@]}" --weights folded --train head --unfreeze-epoch 2 --epochs 3 --out second photos.csv
    expect_status 0
    expect "$measured 9 training images"
    run atk-train "${again[@]}" --weights folded --find-lr photos.csv
    expect_status 0
    expect "$measured"
}

@test "train: --save-dtype f16 halves the weights files, and the state and the run stay what they were" {
    atk-train "${small[@]}" -q --out single photos.csv
    atk-train "${small[@]}" -q --out half --save-dtype f16 photos.csv
    [ "$(stat -c %s half/last.safetensors)" -lt "$(($(stat -c %s single/last.safetensors) * 6 / 10))" ]
    cmp <(cut -d, -f1-7 single/batches.csv) <(cut -d, -f1-7 half/batches.csv)
    [ "$(stat -c %s half/state.safetensors)" -eq "$(stat -c %s single/state.safetensors)" ]
    run "$build/atk-predict" -q half photos.csv --out half.csv
    expect_status 0
    run atk-train "${again[@]}" --weights half photos.csv
    expect_status 0
    expect 'classifier: 3 of 3 classes by name'
    # A resume keeps it.
    atk-train "${small[@]}" -q --epochs 1 --out part --save-dtype f16 photos.csv
    atk-train -q --resume part --epochs 2
    cmp part/last.safetensors half/last.safetensors
}
