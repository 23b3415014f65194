#!/usr/bin/env bats
# Same seed, same bytes.

load tiny

setup_file() { make_tiny 42; }
setup() { cd "$BATS_TEST_TMPDIR"; }

@test "two runs of one seed leave the same bytes" {
    train a -q
    train b -q
    same_run a b
}

@test "another seed leaves other weights" {
    train a -q
    train b -q --seed 1
    run -1 cmp -s a/last.safetensors b/last.safetensors
}

@test "one, two and three threads leave the same bytes" {
    for norm in tiny tiny-bn; do
        train $norm-1 -q --model "$tiny/$norm.yaml" --threads 1
        for n in 2 3; do
            train $norm-$n -q --model "$tiny/$norm.yaml" --threads $n
            same_run $norm-1 $norm-$n
        done
    done
}

# bats test_tags=release
@test "sixteen threads leave the bytes of one: depthwise and 1x1 layers, frozen and trained norms" {
    for more in --freeze-bn ''; do
        rm -rf one many
        # shellcheck disable=SC2086
        train one -q --model efficientnet-lite0 --size 64 --epochs 1 --threads 1 $more
        # shellcheck disable=SC2086
        train many -q --model efficientnet-lite0 --size 64 --epochs 1 --threads 16 $more
        same_run one many
    done
}

# A Res2Net whose groups have 5 channels, and 10: no multiple of a register.
tiny_res2net() {
    sed -e 's/width: 8, stride/width: 16, stride/; s/width: 16, stride: 2/width: 32, stride: 2/' \
        -e 's/blocks: 1/blocks: 2/; s/norm:.*/norm: {kind: batch}/' \
        -e 's/block: basic/block: {kind: res2net, base-width: 80, scale: 3, shortcut: average-pool, chain-in-first-block: true, pool-counts-padding: false}/' \
        "$tiny/tiny.yaml" >res2net.yaml
}

@test "a Res2Net leaves the same bytes with one, two and three threads, steps of two batches, a frozen half" {
    tiny_res2net
    local more
    for more in '' '--freeze-bn --accumulate 2 --scope step' '--freeze-bn --train layer2 --k 0.5'; do
        rm -rf one many
        # shellcheck disable=SC2086
        train one -q --model ./res2net.yaml --threads 1 $more
        for n in 2 3; do
            # shellcheck disable=SC2086
            train many -q --model ./res2net.yaml --threads $n $more
            same_run one many
            rm -r many
        done
    done
}

@test "the default network leaves the same bytes with one and two threads" {
    train a -q --model resnet10-gn --size 64 --epochs 1 --threads 1
    train b -q --model resnet10-gn --size 64 --epochs 1 --threads 2
    same_run a b
}

@test "neither decoding threads nor the cache change a byte" {
    train a -q --workers 1 --cache memory
    train b -q --workers 4 --cache none
    same_run a b
}

@test "every augmentation and a balanced sampler leave the same bytes for any threads and workers" {
    local everything=(--augment strong --vflip 0.3 --sampler balanced --label-smoothing 0.1)
    train a -q "${everything[@]}" --threads 1
    for n in 2 3; do
        train a$n -q "${everything[@]}" --threads $n --workers $((4 - n)) --cache none
        same_run a a$n
    done
    train b -q --threads 1
    run -1 cmp -s a/last.safetensors b/last.safetensors
}

@test "a run with augmentation that was stopped in between leaves the bytes of one that was not" {
    local everything=(--augment strong --sampler balanced)
    train a -q "${everything[@]}"
    (become_train b -q "${everything[@]}" --epochs 1)
    "$bin/atk-train" -q --resume b --epochs 3
    same_run a b
}
