#!/usr/bin/env bats
# The short form of `make torture` (tests/torture/torture.py): a release build, for ASan wants to be
# loaded first, and so does faults.c.
# bats file_tags=release

bats_require_minimum_version 1.5.0

setup() {
    root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    bin=$(cd "$root" && realpath "${BUILD:-build}")
    export TMPDIR=$BATS_TEST_TMPDIR
    cd "$TMPDIR"
}

torture() { "$root/tests/torture/torture.py" "$bin" "$@"; }

@test "torture: 18 kills at random instants and chosen calls, and the bytes are those of a run in one piece" {
    TORTURE_KILLS=18 run torture kills
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output = *'cached features: kills '*', refused 0,'* ]]
}

@test "torture: 20 sizes of a full disk, and as many of a limit for files" {
    for limit in no yes; do
        [ $limit = no ] || export TORTURE_RLIMIT=1
        TORTURE_SIZES=20 run torture disk
        echo "$output"
        [ "$status" -eq 0 ]
        [[ $output = *'sizes 20, refused '[1-9]* ]]
    done
}

@test "torture: some of the allocations of each program fail" {
    TORTURE_ALLOCATIONS=25 run torture allocations
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output = *'dry run: allocations '*', refused '[1-9]* ]]
}

@test "torture: four runs at once on one folder, and on one cache" {
    TORTURE_ROUNDS=2 run torture together
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output = *'one folder, ran 2, one folder, refused 6, one cache 8'* ]]
}

@test "torture: it finds a run that is not that of one piece, and half a file" {
    # A program that loses its state's last byte, and resumes with other weights.
    mkdir liar
    cp "$bin/atk-predict" "$bin/faults.so" liar
    cat >liar/atk-train <<END
#!/usr/bin/env bash
case "\$*" in *--resume*) shift 1; seed=--learning-rate=0.1; run=\$1; shift
    exec "$bin/atk-train" --resume "\$run" "\$@" ;; esac
"$bin/atk-train" "\$@" || exit
for run; do [ ! -e "\$run/last.safetensors" ] || truncate -s -1 "\$run/last.safetensors"; done
END
    chmod +x liar/atk-train
    bin=$PWD/liar TORTURE_SIZES=6 run torture disk
    echo "$output"
    [ "$status" -eq 1 ]
    [[ $output = *'last.safetensors is half a file'* ]]
}
