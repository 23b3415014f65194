#!/usr/bin/env bats
# Interrupted and resumed gives the bytes of the uninterrupted run.

load tiny

setup_file() {
    make_tiny 42
    train "$tiny/whole" -q --epochs 12
}
setup() { cd "$BATS_TEST_TMPDIR"; }

# Starts a run and sends it a signal once it has trained a random number of batches; `ended` is its
# exit status then. A run that was over before the signal came is tried again.
interrupt() { # signal run-folder [OPTION...]
    local signal=$1 run=$2 try after pid
    shift 2
    for try in 1 2 3 4 5; do
        rm -rf "$run"
        after=$((RANDOM % 50 + 1)) ended=0
        become_train "$run" --epochs 12 "$@" >log &
        pid=$!
        until [ "$(cat "$run/batches.csv" 2>/dev/null | wc -l)" -gt "$after" ] ||
            ! kill -0 $pid 2>/dev/null; do
            sleep 0.005
        done
        kill -"$signal" $pid 2>/dev/null || true
        wait $pid || ended=$?
        [ $ended = 0 ] || return 0
    done
    echo "the run ended before the signal came, five times"
    return 1
}

@test "SIGTERM at a random batch, then --resume, three times" {
    for i in 1 2 3; do
        interrupt TERM run-$i
        [ $ended -eq 143 ]
        grep -q interrupted log
        "$bin/atk-train" --resume run-$i -q
        same_run "$tiny/whole" run-$i
    done
}

@test "SIGINT ends a run with 130, and it is resumed by another number of threads" {
    interrupt INT run
    [ $ended -eq 130 ]
    "$bin/atk-train" --resume run -q --threads 2
    same_run "$tiny/whole" run
}

@test "kill -9 at a random moment, then --resume, three times" {
    for i in 1 2 3; do
        interrupt KILL run-$i --save-minutes 0.0002
        [ $ended -eq 137 ]
        "$bin/atk-train" --resume run-$i -q
        same_run "$tiny/whole" run-$i
    done
}

@test "a run with BatchNorm keeps its running statistics over an interruption" {
    train whole -q --model "$tiny/tiny-bn.yaml" --epochs 12
    interrupt TERM run --model "$tiny/tiny-bn.yaml"
    "$bin/atk-train" --resume run -q
    same_run whole run
}

@test "more epochs continue a finished run as if they had been asked for at once" {
    train run -q --epochs 4
    "$bin/atk-train" --resume run -q --epochs 12
    same_run "$tiny/whole" run
}

@test "data that has changed since is refused with its name, and the run stays as it was" {
    cp "$tiny"/*.png "$tiny/photos.csv" .
    "$bin/atk-train" photos.csv --model "$tiny/tiny.yaml" --size 32 --epochs 1 --out run -q
    cp -r run before
    sed -i '3s/green/red/' photos.csv
    run "$bin/atk-train" --resume run --epochs 2
    [ "$status" -eq 1 ]
    [[ $output = *"training data has changed"* ]] || [[ $output = *"validation data has changed"* ]]
    cmp run/state.safetensors before/state.safetensors
    cmp run/batches.csv before/batches.csv
}

@test "a folder without state.safetensors is refused by name" {
    train run -q --epochs 1
    rm run/state.safetensors
    run "$bin/atk-train" --resume run
    [ "$status" -eq 1 ]
    [[ $output = *"run: there is no state.safetensors"* ]]
}
