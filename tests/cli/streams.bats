#!/usr/bin/env bats
# What a program is started with: standard streams that are closed, outputs that are inputs, signals.

load tiny
bats_require_minimum_version 1.5.0

setup_file() {
    make_tiny 12
    train "$tiny/run" -q
}
setup() { cd "$BATS_TEST_TMPDIR"; }

predict() { "$bin/atk-predict" --threads 1 --workers 1 "$@"; }

# ---- closed descriptors ----

# with_closed "0 2" COMMAND...: with those descriptors closed.
with_closed() (
    for fd in $1; do eval "exec $fd>&-"; done
    "${@:2}"
)

@test "streams: with any of descriptors 0 to 2 closed a run writes the same files" {
    for closed in 0 1 2 '0 1' '0 2' '1 2' '0 1 2'; do
        rm -rf r
        with_closed "$closed" train r
        same_run "$tiny/run" r
        cmp <(head -n 1 r/batches.csv) <(head -n 1 "$tiny/run/batches.csv")
    done
}

@test "streams: with any of descriptors 0 to 2 closed atk-predict writes the same table" {
    predict "$tiny/run" "$tiny/photos.csv" -q --out whole.csv
    for closed in 0 1 2 '0 1' '0 2' '1 2' '0 1 2'; do
        rm -f o.csv
        with_closed "$closed" predict "$tiny/run" "$tiny/photos.csv" --out o.csv
        cmp whole.csv o.csv
    done
}

@test "streams: what standard output must carry is refused when it is closed" {
    run with_closed 1 predict "$tiny/run" "$tiny/photos.csv"
    [ "$status" -eq 2 ]
    run with_closed 1 train r --json
    [ "$status" -eq 2 ]
    [ ! -e r ]
}

@test "streams: with descriptors closed atk-data writes the same tables, or fails" {
    mkdir -p p/a p/b
    cp "$tiny/p00.png" p/a
    cp "$tiny/p01.png" p/b
    data=$bin/atk-data
    "$data" from-folders --out whole p
    "$data" split --out whole whole.csv
    "$data" flip-labels --share 0.5 --out flipped whole.csv
    for closed in 0 1 2 '0 1' '0 2' '1 2' '0 1 2'; do
        rm -f o*.csv
        with_closed "$closed" "$data" from-folders --out o p
        cmp whole.csv o.csv
        with_closed "$closed" "$data" split --out o o.csv
        cmp whole_train.csv o_train.csv
        rm o.csv
        with_closed "$closed" "$data" flip-labels --share 0.5 --out o whole.csv
        cmp flipped_flipped.csv o_flipped.csv
    done
    for command in 'from-folders p' 'precision flipped_flipped.csv flipped.csv' 'check whole.csv --json'; do
        # shellcheck disable=SC2086
        run with_closed 1 "$data" $command
        [ "$status" -eq 2 ]
    done
}

# A Python that prints to descriptors 1 and 2 all the time, past sys.stdout, as libraries do.
make_talkative_python() {
    mkdir python
    cat >python/sitecustomize.py <<'END'
import os, threading, time
def talk():
    while True:
        for number in 1, 2:
            try:
                os.write(number, b"talk\n")
            except OSError:
                pass
        time.sleep(1e-4)
threading.Thread(target=talk, daemon=True).start()
END
    # python3 itself: that of pyenv is a script, whose file gets the number of a closed descriptor.
    ln -s "$(python3 -c 'import sys; print(sys.executable)')" python/python3
    export PYTHONPATH=$PWD/python PATH=$PWD/python:$PATH
}

@test "streams: with descriptors closed convert-weights and get-weights write the same files" {
    command -v python3 >/dev/null || skip "python3 is not installed"
    scripts=$BATS_TEST_DIRNAME/../../scripts
    golden=$BATS_TEST_DIRNAME/../golden/weights
    touch narrow.yaml
    cp -R "$scripts" scripts # with a list of the test's own
    printf 'folded\tnarrow.yaml\tcurl\thttps://example.org/folded.onnx\tfolded.onnx\t-\t1\n' \
        >scripts/weights_files/catalogue.tsv
    "$scripts/convert-weights" "$golden/folded.onnx" whole.safetensors --model narrow.yaml
    make_talkative_python
    export XDG_DATA_HOME=$PWD/data
    for closed in 0 1 2 '0 1' '0 2' '1 2' '0 1 2'; do
        rm -rf o.safetensors data
        with_closed "$closed" scripts/convert-weights "$golden/folded.onnx" o.safetensors --model narrow.yaml >/dev/null 2>&1
        cmp whole.safetensors o.safetensors
        with_closed "$closed" scripts/get-weights folded --from "$golden/folded.onnx" >/dev/null 2>&1
        cmp whole.safetensors data/atk-train/weights/folded.safetensors
        run with_closed "$closed" scripts/convert-weights none.onnx p.safetensors --model narrow.yaml
        [ "$status" -eq 1 ]
        [ ! -e p.safetensors ]
    done
    run with_closed 1 scripts/get-weights --list
    [ "$status" -eq 2 ]
    [[ $output = *'standard output is closed'* ]]
}

