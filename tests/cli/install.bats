#!/usr/bin/env bats
# bats file_tags=release
# make install puts what is needed where it is found again, and uninstall takes it away.

setup() {
    cd "$BATS_TEST_DIRNAME/../.."
    # Of the make that may run these tests keep the variables, not the job server.
    case ${MAKEFLAGS-} in
    *'-- '*) export MAKEFLAGS=${MAKEFLAGS##*-- } ;;
    *) unset MAKEFLAGS ;;
    esac
    unset MFLAGS MAKELEVEL ATK_TRAIN_SHARE
    build=${BUILD:-build}
    root=$BATS_TEST_TMPDIR/root
}

@test "make install puts programs, networks and recipes below DESTDIR and PREFIX" {
    make install BUILD="$build" PREFIX=/opt/atk DESTDIR="$root"
    [ -x "$root/opt/atk/bin/atk-train" ]
    [ -x "$root/opt/atk/bin/atk-predict" ]
    "$root/opt/atk/bin/atk-data" from-folders --help | grep -q '^Usage: atk-data from-folders '
    "$root/opt/atk/bin/atk-data" split --help | grep -q '^Usage: atk-data split '
    "$root/opt/atk/bin/atk-convert-weights" --help | grep -q '^usage: atk-convert-weights '
    "$root/opt/atk/bin/atk-get-weights" --list | grep -q '^efficientnet-lite0 '
    printf 'image,label\nx,a\ny,b\nz,b\n' >"$BATS_TEST_TMPDIR/t.csv"
    "$root/opt/atk/bin/atk-data" flip-labels --share 0.5 --out "$BATS_TEST_TMPDIR/f" "$BATS_TEST_TMPDIR/t.csv"
    [ -f "$root/opt/atk/share/atk-train/models/resnet10-gn.yaml" ]
    [ -f "$root/opt/atk/share/atk-train/configs/reference.yaml" ]
    [ -f "$root/opt/atk/share/atk-train/scripts/page/report.html" ]
    (cd "$BATS_TEST_TMPDIR" && "$root/opt/atk/bin/atk-report" --help | grep -q '^Usage: atk-report ')
}

@test "an installed atk-train finds its networks, wherever it is started" {
    make install BUILD="$build" PREFIX="$root"
    images=$PWD/tests/golden/image
    cd "$BATS_TEST_TMPDIR"
    printf 'image,label\n%s,a\n%s,b\n%s,a\n%s,b\n' "$images"/exif_{1,2,3,4}.jpg >data.csv
    run "$root/bin/atk-train" --dry-run --size 64 --model resnet18 data.csv
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output = *layer4.1.conv2* ]]
    run "$root/bin/atk-train" --dry-run --config quick data.csv
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output = *learning-rate=0.001* ]]
}

@test "make install puts a man page and a completion in place for everything in bin" {
    make install BUILD="$build" PREFIX="$root"
    [ "$(ls "$root/bin" | wc -l)" -ge 7 ]
    for program in "$root"/bin/*; do
        name=${program##*/}
        [ -s "$root/share/man/man1/$name.1" ]
        # bash-completion loads the file of a command's name.
        bash -c 'source "$1" && complete -p "$2"' - \
            "$root/share/bash-completion/completions/$name" "$name"
    done
    [ "$(ls "$root/bin" | wc -l)" -eq "$(ls "$root/share/man/man1" | wc -l)" ]
    [ "$(ls "$root/bin" | wc -l)" -eq "$(ls "$root/share/bash-completion/completions" | wc -l)" ]
}

@test "make uninstall leaves no file of ours, and all files of others" {
    mkdir -p "$root/bin" "$root/share/bash-completion/completions"
    touch "$root/bin/other" "$root/share/bash-completion/completions/other"
    make install BUILD="$build" PREFIX="$root"
    # What earlier versions installed, as they did.
    for old in split-csv flip-labels precision-at-n; do
        ln -s ../share/atk-train/scripts/$old "$root/bin/atk-$old"
    done
    touch "$root/bin/atk-csv-from-folders"
    make uninstall BUILD="$build" PREFIX="$root"
    [ "$(find "$root" -type f -o -type l | sort)" = \
        "$root/bin/other"$'\n'"$root/share/bash-completion/completions/other" ]
    [ ! -e "$root/share/atk-train" ]
}
