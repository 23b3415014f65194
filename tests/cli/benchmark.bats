#!/usr/bin/env bats
# The programs and scripts that measure: that they run and that their figures hold together. How
# fast anything is they do not ask.
# bats file_tags=release

load helpers

setup() {
    train_setup
    cd "$root"
}

@test "every method of convolution computes the layers of a network as im2col does" {
    run -0 "$build/benchmark-kernels" --check --network mobilenetv2
    [[ $output == *"direct weights "* ]]
    [[ $output != *FAR* ]]
}

@test "benchmark-kernels: one of the networks of the list, or an error" {
    run -2 "$build/benchmark-kernels" --network resnet
    [[ $output == *"the list of shapes has no such network"* ]]
    run -2 "$build/benchmark-kernels" --check --depthwise
}

@test "benchmark-kernels: a row of CSV for each method that fits, one of each pass is the planned one" {
    run -0 "$build/benchmark-kernels" --network resnet12-gn --rounds 1 --csv "$BATS_TEST_TMPDIR/k.csv"
    # 4x4/4 from 3 channels: no backward-data; the 3x3 at stride 1 alone fit winograd.
    awk -F, 'NR > 1 { rows[$2 "," $3 "," $4 "," $5 "," $6 "," $7] += $12 }
        END { for (shape in rows) { n++; if (rows[shape] != 1) { print shape; exit 1 } }
              exit n != 24 * 3 - 2 }' "$BATS_TEST_TMPDIR/k.csv"
    grep -q ',3,1,32,32,56,forward,winograd,' "$BATS_TEST_TMPDIR/k.csv"
    run ! grep -q ',3,2,24,32,112,forward,winograd,' "$BATS_TEST_TMPDIR/k.csv"
}

@test "a step's profile: regions and what lies between are the whole, and no thread makes it slower" {
    run -0 "$build/benchmark-step" --profile --model resnet10-gn --size 32 --batch-size 2 --steps 2
    python3 - "$output" <<'PY'
import json, sys
p = json.loads(sys.argv[1])
seconds = [p["threads"][str(2 ** i)] for i in range(7)]
parts = p["between"] + sum(row["seconds"] for row in p["regions"])
assert abs(parts - seconds[0]) < 1e-6 + 1e-3 * seconds[0], (parts, seconds)
assert abs(p["between"] - sum(row["seconds"] for row in p["gaps"])) < 1e-6, p
assert all(a >= b for a, b in zip(seconds, seconds[1:])), seconds
assert seconds[-1] >= p["between"] + p["alone"] - 1e-6, p
PY
}

@test "step_profile.py names the functions that threads share" {
    run -0 scripts/step_profile.py --program "$build/benchmark-step" -- --model resnet10-gn --size 32 \
        --batch-size 2 --steps 2
    [[ $output == *"| update_piece |"* ]] # the optimiser's
    [[ $output == *"serial "*" % ("* ]]
}

@test "benchmark.py measures the cases that it is given, with classifier alone and inference" {
    local out=$BATS_TEST_TMPDIR/bench
    run -0 scripts/benchmark.py --program "$build/benchmark-step" --rounds 1 --out "$out" \
        --case resnet10-gn:2:1.0,0.5:1:size=32 --case resnet18:2:inference:2:size=32 \
        --case mobilenetv2:2:1.0:1:size=32,freeze-bn --case mobilenetv2:2:1.0:1:size=32,head
    grep -q '^| mobilenetv2, 32, batch 2, k 1.0, classifier alone, 1 thread |' "$out/README.md"
    grep -q '^| resnet18, 32, batch 2, inference, 2 threads |' "$out/README.md"
    # two steps of each; memory of a step of the classifier alone is less than of all layers
    [ "$(grep -c '^resnet10-gn,2,0.5,1,1,atk-train,' "$out/steps.csv")" = 8 ]
    awk -F, '$1 == "mobilenetv2" { peak[$11] = $9 } END { exit !(peak["head"] < peak["all"]) }' \
        "$out/steps.csv"
    run -2 scripts/benchmark.py --case resnet18:4
    [[ $output == *"is not MODEL:BATCH:K,K,"* ]]
}