@test "streams: with descriptors closed plot draws the same images" {
    python3 -c 'import matplotlib' 2>/dev/null || /usr/bin/python3 -c 'import matplotlib' 2>/dev/null ||
        skip "matplotlib is not installed"
    mkdir whole o
    plot=$BATS_TEST_DIRNAME/../../scripts/plot
    "$plot" "$tiny/run" --images "$tiny" --out whole
    make_talkative_python
    for closed in 0 1 2 '0 1' '0 2' '1 2' '0 1 2'; do
        rm -f o/*
        with_closed "$closed" "$plot" "$tiny/run" --images "$tiny" --out o >/dev/null 2>&1
        for image in whole/*.png; do cmp "$image" "o/${image##*/}"; done
    done
}

# ---- outputs that are inputs ----

# refused FILE COMMAND...: with a usage error, and FILE has the bytes it had.
refused() {
    cp "$1" before
    run "${@:2}"
    [ "$status" -eq 2 ]
    [[ $output = *'which would be overwritten'* ]]
    cmp before "$1"
}

@test "streams: atk-predict overwrites neither table, images, model nor its other output" {
    cp "$tiny"/p0*.png .
    cp -r "$tiny/run" .
    printf 'image,label\np00.png,red\np01.png,red\n' >t.csv
    ln -s t.csv soft.csv
    ln t.csv hard.csv
    mkdir d
    for out in t.csv ./t.csv d/../t.csv soft.csv hard.csv; do
        refused t.csv predict run t.csv --out "$out"
        refused t.csv predict run t.csv --out o.csv --confusion-matrix "$out"
        refused t.csv predict run t.csv --confusion-matrix "$out"
    done
    refused p01.png predict run t.csv --out p01.png
    refused p01.png predict run p00.png p01.png --out p01.png
    for file in best.safetensors args.yaml confusion_matrix.csv; do
        refused run/$file predict run p00.png --out run/$file
        refused run/$file predict run/best.safetensors p00.png --out run/$file
    done
    run predict run t.csv --out o.csv --confusion-matrix d/../o.csv
    [ "$status" -eq 2 ]
    [ ! -e o.csv ]
    run predict run t.csv --confusion-matrix -
    [ "$status" -eq 2 ]
    cp t.csv grows.csv
    refused grows.csv bash -c '"$@" >>grows.csv' - "$bin/atk-predict" run grows.csv
    predict run t.csv -q --out run/predictions.csv --confusion-matrix matrix.csv
    predict run t.csv -q --out run/predictions.csv --confusion-matrix matrix.csv # its own of before
}

@test "streams: - is standard output" {
    predict "$tiny/run" "$tiny/p00.png" -q >whole.csv
    predict "$tiny/run" "$tiny/p00.png" -q --out - >o.csv
    cmp whole.csv o.csv
    predict "$tiny/run" "$tiny/photos.csv" -q --out o.csv --confusion-matrix whole.csv
    { echo before && predict "$tiny/run" "$tiny/photos.csv" -q --out o.csv --confusion-matrix -; } >m.csv
    cmp m.csv <(echo before && cat whole.csv)
    [ ! -e - ]
}

# ---- what is no file ----

@test "streams: what is no file is named at once, wherever a file is meant" {
    mkfifo fifo.png
    printf 'image,label\nfifo.png,red\n%s,blue\n%s,blue\n' "$tiny"/p0[01].png >t.csv
    wrong='t.csv:2: fifo.png is a named pipe, not a file'
    for cache in memory none; do
        run timeout 20 "$bin/atk-train" t.csv --threads 1 --size 32 --model "$tiny/tiny.yaml" \
            --val-split 0 --out r --cache $cache
        [ "$status" -eq 1 ]
        [[ $output = *"$wrong"* ]]
    done
    timeout 20 "$bin/atk-train" t.csv --threads 1 --size 32 --model "$tiny/tiny.yaml" --val-split 0 \
        --out r --on-bad-image skip --epochs 1 -q
    grep -q "$wrong" r/bad_images.csv
    run timeout 20 "$bin/atk-predict" --threads 1 "$tiny/run" t.csv
    [ "$status" -eq 1 ]
    [[ $output = *'fifo.png is a named pipe'* ]]
    for options in "fifo.png" "/dev/zero" "t.csv --val fifo.png" "t.csv --classes fifo.png" \
        "t.csv --config ./fifo.png" "t.csv --model ./fifo.png" "t.csv --weights ./fifo.png"; do
        # shellcheck disable=SC2086
        run timeout 20 "$bin/atk-train" $options --threads 1 --size 32 --out other
        [ "$status" -eq 1 ]
        [[ $output = *'is a named pipe, not a file'* ]] || [[ $output = *'is a device, not a file'* ]]
    done
}

# ---- what a terminal and a table show ----

