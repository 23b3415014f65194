#!/usr/bin/env bats
# The processor levels below this machine's best: they choose other methods of convolution.

load helpers

setup() { train_setup; }

levels_agree() {
    local level
    for level in v3 portable; do
        run env ATK_KERNELS=$level "$build/tests/nn/$1"
        [ "$status" -eq 0 ] || { echo "$level: $output"; return 1; }
    done
}

@test "levels: convolutions are those of double precision at the lower levels too" {
    levels_agree conv/test_conv2d
    levels_agree conv/test_conv2d_scratch
}

@test "levels: so are depthwise convolutions" {
    levels_agree conv/test_conv2d_depthwise
}

@test "levels: so are normalisations" {
    levels_agree test_norm
}
