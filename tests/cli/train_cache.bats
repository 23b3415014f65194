#!/usr/bin/env bats
# --cache disk: runs that share a file of resized images train as if there were none.

load helpers

setup() {
    train_setup
    make_small_model
    make_images 6
    # Images of this second are not kept: they may still change.
    find . -name '*.jpg' -o -name '*.png' | xargs touch -d 2020-01-01
    export XDG_CACHE_HOME=$PWD/caches
    atk-train "${small[@]}" -q photos.csv --cache none --out reference
}

same_result() { # run-folder
    cmp reference/last.safetensors "$1/last.safetensors"
}

cache_file() {
    echo caches/atk-train/*
}

@test "train: the disk cache gives the bytes of a run without it, when it is made and later" {
    run atk-train "${small[@]}" photos.csv --cache disk --out first
    expect_status 0
    expect "resized images are kept in $XDG_CACHE_HOME/atk-train/"
    same_result first
    before=$(stat -c '%s %Y' "$(cache_file)")
    [ "$(stat -c %s "$(cache_file)")" -eq $((18 * 65536)) ]
    atk-train "${small[@]}" -q photos.csv --cache disk --out second
    same_result second
    [ "$(stat -c '%s %Y' "$(cache_file)")" = "$before" ]
}

@test "train: a dry run fills the disk cache, and the run behind it decodes nothing" {
    run atk-train "${small[@]}" photos.csv --cache disk --dry-run
    expect_status 0
    expect "resized images are kept in $XDG_CACHE_HOME/atk-train/"
    [ "$(stat -c %s "$(cache_file)")" -eq $((18 * 65536)) ]
    before=$(stat -c '%s %Y' "$(cache_file)")
    atk-train "${small[@]}" -q photos.csv --cache disk --out a
    same_result a
    [ "$(stat -c '%s %Y' "$(cache_file)")" = "$before" ]
}

@test "train: two runs that start at once share the cache" {
    atk-train "${small[@]}" -q photos.csv --cache disk --out a &
    local other=$!
    atk-train "${small[@]}" -q photos.csv --cache disk --out b
    wait "$other"
    same_result a
    same_result b
}

@test "train: a damaged cache costs time and nothing else" {
    atk-train "${small[@]}" -q photos.csv --cache disk --out a
    head -c 100000 /dev/urandom | dd of="$(cache_file)" bs=1 seek=70000 conv=notrunc status=none
    atk-train "${small[@]}" -q photos.csv --cache disk --out b
    same_result b
    truncate -s 300000 "$(cache_file)"
    atk-train "${small[@]}" -q photos.csv --cache disk --out c
    same_result c
}

@test "train: a full disk leaves the cache as it is, with a warning" {
    run bash -c 'trap "" XFSZ; ulimit -f 400; exec "$@"' - \
        "$build/atk-train" "${small[@]}" photos.csv --cache disk --out a
    expect_status 0
    expect 'warning: cannot write '
    expect 'is decoded anew each epoch'
    same_result a
}

@test "train: --cache-dir says where, and one that cannot be made is an error" {
    atk-train "${small[@]}" -q photos.csv --cache disk --cache-dir 'my cache' --out a
    [ "$(ls 'my cache' | wc -l)" -eq 1 ]
    [ ! -e caches ]
    run atk-train "${small[@]}" photos.csv --cache disk --cache-dir photos.csv/x
    expect_status 1
    expect 'photos.csv'
}