@test "streams: control characters of a label do not reach a terminal" {
    esc=$(printf '\033[31m')
    sed "s/,red\$/,${esc}red/" "$tiny/photos.csv" >photos.csv
    cp "$tiny"/*.png .
    run "$bin/atk-train" photos.csv --model "$tiny/tiny.yaml" --size 32 --threads 1 --epochs 1 --out r
    [ "$status" -eq 0 ]
    [[ $output != *$'\033'* ]]
    run predict r photos.csv --out o.csv
    [[ $output = *'?[31mred'* && $output != *$'\033'* ]]
    grep -q "^image,predicted,probability,${esc//[/\\[}red" o.csv # a table has the name as it is
}

@test "streams: a class that is called like a column of the table gets a name of its own there" {
    sed 's/,red$/,image/;s/,blue$/,class image/' "$tiny/photos.csv" >photos.csv
    cp "$tiny"/*.png .
    "$bin/atk-train" photos.csv --model "$tiny/tiny.yaml" --size 32 --threads 1 --epochs 1 --out r -q
    predict r photos.csv -q --out o.csv
    [ "$(head -n 1 o.csv)" = "image,predicted,probability,class image,green,class class image" ]
    predict r o.csv -q --out p.csv # it can be read back
}

@test "streams: a folder as DATA names the tool for it" {
    mkdir photos
    run "$bin/atk-train" photos
    [ "$status" -eq 2 ]
    [[ $output = *'photos is a folder: atk-data from-folders'* ]]
}

@test "streams: BatchNorm of a single value is refused, with the layer" {
    cat >one.yaml <<END
stem: [{width: 8, kernel: 3, stride: 2}]
pool: {kernel: 3, stride: 2}
block: basic
stages: [{blocks: 1, width: 8, stride: 2}, {blocks: 1, width: 8, stride: 2}, {blocks: 1, width: 8, stride: 2}]
norm: {kind: batch}
END
    options=("$tiny/photos.csv" --model ./one.yaml --size 32 --val-split 0 --threads 1 --epochs 1 --out r -q)
    run "$bin/atk-train" "${options[@]}" --batch-size 1
    [ "$status" -eq 2 ]
    [[ $output = *'layer3.0.bn1 of model one, BatchNorm, would have one value'*'a batch of 1 image of 32x32'* ]]
    run "$bin/atk-train" "${options[@]}" --batch-size 11
    [ "$status" -eq 2 ]
    [[ $output = *'the last batch of 1 image'* ]]
    [ ! -e r ]
    "$bin/atk-train" "${options[@]}" --batch-size 6
}

# ---- what is left behind ----

@test "streams: what a killed run left of half-written files is gone when it is resumed" {
    cp -r "$tiny/run" r
    touch r/state.safetensors.tmp.1.0 r/best.safetensors.tmp.22.3 r/train_batch_0.png.tmp.4.5 \
        r/mine.tmp.1.0 r/state.safetensors.tmp
    "$bin/atk-train" --resume r -q
    [ "$(cd r && echo *.tmp*)" = "mine.tmp.1.0 state.safetensors.tmp" ]
}

@test "streams: the folder of a run whose first state cannot be saved is removed" {
    (
        trap '' XFSZ
        ulimit -f 12 # KiB / 1024 x blocks of 1024 bytes: enough for all but the state
        train r -q
    ) && status=0 || status=$?
    [ "$status" -eq 1 ]
    [ ! -e r ]
}

@test "streams: a data path that is not UTF-8 is refused before anything is read" {
    d=$(printf 'caf\351')
    mkdir "$d"
    cp "$tiny"/*.png "$tiny/photos.csv" "$d"
    run "$bin/atk-train" "$d/photos.csv" --out r
    [ "$status" -eq 2 ]
    [[ $output = *'--data: '*'is not UTF-8'* ]]
    predict "$tiny/run" "$d/photos.csv" -q --out "$d/o.csv"
    [ -s "$d/o.csv" ]
}

# ---- signals ----

# stopped_by SIGNAL...: a long run gets them all once it is under way, and `wait` its status.
stopped_by() {
    (become_train r --epochs 100000 -q) &
    pid=$!
    until [ -s r/results.csv ] && [ "$(wc -l <r/results.csv)" -gt 1 ]; do sleep 0.05; done
    for signal; do kill "-$signal" $pid; done
    wait $pid
}

@test "streams: SIGHUP saves the state and ends a run, as SIGTERM does, also when it comes twice" {
    for signals in TERM HUP 'HUP HUP'; do
        rm -rf r
        status=0
        # shellcheck disable=SC2086
        stopped_by $signals || status=$?
        [ "$status" -eq $([ "$signals" = TERM ] && echo 143 || echo 129) ]
        [ -e r/state.safetensors ]
    done
}

@test "streams: a run that nohup has started outlives SIGHUP" {
    (trap '' HUP && become_train r --epochs 40 -q) &
    pid=$!
    until [ -s r/results.csv ]; do sleep 0.05; done
    kill -HUP $pid
    wait $pid
    [ -e r/summary.json ]
}
