#!/usr/bin/env bats
# --train, --unfreeze-epoch, --backbone-lr-factor: which weights move, and that a run in parts, or on
# other threads, ends with the same bytes.

load tiny
bats_require_minimum_version 1.5.0

setup_file() { make_tiny 42; }
setup() { cd "$BATS_TEST_TMPDIR"; }

# Begins as the weights of a first run, so that --weights and the run can be compared.
first_run() { train first -q --model "$tiny/tiny-bn.yaml" --epochs 1 "$@"; }

# The names of the tensors that differ between two safetensors files, by python3's standard library.
differing() { # file file
    python3 - "$1" "$2" <<'END'
import json, struct, sys
def tensors(path):
    data = open(path, "rb").read()
    n, = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + n])
    header.pop("__metadata__", None)
    return {k: data[8 + n + v["data_offsets"][0]:8 + n + v["data_offsets"][1]] for k, v in header.items()}
a, b = tensors(sys.argv[1]), tensors(sys.argv[2])
print(*sorted(k for k in a if a[k] != b[k]))
END
}

@test "frozen: what does not learn keeps every bit of the weights file, statistics included" {
    first_run
    train head -q --model "$tiny/tiny-bn.yaml" --weights first/last.safetensors --train head --weight-decay 0.1
    [ "$(differing first/last.safetensors head/last.safetensors)" = 'fc.bias fc.weight' ]
    train layer -q --model "$tiny/tiny-bn.yaml" --weights first/last.safetensors --train layer2
    run differing first/last.safetensors layer/last.safetensors
    [[ $output != *layer1* && " $output" != *' conv1'* && $output = *layer2.0.bn1.running_mean* ]]
}

@test "frozen: in parts and on other threads, a run that unfreezes ends with the same bytes" {
    local options=(--train head --unfreeze-epoch 2 --backbone-lr-factor 0.1 --optimizer adamw --ema 0.9)
    train whole -q "${options[@]}"
    train threads -q "${options[@]}" --threads 3
    same_run whole threads
    train parts -q "${options[@]}" --max-minutes 1e-9
    for i in {1..40}; do
        [ "$(wc -l <parts/results.csv)" -lt 4 ] || break
        "$bin/atk-train" -q --resume parts --max-minutes 1e-9
    done
    same_run whole parts
    run differing whole/last.safetensors threads/last.safetensors
    [ -z "$output" ]
}

@test "frozen: values that do nothing, or name nothing, are refused in one line" {
    for case in '--unfreeze-epoch 2:has a use only with --train' \
        '--train head --unfreeze-epoch 9:beyond the run' '--train layr2:did you mean "layer2"' \
        '--train head --backbone-lr-factor 0.1:has a use only with'; do
        # shellcheck disable=SC2086
        run --separate-stderr train r ${case%%:*}
        [ "$status" -eq 2 ]
        [ "${#stderr_lines[@]}" -eq 1 ]
        [[ $stderr = *"${case#*:}"* ]]
        [ ! -e r ]
    done
}

@test "frozen: a resume with another part that learns is refused" {
    train r -q --train head --epochs 1
    run "$bin/atk-train" --resume r --train layer2 --epochs 2
    [ "$status" -ne 0 ]
    [[ $output = *'learns'* || $output = *'--train'* ]]
}
