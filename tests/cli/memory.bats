#!/usr/bin/env bats
# --dry-run says how much memory the process will have when it has most. (ASan takes memory of its
# own.)
# bats file_tags=release

load helpers

setup() {
    train_setup
    [ -r /proc/self/status ] || skip "no /proc"
    make_images 5
}

in_mib() { # number unit
    awk -v n="$1" -v unit="$2" 'BEGIN { print unit == "GiB" ? n * 1024 : n }'
}

# The most that the kernel has seen, read until the process is gone.
peak_of() { # process
    local now peak=0
    while now=$(awk '/^VmHWM/ { print $2 }' "/proc/$1/status" 2>/dev/null) && [ -n "$now" ]; do
        peak=$now
        sleep 0.01
    done
    awk -v kib="$peak" 'BEGIN { print kib / 1024 }'
}

predicts_within_a_tenth() { # option...
    local predicted measured
    predicted=$(atk-train photos.csv --dry-run --out run "$@" | awk '/^ +in all/ { print $3, $4 }')
    predicted=$(in_mib $predicted)
    # Three epochs: what the end of an epoch takes is there long before the process ends.
    "$build/atk-train" photos.csv -q --epochs 3 --out run "$@" &
    measured=$(peak_of $!)
    wait $!
    echo "$*: predicted $predicted MiB, measured $measured"
    rm -r run run-dry-run
    awk -v p="$predicted" -v m="$measured" 'BEGIN { exit !(p > m / 1.1 && p < m * 1.1) }'
}

@test "train: a dry run predicts the memory of a small network within a tenth" {
    predicts_within_a_tenth --model resnet10-gn --size 64 --batch-size 8 --k 1.0
}

@test "train: a dry run predicts the memory of one with many weights within a tenth" {
    predicts_within_a_tenth --model resnet18 --size 96 --batch-size 4 --k 1.0
}

@test "train: a dry run predicts what flips, averages and augmentation add" {
    predicts_within_a_tenth --model resnet12-gn --size 96 --batch-size 12 --k 1.0 --tta flip \
        --ema 0.9 --augment standard --val-split 0.4 --threads 1
}

@test "train: a dry run counts what each of many classes takes" {
    { printf '%s\n' dog cat bird; seq 4000; } >classes.txt
    predicts_within_a_tenth --model resnet10-gn --size 32 --batch-size 64 --k 1.0 \
        --classes classes.txt --val-split 0.4
}

@test "train: a dry run predicts the memory of depthwise convolutions" {
    predicts_within_a_tenth --model efficientnet-lite0 --size 96 --batch-size 4 --k 1.0
}

@test "train: a dry run predicts the memory of activations that are kept in 16 bits" {
    predicts_within_a_tenth --model resnet10-gn --size 160 --batch-size 15 --k 1.0 --activations half
    predicts_within_a_tenth --model efficientnet-lite0 --size 128 --batch-size 15 --k 1.0 --activations half
}

@test "train: a dry run predicts the memory of a Res2Net" {
    predicts_within_a_tenth --model res2net50d --size 64 --batch-size 4 --k 1.0
}

@test "train: a dry run predicts the memory of a network that learns in part, and later as a whole" {
    predicts_within_a_tenth --model resnet18 --size 64 --batch-size 12 --k 1.0 --train layer4
    predicts_within_a_tenth --model resnet18 --size 64 --batch-size 12 --k 1.0 --train head \
        --unfreeze-epoch 2 --val-split 0.4
}
