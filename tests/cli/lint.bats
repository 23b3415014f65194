#!/usr/bin/env bats
# bats file_tags=release
# scripts/lint finds what it says it finds: each rule is broken once in a small house of its own.

setup() {
    cd "$BATS_TEST_TMPDIR"
    mkdir -p scripts src/nn src/io src/run build/obj/nn .ci tests
    cp "$BATS_TEST_DIRNAME/../../scripts/lint" scripts/
    echo 'all:' >Makefile
    touch build/libatk.a
}

compile() { # src/nn/FILE.c
    local object=build/obj/${1#src/}
    "${CC:-gcc}" -c -o "${object%c}o" "$1"
}

lint() { run scripts/lint build "$1"; }

@test "lint: an orderly house passes" {
    echo 'int pool_size(void) { return 2; }' >src/nn/pool.c
    compile src/nn/pool.c
    for rule in include_direction one_door exported_names silent_libraries forbidden_words \
        long_files; do
        lint $rule
        [ "$status" -eq 0 ]
        [ "$output" = "ok: $rule" ]
    done
}

@test "lint: nn may not include data, nor a file's name" {
    printf '#include "nn/pool.h"\n#include "data/dataset.h"\n' >src/nn/pool.c
    lint include_direction
    [ "$status" -eq 1 ]
    [[ $output = *'src/nn/pool.c:2: nn/ may not include "data/dataset.h"'* ]]
    echo '#include "base/files.h"' >src/nn/pool.c
    lint include_direction
    [[ $output = *'src/nn/pool.c:1: nn/ knows no files'* ]]
}

@test "lint: a lower floor may not include a higher one" {
    echo '#include "run/trainer.h"' >src/io/csv.c
    lint include_direction
    [ "$status" -eq 1 ]
    [[ $output = *'src/io/csv.c:1: io/ may not include "run/trainer.h"'* ]]
}

@test "lint: a library has one door" {
    echo '#include <cblas.h>' >src/nn/linear.c
    lint one_door
    [ "$status" -eq 1 ]
    [[ $output = *'src/nn/linear.c:1: <cblas.h> may be included by src/math/gemm.c alone'* ]]
    echo '#include <libexif/exif-data.h>' >src/nn/linear.c
    lint one_door
    [ "$status" -eq 1 ]
}

@test "lint: an exported name begins with its file's stem" {
    echo 'int size(void) { return 2; }' >src/nn/pool.c
    compile src/nn/pool.c
    lint exported_names
    [ "$status" -eq 1 ]
    [[ $output = *'src/nn/pool.c: exported name size does not begin with pool'* ]]
}

@test "lint: a file of several words may define for the header that its name extends" {
    echo 'int pool_size(void) { return 2; }' >src/nn/pool_max.c
    compile src/nn/pool_max.c
    lint exported_names
    [ "$status" -eq 1 ]
    touch src/nn/pool.h
    lint exported_names
    [ "$status" -eq 0 ]
}

@test "lint: below cli nothing prints or exits" {
    for call in 'printf("%d", i)' 'fprintf(stderr, "no")' 'puts("no")' 'exit(1)' 'abort()'; do
        printf '#include <stdio.h>\n#include <stdlib.h>\nvoid pool_no(int i) { (void)i; %s; }\n' \
            "$call" >src/nn/pool.c
        compile src/nn/pool.c
        lint silent_libraries
        [ "$status" -eq 1 ]
    done
}

@test "lint: flags that break NaN or other machines are refused" {
    for flag in ffast-math Ofast march=native; do
        echo "CFLAGS = -$flag" >Makefile
        lint forbidden_words
        [ "$status" -eq 1 ]
        [[ $output = *'Makefile:1: forbidden flag'* ]]
    done
}

@test "lint: a file of more than 500 lines is too long" {
    yes '/* */' | head -500 >src/nn/pool.c
    lint long_files
    [ "$status" -eq 0 ]
    echo >>src/nn/pool.c
    lint long_files
    [ "$status" -eq 1 ]
}
