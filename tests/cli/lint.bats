#!/usr/bin/env bats
# bats file_tags=release
# scripts/lint finds what it says it finds: each rule is broken once in a small house of its own.

setup() {
    cd "$BATS_TEST_TMPDIR"
    mkdir -p scripts src/nn/conv src/io src/run/train src/run/files build/obj/nn/conv .ci tests
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
    for rule in include_direction inner_direction no_circles one_door exported_names \
        silent_libraries dialect forbidden_words lost_checks long_files; do
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

@test "lint: inside nn a layer may not include a block, nor a block the model" {
    echo '#include "nn/block_basic.h"' >src/nn/conv/conv2d.c
    printf '#include "nn/conv/conv2d.h"\n#include "nn/model.h"\n' >src/nn/block_basic.h
    lint inner_direction
    [ "$status" -eq 1 ]
    [[ $output = *'src/nn/conv/conv2d.c:1: "nn/block_basic.h" lies above it in nn/'* ]]
    [[ $output = *'src/nn/block_basic.h:2: "nn/model.h" lies above it in nn/'* ]]
    [ "${#lines[@]}" -eq 3 ]
}

@test "lint: inside run files are below the training" {
    echo '#include "run/train/trainer.h"' >src/run/files/checkpoint.c
    echo '#include "run/files/checkpoint.h"' >src/run/train/trainer.c
    lint inner_direction
    [ "$status" -eq 1 ]
    [[ $output = *'src/run/files/checkpoint.c:1: "run/train/trainer.h" lies above it in run/'* ]]
    [ "${#lines[@]}" -eq 2 ]
}

@test "lint: no circle of files, a source and its header counted as one" {
    echo '#include "nn/norm.h"' >src/nn/pool.c
    echo '#include "nn/linear.h"' >src/nn/norm.h
    lint no_circles
    [ "$status" -eq 0 ]
    echo '#include "nn/pool.h"' >src/nn/linear.c
    lint no_circles
    [ "$status" -eq 1 ]
    [[ $output = *'a circle of files: '* ]]
    for file in pool norm linear; do [[ $output = *"nn/$file"* ]]; done
    echo '#include "nn/linear.h"' >src/nn/linear.c
    lint no_circles
    [ "$status" -eq 0 ]
}

@test "lint: one dialect" {
    local line
    while IFS= read -r line; do
        printf '%s\n' "$line" >src/nn/pool.c
        lint dialect
        [ "$status" -eq 1 ]
        [[ $output = *'src/nn/pool.c:1: '* ]]
    done <<'END'
    f((void **)&p->x);
    if (p == NULL)
    if (NULL != p)
    if (status)
    if (!status)
    if (!err->status)
    while (n > 0 && status)
    if (status && n > 0)
    return status ? 1 : 0;
    if ((status = f(err)) != STATUS_OK)
    while ((entry = readdir(folder)))
    p->x = memory_array(n, sizeof(float), "x", err);
END
    printf '%s\n' 'p = memory_grown(p, &capacity, n,' '    sizeof(struct pool), "x", err);' \
        >src/nn/pool.c
    lint dialect
    [[ $output = *'src/nn/pool.c:2: sizeof *pointer, not sizeof(type)'* ]]
    while IFS= read -r line; do
        printf '%s\n' "$line" >src/nn/pool.c
        lint dialect
        [ "$status" -eq 0 ]
    done <<'END'
    if (status != STATUS_OK)
    enum status status = STATUS_OK;
    return status;
    done(status, err);
    if (f(&x, err) != STATUS_OK || a <= (b))
    for (p = first; p; p = p->next)
    p->x = memory_array(n, sizeof *p->x, "x", err); memcpy(a, b, sizeof(float));
    if (!p && status == STATUS_OK && n > 0)
    const char *p = NULL;
END
}

@test "lint: a library has one door" {
    echo '#include <cblas.h>' >src/nn/linear.c
    lint one_door
    [ "$status" -eq 1 ]
    [[ $output = *'src/nn/linear.c:1: <cblas.h> may be included by src/math/gemm.c alone'* ]]
    for header in stb/stb_image_resize.h stb_image_resize.h jansson.h; do
        echo "#include <$header>" >src/nn/linear.c
        lint one_door
        [ "$status" -eq 1 ]
    done
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

@test "lint: in a room the folder's name may come first, and the floor's headers count" {
    echo 'int conv_direct_size(void) { return 2; }' >src/nn/conv/direct.c
    compile src/nn/conv/direct.c
    lint exported_names
    [ "$status" -eq 0 ]
    echo 'int pool_size(void) { return 2; }' >src/nn/conv/direct.c
    compile src/nn/conv/direct.c
    lint exported_names
    [ "$status" -eq 1 ]
    mv src/nn/conv/direct.c src/nn/conv/pool_direct.c
    mv build/obj/nn/conv/direct.o build/obj/nn/conv/pool_direct.o
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

@test "lint: a check that fails no test is found" {
    sed 's/^    //' >tests/x.bats <<'END'
    x() {
        run -1 cmp a b
        while [ 1 = 2 ] &&
            ! kill -0 1; do
            [ -e a ] || [ -e b ]
        done
        [[ a = a && b = b ]]
    }
END
    lint lost_checks
    [ "$status" -eq 0 ]
    sed -i 's/run -1 cmp/! cmp/; s/\] || \[/] \&\& [/' tests/x.bats
    lint lost_checks
    [ "$status" -eq 1 ]
    [[ $output = *'tests/x.bats:2: a test goes on behind a failing "!": run -1 COMMAND'* ]]
    [[ $output = *'tests/x.bats:5: a test goes on in front of "&&": a line for each check'* ]]
}

@test "lint: a file of more than 500 lines is too long" {
    yes '/* */' | head -500 >src/nn/pool.c
    lint long_files
    [ "$status" -eq 0 ]
    echo >>src/nn/pool.c
    lint long_files
    [ "$status" -eq 1 ]
}
