#!/usr/bin/env bats
# What --resume accepts and refuses. (That it gives the bytes of an uninterrupted run: resume.bats.)

load helpers

setup() {
    train_setup
    make_small_model
    make_images 6
    atk-train "${small[@]}" -q photos.csv --out run
}

@test "train: a resumed run keeps what decides its result" {
    run atk-train --resume run --batch-size 5
    expect_status 2
    expect '--batch-size is 4 in the run that --resume continues, not 5'
    run atk-train --resume run --weights w.safetensors
    expect_status 2
    expect '--weights is not set in the run that --resume continues, not w.safetensors'
    run atk-train --resume run --out other
    expect_status 2
    expect '--out and --resume exclude each other'
    run atk-train --resume run --epochs 1
    expect_status 2
    expect '--epochs: 1 is less than the 2 that run has done'
    grep -q '^epochs: 2$' run/args.yaml
}

@test "train: a resumed run may get more epochs and other threads, and hear its old options again" {
    run atk-train "${small[@]}" photos.csv --resume run --epochs 3 --threads 1 --workers 1
    expect_status 0
    expect 'resuming  after 2 of 3 epochs'
    grep -q '^epochs: 3$' run/args.yaml
    run atk-train --resume run
    expect_status 0
    expect 'all 3 epochs are done'
}

@test "train: a resumed run keeps its network when the model file has changed" {
    cp run/model.yaml before.yaml
    sed -i 's/width: 16/width: 24/' small.yaml
    run atk-train --resume run --epochs 3
    expect_status 0
    cmp before.yaml run/model.yaml
}

@test "train: what is not a run is not resumed" {
    run atk-train --resume nowhere
    expect_status 1
    expect '--resume: there is no run folder nowhere'
    mkdir empty
    run atk-train --resume empty
    expect_status 1
    expect 'empty/args.yaml'
}

@test "train: what fixes the epochs is named" {
    atk-train "${small[@]}" --k 0.5 -q photos.csv --k-schedule linear --out schedule 2>/dev/null
    run atk-train --resume schedule --epochs 3
    expect_status 2
    expect '--epochs is 2 in the run that --resume continues, not 3: its --k-schedule is laid out'
}

@test "train: BLAS and kernels are recorded, and others are told of once" {
    kernels=$(sed -n 's/.*"kernels": "\([^"]*\)".*/\1/p' run/summary.json)
    grep -qa "\"kernels\":\"$kernels\"" run/state.safetensors
    grep -qa '"BLAS":"OpenBLAS [0-9]' run/state.safetensors
    grep -q '"blas": "OpenBLAS [0-9]' run/summary.json
    run atk-train --resume run --epochs 3
    expect_status 0
    [[ $output != *'began with'* ]]
    [ "$kernels" != portable ] || skip 'the only level here'
    ATK_KERNELS=portable run atk-train --resume run --epochs 4
    expect_status 0
    expect "began with kernels $kernels, and goes on with portable"
    grep -q '"kernels": "portable"' run/summary.json
    ATK_KERNELS=portable run atk-train --resume run --epochs 5
    [[ $output != *'began with'* ]]
}

@test "train: a table of the run that is gone, cut short or replaced ends a resume and is left as it is" {
    local table
    for table in batches.csv results.csv; do
        cp -r run other
        rm "other/$table"
        run atk-train --resume other --epochs 3
        expect_status 1
        expect "other/$table: No such file"

        rm -r other
        cp -r run other
        truncate -s 100 "other/$table"
        run atk-train --resume other --epochs 3
        expect_status 1
        expect "other/$table has 100 bytes, but $(wc -c <"run/$table") when the state was saved"

        seq 1 3000 >"other/$table"
        run atk-train --resume other --epochs 3
        expect_status 1
        expect "other/$table is not what the run wrote"
        cmp "other/$table" <(seq 1 3000)
        rm -r other
    done
}

@test "train: what else is missing of the best epoch is said when the run goes on, and --strict refuses" {
    rm run/best.safetensors
    run atk-train --resume run --epochs 3 --strict
    expect_status 1
    expect '--strict: run/best.safetensors is gone'
    [ ! -e run/best.safetensors ]
    run atk-train --resume run --epochs 3
    expect_status 0
    expect 'warning: run/best.safetensors is gone; only an epoch that is better'
}
