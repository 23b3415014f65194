#!/usr/bin/env bats
# atk-predict: the table, the figures, and what bad input gets.

load tiny

setup_file() {
    make_tiny 42
    train "$tiny/run" -q
    { head -n 1 "$tiny/photos.csv" && of_split val; } >"$tiny/val.csv"
}
setup() {
    cd "$BATS_TEST_TMPDIR"
    model=$tiny/run val=$tiny/val.csv
}

# Rows "image,label" of one side of the run's split.
of_split() { # train|val
    awk -F, -v side="$1" '$3 == side { print $1 "," $2 }' "$tiny/run/split.csv"
}

predict() { "$bin/atk-predict" --threads 1 --workers 1 "$@"; }

# A number of a flat JSON object.
json() { # key file
    grep -oE "\"$1\": [-0-9.e]+" "$2" | sed 's/.*: //'
}

# The field of the last row of results.csv whose column has this name.
last_result() { # column
    awk -F, -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i }
                          END { print $at }' "$tiny/run/results.csv"
}

close_to() { # a b tolerance
    awk -v a="$1" -v b="$2" -v t="$3" 'BEGIN { exit !(a - b <= t && b - a <= t) }'
}

# ---- the table ----

@test "the table has one row for each image, in order, and probabilities that add up" {
    predict "$model" "$val" >table.csv 2>figures
    [ "$(head -n 1 table.csv)" = "image,predicted,probability,blue,green,red" ]
    cmp <(cut -d, -f1 table.csv) <(cut -d, -f1 "$val")
    # Six digits of each of three numbers: their sum is 1 but for 3 half units of the last.
    awk -F, 'NR > 1 {
        sum = $4 + $5 + $6; largest = $4 > $5 ? $4 : $5; if ($6 > largest) largest = $6
        name["blue"] = $4; name["green"] = $5; name["red"] = $6
        if (sum > 1.000002 || sum < 0.999998 || $3 != largest || name[$2] != largest) exit 1
    }' table.csv
    grep -q '^accuracy' figures
}

@test "val_predictions.csv of a run is what its best weights make of the validation images" {
    for options in '' '--tta flip' '--ema 0.9' '--train head --cache-features auto'; do
        # shellcheck disable=SC2086
        train r -q $options
        flip=
        [ "$options" != '--tta flip' ] || flip=$options
        # shellcheck disable=SC2086
        predict r/best.safetensors "$val" -q $flip >table.csv
        [ "$(head -n 1 r/val_predictions.csv)" = 'image,label,predicted,probability,blue,green,red' ]
        cmp <(cut -d, -f1,3- r/val_predictions.csv) table.csv
        cmp <(cut -d, -f2 r/val_predictions.csv) <(cut -d, -f2 "$val")
        rm -r r
    done
}

@test "images can be named on the command line, and need no labels" {
    cp "$tiny/p00.png" "a b.png"
    predict "$model" "a b.png" "$tiny/p01.png" >table.csv 2>figures
    [ "$(wc -l <table.csv)" -eq 3 ]
    [[ $(sed -n 2p table.csv) = "a b.png,"* ]]
    grep -q 'no labels' figures
}

@test "an image's extension does not matter" {
    cp "$tiny/p00.png" wrong.jpg
    predict "$model" wrong.jpg -q >wrong.csv
    predict "$model" "$tiny/p00.png" -q >right.csv
    cmp <(cut -d, -f2- wrong.csv) <(cut -d, -f2- right.csv)
}

@test "--out takes the table and leaves standard output to the figures" {
    predict "$model" "$val" >expected.csv 2>expected.txt
    predict "$model" "$val" --out table.csv >figures 2>errors
    cmp expected.csv table.csv
    cmp expected.txt figures
    [ ! -s errors ]
}

@test "batch size, threads and workers change no byte of the table" {
    predict "$model" "$val" -q >expected.csv
    "$bin/atk-predict" "$model" "$val" -q --batch-size 3 --threads 2 --workers 3 >other.csv
    cmp expected.csv other.csv
}

@test "-q leaves the table alone and says nothing" {
    predict "$model" "$val" -q >table.csv 2>figures
    [ ! -s figures ]
    [ "$(wc -l <table.csv)" -eq "$(wc -l <"$val")" ]
}

# ---- the figures ----

