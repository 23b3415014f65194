#!/usr/bin/env bats
# What is odd about the data is said once, before training: a line for each kind, with its count and
# the first example.

load helpers

setup() {
    train_setup
    export XDG_CACHE_HOME=$BATS_TEST_TMPDIR/cache
    make_small_model
    make_images 4
}

# What a run of these arguments warns of, without what such small sets are warned of anyway.
warnings() {
    run atk-train "${small[@]}" "$@"
    expect_status 0
    mapfile -t warned < <(grep '^atk-train: warning: ' <<<"$output" |
        grep -v 'fewer than 10 images' | cut -c21-)
}

expect_warnings() { # TEXT...: these and no others, in this order
    [ "${#warned[@]}" -eq $# ] || {
        printf '%d warnings instead of %d:\n' "${#warned[@]}" $#
        printf '%s\n' "${warned[@]}"
        return 1
    }
    local i=0 text
    for text; do
        [ "${warned[i]}" = "$text" ] || {
            printf '"%s"\ninstead of\n"%s"\n' "${warned[i]}" "$text"
            return 1
        }
        i=$((i + 1))
    done
}

refused() { # MESSAGE, arguments...
    local message=$1
    shift
    run atk-train "${small[@]}" "$@"
    expect_status 1
    expect "$message"
    expect_one_line_and_no_run
}

# An image of 40x9 pixels.
wide=iVBORw0KGgoAAAANSUhEUgAAACgAAAAJCAIAAADPbPmpAAAAGElEQVR42mNocFAYEMQwavGoxaMWD3mLAbADOxAbMZ\
xCAAAAAElFTkSuQmCC

@test "odd: of an ordinary set nothing is said but that it is small" {
    warnings photos.csv --dry-run
    expect_warnings
    expect 'photos.csv:4: 3 classes have fewer than 10 images to train on (the first: "bird", '
    [ "$(grep -c 'fewer than 10' <<<"$output")" -eq 1 ]
}

@test "odd: a label in two spellings that nobody sees, or of one number, is an error with both lines" {
    local spelling
    sed 's/,dog$/,1/' photos.csv >numbers.csv
    for spelling in 01 +1 1.0 $'1\xc2\xa0'; do
        sed "5s/,1\$/,$spelling/" numbers.csv >n.csv
        refused 'n.csv:5: ' n.csv
        expect 'line 2'
        expect 'in two spellings'
    done
    for spelling in $'dog\xc2\xa0' $'do\xe2\x80\x8bg'; do
        sed "5s/,dog\$/,$spelling/" photos.csv >n.csv
        refused 'n.csv:5: ' n.csv
        expect 'looks like "dog" of line 2: one label in two spellings'
    done
    sed $'s/,dog$/,caf\xc3\xa9/; 8s/,.*/,cafe\xcc\x81/' photos.csv >n.csv
    refused 'U+0065 U+0301 here, U+00E9 there' n.csv
    expect 'n.csv:8: '
}

@test "odd: labels that differ by case, spaces or dashes are told once" {
    sed '5s/dog$/Dog/; 8s/dog$/DOG/; 6s/cat$/c  at/; 3s/cat$/c at/' photos.csv >slips.csv
    warnings slips.csv
    expect_warnings 'slips.csv:5: 3 labels are there in two spellings, which differ in case, white space or look-alike characters (the first: "Dog", in line 2 "dog")' \
        'slips.csv:3: 4 classes have a single image, which is trained on and not validated (the first: "c at")'
}

@test "odd: words for missing values are told, and not where --classes lists them" {
    sed 's/,cat$/,N\/A/' photos.csv >missing.csv
    warnings missing.csv
    expect_warnings 'missing.csv:3: 1 class has a name that is a word for a missing value (the first: "N/A", 4 rows)'
    printf 'N/A\ndog\nbird\n' >classes.txt
    warnings missing.csv --classes classes.txt
    expect_warnings
}

