#!/usr/bin/env bats
# Images that go bad while a run is under way.

load tiny
bats_require_minimum_version 1.5.0

setup_file() { make_tiny 24; }
setup() {
    cd "$BATS_TEST_TMPDIR"
    cp "$tiny"/*.png "$tiny"/photos.csv .
}

# start OPTION...: a long run into r, whose images are read in each epoch; returns once it trains.
start() {
    "$bin/atk-train" photos.csv --model "$tiny/tiny.yaml" --size 32 --batch-size 5 --threads 1 \
        --val-split 0.25 --cache none --out r --epochs 100000 "$@" >log 2>&1 &
    pid=$!
    until [ -s r/results.csv ] && [ "$(wc -l <r/results.csv)" -gt 1 ]; do sleep 0.05; done
}

# An image of one side of the run's split.
one_of() { # train|val
    awk -F, -v side="$1" '$3 == side { print $1; exit }' r/split.csv
}

epochs_done() { wc -l <r/results.csv; }

# What is left trains on for an epoch and more.
goes_on() {
    local before
    before=$(epochs_done)
    for _ in $(seq 200); do
        [ "$(epochs_done)" -le $((before + 2)) ] || return 0
        sleep 0.05
    done
    cat log
    return 1
}

ends() { # SIGNAL STATUS
    kill "-$1" $pid
    local status=0
    wait $pid || status=$?
    [ "$status" -eq "$2" ]
}

@test "bad late: with skip a training and a validation image leave their batches, are told once and listed" {
    start --on-bad-image skip
    t=$(one_of train) v=$(one_of val)
    rm "$t"
    echo hello >"$v"
    goes_on
    ends TERM 143
    [ "$(grep -c 'left out of its batch' log)" -eq 2 ]
    [ "$(wc -l <r/bad_images.csv)" -eq 3 ]
    grep -q "^$t,photos.csv,.*,data,during training" r/bad_images.csv
    grep -q "^$v,photos.csv,.*,data,during training" r/bad_images.csv
    # An epoch has one image less, and one is not validated.
    awk -F, 'NR > 1 { n[$1] += $3 } END { if (n[1] != 18 || n[NR > 2 ? 4 : 1] == 0) exit 1 }' r/batches.csv
    last=$(($(epochs_done) - 1))
    [ "$(awk -F, -v e=$last '$1 == e { n += $3 } END { print n }' r/batches.csv)" -eq 17 ]

    # A resumed run goes on without them, lists them once, and takes one back that is whole again.
    cp "$tiny/$t" .
    "$bin/atk-train" --resume r --max-minutes 0.01 >log 2>&1
    [ "$(epochs_done)" -gt $((last + 2)) ]
    [ "$(grep -c 'left out of its batch' log)" -eq 1 ]
    [ "$(wc -l <r/bad_images.csv)" -eq 3 ]
    last=$(($(epochs_done) - 1))
    [ "$(awk -F, -v e=$last '$1 == e { n += $3 } END { print n }' r/batches.csv)" -eq 18 ]
}

@test "bad late: what was bad before training stays out of a resumed run, also when it is whole again" {
    rm p00.png
    start --on-bad-image skip
    ends TERM 143
    grep -q '^p00.png,photos.csv,2,.*,data,before training' r/bad_images.csv
    cp "$tiny/p00.png" .
    rm p01.png
    "$bin/atk-train" --resume r --max-minutes 0.01 >log 2>&1
    grep -q 'p01.png": No such file or directory; left out' log
    [ "$(wc -l <r/bad_images.csv)" -eq 3 ]
}

@test "bad late: without skip the run ends with the image's name, and its state is saved" {
    start
    t=$(one_of train)
    rm "$t"
    status=0
    wait $pid || status=$?
    [ "$status" -eq 1 ]
    [[ $(tail -n 1 log) = *"cannot open \"$t\""* ]]
    rows=$(wc -l <r/batches.csv)
    run "$bin/atk-train" --resume r
    [ "$status" -eq 1 ]
    [[ $output = *"cannot open \"$t\""* ]]
    cp "$tiny/$t" .
    "$bin/atk-train" --resume r --max-minutes 0.01 -q
    [ "$(wc -l <r/batches.csv)" -gt "$rows" ] # nothing of what was done was taken back
}

@test "bad late: an image that comes back leaves no trace in a run that failed at it" {
    start --epochs 100000
    ends TERM 143
    cp -r r whole
    # Both go on for the same number of epochs; one of them fails in between.
    n=$(($(epochs_done) + 1))
    "$bin/atk-train" --resume whole --epochs $n -q
    mv "$(one_of val)" away
    run "$bin/atk-train" --resume r --epochs $n -q
    [ "$status" -eq 1 ]
    mv away "$(one_of val)"
    "$bin/atk-train" --resume r --epochs $n -q
    same_run whole r
}

@test "bad late: when no image can be read any more the run ends and says so" {
    start --on-bad-image skip
    rm p*.png
    status=0
    wait $pid || status=$?
    [ "$status" -eq 1 ]
    grep -q 'image can be read any more' log
    told=$(grep -c 'left out of its batch' log) # fewer than 10 when it ends at those of validation
    [ "$told" -ge 1 ]
    [ "$told" -le 10 ]
    cp "$tiny"/p*.png .
    "$bin/atk-train" --resume r --max-minutes 0.01 -q
}

@test "bad late: a step of several batches leaves the image out of each way to its gradient" {
    for scope in batch step; do
        for model in tiny tiny-bn; do
            cp "$tiny"/p*.png .
            rm -rf r
            start --on-bad-image skip --scope $scope --accumulate 2 --model "$tiny/$model.yaml"
            rm "$(one_of train)"
            goes_on
            # Some go between an image's first reading in a step and its second.
            for image in $(awk -F, '$3 == "train" && n++ < 9 { print $1 }' r/split.csv); do
                rm -f "$image"
                sleep 0.02
            done
            goes_on
            ends TERM 143
        done
    done
}

@test "bad late: with --train head the bytes are the same whether features are kept or not" {
    export XDG_CACHE_HOME=$PWD/cache
    for model in tiny tiny-bn; do
        for features in auto off; do
            cp "$tiny"/p*.png .
            run=$model-$features
            "$bin/atk-train" photos.csv --model "$tiny/$model.yaml" --size 32 --batch-size 5 \
                --threads 1 --val-split 0.25 --cache none --train head --hflip 0.5 --tta flip \
                --epochs 3 --on-bad-image skip --cache-features $features --max-minutes 1e-9 -q --out $run
            # A whole batch, and one of validation.
            gone=$(awk -F, '$3 == "train" && n < 6 { n++; print $1 } $3 == "val" { v = $1 }
                END { print v }' $run/split.csv)
            rm $gone
            "$bin/atk-train" --resume $run --max-minutes 0 >log 2>&1
            [ "$(grep -c 'left out of its batch' log)" -eq 7 ]
            for image in $gone; do
                grep -q "^$image,photos.csv,.*,data,during training" $run/bad_images.csv
            done
            [ "$(awk -F, '$1 == 3 { n += $3 } END { print n }' $run/batches.csv)" -eq 12 ]
        done
        same_run $model-auto $model-off
        # They are taken back when they are whole again.
        cp "$tiny"/p*.png .
        "$bin/atk-train" --resume $model-auto --epochs 4 -q
        [ "$(awk -F, '$1 == 4 { n += $3 } END { print n }' $model-auto/batches.csv)" -eq 18 ]
    done
}

@test "bad late: without skip, kept features name the image that is gone, and the state stays" {
    export XDG_CACHE_HOME=$PWD/cache
    become_train r -q --images "$PWD" --train head --cache none --max-minutes 1e-9 &
    wait $!
    cp r/state.safetensors before
    mv p03.png away
    run "$bin/atk-train" --resume r --max-minutes 0
    [ "$status" -eq 1 ]
    [ "$(grep -c 'cannot open ".*p03.png"' <<<"$output")" -eq 1 ]
    cmp before r/state.safetensors
    mv away p03.png
    "$bin/atk-train" -q --resume r --max-minutes 0
    become_train whole -q --images "$PWD" --train head --cache none &
    wait $!
    same_run whole r
}