@test "accuracy, cross-entropy and recall are those of the run's last validation" {
    predict "$model/last.safetensors" "$val" --out table.csv --json >figures
    tail -n 1 figures >figures.json
    [ "$(json accuracy figures.json)" = "$(last_result val_accuracy)" ] ||
        close_to "$(json accuracy figures.json)" "$(last_result val_accuracy)" 1e-8
    # The table of results may hold fewer digits.
    close_to "$(json mean_cross_entropy figures.json)" "$(last_result val_mean_loss)" 1e-5
    for class in blue green red; do
        close_to "$(awk -v c=$class '$1 == c { print $3 }' figures)" "$(last_result "recall $class")" 1e-4
    done
}

@test "a run folder stands for its best epoch" {
    predict "$model" "$val" --out table.csv --json | tail -n 1 >figures.json
    best=$(awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "val_accuracy") at = i; next }
                    $at > best { best = $at } END { print best }' "$tiny/run/results.csv")
    close_to "$(json accuracy figures.json)" "$best" 1e-8
    predict "$model" "$val" --out by-run.csv -q
    predict "$model/best.safetensors" "$val" --out by-file.csv -q
    cmp by-run.csv by-file.csv
}

@test "--confusion-matrix writes what the run wrote for its best epoch" {
    predict "$model" "$val" -q --confusion-matrix matrix.csv >table.csv
    cmp matrix.csv "$tiny/run/confusion_matrix.csv"
}

@test "a run without validation is predicted with its last weights" {
    train unvalidated -q --val-split 0 --epochs 1
    [ ! -e unvalidated/best.safetensors ]
    predict unvalidated "$val" -q >by-run.csv
    predict unvalidated/last.safetensors "$val" -q >by-file.csv
    cmp by-run.csv by-file.csv
}

@test "labels that the model does not know are left out of the figures" {
    sed '2s/,.*/,purple/; 3s/,.*/,/' "$val" >odd.csv
    predict "$model" odd.csv --images "$tiny" --out table.csv --json >figures
    [ "$(json pictures figures)" -eq $(($(wc -l <"$val") - 1)) ]
    [ "$(json labelled figures)" -eq $(($(wc -l <"$val") - 3)) ]
    grep -q 'label that the model knows' figures
}

@test "whole-number labels match classes of that name" {
    sed 's/red/10/; s/green/9/; s/blue/3/' "$tiny/photos.csv" >numbers.csv
    "$bin/atk-train" numbers.csv --images "$tiny" --model "$tiny/tiny.yaml" --size 32 --epochs 1 \
        --out numbers-run -q
    predict numbers-run numbers.csv --images "$tiny" --out table.csv --json >figures
    [ "$(head -n 1 table.csv)" = "image,predicted,probability,3,9,10" ]
    [ "$(json labelled figures)" -eq 42 ]
}

@test "a table without label column, without header and with another delimiter is read" {
    cut -d, -f1 "$val" | tail -n +2 >list.csv
    predict "$model" list.csv --images "$tiny" --no-header -q >table.csv
    predict "$model" "$val" -q >expected.csv
    cmp expected.csv table.csv
    sed 's/image/file/; s/label/kind/; s/,/;/' "$val" >other.csv
    predict "$model" other.csv --images "$tiny" --image-column file --label-column kind \
        --delimiter ';' >table.csv 2>figures
    cmp expected.csv table.csv
    grep -q '^accuracy' figures
}

# ---- bad images ----

@test "a bad image ends the run with its line, and nothing is written" {
    head -c 300 "$tiny/p03.png" >broken.png
    printf 'image,label\n%s,red\nbroken.png,red\n' "$tiny/p00.png" >photos.csv
    run predict "$model" photos.csv --out table.csv
    [ "$status" -eq 1 ]
    [[ ${lines[-1]} = "atk-predict: photos.csv:3: broken.png: "* ]]
    [ ! -e table.csv ]
    [ "$(ls)" = "$(printf 'broken.png\nphotos.csv')" ]
}

