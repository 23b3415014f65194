#!/usr/bin/env bats
# bats file_tags=release
# Little memory, and sizes that no memory holds: said at once. (Sanitizers want terabytes of addresses.)

load tiny
bats_require_minimum_version 1.5.0

setup_file() {
    make_tiny 12
    train "$tiny/run" -q
}
setup() { cd "$BATS_TEST_TMPDIR"; }

# with_addresses KIB COMMAND...: ended after 10 s, by a signal that cannot be caught.
with_addresses() (
    ulimit -v "$1"
    shift
    exec timeout -s KILL 10 "$@"
)

@test "limits: whatever addresses there are, a run ends, well or with a message" {
    for kib in 60000 90000 108000 130000 160000 180000 200000 220000 240000 300000 400000 600000; do
        run with_addresses $kib "$bin/atk-train" "$tiny/photos.csv" --model "$tiny/tiny.yaml" \
            --size 32 --batch-size 5 --epochs 1 --threads 2 --out r$kib -q
        [ "$status" -eq 0 ] || { [ "$status" -eq 1 ] && [[ $output = *'out of memory'* || $output = *'cannot start'* ]]; }
        [ "$status" -eq 0 ] || [ ! -e r$kib ]
        run with_addresses $kib "$bin/atk-predict" --threads 2 "$tiny/run" "$tiny/p00.png" --out o.csv
        [ "$status" -eq 0 ] || { [ "$status" -eq 1 ] && [[ $output = *'out of memory'* || $output = *'cannot start'* ]]; }
    done
    [ "$status" -eq 0 ] # of the last one
}

@test "limits: with too few addresses for BLAS --help and usage errors end, too" {
    run with_addresses 120000 "$bin/atk-train" --help
    [ "$status" -eq 0 ]
    run with_addresses 120000 "$bin/atk-train" --no-such-option
    [ "$status" -eq 2 ]
    run with_addresses 120000 "$bin/atk-predict" --help
    [ "$status" -eq 0 ]
}

# Stages of 256 blocks as wide as a model file may ask for.
make_absurd_model() { # stages
    echo 'stem: [{width: 8192, kernel: 15, stride: 1}]'
    echo 'block: basic'
    echo 'stages:'
    for _ in $(seq "$1"); do echo '  - {blocks: 256, width: 8192, stride: 1}'; done
    echo 'norm: {kind: none}'
}

@test "limits: sums that do not fit in 64 bits are refused, and what memory does not hold is said" {
    make_absurd_model 8 >absurd.yaml
    options=("$tiny/photos.csv" --model ./absurd.yaml --out r -q)
    run "$bin/atk-train" "${options[@]}" --size 4096
    [ "$status" -eq 1 ]
    [[ $output = *'more multiply-adds than can be counted'* ]]
    # Blocks eight times as wide inside: what is kept of a basic block fits in 64 bits.
    sed '3,$s/stride: 1/stride: 1, expansion: 8/; s/block: basic/block: inverted/' absurd.yaml >wide.yaml
    run "$bin/atk-train" "${options[@]}" --model ./wide.yaml --size 4096 --batch-size 4096
    [ "$status" -eq 1 ]
    [[ $output = *"the size of network's activations does not fit in memory"* ]]
    run "$bin/atk-train" "${options[@]}" --size 64
    [ "$status" -eq 1 ]
    [[ $output = *'warning: training takes '*'GiB of memory, but '*'out of memory: no '* ]]
    [ ! -e r ]
}

@test "limits: what a limit on memory is sure not to hold is refused before the images are looked at" {
    options=("$tiny/photos.csv" --model resnet18 --size 224 --batch-size 16 --k 1.0 --out r --threads 1)
    run with_addresses 500000 "$bin/atk-train" "${options[@]}"
    [ "$status" -eq 1 ]
    [[ $output = *'warning: training takes '*' MiB of memory, but '*' MiB are free'* ]]
    [[ $output = *'out of memory: no '*' MiB for training, as the limit on memory (ulimit -v) leaves '* ]]
    [[ $output != *images\ \ reading* ]]
    [ ! -e r ]
    # A dry run takes less, and tells.
    run with_addresses 500000 "$bin/atk-train" "${options[@]}" --dry-run
    [ "$status" -eq 0 ]
    [[ $output = *'in all'* ]]
}
