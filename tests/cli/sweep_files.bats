#!/usr/bin/env bats
# bats file_tags=release
# scripts/sweep: its formulas, sweeps of before, what it is started with, files that are damaged or
# cannot be written, and signals. (What it trains and compares is in sweep.bats.)

load helpers

setup() { sweep_setup; }

# in_sweep: Python on standard input, which can import sweep_files.
in_sweep() { PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$root/scripts python3 - "$@"; }

# refused STATUS TEXT: the last run ended so, with this in a single line of our own.
refused() {
    expect_status "$1"
    expect "$2"
    [ "$(grep -c '^sweep: ' <<<"$output")" -eq 1 ]
    [[ $output != *Traceback* ]]
    [[ $output != *'mistake of this program'* ]]
}

@test "sweep: the quantiles of Student's t are those of the tables" {
    # Abramowitz and Stegun, table 26.10: two-sided 0.95 and 0.99.
    in_sweep <<'END'
from sweep_files.outcomes import t_quantile
table = {1: (12.706, 63.657), 2: (4.303, 9.925), 3: (3.182, 5.841), 4: (2.776, 4.604),
         5: (2.571, 4.032), 6: (2.447, 3.707), 7: (2.365, 3.499), 8: (2.306, 3.355),
         9: (2.262, 3.250), 10: (2.228, 3.169), 29: (2.045, 2.756), 30: (2.042, 2.750),
         60: (2.000, 2.660), 120: (1.980, 2.617)}
for degrees, (t95, t99) in table.items():
    assert abs(t_quantile(degrees) - t95) < 0.00051, (degrees, t_quantile(degrees))
    assert abs(t_quantile(degrees, 0.99) - t99) < 0.00051, degrees
assert abs(t_quantile(1) - 12.7062047) < 1e-7   # tan(0.475 pi)
assert abs(t_quantile(2) - 4.3026527) < 1e-7    # 0.95 sqrt(2 / (1 - 0.95^2))
assert abs(t_quantile(20000) - 1.9601) < 1e-4   # nearly the normal distribution's 1.95996
END
}

@test "sweep: intervals of pooled figures are those of theory, and seeds do not narrow them" {
    in_sweep <<'END'
from types import SimpleNamespace as Some
from sweep_files.pooled import Pooled
matrix = {("a", "a"): 270, ("a", "b"): 30, ("b", "a"): 50, ("b", "b"): 50}
one = Pooled([Some(run=Some(seed=0), matrix=matrix)], ["a", "b", "c"])
three = Pooled([Some(run=Some(seed=seed), matrix=matrix) for seed in range(3)], ["a", "b", "c"])
deviation = {"accuracy": (0.8 * 0.2 / 400) ** 0.5,
             "balanced accuracy": (0.9 * 0.1 / 300 + 0.5 * 0.5 / 100) ** 0.5 / 2}
for pooled, images in (one, 400), (three, 1200):
    assert pooled.images == images
    for name, wanted in ("accuracy", 0.8), ("balanced accuracy", 0.7):
        value, low, high = pooled.figures[name]
        assert abs(value - wanted) < 1e-12
        assert abs(low - wanted + 1.96 * deviation[name]) < 0.25 * deviation[name], (name, low)
        assert abs(high - wanted - 1.96 * deviation[name]) < 0.25 * deviation[name], (name, high)
    assert abs(pooled.figures["macro F1"][0] - (540 / 620 + 100 / 180) / 2) < 1e-12
assert one.row("a") == [270, 30, 0] and three.row("b") == [150, 150, 0]
assert Pooled([], ["a", "b"]).figures == {} and Pooled([], ["a", "b"]).row("a") == [0, 0]
END
}

@test "sweep: an argument is quoted as bash quotes it, whatever bytes it has" {
    local arguments=('' '#a' 'a#' '~' 'a~' 'a:~b' 'a=~~b' '--mean=0.5,0.5' "it's" $'it\001\'s\\' 'é')
    local byte
    for byte in {1..255}; do
        printf -v byte '\\x%02x' "$byte"
        arguments+=("$(printf "a$byte.")")
    done
    LC_ALL=C printf '%q\n' "${arguments[@]}" >expected
    LC_ALL=C bash -c 'printf "%q\n" "$@"' - "${arguments[@]}" >expected
    in_sweep "${arguments[@]}" >found <<'END'
import sys
from sweep_files.files import quoted_one
print("\n".join(map(quoted_one, sys.argv[1:])))
END
    cmp expected found
}

