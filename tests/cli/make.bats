#!/usr/bin/env bats
# bats file_tags=release
# The Makefile and scripts/install-dependencies: what is missing is said in one line, what changed
# is built again, and nothing else.

setup() {
    cd "$BATS_TEST_DIRNAME/../.."
    unset MAKEFLAGS MFLAGS MAKELEVEL # of the make that may run these tests
    b=$BATS_TEST_TMPDIR/b
    object=$b/obj/base/error.o
    stubs=$BATS_TEST_TMPDIR/stubs
    mkdir "$stubs"
}

stub() { # NAME, its lines from standard input
    { echo '#!/bin/sh' && cat; } >"$stubs/$1"
    chmod +x "$stubs/$1"
}

@test "make help names every target that is for people" {
    run make help
    [ "$status" -eq 0 ]
    for target in demo figure1 test lint bench deps install uninstall clean; do
        [[ $output = *"make $target "* ]]
        make -n "$target" >/dev/null
    done
}

@test "make: missing libraries are one line that names the Debian packages" {
    PKG_CONFIG_LIBDIR=/nonexistent run make BUILD="$b"
    [ "$status" -ne 0 ]
    [ "${#lines[@]}" -eq 1 ]
    [[ $output = *"libpng, libjpeg, "*"not found: apt install libpng-dev libjpeg62-turbo-dev "* ]]
    [ ! -e "$b" ]
}

@test "make: a missing header of a library without a .pc file is one line" {
    stub gcc <<<'case "$*" in *csv.h*) exit 1 ;; esac; PATH=${PATH#*:} exec gcc "$@"'
    PATH=$stubs:$PATH run make BUILD="$b"
    [ "$status" -ne 0 ]
    [ "${#lines[@]}" -eq 1 ]
    [[ $output = *"atk-train: csv.h not found: apt install libcsv-dev (or: make deps)"* ]]
}

@test "make help and make clean need no library and no compiler" {
    PKG_CONFIG_LIBDIR=/nonexistent run make help CC=nonexistent
    [ "$status" -eq 0 ]
    PKG_CONFIG_LIBDIR=/nonexistent run make clean CC=nonexistent BUILD="$b"
    [ "$status" -eq 0 ]
}

@test "make builds nothing twice, and builds again when a header, flag or version changed" {
    run make BUILD="$b" "$object"
    [[ $output = "cc "*error.o ]]
    run make BUILD="$b" "$object"
    [ -z "$output" ]
    make BUILD="$b" "$b/tests/failing_alloc.o" # which has other flags
    run make BUILD="$b" "$object"
    [ -z "$output" ]
    run make BUILD="$b" "$object" -W src/base/error.h
    [[ $output = "cc "*error.o ]]
    run make BUILD="$b" "$object" CFLAGS=-O1
    [[ $output = "cc "*error.o ]]
    run make BUILD="$b" "$object" CFLAGS=-O1
    [ -z "$output" ]
    run make BUILD="$b" "$object" CFLAGS=-O1 VERSION=9.9
    [[ $output = "cc "*error.o ]]
}

@test "install-dependencies does nothing when nothing is missing, whoever asks" {
    stub apt-get <<<'echo called; exit 1'
    stub id <<<'echo 1000'
    PATH=$stubs:$PATH run scripts/install-dependencies build test
    [ "$status" -eq 0 ]
    [ -z "$output" ]
}

@test "install-dependencies says what it runs, and installs only what is missing" {
    stub apt-get <<<'echo "$@" >>"'"$stubs"'/calls"'
    stub id <<<'echo 0'
    PATH=$stubs:$PATH PKG_CONFIG_LIBDIR=/nonexistent run scripts/install-dependencies build
    [ "$status" -eq 0 ]
    [[ $output = *"+ apt-get install -y --no-install-recommends libpng-dev "* ]]
    [ "$(head -1 "$stubs/calls")" = update ]
    [[ $(tail -1 "$stubs/calls") != *libcsv-dev* ]]
}

@test "install-dependencies goes through sudo when not root" {
    stub apt-get <<<'exit 0'
    stub sudo <<<'echo "$@" >>"'"$stubs"'/calls"'
    stub id <<<'echo 1000'
    PATH=$stubs:$PATH PKG_CONFIG_LIBDIR=/nonexistent run scripts/install-dependencies build
    [ "$status" -eq 0 ]
    [[ $(tail -1 "$stubs/calls") = *"apt-get install -y --no-install-recommends libpng-dev"* ]]
}

@test "install-dependencies shows apt's own words when it fails" {
    stub apt-get <<<'echo "E: no network"; exit 100'
    stub id <<<'echo 0'
    PATH=$stubs:$PATH PKG_CONFIG_LIBDIR=/nonexistent run scripts/install-dependencies build
    [ "$status" -eq 1 ]
    [[ $output = *"E: no network"*"atk-train: apt-get update failed"* ]]
}

@test "make: without the libraries of some kinds of images and of ONNX the programs are built, say so and refuse" {
    kinds=$(make -s -f Makefile --eval 'print: ; @echo $(OPTIONAL)' print)
    make -j4 BUILD="$b" WITHOUT="$kinds onnx" CFLAGS=-O0 all "$b/tests/image/test_kinds" >"$BATS_TEST_TMPDIR/log"
    [[ $(<"$BATS_TEST_TMPDIR/log") = *"built without $kinds: such images are refused (to read them: apt install libwebp-dev"* ]]
    run ldd "$b/atk-train"
    [[ $output != *libwebp* ]]
    [[ $output != *libgif* ]]
    [[ $output != *protobuf* ]]
    packages='apt install libonnx-dev libprotobuf-c-dev protobuf-c-compiler'
    [[ $(<"$BATS_TEST_TMPDIR/log") = *"built without onnx: atk-export writes nothing (for it: $packages, then make)"* ]]
    run "$b/atk-export" nothing "$BATS_TEST_TMPDIR/model.onnx"
    [ "$status" -eq 1 ]
    [ "$output" = "atk-export: built without ONNX: $packages, then make again" ]
    "$b/atk-export" --help >/dev/null
    "$b/tests/image/test_kinds"
    image=$PWD/tests/golden/image_kinds/lossy.webp
    printf 'image,label\n%s,a\n%s,b\n' "$image" "$PWD/tests/golden/image/rgb8.png" >"$BATS_TEST_TMPDIR/t.csv"
    run "$b/atk-train" "$BATS_TEST_TMPDIR/t.csv" --out "$BATS_TEST_TMPDIR/r"
    [ "$status" -eq 1 ]
    [[ $output = *"$image: a WebP file; this atk-train was built without libwebp (apt install libwebp-dev"* ]]
    run make BUILD="$b" -n all
    [[ $output != *"built without"* ]]
}
