#!/usr/bin/env bats
# The command line of atk-train: what is asked for wrongly is said in one line, with exit status 2,
# before anything is read or written.

load helpers

setup() { train_setup; }

refused() { # MESSAGE, arguments...
    local message=$1
    shift
    run atk-train "$@"
    expect_status 2
    expect "atk-train: $message"
    expect_one_line_and_no_run
}

@test "train: --help shows every option under a heading, with its default" {
    run atk-train --help
    expect_status 0
    for text in 'Usage: atk-train' 'Data' 'Loss and batches' '--batch-size=N' '(default: 448)' \
        '-k, --k=K' '--on-bad-image=fail|skip' '-h, --help'; do
        expect "$text"
    done
    [ "$(awk 'length > 80' <<<"$output")" = '' ]
    short=$output
    run atk-train -h
    [ "$output" = "$short" ]
}

@test "train: --version" {
    run atk-train --version
    expect_status 0
    [[ $output =~ ^atk-train\ [0-9]+\.[0-9]+\.[0-9]+(\ \([0-9a-f]{9}(, changed)?\))?$ ]]
}

@test "train: a table is needed, and one is enough" {
    refused 'no DATA.csv given'
    refused 'one DATA.csv was expected, and "b.csv" is a second argument' a.csv b.csv
    refused '--data and the argument "b.csv" exclude each other' --data a.csv b.csv
}

@test "train: an unknown option is an error with a suggestion" {
    refused 'unknown option "--bach-size"; did you mean --batch-size?' --bach-size 4 a.csv
    refused 'unknown option "--lr=1"; did you mean --learning-rate?' --lr=1 a.csv
    refused 'unknown option "--zebra"; see atk-train --help' a.csv --zebra
    refused '--size needs a value' a.csv --size
    refused 'unknown option "-x"; see atk-train --help' -xq a.csv
    refused 'unknown option "-x"; see atk-train --help' --quiet -qx a.csv
    refused 'no DATA.csv given' "-$(printf 'q%.0s' {1..500})" # many options in one argument
    refused '-k needs a value' a.csv -qk
    refused '--help=me: that option takes no value' --help=me a.csv
}

@test "train: a value out of range names the range" {
    refused '--batch-size: "0" is not an integer in 1..4096' --batch-size 0 a.csv
    refused '--val-split: "1.5" is not a number in [0, 1)' --val-split 1.5 a.csv
    refused '--learning-rate: "nan" is not a number > 0' --learning-rate=nan a.csv
    refused '--cache: "tape" is not one of auto|none|memory|disk' --cache tape a.csv
    refused '--k: "0" is not a count' --k 0 a.csv
    refused '--k: "1.5" is not a count' -k 1.5 a.csv
    refused '--k: "nan" is not a count' --k nan a.csv
    refused '--k: 9 is more than the 8 images of a batch of 8' --k 9 a.csv
    refused '--drop-largest: "1.0" is not a count' --drop-largest 1.0 a.csv
    refused '--drop-largest: "nan" is not a count' --drop-largest nan a.csv
    refused '--loss: "mse" is not one of cross-entropy|logistic' --loss mse a.csv
}

@test "train: options that contradict each other are refused" {
    refused '--val and --val-split exclude each other' --val v.csv --val-split 0.2 a.csv
    refused '--cache-mib 5 has no use' --cache none --cache-mib 5 a.csv
    refused '--cache-mib 5 has no use' --cache disk --cache-mib 5 a.csv
    refused '--cache-dir has a use only' --cache-dir d a.csv
    refused '--json tells the result' --find-lr --json a.csv
    refused '--drop-largest: 8 leaves nothing of a batch of 8' --drop-largest 8 a.csv
    refused '--drop-largest: 0.1 of a batch of 8 is none; it takes a --batch-size of 10' \
        --drop-largest 0.1 a.csv
    refused '--drop-largest: 0.05 of a step of 16 is none; it takes a --batch-size of 20' \
        --drop-largest 0.05 --accumulate 2 --scope step a.csv
    refused '--k: 17 is more than the 16 images of a step of 16' \
        --k 17 --accumulate 2 --scope step a.csv
    refused '--aggregate average needs --scope batch or step' \
        --scope dataset --aggregate average a.csv
    refused '--drop-largest needs --scope batch or step' --scope dataset --drop-largest 2 a.csv
    refused '--class-weights is defined for --loss cross-entropy, not for hinge' \
        --loss hinge --class-weights balanced a.csv
    refused '--label-smoothing is defined for --loss cross-entropy, not for squared' \
        --loss squared --label-smoothing 0.1 a.csv
    refused '--k: 7 is more than the 6 images that --drop-largest leaves of a batch of 8' \
        --drop-largest 25% --k 7 a.csv
    refused '--k 0.5 has no use with --aggregate average, which takes all' \
        --aggregate average --k 0.5 a.csv
    refused '--k 1.0 has no use with --aggregate maximum, which takes the largest' \
        --aggregate maximum --k 1.0 a.csv
}