@test "sweep: a run of the sweep that was a bash script is known again, and one of other options" {
    mkdir "a b'c"
    mv photos "a b'c"
    sed 's,photos/,,' photos.csv >'t~,1.csv'
    local options=("${tiny[@]}" --images "./a b'c/photos" --mean 0.5,0.5,0.5)
    run sweep 't~,1.csv' --k 0.5 --seeds 1 --test 't~,1.csv' --out s -- "${options[@]}"
    expect_status 0
    # The second line of a job as that script wrote it.
    local line
    line="# data $(cksum <'t~,1.csv'), test $(cksum <'t~,1.csv'), test-split , flip-labels , seed 0:"
    line+=$(LC_ALL=C bash -c 'printf " %q" "$@"' - "${options[@]}" --k=0.5)
    printf '#!/usr/bin/env bash\n%s\n# of before\n' "$line" >'s/jobs/k=0.5,seed=0.sh'
    stat -c %y s/runs/*/best.safetensors >before
    run sweep 't~,1.csv' --k 0.5 --seeds 1 --test 't~,1.csv' --out s -- "${options[@]}"
    expect_status 0
    expect '1 runs, 1 of them done'
    [ "$(stat -c %y s/runs/*/best.safetensors)" = "$(<before)" ]
    printf '#!/usr/bin/env bash\n%s --epochs=3\n' "$line" >'s/jobs/k=0.5,seed=0.sh'
    run sweep 't~,1.csv' --k 0.5 --seeds 1 --test 't~,1.csv' --out s -- "${options[@]}"
    refused 2 "$PWD/s/runs/k=0.5,seed=0 was made with other options or data"
}

@test "sweep: with any of descriptors 0 to 2 closed it writes the same tables" {
    with_closed() (
        for fd in $1; do eval "exec $fd>&-"; done
        "${@:2}"
    )
    sweep photos.csv --k 1.0 --seeds 1 --test photos.csv --out whole -- "${tiny[@]}"
    for closed in 0 1 2 '0 1' '0 2' '1 2' '0 1 2'; do
        rm -rf s
        with_closed "$closed" "$root/scripts/sweep" photos.csv --k 1.0 --seeds 1 --test photos.csv \
            --out s -- "${tiny[@]}" >out 2>err
        cmp whole/pooled.csv s/pooled.csv
        cmp whole/classes.csv s/classes.csv
        [ ! -s s/lock ]
        [ ! -s err ]
    done
}

@test "sweep: a standard output that cannot be written is told, and a reader that goes is not" {
    run bash -c '"$1" --help >/dev/full' - "$root/scripts/sweep"
    refused 1 'sweep: standard output: No space left on device'
    run bash -c '"${@}" 2>&1 >&3 3>&- | cat; exit "${PIPESTATUS[0]}"' - "$root/scripts/sweep" \
        photos.csv --out s 3> >(exec true) -- "${tiny[@]}"
    [[ $output != *Traceback* && $output != *Exception* ]]
}

@test "sweep: a full disk is told with the file, which stays as it was" {
    local long
    printf -v long '%01000d' 0
    sed -E "s/,(dog|cat|bird)$/,\\1$long/" photos.csv >long.csv
    sweep long.csv --k 1.0 --seeds 1 --out s -- "${tiny[@]}"
    [ "$(stat -c %s s/sweep.csv)" -gt 3072 ]
    sed -i 's/^run/old/' s/sweep.csv
    : >s/classes.csv # as small as it will be, it is not written, either
    cp s/sweep.csv before
    run bash -c 'ulimit -f 3; exec "$@"' - "$root/scripts/sweep" long.csv --k 1.0 --seeds 1 --out s \
        -- "${tiny[@]}"
    refused 1 "sweep: cannot write $PWD/s/sweep.csv: File too large"
    cmp before s/sweep.csv
    [ ! -s s/classes.csv ]
    [ -z "$(find s -name '*.tmp*')" ]
}

