#!/usr/bin/env bats
# bats file_tags=release
# Completion for bash: what it offers is what --help of each program says.

setup() {
    root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    build=$(cd "$root" && realpath "${BUILD:-build}")
    # The programs under the names that make install gives them.
    bin=$BATS_TEST_TMPDIR/bin
    mkdir "$bin"
    ln -s "$build"/atk-* "$bin"
    for tool in $(sed -n 's/^TOOLS *:= //p' "$root/Makefile"); do
        ln -s "$root/scripts/$tool" "$bin/atk-$tool"
    done
    PATH=$bin:$PATH
    export LC_ALL=C # of sort
    cd "$BATS_TEST_TMPDIR"
}

# offered WORD...: what bash is told when Tab is pressed behind the last word, one a line, sorted; bash
# has taken the line apart as COMP_WORDBREAKS says.
offered() {
    bash -c 'source "$0"
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        completer=$(complete -p "${1##*/}" | sed -n "s/.* -F \([^ ]*\) .*/\1/p")
        "$completer" "$1" "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"
        printf "%s\n" "${COMPREPLY[@]}"' "$build/completion.bash" "$@" | sort
}

# typed KEYS: the last line that an interactive bash runs after these keys, given as printf's format.
typed() {
    printf "source '$build/completion.bash'\nPS1='ready> '\n$1\nexit\n" |
        env -u ENV INPUTRC=/dev/null TERM=dumb script -qec 'bash --norc --noprofile' /dev/null
}

offers() { # EXPECTED WORD...: the words on one line
    got=$(offered "${@:2}" | xargs)
    [ "$got" = "$1" ] || {
        echo "${*:2} offers: $got"
        return 1
    }
}

@test "completion: every option of every program, with = behind those that take a value" {
    for program in "$bin"/atk-*; do
        program=${program##*/}
        $program --help | grep -q '^Usage: [^ ]* COMMAND' && continue
        $program --help >help
        # Rows of options stand at the left, text further right; argparse has a space for "=".
        sed -nE 's/^ {2,6}(-., )?(--[a-z][a-z0-9-]*)(=| [A-Z{])?.*/\2\3/p' help |
            sed -E 's/ .$/=/' | sort >expected
        [ "$(wc -l <expected)" -ge 3 ]
        offered "$program" -- >got
        diff expected got
    done
}

@test "completion: commands of atk-data, and the options of each" {
    offers '--help --version check flip-labels from-folders name-labels precision split' atk-data ''
    offers 'split' atk-data s
    offers '--first-number= --folds=' atk-data split --f
    offers '--share=' atk-data flip-labels --sh
    offers '' atk-data splti --
}

@test "completion: values that --help lists, behind = and behind a space" {
    offers 'crop letterbox squash' atk-train --resize =
    offers 'crop' atk-train x.csv --resize = c
    offers 'crop' atk-train x.csv --resize c
    offers 'crop' atk-convert-weights a b --resize c
    offers '2 4' atk-convert-weights --protocol ''
    offers 'apply ignore' atk-data check --exif =
    offers 'balanced none' atk-train --class-weights ''
    # COMP_WORDBREAKS without "=": the word is whole, and so is what replaces it.
    offers '--resize=crop' atk-train --resize=c
    # Files are readline's: nothing is offered in their place.
    offers '' atk-train -k ''
    offers '' atk-train --val ''
    offers '' atk-train phot
}

@test "completion: behind -- atk-sweep has the options of atk-train, and others have none" {
    offers '--test-split= --test= --threads=' atk-sweep photos.csv --t
    offers '--threads= --train= --tta=' atk-sweep photos.csv --out s -- --t
    offers '--threads= --train= --tta=' "$bin/atk-sweep" photos.csv --out s -- --t
    offers 'flip none' atk-sweep photos.csv --out s -- --tta =
    offers '' atk-train -- --t
}

@test "completion: a program that is not there or fails offers nothing, and says nothing" {
    run offered ./nowhere/atk-train --
    [ -z "$output" ]
    printf '#!/bin/sh\necho out; echo err >&2; exit 1\n' >atk-train
    chmod +x atk-train
    run offered ./atk-train --
    [ -z "$output" ]
}

@test "completion: typed into bash, with files and folders where there is no list" {
    mkdir 'my photos'
    printf 'image,label\n' >table.csv
    run typed 'atk-data spl\t--he\t'
    echo "$output"
    [[ $output = *'Usage: atk-data split '* ]]
    run typed 'atk-train tab\t--resi\tcro\t--size=0'
    echo "$output"
    [[ $output = *'atk-train: --size: "0" is not an integer'* ]]
    [[ $output = *'atk-train table.csv --resize=crop --size=0'* ]]
    run typed 'atk-train --images=my\t--size=0'
    [[ $output = *'--images=my\ photos/'* ]]
}