@test "train: a schedule of k that does not hold together is refused" {
    refused '--k-start and --k-end have a use only with --k-schedule' --k-start 0.9 a.csv
    refused '--k-schedule steps needs --k-steps' --k-schedule steps a.csv
    refused '--k-steps has a use only with --k-schedule steps' --k-steps 3 a.csv
    refused '--k-steps: a change after epoch 20 is not before the end of the run'\''s 20 --epochs' \
        --k-schedule steps --k-steps 3,20 a.csv
    refused '--k-steps: a change after epoch 3 is within the 4 of --k-warmup' \
        --k-schedule steps --k-steps 3,6 --k-warmup 4 a.csv
    refused '--k-warmup 20 leaves none of the 20 --epochs' --k-warmup 20 a.csv
    refused '--k-warmup has a use only with --aggregate atk' --k-warmup 2 --aggregate top-k a.csv
    refused '--k-schedule has no use with --aggregate maximum' \
        --k-schedule linear --aggregate maximum a.csv
    refused '--k 0.5 and --k-end 0.3 exclude each other' \
        --k-schedule cosine --k 0.5 --k-end 0.3 a.csv
    refused '--k-start: 9 is more than the 8 images of a batch of 8' \
        --k-schedule linear --k-start 9 a.csv
}

@test "train: an option that would do nothing is refused, with what it belongs to" {
    for option in beta1 beta2 epsilon; do
        refused "--$option 0.5 has a use only with --optimizer adam or adamw" \
            --optimizer sgd --$option 0.5 a.csv
    done
    run atk-train --optimizer sgd --epsilon 1e-8 none.csv # the default, in another spelling
    expect_status 1
    refused '--lr-gamma 0.5 has a use only with --lr-schedule step' --lr-gamma 0.5 a.csv
    refused '--lr-power 2 has a use only with --lr-schedule poly' --lr-power 2 a.csv
    refused '--crop-ratio 0.5,2 has a use only with a --crop-scale below 1' --crop-ratio 0.5,2 a.csv
    refused '--tta flip has a use only with validation' --tta flip --val-split 0 a.csv
    refused '--lr-steps: a drop after epoch 20 is not before the end of the run'"'"'s 20 --epochs' \
        --lr-schedule step --lr-steps 5,20 a.csv
    refused '--lr-steps: a drop after epoch 5 is within the 5.5 of --warmup-epochs' \
        --lr-schedule step --lr-steps 5,10 --warmup-epochs 5.5 a.csv
}

@test "train: an unknown network is an error that names the known ones" {
    refused '--model: "resnet19" is not one of the networks' --model resnet19 a.csv
    expect 'resnet10-gn, resnet12-gn, resnet18, resnet18-gn'
    expect 'did you mean "resnet18"?'
}

@test "train: an unknown key of a config file is an error with its line" {
    printf 'size: 32\nbach-size: 4\n' >c.yaml
    refused 'c.yaml:2: unknown key "bach-size"; did you mean "batch-size"?' --config c.yaml a.csv
    printf 'size: 32\nsize: 48\n' >c.yaml
    run atk-train --config c.yaml a.csv
    [ "$status" -ne 0 ]
    expect 'c.yaml:2'
    expect_one_line_and_no_run
}

@test "train: --config takes the name of a recipe in configs/, and helps with a wrong one" {
    refused '--config: "referense" is not one of the recipes' --config referense a.csv
    expect 'did you mean "reference"?'
    make_images 4
    make_small_model
    run atk-train --config quick --size 32 --model ./small.yaml --dry-run photos.csv
    expect_status 0
    expect 'learning-rate=0.001'
}

# bats test_tags=release
@test "train: a run on the defaults ends with the recipe to try next, if there is one" {
    make_images 2
    grep -v bird photos.csv >two.csv
    mkdir configs
    echo 'size: 64' >configs/finetune.yaml
    ln -s "$root/models" models
    export ATK_TRAIN_SHARE=$PWD
    if [ ! -e "$root/configs/finetune-quick.yaml" ]; then
        run atk-train two.csv --val-split 0 --seed 5
        expect_status 0
        [ "${lines[-1]}" = 'to do better: --config finetune (minutes)' ]
    fi
    echo 'size: 64' >configs/finetune-quick.yaml
    run atk-train two.csv --val-split 0
    [[ ${lines[-1]} = \
        'to do better: --config finetune-quick (half a minute), --config finetune (minutes)'* ]]
    for option in --quiet --json '--epochs 1' '--config finetune --epochs 1'; do
        # shellcheck disable=SC2086  # words
        run atk-train two.csv --val-split 0 $option
        expect_status 0
        [[ $output != *'to do better'* ]]
    done
}

@test "train: the command line wins over --config wherever it stands" {
    make_images 4
    make_small_model
    printf 'data: photos.csv\nsize: 48\nmodel: ./small.yaml\nno-header: true\n' >c.yaml
    run atk-train --size 32 --config c.yaml --no-header=false --dry-run
    expect_status 0
    expect 'size=32'
    run atk-train --config c.yaml --size 32 --no-header=false --dry-run
    expect 'size=32'
}

@test "train: --val-split on the command line wins over a config file's val" {
    make_images 4
    make_small_model
    printf 'data: photos.csv\nsize: 32\nmodel: ./small.yaml\nval: none.csv\n' >c.yaml
    run atk-train --config c.yaml --val-split 0.25 --dry-run
    expect_status 0
    expect '9 to train, 3 to validate'
}

@test "train: a run folder that exists is refused before anything is read" {
    mkdir mine
    refused 'mine exists already' --out mine missing.csv
    [ "$(ls mine)" = '' ]
}

@test "train: a run folder that cannot be made is refused before anything is read" {
    touch file
    run atk-train --out file/run missing.csv
    expect_status 1
    expect 'file'
    expect_one_line_and_no_run
}
