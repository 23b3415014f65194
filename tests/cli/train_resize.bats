#!/usr/bin/env bats
# --resize, --crop-fraction and --interpolation, from the command line to the prediction.

load tiny

setup_file() { make_tiny 42; }
setup() { cd "$BATS_TEST_TMPDIR"; }

fits=('--resize crop' '--resize letterbox' '--interpolation bicubic'
    '--resize crop --crop-fraction 0.6 --interpolation bicubic'
    '--resize letterbox --interpolation bicubic')

@test "each way shows the network something else" {
    local n=0 option
    for option in '' "${fits[@]}"; do
        # shellcheck disable=SC2086  # options of several words
        train x$n -q --dry-run $option >/dev/null
        for ((i = 0; i < n; i++)); do
            if cmp -s x$i-dry-run/train_batch_0.png x$n-dry-run/train_batch_0.png; then return 1; fi
        done
        n=$((n + 1))
    done
}

@test "what a run said of its validation is what atk-predict finds with the weights alone" {
    local option n=0
    for option in "${fits[@]}"; do
        # shellcheck disable=SC2086
        train run$n -q --epochs 1 --augment light --mean 0.4 $option
        awk -F, 'NR == 1 || $3 == "val"' run$n/split.csv >val.csv
        "$bin/atk-predict" -q run$n val.csv --images "$tiny" --out /dev/null --confusion-matrix found.csv
        cmp found.csv run$n/confusion_matrix.csv
        n=$((n + 1))
    done
}

@test "threads, workers, caches and a stop in between change no byte" {
    local options=(--resize letterbox --interpolation bicubic --mean data --std data
        --augment strong --crop-scale 1 --epochs 2)
    find "$tiny" -name '*.png' -o -name '*.jpg' | xargs touch -d 2020-01-01
    train a -q "${options[@]}" --cache none
    train b -q "${options[@]}" --threads 3 --workers 3 --cache memory
    same_run a b
    for run in c d; do # the second time from the disk
        train $run -q "${options[@]}" --threads 2 --cache disk --cache-dir caches
        same_run a $run
    done
    train e -q "${options[@]}" --resize crop --crop-scale 0.4 --cache none
    train f -q "${options[@]}" --resize crop --crop-scale 0.4 --cache disk --cache-dir caches
    same_run e f
    train g -q "${options[@]}" --epochs 1
    "$bin/atk-train" -q --resume g --epochs 2
    cmp a/last.safetensors g/last.safetensors
}

@test "the settings are kept with the run and with the weights" {
    train a -q --epochs 1 --resize crop --crop-fraction 0.9 --interpolation bicubic
    for line in 'resize: crop' 'crop-fraction: 0.9' 'interpolation: bicubic'; do
        grep -qxF "$line" a/args.yaml
    done
    head -c 4000 a/last.safetensors | grep -aqF '"crop_fraction":"0.90000000000000002"'
    run "$bin/atk-train" -q --resume a --epochs 2 --resize squash
    [ "$status" -eq 2 ]
    [[ $output = *--resize* ]]
}

@test "what would do nothing, and what is no such word, is refused" {
    for option in '--crop-fraction 0.9' '--resize stretch' '--interpolation cubic' \
        '--resize crop --crop-fraction 0' '--resize crop --crop-fraction 1.5'; do
        # shellcheck disable=SC2086
        run train refused -q $option
        [ "$status" -eq 2 ]
        [ "${#lines[@]}" -eq 1 ]
        [ ! -e refused ]
    done
    [[ $output = *'--crop-fraction: "1.5" is not a number in (0, 1]'* ]] || { echo "$output"; false; }
    run train refused -q --crop-fraction 0.9
    [[ $output = *'--crop-fraction 0.9 has a use only with --resize crop'* ]]
}