@test "odd: rows of empty fields are skipped like blank lines" {
    sed 's/$/,,/; 5s/^/ ,,,\n/' photos.csv >excel.csv
    printf ',,,\n,,,\n' >>excel.csv
    warnings excel.csv
    expect_warnings 'excel.csv:5: 3 rows of empty fields are skipped'
    expect 'excel.csv: 12 images, 3 classes'
}

@test "odd: copies across training and validation, and with two labels, by any number of threads" {
    local threads
    mkdir v
    cp photos/dog1.png v/x.png
    cp photos/cat2.png v/y.png
    cp photos/bird3.png v/z.png
    printf 'image,label\nv/x.png,dog\nv/y.png,bird\nphotos/dog4.png,dog\nv/z.png,bird\n' >val.csv
    for threads in 1 2 5; do
        warnings photos.csv --val val.csv --threads $threads --dry-run
        expect_warnings 'val.csv:4: 1 row has an image that is trained on: validation flatters (the first: photos/dog4.png)' \
            'val.csv:2: 3 images to validate are byte for byte some trained on: validation flatters (the first: v/x.png, a copy of photos/dog1.png)' \
            'val.csv:3: 1 image is byte for byte another one with another label (the first: v/y.png, a copy of photos/cat2.png in line 6)'
    done
}

