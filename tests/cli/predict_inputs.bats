#!/usr/bin/env bats
# atk-predict: what it takes (folders, tables, lists, several networks), and who reads its rows.

load tiny

setup_file() {
    make_tiny 42
    train "$tiny/run" -q
    train "$tiny/other" -q --seed 5
    train "$tiny/small" -q --size 24
}
setup() {
    cd "$BATS_TEST_TMPDIR"
    model=$tiny/run
}

predict() { "$bin/atk-predict" --threads 1 --workers 1 -q "$@"; }

# Images under names that sort by their bytes: Z before a, and '-' before '/'.
make_photos() {
    mkdir -p photos/a/deep photos/a-b photos/.hidden
    cp "$tiny/p00.png" photos/Z.png
    cp "$tiny/p01.png" photos/a/deep/1.PNG
    cp "$tiny/p02.png" photos/a/2.jpg
    cp "$tiny/p03.png" photos/a-b/3.png
    cp "$tiny/p04.png" photos/.hidden/4.png
    echo hello >photos/a/notes.txt
}
sorted=(photos/Z.png photos/a-b/3.png photos/a/2.jpg photos/a/deep/1.PNG)

names() { tail -n +2 "$1" | cut -d, -f1; }

# ---- folders, tables, lists ----

@test "of a folder every image is classified, sorted by bytes, and the rest is counted" {
    make_photos
    ln -s .. photos/a/loop
    predict "$model" photos >table.csv 2>messages
    cmp <(names table.csv) <(printf '%s\n' "${sorted[@]}")
    predict "$model" "${sorted[@]}" | cmp - table.csv
    grep -qx 'atk-predict: warning: photos: 1 file that is not named like an image is passed over (the first: a/notes.txt)' messages
    grep -q '1 link to a folder above it is passed over (the first: a/loop)' messages
    [ "$(wc -l <messages)" -eq 2 ]
    predict "$model" photos// 2>/dev/null | cmp - table.csv
    (cd photos && predict "$model" . 2>/dev/null) | names /dev/stdin |
        cmp - <(printf '%s\n' "${sorted[@]/#photos/.}")
}

@test "a folder without images, and one that is not to be read, are one line" {
    mkdir empty
    run predict "$model" empty
    [ "$status" -eq 1 ]
    [ "$output" = "atk-predict: empty: no image was found in it or in folders further down" ]
    [ "$(id -u)" -ne 0 ] || skip "root may read everything"
    make_photos
    chmod 0 photos/a-b
    run predict "$model" photos
    chmod 755 photos/a-b
    [ "$status" -eq 1 ]
    [[ ${lines[-1]} = "atk-predict: photos: not everything could be read: ./a-b"* ]]
}

@test "a link to nothing in a folder is a bad image" {
    make_photos
    ln -s nothing photos/gone.png
    run predict "$model" photos
    [ "$status" -eq 1 ]
    grep -qx 'atk-predict: cannot open "photos/gone.png": No such file or directory' <<<"$output"
    predict "$model" photos --on-bad-image skip >table.csv 2>messages
    cmp <(names table.csv) <(printf '%s\n' "${sorted[@]}")
    grep -q '^atk-predict: skipped: cannot open "photos/gone.png"' messages
}

@test "tables, folders and images mix, and figures are of all tables" {
    make_photos
    printf 'image,label\n%s,red\n%s,pink\n' "$tiny/p05.png" "$tiny/p06.png" >one.csv
    printf 'image,label\n%s,blue\n' "$tiny/p07.png" >two.CSV
    "$bin/atk-predict" "$model" one.csv photos/Z.png photos "$tiny/p08.png" two.CSV --out table.csv \
        >figures 2>messages
    names table.csv | cmp - <(printf '%s\n' "$tiny/p05.png" "$tiny/p06.png" photos/Z.png "${sorted[@]}" \
        "$tiny/p08.png" "$tiny/p07.png")
    grep -q '^9 images classified; 2 of them have a label that the model knows' figures
    grep -q 'one.csv:3: 1 of 2 rows have a label that is no class of the model (the first: "pink")' messages
}

