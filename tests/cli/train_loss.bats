#!/usr/bin/env bats
# What is minimised: individual losses, aggregates, scopes, steps of several batches.

load helpers
load tiny

setup() {
    train_setup
    make_small_model
    make_images 6
}

weights_of() { # run option...
    atk-train "${small[@]}" -q photos.csv --out "$@" 2>/dev/null
    sha256sum <"$1/last.safetensors"
}

@test "train: the average is k of all and the maximum k of one, bit for bit" {
    average=$(weights_of a --k 0.7 --aggregate average)
    [ "$(weights_of b --k 1.0)" = "$average" ]
    [ "$(weights_of c --k 100%)" = "$average" ]
    [ "$(weights_of d --k 1.0 --scope step)" = "$average" ]
    [ "$(weights_of e --k 1.0 --scope dataset)" = "$average" ]
    maximum=$(weights_of f --k 0.7 --aggregate maximum)
    [ "$(weights_of g --k 1)" = "$maximum" ]
    [ "$maximum" != "$average" ]
    [ "$(weights_of h --k 0.5)" != "$(weights_of i --k 0.5 --drop-largest 1)" ]
}

@test "train: each individual loss is trained on, and validation stays cross-entropy" {
    for loss in cross-entropy logistic hinge squared absolute; do
        run atk-train "${small[@]}" photos.csv --loss $loss --out $loss --epochs 6
        expect_status 0
        awk -F, 'NR == 2 { first = $2 } END { exit !($2 < first) }' $loss/results.csv
    done
    # An untrained network of three classes: near log 3, and 3 log 2 one-vs-rest.
    awk -F, 'NR == 2 { exit !($6 > 0.7 && $6 < 2) }' cross-entropy/batches.csv
    awk -F, 'NR == 2 { exit !($6 > 1.5 && $6 < 3) }' logistic/batches.csv
    awk -F, 'NR == 2 { exit !($5 > 0.7 && $5 < 2) }' squared/results.csv
}

@test "train: scopes, steps and schedules say what they come to, and train" {
    run atk-train "${small[@]}" photos.csv --scope dataset --k 40% --k-warmup 1
    expect_status 0
    expect 'cross-entropy, averaged over the k largest of all training images; k 40%:'
    expect '6 of 15 (40.0 %): those above a threshold that is learned; 4 batches an epoch'
    expect 'in the first epoch all count'
    expect 'selected 1.000 | validation'
    run atk-train "${small[@]}" photos.csv --scope dataset --k 16
    expect_status 2
    expect '--k: 16 is more than the 15 images of the training set'
    run atk-train "${small[@]}" photos.csv --scope step --accumulate 3 --k-schedule linear --k 0.5
    expect_status 0
    expect 'averaged over the k largest of each step; k 0.5:'
    expect '6 of 12 (50.0 %), in the last step 1 of 3 (33.3 %); 2 steps of 3 batches an epoch'
    expect 'that is where k ends; it comes from 1.0 in a line'
    expect 'warning: k 0.5 of the last step of 3 means 1 of them, 33 % instead of 50 %'
    expect 'epoch 2/2  batch 2/2'
}

@test "train: at the end a k below the error is pointed out, once" {
    run atk-train "${small[@]}" photos.csv --k 1 --epochs 1
    expect_status 0
    expect 'warning: k/n may be below the error that is reachable: k/n is 0.25, the best'
    run atk-train "${small[@]}" photos.csv --epochs 1
    [[ $output != *'k/n may be'* ]]
}

@test "train: a step of several batches sees what one large batch sees" {
    atk-train "${small[@]}" -q photos.csv --k 0.5 --out cut --batch-size 2 --accumulate 4 --scope step
    atk-train "${small[@]}" -q photos.csv --k 0.5 --out whole --batch-size 8
    cmp <(sed -n 2p cut/batches.csv | cut -d, -f1-8) <(sed -n 2p whole/batches.csv | cut -d, -f1-8)
    [ "$(wc -l <cut/batches.csv)" -eq 5 ]
    cut=(--k 0.5 --batch-size 2 --accumulate 4 --scope step --augment standard --cache none)
    [ "$(weights_of a "${cut[@]}" --threads 1)" = "$(weights_of b "${cut[@]}" --threads 3)" ]
}

@test "train: a run whose k depends on its length keeps its length" {
    atk-train "${small[@]}" -q photos.csv --out run --k-schedule linear --k 0.5 2>/dev/null
    run atk-train --resume run --epochs 3
    expect_status 2
    expect '--epochs is 2 in the run that --resume continues, not 3'
}

# Hinge losses of images that are told apart with a margin are 0.
@test "train: a learned threshold that cannot reach its share is pointed out once" {
    run atk-train "${small[@]}" -q photos.csv --loss hinge --scope dataset --k 80% --epochs 40
    expect_status 0
    expect 'warning: 0 % of the images counted in the last epoch instead of 80 %: too many losses'
    [ "$(grep -c 'images counted' <<<"$output")" -eq 1 ]
}

# Each part of the run does one step.
@test "train: a run that learns a threshold in steps of two batches is resumed exactly" {
    options=(--scope dataset --accumulate 2 --k-schedule steps --k-steps 1 --k 40%)
    atk-train "${small[@]}" -q photos.csv "${options[@]}" --out whole
    atk-train "${small[@]}" -q photos.csv "${options[@]}" --out parts --max-minutes 0.000001
    n=1
    while grep -q 'out of time' parts/summary.json; do
        atk-train -q --resume parts
        n=$((n + 1))
    done
    [ "$n" -eq 4 ]
    same_run whole parts
    cut -d, -f10 whole/batches.csv | sed -n 4,5p | grep -q '[1-9]' # lambda, in the second epoch
}

# bats test_tags=release
@test "train: over an epoch of real photos the share above the learned threshold settles at k" {
    data=${ATK_SHARED:-$root/../shared}/data/bccd_wbc/train.csv
    [ -e "$data" ] || skip "no shared data"
    for k in 0.3 0.7; do
        atk-train -q "$data" --model resnet10-gn --size 64 --epochs 5 --scope dataset --k $k --out $k
        awk -F, -v k=$k 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "selected") column = i }
            NR > 2 && ($column < k - 0.05 || $column > k + 0.05) { print; wrong = 1 }
            END { exit wrong || NR != 6 }' $k/results.csv
    done
}

peak_of() { # process: the most memory that the kernel has seen, read until the process is gone
    local now peak=0
    while now=$(awk '/^VmHWM/ { print $2 }' "/proc/$1/status" 2>/dev/null) && [ -n "$now" ]; do
        peak=$now
        sleep 0.01
    done
    echo "$peak"
}

# bats test_tags=release
@test "train: memory does not grow with the batches of a step" {
    [ -r /proc/self/status ] || skip "no /proc"
    options=(-q photos.csv --model resnet10-gn --size 448 --batch-size 4 --cache none --epochs 1)
    "$build/atk-train" "${options[@]}" --out one &
    one=$(peak_of $!)
    "$build/atk-train" "${options[@]}" --out four --accumulate 4 --scope step &
    four=$(peak_of $!)
    wait
    echo "one batch $one KiB, four $four"
    [ "$((four * 10))" -le "$((one * 11))" ]
}