@test "sweep: files of a run that are damaged are told in a line that names the run" {
    local run='s/runs/k=1.0,seed=0' test='s/test/k=1.0,seed=0'
    local command=(sweep photos.csv --k 1.0 --seeds 1 --test photos.csv --out s -- "${tiny[@]}")
    "${command[@]}"
    cp -r s whole
    damaged() { # FILE TEXT: the run is named
        rm -rf s
        cp -r whole s
        printf '%s' "$2" >"$1"
        run "${command[@]}"
        refused 1 "k=1.0,seed=0"
    }
    damaged $run/summary.json '{"status": "finished", "best_accuracy": {}}'
    damaged $run/summary.json '{"status": "finished", "best_accuracy": true}'
    damaged $run/per_class.csv $'class,images\ndog,3\n'
    damaged $run/per_class.csv $'class,images,correct,recall\ndog,3,3,x\n'
    damaged $test.confusion.csv $'true,dog\ndog,x\n'
    damaged $test.confusion.csv $'true,dog\n"dog,1\n'
    # What is not there is made again.
    rm -rf s
    cp -r whole s
    echo '[' >$run/summary.json
    rm $run/state.safetensors $test.json
    run "${command[@]}"
    expect_status 0
    cmp s/pooled.csv whole/pooled.csv
    # A folder in the place of a file.
    for file in jobs/todo.txt sweep.csv lock logs/parallel.log; do
        rm -rf s
        cp -r whole s
        rm -rf s/$file $run # trained again, so that parallel is started
        mkdir s/$file
        run "${command[@]}"
        refused 1 "$PWD/s/$file: Is a directory"
    done
}

@test "sweep: programs that are missing are named" {
    cp -R "$root/scripts/sweep" "$root/scripts/sweep_files" .
    mv sweep alone
    ATK_TRAIN_BIN=nowhere run ./alone photos.csv --out s
    expect_status 1
    [ "$output" = 'alone: atk-train and atk-predict are not there: make builds them (ATK_TRAIN_BIN: their folder)' ]
    mkdir bin
    local python
    python=$(python3 -c 'import sys; print(sys.executable)')
    run env PATH="$PWD/bin" "$python" "$root/scripts/sweep" photos.csv --out s
    refused 1 'GNU parallel is not installed (Debian: apt install parallel); --slurm does without'
    [ ! -e s ]
}

# make_slow OPTION: programs in bin/ whose atk-train sleeps unless it has this option, and notes its
# signals.
make_slow() {
    mkdir bin
    ln -s "$build/atk-predict" bin/
    cat >bin/atk-train <<END
#!/bin/bash
case " \$* " in *" $1 "*) exec $build/atk-train "\$@" ;; esac
trap 'echo TERM >>$PWD/signals; exit 143' TERM
echo \$\$ >$PWD/started
for ((i = 0; i < 200; i++)); do sleep 0.1; done
END
    chmod +x bin/atk-train
    export ATK_TRAIN_BIN=$PWD/bin
}

# signalled SIGNAL...: the status of a sweep that gets them once atk-train is under way.
signalled() {
    local pid i status=0
    rm -f started signals
    perl -e '$SIG{INT} = "DEFAULT"; exec @ARGV' "$root/scripts/sweep" photos.csv --k 1.0 --seeds 1 \
        --out s -- "${tiny[@]}" >out 2>&1 &
    pid=$!
    for ((i = 0; i < 400; i++)); do
        [ ! -e started ] || break
        sleep 0.05
    done
    for signal; do kill -"$signal" $pid; done
    wait $pid || status=$?
    echo $status
}

@test "sweep: a signal reaches atk-train once, and is the exit status, also when it comes twice" {
    make_slow /dev/null
    for case in 'HUP 129' 'INT 130' 'TERM 143' 'TERM TERM 143' 'HUP TERM 129'; do
        # shellcheck disable=SC2086
        [ "$(signalled ${case% *})" = "${case##* }" ]
        [ "$(<signals)" = TERM ]
        [ "$(wc -l <out)" -eq 1 ] # no word beside the number of runs
    done
}

@test "sweep: one that nohup has started outlives SIGHUP" {
    make_slow /dev/null
    (
        trap '' HUP
        [ "$(signalled HUP TERM)" = 143 ]
    )
}

@test "sweep: beside the runs of one that was killed no second one begins" {
    make_slow --dry-run
    "$root/scripts/sweep" photos.csv --k 1.0 --seeds 1 --out s -- "${tiny[@]}" >out 2>&1 &
    local pid=$! i
    for ((i = 0; i < 400; i++)); do
        [ ! -s started ] || break
        sleep 0.05
    done
    kill -KILL $pid
    wait $pid || true
    run sweep photos.csv --k 1.0 --seeds 1 --out s -- "${tiny[@]}"
    refused 1 "another sweep is working in $PWD/s"
    kill "$(<started)"
    for ((i = 0; i < 400; i++)); do
        if flock -n s/lock true; then break; fi
        sleep 0.05
    done
    export ATK_TRAIN_BIN=$build
    run sweep photos.csv --k 1.0 --seeds 1 --out s -- "${tiny[@]}"
    expect_status 0
}
