#!/usr/bin/env bats
# bats file_tags=release
# scripts/plot: a clear line without matplotlib; with it, PNG files of a run and of a sweep.

load helpers

setup() {
    train_setup
    command -v python3 >/dev/null || skip "python3 is not installed"
    make_small_model
    make_images 4
    export ATK_TRAIN_BIN=$build XDG_CACHE_HOME=$PWD/caches
}

needs_matplotlib() {
    python3 -c 'import matplotlib' 2>/dev/null || /usr/bin/python3 -c 'import matplotlib' 2>/dev/null ||
        skip "matplotlib is not installed"
}

# is_png FILE WIDTH: at least so many pixels wide.
is_png() {
    [ "$(head -c 4 "$1" | tail -c 3)" = PNG ]
    [ "$(od -An -tu1 -j16 -N4 "$1" | awk '{ print (($1 * 256 + $2) * 256 + $3) * 256 + $4 }')" -gt "$2" ]
}

@test "plot: without matplotlib one line says what to install" {
    atk-train "${small[@]}" -q photos.csv --out a
    mkdir empty
    echo 'raise ImportError("not here")' >empty/matplotlib.py
    PYTHONPATH=$PWD/empty run "$root/scripts/plot" a
    expect_status 1
    [ "$output" = 'plot: matplotlib is not installed (Debian: apt install python3-matplotlib)' ]
    run "$root/scripts/plot" photos
    expect_status 1
    run "$root/scripts/plot" nix
    expect_status 1
    [ "$output" = 'plot: nix is not a folder' ]
}

@test "plot: settings are read as they are written, whatever characters are in them" {
    folder=$'a"b\\c\x7f\té'
    mkdir "$folder"
    mv photos "$folder"
    cp photos.csv "$folder"
    atk-train "${small[@]}" -q "$folder/photos.csv" --out a
    run python3 - "$root/scripts/plot" "$folder/photos.csv" <<'END'
import importlib.machinery, importlib.util, os, sys
sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader("plot", sys.argv[1])
plot = importlib.util.module_from_spec(importlib.util.spec_from_loader("plot", loader))
loader.exec_module(plot)
data = plot.run_settings("a")["data"]
assert os.fsencode(data) == os.fsencode(sys.argv[2]), data
END
    expect_status 0
}

@test "plot: curves, confusion matrix and hardest images of a run" {
    needs_matplotlib
    atk-train "${small[@]}" -q photos.csv --val-split 0.5 --out a
    run "$root/scripts/plot" a
    expect_status 0
    is_png a/curves.png 900
    is_png a/confusion_matrix.png 600
    is_png a/hard_examples.png 1000
}

@test "plot: long names that differ at their ends can be told apart" {
    needs_matplotlib
    sed 's/,dog$/,a long name of a class 1/; s/,cat$/,a long name of a class 2/' photos.csv >long.csv
    atk-train "${small[@]}" -q long.csv --val-split 0.5 --out a
    mkdir first second
    "$root/scripts/plot" --out first a
    sed -i 's/class 2/class 3/' a/confusion_matrix.csv
    "$root/scripts/plot" --out second a
    cmp first/curves.png second/curves.png
    run -1 cmp -s first/confusion_matrix.png second/confusion_matrix.png
}

@test "plot: a table that is not whole is named in one line" {
    needs_matplotlib
    atk-train "${small[@]}" -q photos.csv --val-split 0.5 --out a
    : >a/confusion_matrix.csv
    run --separate-stderr "$root/scripts/plot" a
    expect_status 1
    [[ $stderr = 'plot: a: a file is not as atk-train and atk-sweep write it ('*')' ]]
}

@test "plot: a sweep without an accuracy, of failed runs or without validation, is named in one line" {
    needs_matplotlib
    tiny=(--size 32 --batch-size 4 --epochs 1 --model ./small.yaml)
    run "$root/scripts/sweep" photos.csv --grid learning-rate=1e30 --seeds 1 --out s -- "${tiny[@]}"
    expect_status 1
    "$root/scripts/sweep" photos.csv --k 1.0 --seeds 1 --out t -- "${tiny[@]}" --val-split 0
    for folder in s t; do
        run "$root/scripts/plot" $folder
        expect_status 1
        expect "plot: $folder/sweep.csv has no accuracy yet: no finished run with validation or test"
    done
}

@test "plot: a sweep over k, and one with another setting and test images" {
    needs_matplotlib
    tiny=(--size 32 --batch-size 4 --epochs 1 --model ./small.yaml)
    "$root/scripts/sweep" photos.csv --k 1,50%,1.0 --seeds 2 --out s -- "${tiny[@]}"
    run "$root/scripts/plot" s
    expect_status 0
    is_png s/sweep.png 1200
    "$root/scripts/sweep" photos.csv --k 0.5,1.0 --grid hflip=0,0.5 --seeds 1 --test-split 0.3 \
        --out t -- "${tiny[@]}"
    mkdir drawn
    run "$root/scripts/plot" --out drawn t
    expect_status 0
    is_png drawn/sweep.png 1200
}

@test "plot: a full disk is an error, leaves no half PNG and the old one, and --help needs its output" {
    run bash -c '"$1" --help >/dev/full' - "$root/scripts/plot"
    expect_status 1
    [ "$output" = 'plot: standard output: No space left on device' ]
    needs_matplotlib
    atk-train "${small[@]}" -q photos.csv --out a
    echo old >a/curves.png
    # (matplotlib's own cache comes first, without the limit)
    mkdir plots
    "$root/scripts/plot" a --out plots
    run bash -c 'ulimit -f 8; exec "$@"' - "$root/scripts/plot" a
    expect_status 1
    expect 'plot: a/curves.png: File too large'
    [ "$(cat a/curves.png)" = old ]
    [ -z "$(find a -name '*.tmp.*')" ]
}
