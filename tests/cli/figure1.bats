#!/usr/bin/env bats
# bats file_tags=release
# make figure1: numbers on standard output, the same each time, and a figure of them. (That the numbers
# have the paper's shape is tested by tests/unit/nn/test_figure1.c.)

load helpers

setup() { train_setup; }

@test "make figure1 prints the errors over k, and writes the numbers of the panels" {
    run "$build/figure1" figure1.json
    expect_status 0
    expect 'Misclassified, %, of 200 points, mean of 10 draws'
    for row in 'multi-modal, logistic' 'multi-modal, hinge' 'imbalanced, logistic' 'imbalanced, hinge'; do
        expect "$row loss"
    done
    # What is printed for k = 10 is what is written, and a boundary leaves so many points on the wrong
    # side as errors are possible.
    python3 - "$output" <<'END'
import json, sys
numbers = json.load(open("figure1.json"))
printed = dict((line[:28].strip(), line[28:].split()) for line in sys.argv[1].splitlines()[1:])
assert printed["k"] == [str(k) for k in numbers["k"]]
assert len(numbers["panels"]) == 4
for panel in numbers["panels"]:
    assert printed[panel["title"]] == [f"{100 * error:.2f}" for error in panel["error"]]
    points = list(zip(panel["x"], panel["y"], panel["label"]))
    assert len(points) == 200 and {label for *_, label in points} == {0, 1}
    a, b, c = panel["boundary 10"]
    wrong = sum((a * x + b * y + c > 0) != (label == 1) for x, y, label in points)
    assert wrong <= 4, wrong # 2 % of the first draw; the mean is below 1 %
END
    run "$build/figure1"
    expect_status 2
    run "$build/figure1" nowhere/f.json
    expect_status 1
}

@test "plot draws the panels of figure1 from its numbers" {
    python3 -c 'import matplotlib' 2>/dev/null || /usr/bin/python3 -c 'import matplotlib' 2>/dev/null ||
        skip "matplotlib is not installed"
    "$build/figure1" figure1.json
    run "$root/scripts/plot" .
    expect_status 0
    [ "$output" = ./figure1.png ]
    [ "$(head -c 4 figure1.png | tail -c 3)" = PNG ]
    [ "$(stat -c %s figure1.png)" -gt 20000 ]
    for wrong in '{' '[]' '{"k": [1], "panels": [{"title": "a"}]}'; do
        echo "$wrong" >figure1.json
        run "$root/scripts/plot" .
        expect_status 1
        [ "${#lines[@]}" -eq 1 ]
        expect 'plot: .: a file is not as atk-train and atk-sweep write it'
    done
}
