#!/usr/bin/env bats
# A run goes on where its data is now; images that are no longer the same are told.

load tiny
bats_require_minimum_version 1.5.0

setup_file() { make_tiny 24; }
setup() {
    cd "$BATS_TEST_TMPDIR"
    mkdir a
    cp "$tiny"/*.png "$tiny"/photos.csv a
    touch -d '2001-02-03' a/*.png
}

# begin OPTION...: a run of one of three epochs, into r.
begin() {
    "$bin/atk-train" a/photos.csv --model "$tiny/tiny.yaml" --size 32 --batch-size 5 --threads 1 \
        --epochs 1 --out r -q "${@:---val-split=0.25}"
}

go_on() { "$bin/atk-train" --resume r --epochs 3 -q "$@"; }

@test "resume moved: the same rows elsewhere, by --data, --val and --images" {
    begin
    cp -r r whole
    "$bin/atk-train" --resume whole --epochs 3 -q
    mv a b
    run go_on
    [ "$status" -eq 1 ]
    [[ $output = *'the data of the run has moved (--data FILE'*'cannot open "a/photos.csv"'* ]]
    run go_on --data b/photos.csv
    [ "$status" -eq 0 ]
    [[ $output != *'time stamp'* ]] # mv keeps them
    same_run whole r
    grep -q '^data: b/photos.csv' r/args.yaml
    cp b/photos.csv .
    "$bin/atk-train" --resume r --epochs 4 -q --data photos.csv --images b
    (cd / && "$bin/atk-train" --resume "$OLDPWD/r" --epochs 5 -q --data "$OLDPWD/b/photos.csv" --images "$OLDPWD/b")
}

@test "resume moved: other rows are refused, wherever they are" {
    begin --val a/photos.csv
    sed '$d' a/photos.csv >a/fewer.csv
    run go_on --data a/fewer.csv
    [ "$status" -eq 1 ]
    [[ $output = *'cannot continue, training data has changed'* ]]
    run go_on --val a/fewer.csv
    [ "$status" -eq 1 ]
    [[ $output = *'cannot continue, validation data has changed'* ]]
    go_on --val "$PWD/a/photos.csv"
}

@test "resume moved: replaced images are named, once, and with --strict end the run" {
    begin
    cp a/p00.png a/p01.png
    touch a/p02.png
    run go_on --strict
    [ "$status" -eq 1 ]
    [[ $output = *'--strict: 2 of 24 images have another size or time stamp'*'(the first: a/p0'* ]]
    run go_on
    [ "$status" -eq 0 ]
    [[ $output = *'warning: 2 of 24 images have another size or time stamp'* ]]
    run "$bin/atk-train" --resume r --epochs 4 -q --strict
    [ "$status" -eq 0 ]
    [[ $output != *'time stamp'* ]]
}

@test "resume moved: another machine is an error with --strict" {
    begin
    level=$(strings -n 2 r/state.safetensors | grep -o '"kernels":"[a-z0-9]*"' | cut -d'"' -f4)
    [ "$level" != portable ] || skip "the processor has one level"
    run env ATK_KERNELS=portable "$bin/atk-train" --resume r --epochs 3 -q --strict
    [ "$status" -eq 1 ]
    [[ $output = *"--strict: the run began with kernels $level, and goes on with portable"* ]]
    run env ATK_KERNELS=portable "$bin/atk-train" --resume r --epochs 3 -q
    [ "$status" -eq 0 ]
    [[ $output = *'warning: the run began with kernels'* ]]
}

@test "resume moved: a run that failed at a bad image goes on without it" {
    begin
    rm a/p03.png
    run go_on
    [ "$status" -eq 1 ]
    go_on --on-bad-image skip
    grep -q 'p03.png' r/bad_images.csv
}
