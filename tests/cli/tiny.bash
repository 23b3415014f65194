# For tests that train: a network and images so small that a run takes a second.

bats_require_minimum_version 1.5.0

# In setup_file(): images and network, made once for the file.
make_tiny() { # number-of-images
    export bin tiny
    bin=$(cd "$BATS_TEST_DIRNAME/../.." && realpath "${BUILD:-build}")
    tiny=$BATS_FILE_TMPDIR
    perl "$BATS_TEST_DIRNAME/draw_tiny.pl" "$tiny" "$1"
    tiny_model group >"$tiny/tiny.yaml"
    tiny_model batch >"$tiny/tiny-bn.yaml"
}

tiny_model() { # kind of normalisation
    cat <<END
stem:
  - {width: 8, kernel: 3, stride: 2}
pool: {kernel: 3, stride: 2}
block: basic
stages:
  - {blocks: 1, width: 8, stride: 1}
  - {blocks: 1, width: 16, stride: 2}
norm: {kind: $1$([ "$1" = batch ] || echo ", groups: 4")}
END
}

# A small training run into $1, with further options; the later of two equal options counts.
train() { (become_train "$@"); } # run-folder [OPTION...]

# The same in place of the (sub)shell, so that its process id is the program's.
become_train() {
    local run=$1
    shift
    exec "$bin/atk-train" "$tiny/photos.csv" --model "$tiny/tiny.yaml" --size 32 --batch-size 5 \
        --epochs 3 --val-split 0.25 --threads 1 --out "$run" "$@"
}

# Without the last columns, which a clock decides.
without_clock() { # file number-of-columns
    awk -F, -v n="$2" '{ NF -= n; print }' OFS=, "$1"
}

same_run() { # folder folder
    local file
    for file in last.safetensors best.safetensors confusion_matrix.csv per_class.csv \
        val_predictions.csv hard_examples.csv; do
        cmp "$1/$file" "$2/$file" || return 1
    done
    cmp <(without_clock "$1/batches.csv" 3) <(without_clock "$2/batches.csv" 3) &&
        cmp <(without_clock "$1/results.csv" 1) <(without_clock "$2/results.csv" 1)
}
