#!/usr/bin/env bats
# bats file_tags=release
# make figure1: numbers on standard output, the same each time, and a picture. (That the numbers have
# the paper's shape is tested by tests/unit/nn/test_figure1.c.)

load helpers

setup() { train_setup; }

@test "make figure1 prints the errors over k and draws the panels" {
    run "$build/figure1" f.png
    expect_status 0
    expect 'Misclassified, %, of 200 points, mean of 10 draws'
    for row in 'multi-modal, logistic' 'multi-modal, hinge' 'imbalanced, logistic' 'imbalanced, hinge'; do
        expect "$row loss"
    done
    [ "$(head -c 4 f.png | tail -c 3)" = PNG ]
    [ "$(stat -c %s f.png)" -gt 20000 ]
    run "$build/figure1"
    expect_status 2
    run "$build/figure1" nowhere/f.png
    expect_status 1
}
