#!/usr/bin/env bats
# --activations half: what backward needs of the activations is kept in 16 bits.

load tiny
bats_require_minimum_version 1.5.0

setup_file() { make_tiny 42; }
setup() { cd "$BATS_TEST_TMPDIR"; }

# The bytes of activations that a dry run tells of, in MiB.
activations_of() { sed -n 's/.*activations and scratch memory *\([0-9.]*\) MiB.*/\1/p' <<<"$1"; }

# (Under AddressSanitizer what is not kept has a place of its own: half saves less there, or nothing.)
# bats test_tags=release
@test "half: a dry run says what it saves, or would save" {
    local options=(--model resnet18 --size 96 --batch-size 16 --dry-run --out r)
    run "$bin/atk-train" "$tiny/photos.csv" "${options[@]}"
    [ "$status" -eq 0 ]
    local float=$output
    [[ $float = *'--activations half would save '* ]]
    run "$bin/atk-train" "$tiny/photos.csv" "${options[@]}" --activations half
    [ "$status" -eq 0 ]
    local saved
    saved=$(sed -n 's/.*--activations half saves \([0-9.]*\) MiB.*/\1/p' <<<"$output")
    awk -v a="$(activations_of "$float")" -v b="$(activations_of "$output")" -v saved="$saved" \
        'BEGIN { d = a - b - saved; exit !(saved > 0.2 * a && d < 2 && d > -2) }'
}

@test "half: it trains as float32 does, but for rounding, and is written to args.yaml" {
    train a -q
    train b -q --activations half
    grep -q '^activations: half$' b/args.yaml
    grep -q '^activations: float$' a/args.yaml
    # The first batch has the same weights, and forward computes with the same numbers.
    cmp <(sed -n 2p a/batches.csv | cut -d, -f1-7) <(sed -n 2p b/batches.csv | cut -d, -f1-7)
    run cmp -s a/last.safetensors b/last.safetensors
    [ "$status" -eq 1 ]
    paste -d, <(cut -d, -f5 a/batches.csv) <(cut -d, -f5 b/batches.csv) | awk -F, '
        NR > 1 { n++; if ($1 - $2 > 0.02 * $1 || $2 - $1 > 0.02 * $1) exit bad = 1 }
        END { exit bad || n < 4 }'
}

# What steps of several batches, an average and an unfrozen backbone remember between steps.
@test "half: in parts and on other threads the bytes are the same" {
    local model options
    for model in tiny tiny-bn; do
        options=(--model "$tiny/$model.yaml" --activations half --accumulate 2 --scope step --k 0.5 --ema 0.9
            --train layer2 --unfreeze-epoch 2 --augment light --tta flip)
        train "whole-$model" -q "${options[@]}"
        train "threads-$model" -q "${options[@]}" --threads 3
        same_run "whole-$model" "threads-$model"
        train "parts-$model" -q "${options[@]}" --max-minutes 1e-9
        for _ in {1..40}; do
            [ "$(wc -l <"parts-$model/results.csv")" -lt 4 ] || break
            "$bin/atk-train" -q --resume "parts-$model" --max-minutes 1e-9
        done
        same_run "whole-$model" "parts-$model"
    done
}

@test "half: a resume keeps it, and refuses another" {
    train r -q --activations half --epochs 1
    run "$bin/atk-train" --resume r --activations float --epochs 2
    [ "$status" -ne 0 ]
    [[ $output = *'activations'* ]]
    "$bin/atk-train" -q --resume r --epochs 2
    grep -q '^activations: half$' r/args.yaml
    train whole -q --activations half --epochs 2
    same_run whole r
}

@test "half: what is too large for 16 bits is told once, and counted" {
    run train r --activations half --std 1e-6
    [ "$status" -eq 0 ]
    [ "$(grep -c 'epoch 1, batch 1: [0-9]* activations are beyond 65504' <<<"$output")" -eq 1 ]
    [ "$(grep -c 'beyond 65504' <<<"$output")" -eq 2 ]
    [[ $output = *' activations were beyond 65504 and kept as that (--activations half)'* ]]
    run train s --activations half
    [ "$status" -eq 0 ]
    [[ $output != *'beyond 65504'* ]]
    run train f --std 1e-6
    [[ $output != *'beyond 65504'* ]]
}

@test "half: it is refused where nothing is kept, and of another name" {
    run train r --activations half --train head
    [ "$status" -eq 2 ]
    [[ $output = *'--activations'*'--train is head'* ]]
    run train r --activations bfloat16
    [ "$status" -eq 2 ]
    [[ $output = *'--activations: "bfloat16"'* ]]
}
