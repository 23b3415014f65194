#!/usr/bin/env bats
# What bad data gets from atk-train: one line with file and line, exit status 1, nothing written.

load helpers

setup() {
    train_setup
    make_small_model
    make_images 4
}

refused() { # MESSAGE, arguments...
    local message=$1
    shift
    run atk-train "${small[@]}" -q "$@"
    expect_status 1
    expect "$message"
    expect_one_line_and_no_run
}

@test "train: a table that is missing, empty or without rows" {
    refused 'nothing.csv' nothing.csv
    : >empty.csv
    refused 'empty.csv' empty.csv
    echo image,label >header.csv
    refused 'header.csv' header.csv
}

@test "train: a column that is missing" {
    refused 'photos.csv:1' photos.csv --image-column photo
    expect 'photo'
    refused 'photos.csv:1' photos.csv --label-column class
}

@test "train: a row with too few fields" {
    echo photos/dog1.png >>photos.csv
    refused 'photos.csv:14:' photos.csv
}

@test "train: a label that --classes does not know" {
    printf 'cat\ndog\n' >classes.txt
    refused 'photos.csv:4:' photos.csv --classes classes.txt
    expect 'bird'
}

@test "train: fewer than two classes" {
    grep -v 'cat$\|bird$' photos.csv >dogs.csv
    refused 'dogs.csv' dogs.csv
}

@test "train: a class with a single image is said and not fatal" {
    cp photos/dog1.png photos/fish.png
    echo photos/fish.png,fish >>photos.csv
    run atk-train "${small[@]}" -q photos.csv
    expect_status 0
    expect 'warning: photos.csv:14: 1 class has a single image'
}

@test "train: images that occur twice are counted, and twice with different labels" {
    echo photos/dog1.png,dog >>photos.csv
    echo photos/dog2.png,cat >>photos.csv
    echo ./photos/dog2.png,bird >>photos.csv
    run atk-train "${small[@]}" -q photos.csv
    expect_status 0
    expect 'photos.csv:14: 1 row repeats'
    expect 'photos.csv:15: 2 rows give'
}

@test "train: images in training and --val data are counted" {
    make_images 2 other
    echo photos/dog3.png,dog >>other.csv
    run atk-train "${small[@]}" photos.csv --val other.csv
    expect_status 0
    expect 'other.csv:8: 1 row has an image that is trained on'
    expect '12 to train, 7 of other.csv to validate'
}

@test "train: an image that is missing, truncated or none is named with its line" {
    local cache
    for cache in memory none; do
        rm photos/cat2.png
        refused 'photos.csv:6: ' photos.csv --cache $cache
        expect 'photos/cat2.png'
        make_images 4
    done
    head -c 100 photos/cat2.png >half && mv half photos/cat2.png
    refused 'photos.csv:6: photos/cat2.png' photos.csv
    echo hello >photos/cat2.png
    refused 'photos.csv:6: photos/cat2.png' photos.csv
    : >photos/cat2.png
    refused 'photos.csv:6: photos/cat2.png' photos.csv
}

@test "train: an image of more than --max-pixels" {
    refused 'photos.csv:2: photos/dog1.png' photos.csv --max-pixels 79
    expect 'and 11 more'
    run atk-train "${small[@]}" -q photos.csv --max-pixels 80
    expect_status 0
}

@test "train: --on-bad-image skip leaves bad images out, lists them and says so" {
    echo hello >photos/cat2.png
    rm photos/dog3.png
    run atk-train "${small[@]}" photos.csv --on-bad-image skip --out run
    expect_status 0
    expect '2 images cannot be read and left out'
    [ "$(wc -l <run/bad_images.csv)" -eq 3 ]
    grep -q '^photos/cat2.png,photos.csv,6,' run/bad_images.csv
    grep -q '^photos/dog3.png,photos.csv,8,' run/bad_images.csv
    run ! grep -q 'cat2\|dog3' run/split.csv
    [ "$(wc -l <run/split.csv)" -eq 11 ]
}

@test "train: when every image is bad there is nothing to train on" {
    rm photos/*
    refused 'photos.csv:2: ' photos.csv --on-bad-image skip
    expect 'no training image is left'
}

@test "train: a full disk is an error, and its files are whole" {
    (
        trap '' XFSZ
        ulimit -f 16
        atk-train "${small[@]}" -q photos.csv --out run
    ) >out 2>&1 && status=0 || status=$?
    output=$(<out)
    expect_status 1
    expect 'run/'
    [ "$(grep -vc 'fewer than 10 images' out)" -eq 1 ]
    [ "$(ls run | grep -c '\.tmp')" -eq 0 ]
}

@test "train: a weights file that does not fit is an error that names tensors" {
    atk-train "${small[@]}" -q photos.csv --out first
    refused 'first/last.safetensors' photos.csv --model resnet10-gn \
        --weights first/last.safetensors
    refused 'gone.safetensors' photos.csv --weights gone.safetensors
}
