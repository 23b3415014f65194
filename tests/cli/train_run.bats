#!/usr/bin/env bats
# A run of atk-train as its user sees it: lines, files, exit status.

load helpers

setup() {
    train_setup
    make_small_model
    make_images 6
}

@test "train: a run prints its lines and fills its folder" {
    run atk-train "${small[@]}" --k 0.7 photos.csv
    expect_status 0
    for text in 'data      photos.csv: 18 images, 3 classes' '15 to train, 3 to validate' \
        'network   small' 'k 0.7:' '2 of 4 (50.0 %), in the last batch 2 of 3 (66.7 %)' \
        'epoch 1/2  batch 1/4  loss ' 'epoch 2/2  batch 4/4' 'images/s' 'validation mean ' \
        'run folder: runs/train1'; do
        expect "$text"
    done
    expect 'warning: k 0.7 of a batch of 4 means 2 of them, 50 % instead of 70 %'
    [ "$(cd runs/train1 && echo *)" = 'args.yaml batches.csv best.safetensors classes.txt'\
' confusion_matrix.csv data_check.json hard_examples.csv images.safetensors last.safetensors model.yaml'\
' per_class.csv report.html results.csv'\
' split.csv state.safetensors summary.json thumbnails.safetensors train_batch_0.png train_batch_1.png train_batch_2.png'\
' train_batches.csv val_predictions.csv' ]
    [ "$(wc -l <runs/train1/batches.csv)" -eq 9 ]
    [ "$(wc -l <runs/train1/results.csv)" -eq 3 ]
    [ "$(tr '\n' ' ' <runs/train1/classes.txt)" = 'bird cat dog ' ]
    run atk-train "${small[@]}" -q photos.csv
    [ -e runs/train2/summary.json ]
}

@test "train: what a run says before its first batch fits on a screen of 80x24" {
    for class in a b c d e f g; do
        cp photos/dog1.png "photos/$class.png"
        echo "photos/$class.png,class-$class" >>photos.csv
    done
    run atk-train "${small[@]}" --k 0.7 --optimizer adamw --hflip 0.5 photos.csv
    expect 'data      photos.csv: 25 images, 10 classes'
    expect 'settings  data=photos.csv'
    expect ' optimizer=adamw'
    expect 'dog 5+1'
    [[ $output != *' beta1='* ]]
    # Findings (copies of one image, few of a class) are not what this is about.
    [ "$(sed '/^epoch 1/,$d' <<<"$output" | grep -v '^atk-train: warning' | fold -w 80 | wc -l)" -le 20 ]
    run atk-train "${small[@]}" --dry-run photos.csv
    expect ' beta1=0.9 '
    expect 'class-a         1          0'
}

@test "train: k says what it resolves to, and k 1 what it means" {
    run atk-train "${small[@]}" --dry-run photos.csv --k 1
    expect 'k 1 is the hardest image of each batch alone'
    run atk-train "${small[@]}" --dry-run photos.csv --k 1.0
    expect '4 of 4 (100.0 %), in the last batch 3 of 3'
    run atk-train "${small[@]}" --dry-run photos.csv --k 2
    expect 'warning: k 2 of the last batch of 3 means 2 of them, 67 % instead of 50 %'
}

@test "train: args.yaml gives the same run again" {
    atk-train "${small[@]}" -q photos.csv --out a --seed 3 --k 50% --mean 0.5,0.4,0.3
    atk-train -q --config a/args.yaml --out b
    cmp a/args.yaml b/args.yaml
    cmp a/last.safetensors b/last.safetensors
    cmp <(cut -d, -f1-8 a/batches.csv) <(cut -d, -f1-8 b/batches.csv)
}

@test "train: -q prints nothing, --log-every thins the lines out" {
    run atk-train "${small[@]}" -q photos.csv --batch-size 5
    expect_status 0
    [[ $output != *'epoch 1'* ]]
    run atk-train "${small[@]}" photos.csv --log-every 3
    [ "$(grep -c '  batch ' <<<"$output")" -eq 4 ] # of 4: the third and the last, twice
}

# A command with a terminal for standard output and error.
on_terminal() { TERM=xterm script -qec "$(printf '%q ' "$@")" /dev/null </dev/null; }

