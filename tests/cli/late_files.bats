#!/usr/bin/env bats
# Files that are gone, or come late, by torture/faults.c, which wants to be loaded first, as ASan
# does.
# bats file_tags=release

load tiny
bats_require_minimum_version 1.5.0

setup_file() { make_tiny 24; }
setup() {
    cd "$BATS_TEST_TMPDIR"
    export XDG_CACHE_HOME=$PWD/cache
}

# One image is there when all are looked at, and gone when it is needed.
train_without() { # image run-folder [OPTION...]
    local image=$1
    shift
    FAULTS_GONE=$image FAULTS_SPARED=1 LD_PRELOAD=$bin/faults.so train "$@"
}

@test "late files: an image that goes between the look at all and the first batches is told once and listed" {
    for features in auto off; do
        run train_without p03.png $features --train head --on-bad-image skip --cache none --cache-features $features
        [ "$status" -eq 0 ]
        [ "$(grep -c 'p03.png": No such file or directory; left out of its batch' <<<"$output")" -eq 1 ]
        grep -q '^p03.png,.*,data,during training' $features/bad_images.csv
        [ "$(awk -F, '$1 == 3 { n += $3 } END { print n }' $features/batches.csv)" -eq 17 ]
    done
    same_run auto off
}

@test "late files: without skip such an image ends the run before it begins, and no folder stays" {
    for features in auto off; do
        run train_without p03.png r --train head --mean data --std data --cache none --cache-features $features
        [ "$status" -eq 1 ]
        [ "$(grep -c 'cannot open ".*p03.png": No such file or directory' <<<"$output")" -eq 1 ]
        [ ! -e r ]
    done
}

@test "late files: --find-lr tells of them" {
    run train_without p03.png r --find-lr --on-bad-image skip --cache none
    [ "$status" -eq 0 ]
    [ "$(grep -c 'p03.png": No such file or directory; left out of its batch' <<<"$output")" -eq 1 ]
}

@test "late files: statistics of BatchNorm are not measured in a batch without images" {
    train folded -q --model "$tiny/tiny-bn.yaml" --freeze-bn
    run train_without p03.png r --weights folded --model "$tiny/tiny-bn.yaml" --on-bad-image skip --cache none \
        --size 96 --batch-size 1
    echo "$output"
    [ "$status" -eq 1 ]
    [[ $output = *'statistics of BatchNorm: no image of batch '*' can be read'* ]]
    [ ! -e r ]
}
