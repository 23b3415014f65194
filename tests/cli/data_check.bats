#!/usr/bin/env bats
# atk-data check says of the data what atk-train --dry-run says, without a network; and what all
# commands of atk-data have in common.

load helpers

setup() {
    train_setup
    make_small_model
    make_images 12
}

check() { "$build/atk-data" check --threads 1 "$@"; }

# What the dry run and the check said of the data: the block "data", and warnings but of the loss.
of_data() {
    sed -nE '/^data /,/^(loss|\{)/{/^(loss|\{)/!p}' <<<"$1"
    sed -nE 's/^atk-(train|data check): //p' <<<"$2" | grep -v '^warning: k ' | sed 's/ images cannot be read$/ images cannot be read/'
}

same_as_dry_run() { # OPTION...
    run --separate-stderr atk-train "${small[@]}" --threads 1 --dry-run --json "$@"
    expected=$(of_data "$output" "$stderr") expected_json=$(tail -n 1 <<<"$output") code=$status
    run --separate-stderr check --size 32 --json "$@"
    [ "$(of_data "$output" "$stderr")" = "$expected" ]
    [ "$(tail -n 1 <<<"$output")" = "$expected_json" ]
    [ "$status" -eq "$code" ]
    [ ! -e runs/dry-run ] || rm -r runs
    run check --size 32 "$@"
    [ ! -e runs ]
}

@test "check: all that atk-train --dry-run says of the data, and its JSON" {
    same_as_dry_run photos.csv
    [ "$(grep -c . <<<"$expected")" -gt 5 ]
    same_as_dry_run photos.csv --val-split 0.5 --seed 3
    same_as_dry_run photos.csv --val photos.csv
    cp photos/dog1.png photos/copy.png
    { cat photos.csv && printf 'photos/copy.png,cat\nphotos/dog2.png,cat\n./photos/dog3.png,dog\n,\nphotos/dog4.png,Dog\n'; } >odd.csv
    same_as_dry_run odd.csv
    [[ $expected = *'copy'* && $expected = *'another label'* && $expected = *'two spellings'* && $expected = *'empty fields'* ]]
    sed 's/,/;/' photos.csv >semicolons.csv
    same_as_dry_run semicolons.csv --delimiter ';'
    sed 1d photos.csv >plain.csv
    same_as_dry_run plain.csv --no-header
    mkdir elsewhere
    cp photos.csv elsewhere
    same_as_dry_run elsewhere/photos.csv --images .
    printf 'dog\ncat\nbird\nfish\n' >classes.txt
    same_as_dry_run photos.csv --classes classes.txt
}

@test "check: an image that cannot be read is named, and the exit status is 1" {
    echo nonsense >photos/dog5.png
    rm photos/cat3.png
    same_as_dry_run photos.csv
    [ "$code" -eq 1 ]
    [[ $expected = *'photos/cat3.png'* && $expected = *'photos/dog5.png'* ]]
    [[ $expected = *'2 of 36 images cannot be read'* ]]
    same_as_dry_run photos.csv --on-bad-image skip
    [ "$code" -eq 0 ]
}

@test "check: --quiet leaves warnings and errors; a table that is refused is refused with atk-train's words" {
    run check photos.csv -q --val-split 0
    expect_status 0
    [ -z "$output" ]
    printf 'image,label\n"x,a\n' >t.csv
    run check t.csv
    expect_status 1
    [ "${lines[0]}" = 'atk-data check: t.csv:2: a quoted field of this row has no closing quote' ]
    run check photos.csv --val photos.csv --val-split 0.1
    expect_status 2
    expect '--val and --val-split exclude each other'
    run check photos.csv --names x --classes y
    expect_status 2
    expect '--names and --classes exclude each other'
    run check
    expect_status 2
    run check photos
    expect_status 2
    expect 'photos is a folder: atk-data from-folders makes a table'
}

@test "check: labels that are numbers get the names of --names, in their order" {
    sed 's/,dog$/,2/; s/,cat$/,1/; s/,bird$/,0/' photos.csv >int.csv
    printf 'Zebra\ncat\ndog\n' >names.txt
    run check int.csv
    expect_status 0
    expect 'hint      int.csv:2: the labels are the numbers 0 to 2, and names.txt beside the table has 3 lines'
    expect 'atk-data name-labels'
    run check int.csv --names names.txt
    expect_status 0
    [[ $output != *hint* ]]
    [ "$(grep -A 3 'class  *training' <<<"$output" | awk 'NR > 1 { print $1, $2, $3 }' | xargs)" = \
        'Zebra 11 1 cat 11 1 dog 11 1' ]
    run check int.csv --val int.csv --names names.txt --first-number 1
    expect_status 1
    expect 'int.csv:4: label "0" is not the number of a name; there are 3 names, numbered from 1 to 3'
    # The table that name-labels writes is the same data.
    "$build/atk-data" name-labels int.csv --names names.txt --out named
    same_as_dry_run named.csv --classes names.txt
}

@test "atk-data: help of the program and of each command fits 80 columns and names every command" {
    run "$build/atk-data" --help
    expect_status 0
    [ "$("$build/atk-data" -h)" = "$output" ]
    [ "$(awk 'length > 80' <<<"$output" | wc -l)" -eq 0 ]
    commands=$(sed -nE 's/^  ([a-z-]+) .*/\1/p' <<<"$output")
    [ "$(xargs <<<"$commands")" = 'from-folders check split name-labels flip-labels precision' ]
    version=$(atk-train --version)
    for command in $commands; do
        run "$build/atk-data" $command --help
        expect_status 0
        [[ ${lines[0]} = "Usage: atk-data $command "* ]]
        [ "$(awk 'length > 80' <<<"$output" | wc -l)" -eq 0 ]
        [ "$("$build/atk-data" $command -h)" = "$output" ]
        run bash -c "'$build/atk-data' $command --help >/dev/full"
        expect_status 1
    done
    # As the other programs say it.
    [ "$("$build/atk-data" --version)" = "atk-data ${version#atk-train }" ]
}

@test "atk-data: an unknown command or option names what is meant, with exit status 2" {
    run "$build/atk-data"
    expect_status 2
    [ "$output" = 'atk-data: no command given; see atk-data --help' ]
    run "$build/atk-data" splti
    expect_status 2
    [ "$output" = 'atk-data: unknown command "splti"; did you mean split?' ]
    run "$build/atk-data" split --flods 3 t.csv
    expect_status 2
    [ "$output" = 'atk-data split: unknown option "--flods"; did you mean --folds?' ]
    run "$build/atk-data" check -x t.csv
    expect_status 2
    [ "$output" = 'atk-data check: unknown option "-x"; see atk-data check --help' ]
    run "$build/atk-data" split --out
    expect_status 2
    [ "$output" = 'atk-data split: --out needs a value' ]
}
