#!/usr/bin/env bats
# bats file_tags=release
# scripts/run-tests counts every test, also those of a program that crashes or hangs.

setup() {
    run_tests=$BATS_TEST_DIRNAME/../../scripts/run-tests
    cd "$BATS_TEST_TMPDIR"
}

program() { # NAME, its lines from standard input
    { echo '#!/bin/bash' && cat; } >"$1"
    chmod +x "$1"
}

last_line() { echo "${lines[-1]}"; }

@test "run-tests: passes and skips are counted and the skipped are named" {
    program p <<<'printf "1..3\nok 1 - a\nnot ok 2 # SKIP b\nok 3 - c\n"'
    run "$run_tests" ./p ./p
    [ "$status" -eq 0 ]
    [ "$(last_line)" = "4 passed, 0 failed, 2 skipped" ]
    [[ $output = *"skipped: # SKIP b"* ]]
}

@test "run-tests: a failure shows the program's output and fails the run" {
    program p <<<'printf "1..2\nok 1 - a\nnot ok 2 - b\n# expected 1, not 2\n"; exit 1'
    run "$run_tests" ./p
    [ "$status" -eq 1 ]
    [ "$(last_line)" = "1 passed, 1 failed" ]
    [[ $output = *"expected 1, not 2"* ]]
}

@test "run-tests: the tests behind a crash count as failed" {
    program p <<<'printf "1..5\nok 1 - a\n"; kill -SEGV $$'
    run "$run_tests" ./p
    [ "$status" -eq 1 ]
    [ "$(last_line)" = "1 passed, 4 failed" ]
}

@test "run-tests: a program that fails behind its last test, or before its first, has failed" {
    program leaks <<<'printf "1..1\nok 1 - a\n"; exit 23'
    run "$run_tests" ./leaks
    [ "$(last_line)" = "1 passed, 1 failed" ]
    program silent <<<'exit 0'
    run "$run_tests" ./silent
    [ "$status" -eq 1 ]
    [ "$(last_line)" = "0 passed, 1 failed" ]
    run "$run_tests" ./absent
    [ "$(last_line)" = "0 passed, 1 failed" ]
}

@test "run-tests: a program that hangs is ended and has failed" {
    program p <<<'printf "1..2\nok 1 - a\n"; exec sleep 60'
    TIMEOUT=1 run "$run_tests" ./p
    [ "$status" -eq 1 ]
    [ "$(last_line)" = "1 passed, 1 failed" ]
}

@test "run-tests: bats files get BUILD, and under asan not the tests of the release build" {
    # (bats would take lines that begin with its keyword for tests of this file.)
    sed 's/^test/@&/' >t.bats <<'END'
test "build is told" { [ -n "$BUILD" ]; }
# bats test_tags=release
test "release only" { [ "$BUILD" = out ]; }
test "skips" { skip "no data"; }
END
    run "$run_tests" BUILD=out t.bats BUILD=out/asan t.bats
    [ "$status" -eq 0 ]
    [ "$(last_line)" = "3 passed, 0 failed, 2 skipped" ]
}
