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

# ended_by SIGNAL SECONDS COMMAND...: it waits for a file that does not come; a signal after so many
# seconds ends it in a few more.
ended_by() {
    local signal=$1 seconds=$2 pid status=0 since
    shift 2
    ("$@") >log 2>&1 &
    pid=$!
    sleep "$seconds"
    kill -0 $pid || { cat log; return 1; }
    since=$(date +%s%N)
    kill "-$signal" $pid
    for _ in $(seq 80); do kill -0 $pid 2>/dev/null && sleep 0.1; done
    kill -KILL $pid 2>/dev/null && echo 'it had to be killed'
    wait $pid || status=$?
    echo "$*: $status, $((($(date +%s%N) - since) / 1000000)) ms: $(tail -n 1 log)"
    [ $((($(date +%s%N) - since) / 1000000)) -lt 7000 ]
    [ $status -eq $((128 + $(kill -l "$signal"))) ]
}

# With an image that comes so many times, and then not.
slow() { # image times run-folder [OPTION...]
    export FAULTS_SLOW=$1 FAULTS_SPARED=$2 LD_PRELOAD=$bin/faults.so
    shift 2
    become_train "$@"
}

@test "late files: a signal ends a program that looks at its images, and nothing is written" {
    ended_by TERM 0.5 slow p03.png 0 r --on-bad-image skip --threads 2
    grep -q 'interrupted before training began; nothing was written' log
    ended_by INT 0.5 slow p03.png 0 r --dry-run
    [ -z "$(ls -d r* 2>/dev/null)" ]
}

@test "late files: a signal ends a program whose table, settings or weights do not come" {
    mkfifo table
    sleep 60 >table &
    writer=$!
    ended_by TERM 0.3 eval exec "$bin/atk-train" /dev/stdin '<table'
    grep -q 'interrupted before training began; nothing was written' log
    train w -q --epochs 1
    ended_by HUP 0.3 eval exec "$bin/atk-predict" w --images "$tiny" /dev/stdin --out o.csv '<table'
    kill $writer
    export FAULTS_SLOW=best.safetensors LD_PRELOAD=$bin/faults.so
    ended_by TERM 0.3 become_train r --weights w
    ended_by TERM 0.3 eval exec "$bin/atk-predict" w "$tiny/photos.csv" --out o.csv
    [ ! -e o.csv ]
    [ ! -e r ]
}

@test "late files: a signal ends a run that waits for its first batches or features, and no folder stays" {
    # Batches of the whole epoch: the image is in the first.
    ended_by TERM 0.5 slow p03.png 0 r --cache none --batch-size 24
    [ ! -e r ]
    ended_by TERM 0.5 slow p03.png 1 r --cache none --batch-size 24 --train head --cache-features auto
    grep -q 'interrupted before training began; nothing was written' log
    [ ! -e r ]
}

@test "late files: a run that waits for a batch saves its state before it ends, and goes on to the same bytes" {
    train whole -q --cache none
    # An image to train with, then one to validate with, in the second epoch; the first batches are
    # shown before them.
    for image in "$(awk -F, '$3 == "train" { print $1; exit }' whole/split.csv) 2" \
        "$(awk -F, '$3 == "val" { print $1; exit }' whole/split.csv) 1"; do
        # shellcheck disable=SC2086
        ended_by TERM 1 slow $image r --cache none --save-minutes 0
        [[ $(tail -n 1 log) = *'interrupted while '*"${image% *} was being read" ]]
        [ "$(wc -l <r/batches.csv)" -gt 4 ]
        [ -z "$(find r -name '*.tmp.*')" ]
        "$bin/atk-train" --resume r -q
        same_run whole r
        rm -r r
    done
}

@test "late files: a run that waits for an image of a step again ends with the state before" {
    options=(--cache none --scope step --accumulate 2)
    train whole -q "${options[@]}"
    ended_by TERM 1 slow p03.png 2 r "${options[@]}"
    grep -q 'read again' log
    [ -z "$(find r -name '*.tmp.*')" ]
    "$bin/atk-train" --resume r -q
    same_run whole r
}

@test "late files: a signal ends atk-predict, and no half table stays" {
    train w -q --epochs 1
    for options in '' '--on-bad-image skip'; do
        # shellcheck disable=SC2086
        ended_by TERM 0.5 eval FAULTS_SLOW=p03.png LD_PRELOAD="$bin/faults.so" exec "$bin/atk-predict" w \
            "$tiny/photos.csv" --batch-size 2 --out o.csv $options
        [ -z "$(ls o.csv* 2>/dev/null)" ]
    done
}