@test "odd: a disk cache remembers what the files were" {
    local i
    cp photos/dog1.png photos/dog5.png
    echo photos/dog5.png,cat >>photos.csv
    touch -d '1 hour ago' photos/*
    for i in 1 2; do
        warnings photos.csv --cache disk --val-split 0
        expect_warnings 'photos.csv:14: 1 image is byte for byte another one with another label (the first: photos/dog5.png, a copy of photos/dog1.png in line 2)'
    done
}

@test "odd: images of one colour, and of sides of more than 1 to 4 where these are squashed" {
    base64 -d <<<"$wide" >photos/wide.png
    echo photos/wide.png,dog >>photos.csv
    warnings photos.csv
    expect_warnings 'photos.csv:14: 1 image is of one single colour (the first: photos/wide.png)' \
        'photos.csv:14: 1 image has sides of more than 1 to 4 and will be squashed: see --resize (the first: photos/wide.png)'
    warnings photos.csv --resize letterbox
    expect_warnings 'photos.csv:14: 1 image is of one single colour (the first: photos/wide.png)'
}

# PNG of 4x4 grey samples of 16 bits: VALUE + 64 times the place of each.
png16() { # VALUE
    python3 - "$1" <<'X'
import struct, sys, zlib
def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
rows = [[int(sys.argv[1]) + 64 * (4 * y + x) for x in range(4)] for y in range(4)]
data = b"".join(b"\0" + struct.pack(">4H", *row) for row in rows)
head = struct.pack(">IIBBBBB", 4, 4, 16, 0, 0, 0, 0)
sys.stdout.buffer.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) +
                        chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b""))
X
}

@test "odd: 16 bits of which the high ones are unused" {
    local i
    for i in 1 2; do
        png16 $((i * 1024)) >photos/deep$i.png
        echo photos/deep$i.png,dog >>photos.csv
    done
    warnings photos.csv
    expect_warnings 'photos.csv:14: 2 images of 16 bits use a small part of the range and will be seen as black: as read, no value is above 11 of 255 (the first: photos/deep1.png)'
    png16 50000 >photos/deep2.png
    warnings photos.csv
    expect_warnings
}

@test "odd: numbers beside a list of names get a hint, and are no classes of that list" {
    sed 's/,dog$/,0/; s/,cat$/,1/; s/,bird$/,2/' photos.csv >numbers.csv
    printf 'dog\ncat\nbird\n' >names.txt
    warnings numbers.csv
    expect_warnings
    expect 'hint      numbers.csv:2: the labels are the numbers 0 to 2, and names.txt beside the table has 3 lines'
    rm -r runs
    refused 'numbers.csv:2: label "0" is not one of the 3 given classes; if labels are numbers of classes: 0 is "dog", and names are expected' \
        numbers.csv --classes names.txt
}

@test "odd: encodings and separators of spreadsheets are named" {
    sed 's/,/;/' photos.csv >semicolon.csv
    refused 'use --delimiter '"';'" semicolon.csv
    { echo 'sep=;' && cat semicolon.csv; } >sep.csv
    refused 'sep.csv:1: "sep=;" is a line for spreadsheets' sep.csv
    refused 'sep.csv:1: "sep=" is a line for spreadsheets' sep.csv --delimiter ';'
    { printf '\xFF\xFE' && sed 's/./&\x00/g; s/$/\x00/' photos.csv; } >utf16.csv
    refused 'utf16.csv: the text is UTF-16' utf16.csv
}

@test "odd: with --json, and in data_check.json, for programs" {
    sed -i '5s/dog$/Dog/' photos.csv
    atk-train "${small[@]}" photos.csv --dry-run --json -q >out
    [ "$(wc -l <out)" -eq 1 ]
    python3 - <<'X'
import json
check = json.load(open("out"))
assert check["data"] == "photos.csv" and check["classes"] == 4, check
assert check["images_checked"] is True, check
kinds = [f["kind"] for f in check["findings"]]
assert kinds == ["alike-labels", "single-image-classes", "small-classes"], kinds
first = check["findings"][0]
assert (first["severity"], first["count"]) == ("warning", 1), first
assert (first["file"], first["line"]) == ("photos.csv", 5), first
assert first["image"] == "photos/dog2.png", first
assert first["message"].startswith("1 label is there in two spellings"), first
X
    atk-train "${small[@]}" photos.csv -q --out run
    cmp out run/data_check.json
    # Also when images cannot be read: it is a failure, and what was found is said.
    head -c 50 photos/dog1.png >half && mv half photos/dog1.png
    run --separate-stderr atk-train "${small[@]}" photos.csv --dry-run --json -q
    expect_status 1
    [[ $output = *'"bad_images": 1, '*alike-labels* ]]
    sed -i 2d photos.csv
    # The tables alone, where images are decoded anew in each epoch.
    run atk-train "${small[@]}" photos.csv --cache none --out anew
    expect 'the images themselves were not looked at: --dry-run does'
    grep -q '"images_checked": false' anew/data_check.json
    grep -q alike-labels anew/data_check.json
}

@test "odd: a network that gives all validation images one class has learned nothing" {
    make_images 16
    run atk-train "${small[@]}" photos.csv --val-split 0.5 --epochs 20 --learning-rate 1e-2
    expect_status 0
    [[ $output != *'is no more than one class'* ]]
    # Images that cannot be told apart.
    local file
    for file in photos/*.png; do
        { base64 -d <<<"$image_0" && echo "$file"; } >"$file"
    done
    run atk-train "${small[@]}" photos.csv --val-split 0.5
    expect_status 0
    expect 'warning: the best balanced accuracy, 0.333, is no more than one class for all 24 validation images gives: '
}

@test "predict: labels that are no class are counted, and what is judged is said" {
    atk-train "${small[@]}" photos.csv -q --out run
    sed '3s/,cat$/,tiger/; 6s/,cat$/,lion/' photos.csv >some.csv
    echo , >>some.csv
    run "$build/atk-predict" run some.csv --out table.csv
    expect_status 0
    expect 'warning: some.csv:3: 2 of 12 rows have a label that is no class of the model (the first: "tiger")'
    expect '10 of them have a label that the model knows'
    expect 'warning: some.csv:14: 1 row of empty fields is skipped'
    sed 's/,dog$/,0/; s/,cat$/,1/; s/,bird$/,2/' photos.csv >numbers.csv
    run "$build/atk-predict" run numbers.csv --out table.csv --json
    expect_status 0
    expect 'warning: numbers.csv:2: 12 of 12 rows have a label that is no class of the model (the first: "0"); if labels are numbers of classes: 0 is "bird", and names are expected'
    expect '; no label is a class of the model'
    expect '"unknown_labels": 12'
}