@test "a list on standard input or in a file is as its paths on the command line" {
    make_photos
    printf 'image\n%s\n' "$tiny/p05.png" >one.csv
    predict "$model" photos/Z.png one.csv photos 2>/dev/null >expected.csv
    printf 'one.csv\r\n\nphotos' | predict "$model" photos/Z.png - 2>/dev/null | cmp - expected.csv
    printf 'photos/Z.png\none.csv\nphotos\n' >names.txt
    predict "$model" --list names.txt 2>/dev/null | cmp - expected.csv
    predict "$model" --list - <names.txt 2>/dev/null | cmp - expected.csv
    predict "$model" --list <(cat names.txt) 2>/dev/null | cmp - expected.csv
    tr '\n' '\0' <names.txt | predict "$model" -0 - 2>/dev/null | cmp - expected.csv
}

@test "-0 takes names with a line feed, and their rows are quoted" {
    cp "$tiny/p00.png" $'a\nb.png'
    printf 'a\nb.png\0' | predict "$model" - -0 --top 1 >table.csv
    [ "$(sed -n 2,3p table.csv | cut -d, -f1)" = $'"a\nb.png"' ]
}

@test "a list that cannot be read, is empty or not of paths is one line" {
    : >empty
    printf 'x\ny\0z\n' >zero
    for list in nowhere empty zero; do
        run predict "$model" --list $list
        [ "$status" -eq 1 ]
        [ "${#lines[@]}" -eq 1 ]
        [[ $output = "atk-predict: "*"$list"* ]]
    done
    run predict "$model" - </dev/null
    [ "$status" -eq 1 ]
    [ "$output" = "atk-predict: standard input: no paths; expected one on each line" ]
}

@test "thousands of names go through a list" {
    for i in {1..3000}; do echo "$tiny/p0$((i % 10)).png"; done >names.txt
    predict "$model" --list names.txt --batch-size 64 >table.csv
    names table.csv | cmp - names.txt
}

@test "what a list names is no output" {
    printf 'image\n%s\n' "$tiny/p05.png" >one.csv
    cp "$tiny/p00.png" photo.png
    printf 'one.csv\nphoto.png\n' >names.txt
    for output in one.csv photo.png names.txt; do
        cp $output before
        run predict "$model" --list names.txt --out $output
        [ "$status" -eq 2 ]
        [[ $output = *"would be overwritten"* ]] || [[ ${lines[0]} = *"would be overwritten"* ]]
    done
    cmp before names.txt
}

# ---- networks ----

# The mean of the probabilities of tables, which have the same rows.
mean() {
    paste -d, "$@" | awk -F, -v n=$# 'NR > 1 {
        c = NF / n
        for (i = 4; i <= c; i++) { s = 0; for (j = 0; j < n; j++) s += $(i + j * c); printf "%s%.6f", (i > 4 ? "," : ""), s / n }
        print "" }'
}
close_tables() { # two files of numbers: at most 3e-6 apart (rows have six digits)
    paste -d, "$1" "$2" | awk -F, '{ for (i = 1; i <= NF / 2; i++) { d = $i - $(i + NF / 2); if (d > 3e-6 || d < -3e-6) bad = 1 } n++ }
        END { exit bad || n == 0 }'
}

@test "several networks give the mean of their probabilities, whatever size each sees" {
    make_photos
    for run in run other small; do predict "$tiny/$run" photos 2>/dev/null >$run.csv; done
    run -1 cmp -s run.csv other.csv
    predict "$tiny/run" "$tiny/other/best.safetensors" "$tiny/small" photos 2>/dev/null >all.csv
    close_tables <(mean run.csv other.csv small.csv) <(tail -n +2 all.csv | cut -d, -f4-)
    awk -F, 'NR == 1 { for (i = 4; i <= NF; i++) name[i] = $i; next }
        { best = 4; for (i = 5; i <= NF; i++) if ($i > $best) best = i; if ($2 != name[best]) exit 1 }' all.csv
    predict "$tiny/run" "$tiny/run" photos 2>/dev/null | cmp - run.csv
    predict "$tiny/run" "$tiny/other" "$tiny/small" photos --tta flip 2>/dev/null >flip.csv
    for run in run other small; do predict "$tiny/$run" photos --tta flip 2>/dev/null >$run.csv; done
    close_tables <(mean run.csv other.csv small.csv) <(tail -n +2 flip.csv | cut -d, -f4-)
}

@test "networks that see images of other sizes leave out the same bad ones" {
    make_photos
    echo broken >photos/a/0.png
    predict "$tiny/run" "$tiny/small" photos --on-bad-image skip --batch-size 3 2>messages >table.csv
    names table.csv | cmp - <(printf '%s\n' "${sorted[@]}")
    [ "$(grep -c '^atk-predict: skipped: photos/a/0.png' messages)" -eq 1 ]
}

