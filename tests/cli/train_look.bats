#!/usr/bin/env bats
# What the network gets, and how it is shown: mean and std of the data, the first batches as
# images, the mirror image in evaluation.

load tiny

setup_file() { make_tiny 42; }
setup() { cd "$BATS_TEST_TMPDIR"; }

dry_run() { # [OPTION...]
    "$bin/atk-train" "$tiny/photos.csv" --model "$tiny/tiny.yaml" --size 32 --batch-size 5 \
        --val-split 0.25 --dry-run "$@"
}

# ---- mean and std ----

@test "mean and std of the data are numbers in args.yaml and in the model, for any thread count" {
    train a -q --mean data --std data
    grep -qE '^mean: \[0\.[0-9]+,0\.[0-9]+,0\.[0-9]+\]$' a/args.yaml
    grep -qE '^std: \[0\.[0-9]+,0\.[0-9]+,0\.[0-9]+\]$' a/args.yaml
    for n in 2 3; do
        train b$n -q --mean data --std data --threads $n --workers $n
        same_run a b$n
        cmp <(grep -E '^(mean|std):' a/args.yaml) <(grep -E '^(mean|std):' b$n/args.yaml)
    done
    # The same run with the numbers themselves, decoded anew each epoch.
    train c -q --mean "$(sed -n 's/^mean: \[\(.*\)\]/\1/p' a/args.yaml)" --cache none \
        --std "$(sed -n 's/^std: \[\(.*\)\]/\1/p' a/args.yaml)"
    same_run a c
    # atk-predict is told by the file: its figures are those of the best epoch.
    awk -F, '$3 == "val" || NR == 1 { print $1 "," $2 }' a/split.csv >val.csv
    "$bin/atk-predict" a val.csv --images "$tiny" -q --json --out p.csv >json
    best=$(sed -n 's/.*"best_accuracy": \([0-9.]*\).*/\1/p' a/summary.json)
    [ -n "$best" ]
    [ "$best" = "$(sed -n 's/.*"accuracy": \([0-9.]*\).*/\1/p' json | head -1)" ]
}

@test "mean and std of the data are shown, and found without a cache too" {
    run dry_run --mean data --std data
    [ "$status" -eq 0 ]
    found=$(grep -oE 'training images: mean [0-9.,]+, std [0-9.,]+' <<<"$output")
    [ -n "$found" ]
    run train a --mean data --std data --cache none
    [ "$status" -eq 0 ]
    [[ $output = *"$found"* ]]
}

@test "a resumed run has the numbers, and hears \"data\" again only when it finds the same" {
    train a -q --mean data --std data
    "$bin/atk-train" -q --resume a --epochs 4
    "$bin/atk-train" -q --resume a --epochs 5 --mean data --std data
    grep -q '^mean: \[' a/args.yaml
    train b -q
    run "$bin/atk-train" --resume b --epochs 4 --mean data --std data
    [ "$status" -eq 1 ]
    [[ $output = *mean* ]]
    grep -q '^mean: 0$' b/args.yaml
}

@test "images of one colour have no std" {
    mkdir grey
    black=iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNgYGAAAAAEAAH2FzhVAAAAAElFTkSuQmCC
    for i in 1 2 3 4; do base64 -d <<<"$black" >grey/$i.png; done
    printf 'image,label\n%s,a\n%s,b\n%s,a\n%s,b\n' 1.png 2.png 3.png 4.png >grey/d.csv
    run "$bin/atk-train" grey/d.csv --model "$tiny/tiny.yaml" --size 32 --mean data --std data
    [ "$status" -eq 1 ]
    [[ $output = *'--std data: a colour channel has the same value'* ]]
    [ ! -e runs ]
}

# ---- the first batches ----

@test "a dry run shows the very batches that the run then begins with" {
    dry_run --out r >said
    grep -qF 'r-dry-run/' said
    [ "$(cd r-dry-run && echo *)" = 'train_batch_0.png train_batch_1.png train_batch_2.png'\
' train_batches.csv' ]
    [ ! -e r ]
    train r -q --threads 2
    for file in r-dry-run/*; do cmp "$file" "r/${file##*/}"; done
    [ "$(head -1 r/train_batches.csv)" = image,row,column,image,label ]
    [ "$(wc -l <r/train_batches.csv)" -eq 16 ]
    # Whose label each cell has: as the CSV says.
    while IFS=, read -r _ _ _ image label; do
        grep -qxF "$image,$label" "$tiny/photos.csv"
    done < <(tail -n +2 r/train_batches.csv)
}

@test "a resumed run does not show them again" {
    train r -q
    rm r/train_batch*
    "$bin/atk-train" -q --resume r --epochs 4
    [ ! -e r/train_batches.csv ]
}

@test "a dry run replaces the images of an earlier one, and nothing else" {
    dry_run -q
    dry_run -q --batch-size 20
    [ "$(cd runs && echo * dry-run/*)" = 'dry-run dry-run/train_batch_0.png'\
' dry-run/train_batch_1.png dry-run/train_batches.csv' ]
    touch runs/dry-run/mine
    run dry_run
    [ "$status" -eq 2 ]
    [ "${#lines[@]}" -eq 1 ]
    [[ $output = *'runs/dry-run, which holds mine'* ]]
    [ -e runs/dry-run/train_batch_1.png ]
}

@test "a dry run says early that its images cannot be written" {
    touch file
    run dry_run --out file/r
    [ "$status" -eq 1 ]
    [ "${#lines[@]}" -eq 1 ]
    [[ $output = *file/r-dry-run* ]]
}

@test "a bad image in a first batch leaves no half of a run" {
    cp -r "$tiny" photos
    for png in photos/p*.png; do echo no image >"$png"; done
    run "$bin/atk-train" photos/photos.csv --model "$tiny/tiny.yaml" --size 32 --cache none --out r
    [ "$status" -eq 1 ]
    [[ $output = *'neither JPEG nor PNG'* ]]
    [ ! -e r ]
}

# ---- the mirror image ----

@test "--tta flip changes what is evaluated, not what is trained" {
    train a -q
    train b -q --tta flip
    train c -q --tta flip --threads 2
    cmp a/last.safetensors b/last.safetensors
    cmp <(without_clock a/batches.csv 3) <(without_clock b/batches.csv 3)
    run ! cmp <(without_clock a/results.csv 1) <(without_clock b/results.csv 1)
    same_run b c
    grep -q '^tta: flip$' b/args.yaml
    run dry_run --tta flip
    [[ $output = *'mirrored images (--tta flip)'* ]]
    run "$bin/atk-train" --resume a --epochs 4 --tta flip
    [ "$status" -eq 2 ]
}

@test "atk-predict --tta flip gives the figures that training with it gave" {
    train r -q --tta flip
    awk -F, '$3 == "val" || NR == 1 { print $1 "," $2 }' r/split.csv >val.csv
    "$bin/atk-predict" --tta flip r/last.safetensors val.csv --images "$tiny" -q --json --out p.csv >json
    loss=$(awk -F, 'END { print $5 }' r/results.csv)
    awk -v a="$loss" -v json="$(grep -oE '"mean_cross_entropy": [0-9.]+' json)" \
        'BEGIN { sub(/.*: /, "", json); exit !(json > 0 && (a - json) ^ 2 < 1e-10) }'
    "$bin/atk-predict" r/last.safetensors val.csv --images "$tiny" -q --out plain.csv
    run ! cmp p.csv plain.csv
    run "$bin/atk-predict" --tta twice r val.csv
    [ "$status" -eq 2 ]
    [[ $output = *'--tta: "twice" is not one of none|flip'* ]]
}
