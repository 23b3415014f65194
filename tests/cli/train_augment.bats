#!/usr/bin/env bats
# Augmentation: sets and single options, what is refused, that only training images change.

load tiny

setup_file() { make_tiny 42; }
setup() { cd "$BATS_TEST_TMPDIR"; }

dry_run() { # FOLDER [OPTION...]
    local folder=$1
    shift
    "$bin/atk-train" "$tiny/photos.csv" --model "$tiny/tiny.yaml" --size 32 --batch-size 5 \
        --val-split 0.25 --dry-run --out "$folder" "$@"
}

refused() { # MESSAGE, options...
    local message=$1
    shift
    run train refused -q "$@"
    [ "$status" -eq 2 ]
    [[ $output = *"$message"* ]] || { echo "$output"; return 1; }
    [ "${#lines[@]}" -eq 1 ]
    [ ! -e refused ]
}

@test "a set gives its options their values, and those that are given win wherever they stand" {
    train a -q --epochs 1 --hue 0.2 --augment strong --erase 0
    for line in 'augment: strong' 'hflip: 0.5' 'crop-scale: [0.25,1]' 'rotate: 10' \
        'brightness: 0.4' 'saturation: 0.4' 'hue: 0.2' 'erase: 0'; do
        grep -qxF "$line" a/args.yaml || { echo "$line"; cat a/args.yaml; return 1; }
    done
    train b -q --epochs 1 --augment standard
    for line in 'hflip: 0.5' 'crop-scale: [0.4,1]' 'rotate: 0' 'brightness: 0.2' 'contrast: 0.2' \
        'saturation: 0' 'hue: 0' 'erase: 0'; do
        grep -qxF "$line" b/args.yaml || { echo "$line"; cat b/args.yaml; return 1; }
    done
    # args.yaml holds the values themselves, so that the run can be repeated from it.
    "$bin/atk-train" -q --config a/args.yaml --out c
    same_run a c
}

@test "each option alone changes what the network sees, and at strength 0 nothing does" {
    dry_run none >/dev/null
    dry_run zero --rotate 0 --saturation 0 --hue 0 --erase 0 --hflip 0 --crop-scale 1 >/dev/null
    cmp none-dry-run/train_batch_0.png zero-dry-run/train_batch_0.png
    for option in 'hflip 1' 'vflip 1' 'rotate 20' 'brightness 0.5' 'contrast 0.5' \
        'saturation 0.9' 'hue 0.3' 'erase 1' 'crop-scale 0.5'; do
        dry_run x --${option% *} "${option#* }" >/dev/null
        run -1 cmp -s none-dry-run/train_batch_0.png x-dry-run/train_batch_0.png
        cmp none-dry-run/train_batches.csv x-dry-run/train_batches.csv
    done
}

@test "what cannot be is refused with option, value and what is allowed" {
    refused '--rotate: "181" is not a number in [0, 180]' --rotate 181
    refused '--saturation: "-1" is not a number in [0, 60]' --saturation=-1
    refused '--hue: "0.6" is not a number in [0, 0.5]' --hue 0.6
    refused '--erase: "1.1" is not a number in [0, 1]' --erase 1.1
    refused '--crop-scale: "1.5"' --crop-scale 1.5
    refused '--crop-ratio 0.5,2 has a use only with a --crop-scale below 1' --crop-ratio 0.5,2
    refused '--augment: "wild" is not one of none|light|standard|strong' --augment wild
}

@test "validation sees no augmentation" {
    train a -q --epochs 1 --learning-rate 1e-30
    train b -q --epochs 1 --learning-rate 1e-30 --augment strong
    # Weights do not move: what validates is the same network on the same images.
    cmp <(awk -F, '{ print $6, $7, $8 }' a/results.csv) <(awk -F, '{ print $6, $7, $8 }' b/results.csv)
}