@test "networks of other classes are refused, both named" {
    sed 's/green/gruen/' "$tiny/photos.csv" >"$tiny/german.csv"
    "$bin/atk-train" "$tiny/german.csv" --model "$tiny/tiny.yaml" --size 32 --epochs 1 --out german -q \
        --threads 1 2>/dev/null
    run predict "$model" german "$tiny/p00.png"
    [ "$status" -eq 1 ]
    [ "${#lines[@]}" -eq 1 ]
    [[ $output = *"run/best.safetensors and german/best.safetensors: class 2 is \"green\" and \"gruen\""* ]]
}

@test "networks stand in front: one behind the data, or networks alone, are usage errors" {
    run predict "$model" "$tiny/p00.png" "$tiny/other"
    [ "$status" -eq 2 ]
    [ "$output" = "atk-predict: $tiny/other is a network; networks stand before what they classify" ]
    run predict "$model" "$tiny/p00.png" "$tiny/other/last.safetensors"
    [ "$status" -eq 2 ]
    run predict "$model" "$tiny/other"
    [ "$status" -eq 2 ]
    [[ $output = "atk-predict: no table or images given"* ]]
    run predict "$model" - - </dev/null
    [ "$status" -eq 2 ]
    run predict "$model" - --list - </dev/null
    [ "$status" -eq 2 ]
    [ "$output" = "atk-predict: standard input (-) can be read once only" ]
    run predict "$model" "$tiny/p00.png" -0
    [ "$status" -eq 2 ]
}

@test "an output is no file of any of the networks" {
    run predict "$model" "$tiny/other" "$tiny/p00.png" --out "$tiny/other/results.csv"
    [ "$status" -eq 2 ]
    [[ $output = *"a file of the run, which would be overwritten" ]]
}

# ---- who reads ----

@test "rows are there after each batch: what has been written is always whole batches" {
    for i in {1..2400}; do echo "$tiny/p0$((i % 10)).png"; done >names.txt
    rows_come_in_eights
    rows_come_in_eights --on-bad-image skip
}

# Through a pipe, not a file: a write of up to 4,096 bytes into a pipe is seen whole or not at all, while who reads a file
# may see the half of a write that ends before a page does.
rows_come_in_eights() { # [OPTION...]
    predict "$model" --list names.txt --batch-size 8 "$@" | python3 -c '
import os
rows, between = -1, 0  # the header is no row
while data := os.read(0, 1 << 20):  # more than a pipe holds
    assert data.endswith(b"\n"), data[-80:]
    rows += data.count(b"\n")
    assert rows % 8 == 0, rows
    between += 0 < rows < 2400
assert rows == 2400 and between > 0, (rows, between)'
    [ "${PIPESTATUS[0]}" -eq 0 ]
}

@test "a reader that goes away ends the program without a word" {
    for i in {1..3000}; do echo "$tiny/p0$((i % 10)).png"; done >names.txt
    (predict "$model" --list names.txt 2>errors || echo $? >status) | head -n 1 >first
    [ "$(cat first)" = "image,predicted,probability,blue,green,red" ]
    [ "$(cat status)" -eq 141 ]
    [ ! -s errors ]
    (trap '' PIPE; "$bin/atk-predict" "$model" --list names.txt --json-lines 2>errors || echo $? >status) | head -n 1 >first
    [[ $(cat first) = '{"image": '* ]]
    [ "$(cat status)" -eq 141 ]
    [ ! -s errors ]
}

@test "a table of another name is known by its text, and what is named like an image is none" {
    cp "$tiny"/*.png .
    cp "$tiny/photos.csv" table.txt
    tr , '\t' <table.txt >table.tsv
    predict "$model" "$tiny/photos.csv" --images . >want.csv
    predict "$model" table.txt >txt.csv
    predict "$model" table.tsv --delimiter tab >tsv.csv
    cmp want.csv txt.csv
    cmp want.csv tsv.csv
    cat table.txt | predict "$model" /dev/stdin --images . >stdin.csv
    cmp want.csv stdin.csv
    cat p00.png | predict "$model" /dev/stdin >image.csv
    [ "$(wc -l <image.csv)" -eq 2 ]
    run predict "$model" /dev/stdin </dev/null
    [ "$status" -eq 1 ]
    cp table.txt text.jpg
    run predict "$model" text.jpg
    [ "$status" -eq 1 ]
    [[ $output = *'text.jpg: neither JPEG nor PNG'* ]]
}
