#!/usr/bin/env bats
# --cache-features: with --train head the features are computed once and kept, and the bytes are
# those of a run that computes them in each epoch.

load tiny
bats_require_minimum_version 1.5.0

setup_file() { make_tiny 42; }

# Young files are not kept: these are of yesterday.
setup() {
    cd "$BATS_TEST_TMPDIR"
    export XDG_CACHE_HOME=$BATS_TEST_TMPDIR/cache
    find "$tiny" -name '*.png' -exec touch -d yesterday {} +
}

head() { # run-folder [OPTION...]
    local run=$1
    shift
    train "$run" --train head --learning-rate 0.03 "$@"
}

computed_anew() { head "$@" --cache-features off; }

features_file() { echo "$XDG_CACHE_HOME"/atk-train/features/*; }

@test "features: kept or computed in each epoch, the bytes are the same" {
    local i=0 options
    for options in '--hflip 0.5 --tta flip' '--hflip 1 --vflip 0.5 --scope step --accumulate 3' \
        '--sampler balanced --ema 0.8 --vflip 0.3' '--scope dataset --optimizer sgd --monitor loss' \
        '--model '"$tiny"'/tiny-bn.yaml --hflip 0.5 --scope step --accumulate 2 --tta flip' \
        '--mean data --std data --hflip 0.5 --cache none' '--backward full --k 0.5 --cache disk' \
        '--resize letterbox --interpolation bicubic --hflip 0.5 --vflip 0.5 --tta flip' \
        '--resize crop --crop-fraction 0.8 --hflip 0.5 --vflip 0.5 --tta flip'; do
        ((++i))
        # shellcheck disable=SC2086
        head kept$i -q $options --threads $((i % 3 + 1))
        # shellcheck disable=SC2086
        computed_anew anew$i -q $options
        same_run kept$i anew$i
    done
}

@test "features: without validation the bytes are the same, too" {
    head kept -q --val-split 0
    computed_anew anew -q --val-split 0
    cmp kept/last.safetensors anew/last.safetensors
    [ ! -e kept/best.safetensors ]
}

@test "features: only where nothing else learns, and augmentation does nothing but mirror" {
    run head a --hflip 0.5
    [[ $output = *'features  of 42 images, computed once'* ]]
    for options in '--unfreeze-epoch 2' '--train layer2' '--crop-scale 0.5,1' '--brightness 0.2' \
        '--cache-features off'; do
        # shellcheck disable=SC2086
        run head "b${options// /}" $options
        [ "$status" -eq 0 ]
        [[ $output != *'features  '* ]]
    done
}

@test "features: a later run finds them in the file, and one with other weights, size or colours does not" {
    run head a --hflip 0.5
    [[ $output = *' 0 of them come from '*/features/* ]]
    run head b --hflip 0.5 --learning-rate 0.1 --seed 0 --batch-size 7
    [[ $output = *' 42 of them come from '*/features/* ]]
    # Another split, and all views or a part of them.
    run head c --val-split 0.4
    [[ $output = *' 42 of them come from '* ]]
    run head d --vflip 0.5
    [[ $output = *' 12 of them come from '* ]] # of validation
    local i=0
    for other in '--seed 3' '--size 40' '--mean 0.5,0.5,0.5' '--conv im2col' '--exif ignore' \
        '--resize crop' '--resize crop --crop-fraction 0.9' '--interpolation bicubic'; do
        # shellcheck disable=SC2086
        run head e$((++i)) $other
        [[ $output = *' 0 of them come from '* ]]
    done
}

@test "features: of an image that has changed, or was written just now, they are computed anew" {
    head a -q
    image=$(find "$tiny" -name '*.png' | sort | sed -n 5p)
    cp "$image" before.png
    cp "$(find "$tiny" -name '*.png' | sort | sed -n 9p)" "$image"
    run head b
    [[ $output = *' 41 of them come from '* ]]
    run head c # too young to be kept
    [[ $output = *' 41 of them come from '* ]]
    computed_anew d -q
    same_run b d
    mv before.png "$image"
}

@test "features: a file that is damaged, cut short or of another key is not believed" {
    head a -q
    file=$(features_file)
    for damage in flip cut other; do
        case $damage in
        flip) printf x | dd of="$file" bs=1 seek=60 conv=notrunc status=none ;;
        cut) truncate -s -70 "$file" ;;
        other)
            head x -q --seed 9
            other=$(ls "${file%/*}"/* | grep -v "$file")
            mv "$other" "$file"
            ;;
        esac
        run head b-$damage
        case $damage in
        other) [[ $output = *' 0 of them come from '* ]] ;;
        *) [[ $output = *' 41 of them come from '* ]] ;;
        esac
        same_run a b-$damage
    done
}

@test "features: where no file can be kept they are computed all the same" {
    head a -q --cache none
    [ ! -e "$XDG_CACHE_HOME" ]
    mkdir cache
    touch cache/atk-train
    run head b
    [ "$status" -eq 0 ]
    [[ $output = *'warning'*'the features are not kept for later runs'* ]]
    same_run a b
}

# Each part ends behind its first batch.
in_parts() { # run-folder [OPTION...]
    local run=$1 parts=1
    head "$@" -q --max-minutes 1e-9
    while grep -q '"status": "out of time"' "$run/summary.json"; do
        [ $((parts++)) -lt 100 ]
        "$bin/atk-train" -q --resume "$run" --threads $((parts % 2 + 1))
    done
}

@test "features: in parts of a batch the bytes are the same" {
    options=(--hflip 0.5 --ema 0.8 --optimizer sgd --momentum 0.9 --tta flip --monitor loss)
    computed_anew a -q "${options[@]}"
    in_parts b "${options[@]}"
    same_run a b
}

@test "features: killed between two saves, and resumed, the bytes are the same" {
    options=(--hflip 0.5 --monitor loss --epochs 1500 --learning-rate 1e-4)
    head a -q "${options[@]}"
    become_train b -q --train head "${options[@]}" &
    until [ -s b/results.csv ] && [ "$(wc -l <b/results.csv)" -gt 20 ]; do sleep 0.02; done
    kill -KILL $!
    wait $! || true
    [ ! -e b/best.safetensors ] # nothing had been saved
    "$bin/atk-train" -q --resume b
    same_run a b
}

@test "features: when files are saved changes no byte of them" {
    options=(--hflip 0.5 --monitor loss --epochs 9)
    head a -q "${options[@]}"
    head b -q "${options[@]}" --save-minutes 1e-9
    same_run a b
}

@test "features: an image that cannot be read ends the run before it begins" {
    cp "$tiny/photos.csv" bad.csv
    sed -n 2p bad.csv | sed 's/^[^,]*,/gone.png,/' >>bad.csv
    echo nothing >"$tiny/gone.png"
    run "$bin/atk-train" bad.csv --images "$tiny" --model "$tiny/tiny.yaml" --size 32 --train head --out r
    [ "$status" -eq 1 ]
    [[ $output = *'gone.png'* ]]
    [ ! -e r ]
    run "$bin/atk-train" bad.csv --images "$tiny" --model "$tiny/tiny.yaml" --size 32 --train head --out r \
        --on-bad-image skip --epochs 1
    [ "$status" -eq 0 ]
    rm "$tiny/gone.png"
}