@test "--on-bad-image skip leaves bad images out, names and counts them" {
    head -c 300 "$tiny/p03.png" >broken.png
    : >empty.png
    { cat "$val" && printf 'broken.png,red\nmissing.png,red\nempty.png,red\n'; } |
        sed "s#^p#$tiny/p#" >photos.csv
    predict "$model" photos.csv --on-bad-image skip >table.csv 2>messages
    cmp <(cut -d, -f2- table.csv) <(predict "$model" "$val" -q | cut -d, -f2-)
    [ "$(grep -c '^atk-predict: skipped: photos.csv:' messages)" -eq 3 ]
    grep -q '3 skipped' messages
}

@test "when every image is bad there is a table of none" {
    run predict "$model" nowhere.png --on-bad-image skip -q
    [ "$status" -eq 0 ]
    [[ $output = *"image,predicted,probability,blue,green,red"* ]]
    [[ $output = *"1 image skipped"* ]]
}

@test "--max-pixels refuses a large image before it is decoded" {
    run predict "$model" "$tiny/p00.png" --max-pixels 100
    [ "$status" -eq 1 ]
    [[ $output = *"p00.png: "*"100"* ]]
}

# ---- bad models ----

@test "weights without our metadata are told what they lack" {
    printf '\002\000\000\000\000\000\000\000{}' >foreign.safetensors
    run predict foreign.safetensors "$val"
    [ "$status" -eq 1 ]
    [ "${#lines[@]}" -eq 1 ]
    [[ $output = "atk-predict: foreign.safetensors: "*"lacks model, classes, size"* ]]
}

@test "a missing, foreign or cut model is one line with its name" {
    mkdir folder
    head -c 5000 "$model/best.safetensors" >cut.safetensors
    echo hello >text
    for name in nowhere folder cut.safetensors text /dev/null; do
        run predict "$name" "$val"
        [ "$status" -eq 1 ]
        [ "${#lines[@]}" -eq 1 ]
        [[ $output = "atk-predict: "*"$name"* ]]
    done
}

# ---- usage ----

@test "wrong usage exits with 2, in one line" {
    for arguments in "" "model" "--frobnicate model $val" "--batch-size 0 model $val" \
        "--batch-size x model $val" "--out" "--json model $val" "--on-bad-image maybe model $val"; do
        run predict $arguments
        [ "$status" -eq 2 ]
        [ "${#lines[@]}" -eq 1 ]
    done
    run predict --batchsize 8 model "$val"
    [ "$status" -eq 2 ]
    [[ $output = *"did you mean --batch-size?" ]]
    run predict -xq model "$val"
    [ "$status" -eq 2 ]
    [ "$output" = 'atk-predict: unknown option "-x"; see atk-predict --help' ]
}

@test "a table that is missing, empty or lacks the image column is one line with its name" {
    : >empty.csv
    echo "file,label" >column.csv
    for name in nowhere.csv empty.csv column.csv; do
        run predict "$model" $name
        [ "$status" -eq 1 ]
        [ "${#lines[@]}" -eq 1 ]
        [[ $output = "atk-predict: "*"$name"* ]]
    done
}

# ---- ends ----

@test "a full disk is an error, on standard output and in --out" {
    run bash -c "'$bin/atk-predict' '$model' '$val' >/dev/full"
    [ "$status" -eq 1 ]
    [[ $output = *"standard output: cannot write"* ]]
    echo old >old.csv
    run bash -c "ulimit -f 0; exec '$bin/atk-predict' '$model' '$val' --out old.csv"
    [ "$status" -eq 1 ]
    [ "$output" = "atk-predict: old.csv: cannot write: File too large" ]
    [ "$(cat old.csv)" = old ]
    [ -z "$(find . -name 'old.csv?*')" ]
    run predict "$model" "$val" --out nowhere/table.csv
    [ "$status" -eq 1 ]
    [[ $output = *"nowhere/table.csv"* ]]
}

@test "SIGTERM ends it with 143 and leaves no part of --out" {
    { head -n 1 "$tiny/photos.csv" && for i in {1..500}; do tail -n +2 "$tiny/photos.csv"; done; } \
        >many.csv
    "$bin/atk-predict" "$model" many.csv --images "$tiny" --out table.csv --threads 1 2>log &
    until ls table.csv?* >/dev/null 2>&1 || ! kill -0 $! 2>/dev/null; do sleep 0.01; done
    kill -TERM $!
    status=0
    wait $! || status=$?
    [ "$status" -eq 143 ]
    [ "$(ls)" = "$(printf 'log\nmany.csv')" ]
}