@test "train: on a terminal a bar takes the place of lines, unless --log-every asks for them" {
    script -qec true /dev/null </dev/null >/dev/null 2>&1 || skip 'no pseudo-terminal here'
    run on_terminal "$build/atk-train" "${small[@]}" photos.csv --out bar
    expect_status 0
    expect 'epoch 1/2:'
    [[ $output != *'  batch '* ]]
    run on_terminal "$build/atk-train" "${small[@]}" photos.csv --out lines --log-every 1
    expect_status 0
    expect 'epoch 1/2:'
    [ "$(grep -c '  batch ' <<<"$output")" -eq "$(($(wc -l <lines/batches.csv) - 1))" ]
}

@test "train: --json is one object on the last line" {
    run --separate-stderr atk-train "${small[@]}" -q --json photos.csv --out 'my "run"'
    expect_status 0
    [ "${#lines[@]}" -eq 1 ]
    expect '{"status": "finished", "run": "my \"run\"", "data": "photos.csv", "model": "small"'
    expect '"epochs_done": 2, "best_epoch": '
    [ "$output" = "$(<'my "run"/summary.json')" ]
    atk-train "${small[@]}" --json photos.csv 2>&1 | tail -1 | grep -q '^{"status": "finished"'
}

@test "train: --dry-run reads every image and creates nothing but its images" {
    echo hello >photos/cat2.png
    run atk-train "${small[@]}" --dry-run photos.csv
    expect_status 1
    for text in 'photos/cat2.png' '1 of 18 images cannot be read' 'bird ' 'layer1.0.conv1' \
        '16x16x8' "optimiser's moments" 'parameters'; do
        expect "$text"
    done
    [ "$(echo *)" = 'photos photos.csv small.yaml' ]
    run atk-train "${small[@]}" --dry-run photos.csv --on-bad-image skip
    expect_status 0
    [ "$(echo * runs/*)" = 'photos photos.csv runs small.yaml runs/dry-run' ]
}

@test "train: --val-split 0 trains without validation" {
    run atk-train "${small[@]}" photos.csv --val-split 0 --out run
    expect_status 0
    expect '18 to train, none to validate'
    [ ! -e run/best.safetensors ]
    [ ! -e run/val_predictions.csv ]
    [ -e run/last.safetensors ]
}

@test "train: --weights starts from them, with the rows of the classifier that are still wanted" {
    atk-train "${small[@]}" -q photos.csv --out first
    run atk-train "${small[@]}" photos.csv --weights first/last.safetensors
    expect_status 0
    expect 'tensors loaded from first/last.safetensors'
    grep -v 'bird$' photos.csv >two.csv
    run atk-train "${small[@]}" two.csv --weights first/last.safetensors
    expect_status 0
    expect 'classifier: 2 of 2 classes by name'
}

@test "train: a reader that goes away does not end the run" {
    atk-train "${small[@]}" photos.csv --out run 2>err | head -1
    grep -q '"status": "finished"' run/summary.json
    [ "$(wc -l <run/batches.csv)" -eq 9 ]
}

@test "train: standard output that cannot be written is an error in the end" {
    run bash -c "$build/atk-train ${small[*]} photos.csv --out run 2>&1 >/dev/full"
    expect_status 1
    expect 'cannot write to standard output'
    grep -q '"status": "finished"' run/summary.json
}

@test "train: a progress bar takes the place of batch lines on a terminal, and only there" {
    script -qec true /dev/null </dev/null >/dev/null 2>&1 || skip 'no pseudo-terminal here'
    TERM=xterm script -qec "stty cols 100; '$build/atk-train' ${small[*]} photos.csv" typescript \
        </dev/null >/dev/null
    grep -q 'epoch 1/2: 100%|#' typescript
    run ! grep -q '  batch ' typescript
    grep -q 'validation mean' typescript
    run atk-train "${small[@]}" photos.csv
    [[ $output != *'%|'* ]]
}

@test "train: the recipes of configs/ are read; those with weights say how to get them" {
    export XDG_DATA_HOME=$PWD/none
    for config in "$root"/configs/*.yaml; do
        run atk-train --config "$config" --size 32 --model ./small.yaml --dry-run photos.csv
        if grep -q '^weights:' "$config"; then
            [ "$status" != 0 ]
            expect "atk-get-weights $(sed -n 's/^weights: *//p' "$config")"
        else
            expect_status 0
        fi
    done
}
