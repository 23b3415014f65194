# Options that choose how the network computes: they may change the bits, never what is learned.

load helpers

setup() {
    train_setup
    make_images 4
    make_small_model
}

last_weights() { sha256sum "$1/last.safetensors" | cut -d' ' -f1; }

@test "train: --backward full learns what --backward selected learns" {
    run atk-train "${small[@]}" --k 0.5 --out a photos.csv
    expect_status 0
    expect 'visits these 2 alone, which is exact'
    run atk-train "${small[@]}" --k 0.5 --backward full --out b photos.csv
    expect_status 0
    expect '(--backward full)'
    # The same losses but for rounding: the sums of the gradients are cut into other pieces.
    paste -d, <(cut -d, -f5 a/batches.csv) <(cut -d, -f5 b/batches.csv) | awk -F, '
        NR > 1 { n++; if ($1 - $2 > 1e-3 * $1 || $2 - $1 > 1e-3 * $1) exit bad = 1 }
        END { exit bad || n < 4 }'
}

@test "train: with BatchNorm the start-up lines say that the backward pass visits all" {
    sed -i 's/norm: .*/norm: {kind: batch}/' small.yaml
    run atk-train "${small[@]}" --k 0.5 --dry-run photos.csv
    expect_status 0
    expect 'BatchNorm lets images of a batch influence each other'
    run atk-train "${small[@]}" --k 0.5 --freeze-bn --dry-run photos.csv
    expect 'visits these 2 alone'
}

@test "train: --freeze-bn trains another network than moving statistics do, and is refused without BatchNorm" {
    run atk-train "${small[@]}" --freeze-bn photos.csv
    expect_status 2
    expect '--freeze-bn: model small has no BatchNorm'
    sed -i 's/norm: .*/norm: {kind: batch}/' small.yaml
    run atk-train "${small[@]}" --freeze-bn --out frozen photos.csv
    expect_status 0
    run atk-train "${small[@]}" --out moving photos.csv
    run cmp -s frozen/last.safetensors moving/last.safetensors
    [ "$status" -eq 1 ]
}

@test "train: every method of --conv trains, and is written to args.yaml" {
    for method in auto im2col winograd direct; do
        run atk-train "${small[@]}" --conv "$method" --out "$method" photos.csv
        expect_status 0
        grep -q "^conv: $method\$" "$method/args.yaml"
        # What was chosen for each layer stands below, as a comment.
        grep -q '^#   layer1.0.conv1: ' "$method/args.yaml"
    done
    run atk-train "${small[@]}" --conv fft photos.csv
    expect_status 2
    expect '--conv: "fft"'
}
