#!/usr/bin/env bats
# Classes that differ in size: weights of their losses, smoothed targets, balanced draws.

load tiny

setup_file() { make_tiny 42; }
setup() { cd "$BATS_TEST_TMPDIR"; }

refused() { # STATUS MESSAGE, options...
    local expected=$1 message=$2
    shift 2
    run train refused -q "$@"
    [ "$status" -eq "$expected" ]
    [[ $output = *"$message"* ]] || { echo "$output"; return 1; }
    [ ! -e refused ]
}

# The class names, in order, each with a comma and a weight behind it.
weights() { # FILE WEIGHT...
    local file=$1
    shift
    paste -d, plain/classes.txt <(printf '%s\n' "$@") | { echo class,weight; cat; } >"$file"
}

@test "weights of one are no weights; others, balanced and smoothing each train another network" {
    train plain -q
    weights ones.csv 1 1 1
    train ones -q --class-weights ones.csv
    same_run plain ones
    weights heavy.csv 1 5 0.2
    sed 1d heavy.csv | sed 's/,/: /' >heavy.yaml
    train csv -q --class-weights heavy.csv
    train yaml -q --class-weights heavy.yaml
    same_run csv yaml
    train smooth -q --label-smoothing 0.1
    for other in csv smooth; do
        run -1 cmp -s plain/last.safetensors $other/last.safetensors
    done
    grep -q '^class-weights: heavy.csv$' csv/args.yaml
    grep -q '^label-smoothing: 0.1$' smooth/args.yaml
}

@test "balanced weights are said, and the run resumes with them" {
    run train a --class-weights balanced --label-smoothing 0.1 --epochs 2
    [ "$status" -eq 0 ]
    [[ $output = *"class weights balanced: from "* ]]
    "$bin/atk-train" -q --resume a --epochs 3
    train b -q --class-weights balanced --label-smoothing 0.1 --epochs 3
    same_run a b
}

@test "a resume with other weights is refused, also when it is the file that changed" {
    train plain -q --epochs 1
    weights w.csv 1 2 3
    train a -q --epochs 1 --class-weights w.csv
    weights w.csv 1 2 4
    run "$bin/atk-train" --resume a --epochs 2
    [ "$status" -eq 1 ]
    [[ $output = *"class weights"* ]]
    run "$bin/atk-train" --resume plain --epochs 2 --label-smoothing 0.1
    [ "$status" -ne 0 ]
    [[ $output = *"label-smoothing"* ]]
}

@test "wrong weights and smoothing are refused before a folder is made" {
    train plain -q --epochs 1
    weights w.csv 1 0 1
    refused 1 'w.csv:3: "0" is not a weight' --class-weights w.csv
    refused 1 'w.yaml' --class-weights w.yaml
    refused 2 '--class-weights: "balance" is neither none, balanced nor a file' --class-weights balance
    refused 2 '--label-smoothing: "1" is not a number in [0, 1)' --label-smoothing 1
    refused 2 '--label-smoothing: "-0.1" is not a number in [0, 1)' --label-smoothing=-0.1
}

@test "a balanced sampler shows rare classes as often as common ones, and says so" {
    # Of 42 images 14 are red: 2 of them stay.
    awk -F, '$2 != "red" || ++n <= 2' "$tiny/photos.csv" >"$tiny/rare.csv"
    local options=(--model "$tiny/tiny.yaml" --size 32 --batch-size 30 --val-split 0 --threads 1)
    run "$bin/atk-train" "$tiny/rare.csv" "${options[@]}" --epochs 1 --out a --sampler balanced
    [ "$status" -eq 0 ]
    [[ $output = *"drawn evenly from the classes"*"one of red 5 times"* ]]
    [ "$(grep -c ',red$' a/train_batches.csv)" -ge 5 ]
    [ "$(wc -l <a/train_batches.csv)" -eq 31 ]
    grep -qx 'sampler: balanced' a/args.yaml
    run "$bin/atk-train" --resume a --epochs 2 --sampler shuffle
    [ "$status" -ne 0 ]
    [[ $output = *sampler* ]]
}

@test "classes are not evened out twice" {
    refused 2 'would even out the classes twice' --sampler balanced --class-weights balanced
}
