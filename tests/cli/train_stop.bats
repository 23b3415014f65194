#!/usr/bin/env bats
# When a run ends and what it keeps: --monitor, --early-stop, --max-minutes, --ema; and that a run in
# parts ends with the bytes of one in a piece.

load tiny
bats_require_minimum_version 1.5.0

setup_file() { make_tiny 42; }
setup() { cd "$BATS_TEST_TMPDIR"; }

epochs_of() { # run-folder
    echo $(($(wc -l <"$1/results.csv") - 1))
}

best_of() { # run-folder
    sed -n 's/.*"best_epoch": \([0-9]*\),.*/\1/p' "$1/summary.json"
}

# With weights that hardly move, the first epoch stays the best.
still=(--learning-rate 1e-12 --epochs 9)

@test "stop: --early-stop counts the epochs since the best, and says so" {
    train whole -q "${still[@]}" --epochs 4
    [ "$(epochs_of whole)" -eq 4 ]
    run train r "${still[@]}" --early-stop 2
    [ "$status" -eq 0 ]
    [[ $output = *'1 of 2 epochs without a better accuracy'*'2 of 2 epochs without'* ]]
    [[ $output = *'stopped early after 3 of 9 epochs'*'no better accuracy since epoch 1 (--early-stop 2)'* ]]
    [ "$(epochs_of r)" -eq 3 ]
    [ "$(best_of r)" -eq 1 ]
    grep -q '"status": "stopped early"' r/summary.json
}

@test "stop: a run that stopped early goes on with a larger --early-stop, as if it had been asked for at once" {
    train a -q "${still[@]}" --early-stop 4
    train b -q "${still[@]}" --early-stop 2
    run "$bin/atk-train" --resume b
    [ "$status" -eq 0 ]
    [[ $output = *'stopped early after 3 epochs; a larger --early-stop goes on'* ]]
    [ "$(epochs_of b)" -eq 3 ]
    "$bin/atk-train" -q --resume b --early-stop 4
    [ "$(epochs_of b)" -eq 5 ]
    same_run a b
}

@test "stop: --max-minutes ends at a batch with status 0, and --resume goes on" {
    run train r --max-minutes 1e-9
    [ "$status" -eq 0 ]
    [[ $output = *'out of time after 0 of 3 epochs'*'--max-minutes 1e-09'* ]]
    [ "$(wc -l <r/batches.csv)" -eq 2 ] # one batch was done
    grep -q '"status": "out of time"' r/summary.json
    [ -e r/last.safetensors ]
    # The limit counts anew from each start, and can be lifted.
    "$bin/atk-train" -q --resume r
    [ "$(wc -l <r/batches.csv)" -eq 3 ]
    "$bin/atk-train" -q --resume r --max-minutes 0
    train whole -q
    same_run whole r
}

# Each part ends behind its first batch, until one says that the run is at its end.
in_parts() { # run-folder [OPTION...]
    local run=$1 parts=1
    train "$@" -q --max-minutes 1e-9
    while grep -q '"status": "out of time"' "$run/summary.json"; do
        [ $((parts++)) -lt 100 ]
        "$bin/atk-train" -q --resume "$run" --threads $((parts % 2 + 1))
    done
}

@test "stop: in parts of a batch, with everything that is remembered between steps, the bytes are the same" {
    options=(--ema 0.8 --optimizer sgd --momentum 0.9 --nesterov --weight-decay 1e-3 --clip-grad 0.5
        --augment standard --lr-schedule cosine --warmup-epochs 0.5 --monitor loss --tta flip)
    train a -q "${options[@]}"
    in_parts b "${options[@]}"
    same_run a b
}

@test "stop: in parts of a batch, --early-stop ends the run at the same epoch" {
    for monitor in accuracy balanced-accuracy loss; do
        options=(--early-stop 2 --epochs 9 --learning-rate 0.03 --ema 0.5 --monitor $monitor)
        train a-$monitor -q "${options[@]}"
        [ "$(epochs_of a-$monitor)" -lt 9 ]
        in_parts b-$monitor "${options[@]}"
        same_run a-$monitor b-$monitor
        [ "$(best_of a-$monitor)" = "$(best_of b-$monitor)" ]
    done
}

@test "stop: --monitor says which epoch is kept" {
    train r -q --epochs 6 --learning-rate 0.01 --monitor loss
    [ "$(best_of r)" -eq "$(tail -n +2 r/results.csv | sort -t, -gk5,5 | head -1 | cut -d, -f1)" ]
    train b -q --epochs 6 --learning-rate 0.01 --monitor balanced-accuracy
    # Of equal ones the lower cross-entropy.
    [ "$(best_of b)" -eq "$(tail -n +2 b/results.csv | sort -t, -k8,8gr -k5,5g | head -1 | cut -d, -f1)" ]
    cmp r/last.safetensors b/last.safetensors
}

@test "stop: --ema changes what is evaluated and saved, not what is trained" {
    train a -q
    train b -q --ema 0.9
    cmp <(without_clock a/batches.csv 3) <(without_clock b/batches.csv 3)
    run ! cmp a/last.safetensors b/last.safetensors
    run ! cmp <(cut -d, -f5-9 a/results.csv) <(cut -d, -f5-9 b/results.csv)
    # What is saved is what was evaluated.
    awk -F, '$3 == "val" || NR == 1 { print $1 "," $2 }' b/split.csv >val.csv
    "$bin/atk-predict" b/last.safetensors val.csv --images "$tiny" -q --json --out p.csv >json
    loss=$(awk -F, 'END { print $5 }' b/results.csv)
    awk -v a="$loss" -v json="$(grep -oE '"mean_cross_entropy": [0-9.]+' json)" \
        'BEGIN { sub(/.*: /, "", json); exit !(json > 0 && (a - json) ^ 2 < 1e-10) }'
}
