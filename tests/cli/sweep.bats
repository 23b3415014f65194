#!/usr/bin/env bats
# bats file_tags=release
# scripts/sweep: every combination once, continuing, failing loudly, and tables that are right.

load helpers

setup() {
    sweep_setup
    tiny+=(--epochs 2)
}

# Programs in bin/ whose atk-train fails while the file "broken" is there, for runs with k 0.5.
make_breakable() {
    mkdir bin
    ln -s "$build/atk-predict" bin/
    cat >bin/atk-train <<END
#!/bin/bash
case " \$* " in *" --dry-run "*) ;; *--k=0.5*)
    if [ -e $PWD/broken ]; then ${1:-:}; echo "out of luck"; exit 1; fi ;;
esac
exec $build/atk-train "\$@"
END
    chmod +x bin/atk-train
    touch broken
    export ATK_TRAIN_BIN=$PWD/bin
}

@test "sweep: a run for each combination and seed, with one split for a seed, and tables" {
    run sweep photos.csv --k 1,0.5,1.0 --seeds 2 --jobs 2 --out s -- "${tiny[@]}" --val-split 0.4
    expect_status 0
    expect '6 runs, 0 of them done; 2 at a time'
    expect 'best by validation accuracy: k='
    expect 'best by balanced accuracy: k='
    expect 'the seed noise'
    [ "$(ls s/runs | wc -l)" -eq 6 ]
    for seed in 0 1; do
        cmp "s/runs/k=1,seed=$seed/split.csv" "s/runs/k=1.0,seed=$seed/split.csv"
    done
    run -1 cmp -s s/runs/k=1,seed=0/split.csv s/runs/k=1,seed=1/split.csv
    # A run is what atk-train gives for those settings.
    atk-train -q photos.csv "${tiny[@]}" --val-split 0.4 --k 0.5 --seed 1 --out alone
    cmp alone/best.safetensors s/runs/k=0.5,seed=1/best.safetensors
    [ "$(column s/sweep.csv k | tr '\n' ' ')" = '1 0.5 1.0 1 0.5 1.0 ' ]
    [ "$(column s/sweep.csv status | sort -u)" = finished ]
    for run in s/runs/*; do
        figure=$(sed -E 's/.*"best_accuracy": ([^,]*).*/\1/' "$run/summary.json")
        grep "^\"${run#s/runs/}\"" s/sweep.csv | cut -d, -f8 | grep -qx "$figure"
    done
    [ "$(<s/classes.csv)" = "$(printf '%s\n' class,pictures dog,6 cat,6 bird,6)" ]
    # Mean and standard deviation of two: half of the sum, difference / sqrt 2.
    paste -d, <(column s/sweep.csv best_mean_loss | head -3) \
        <(column s/sweep.csv best_mean_loss | tail -3) \
        <(column s/summary.csv 'best_mean_loss mean') <(column s/summary.csv 'best_mean_loss sd') |
        awk -F, '{ m = ($1 + $2) / 2 - $3; s = sqrt(($1 - $2) ^ 2 / 2) - $4
            if (m * m > 1e-10 || s * s > 1e-10) exit 1 }'
    # Each image is kept once, by the dry run and before the first run.
    [ "$(stat -c %s caches/atk-train/*)" -eq $((18 * 65536)) ]
    [ -e s/check-dry-run/train_batch_0.png ]
    [ "$(sed 1d s/joblog | wc -l)" -eq 6 ]
}

@test "sweep: started again it keeps what is finished, and takes more values and seeds" {
    sweep photos.csv --k 1.0 --seeds 1 --out s -- "${tiny[@]}"
    stat -c %y s/runs/*/best.safetensors >before
    run sweep photos.csv --k 1.0 --seeds 1 --out s -- "${tiny[@]}"
    expect_status 0
    expect '1 runs, 1 of them done'
    expect 'one seed: the noise is not known' || expect 'best by validation accuracy: k=1.0'
    run sweep photos.csv --k 0.5,1.0 --seeds 2 --out s -- "${tiny[@]}"
    expect_status 0
    expect '4 runs, 1 of them done'
    [ "$(wc -l <s/sweep.csv)" -eq 5 ]
    [ "$(stat -c %y s/runs/k=1.0,seed=0/best.safetensors)" = "$(<before)" ]
    run sweep photos.csv --k 1.0 --seeds 1 --out s -- "${tiny[@]}" --learning-rate 1e-4
    expect_status 2
    expect 'was made with other options or data'
    echo photos/dog1.png,dog >>photos.csv
    run sweep photos.csv --k 1.0 --seeds 1 --out s -- "${tiny[@]}"
    expect_status 2
    expect 'was made with other options or data'
}

@test "sweep: a failed run fails it at the end, is named with its log, and is run again" {
    make_breakable
    run sweep photos.csv --k 0.5,1.0 --seeds 1 --out s -- "${tiny[@]}"
    expect_status 1
    expect "sweep: failed: $PWD/s/logs/k=0.5,seed=0.log: out of luck"
    [ "$(column s/sweep.csv status | tr '\n' ' ')" = 'failed finished ' ]
    [ -n "$(column s/sweep.csv best_accuracy | tail -n 1)" ]
    rm broken
    run sweep photos.csv --k 0.5,1.0 --seeds 1 --out s -- "${tiny[@]}"
    expect_status 0
    expect '2 runs, 1 of them done'
    [ "$(column s/sweep.csv status | tr '\n' ' ')" = 'finished finished ' ]
}

@test "sweep: --retries runs a failing run again at once" {
    make_breakable "rm $PWD/broken"
    run sweep photos.csv --k 0.5 --seeds 1 --retries 2 --out s -- "${tiny[@]}"
    expect_status 0
    [ ! -e broken ]
    [ "$(column s/sweep.csv status)" = finished ]
}

@test "sweep: interrupted it saves the runs, and goes on where they were" {
    local long=(--size 32 --batch-size 4 --epochs 400 --model ./small.yaml)
    (exec "$root/scripts/sweep" photos.csv --k 1.0 --seeds 1 --out s -- "${long[@]}") >out 2>&1 &
    local pid=$! status=0
    for ((i = 0; i < 200; i++)); do
        [ ! -s s/runs/k=1.0,seed=0/results.csv ] || break
        sleep 0.05
    done
    kill -TERM $pid
    wait $pid || status=$?
    [ $status -eq 143 ]
    [ ! -e s/runs/k=1.0,seed=0.failed ]
    run -1 grep -q '"finished"' s/runs/k=1.0,seed=0/summary.json
    run sweep photos.csv --k 1.0 --seeds 1 --out s -- "${long[@]}"
    expect_status 0
    grep -q '^resuming' s/logs/k=1.0,seed=0.log
    atk-train -q photos.csv "${long[@]}" --k 1.0 --out alone
    cmp alone/last.safetensors s/runs/k=1.0,seed=0/last.safetensors
}

@test "sweep: Ctrl-C, which reaches the whole process group, becomes one TERM for the runs" {
    mkdir bin
    # In place of GNU parallel, which as well handles a SIGINT that it was started to ignore.
    cat >bin/parallel <<END
#!/usr/bin/env perl
if ("@ARGV" eq "--version") { print "GNU parallel\n"; exit }
sub note { open my \$file, ">>", "$PWD/signals"; print \$file "\$_[0]\n" }
\$SIG{INT} = sub { note("INT") };
\$SIG{TERM} = sub { note("TERM"); exit 255 };
note(getpgrp == \$\$ ? "own group" : "group of the sweep");
sleep 1 for 1 .. 30;
END
    chmod +x bin/parallel
    # A shell's background process ignores SIGINT, and what it starts could not trap it.
    PATH=$PWD/bin:$PATH perl -e '$SIG{INT} = "DEFAULT"; setpgrp; exec @ARGV' \
        "$root/scripts/sweep" photos.csv --k 1.0 --seeds 1 --out s -- "${tiny[@]}" >out 2>&1 &
    local pid=$! status=0
    for ((i = 0; i < 200; i++)); do
        [ ! -e signals ] || break
        sleep 0.05
    done
    kill -INT -- -$pid
    wait $pid || status=$?
    [ $status -eq 130 ]
    [ "$(tr '\n' ' ' <signals)" = 'own group TERM ' ]
}

@test "sweep: names that begin alike, such as 100 and 1.0, are two" {
    run sweep photos.csv --k 100,1.0 --seeds 1 --out s -- "${tiny[@]}" --batch-size 100
    expect_status 0
    [ "$(column s/sweep.csv status | tr '\n' ' ')" = 'finished finished ' ]
}

@test "sweep: an image that is missing is told before the first run, with the log that names it" {
    rm photos/cat2.png
    run sweep photos.csv --k 1.0 --seeds 1 --out s -- "${tiny[@]}"
    expect_status 1
    expect "$PWD/s/logs/check.log: atk-train: 1 of 18 images cannot be read"
    grep -q 'photos/cat2.png' s/logs/check.log
    [ -z "$(ls s/runs)" ]
}

@test "sweep: a test table without known labels is refused before a run, one with some is said" {
    cut -d, -f1 photos.csv >unlabelled.csv
    run sweep photos.csv --k 1.0 --seeds 1 --test unlabelled.csv --out s -- "${tiny[@]}"
    expect_status 1
    expect 'unlabelled.csv:1: no column "label"'
    sed 's/,.*/,cow/; 1s/cow/label/' photos.csv >cows.csv
    run sweep photos.csv --k 1.0 --seeds 1 --test cows.csv --out s -- "${tiny[@]}"
    expect_status 1
    expect '--test: cows.csv: no row has a label of photos.csv'
    [ ! -e s ]
    sed 's/,dog/,cow/' photos.csv >some.csv
    run sweep photos.csv --k 1.0 --seeds 1 --test some.csv --out s -- "${tiny[@]}"
    expect_status 0
    expect '12 of 18 rows of some.csv have a label of photos.csv; the others do not count'
}

@test "sweep: k 1.0 is not the average loss when a recipe drops losses" {
    echo 'drop-largest: 0.25' >drop.yaml
    run sweep photos.csv --k 0.5,1.0 --seeds 1 --out s -- "${tiny[@]}" --config drop.yaml
    expect_status 0
    expect 'no run of the average loss to compare with'
    run sweep photos.csv --grid aggregate=maximum,average --seeds 1 --out a -- "${tiny[@]}"
    expect_status 0
    expect ' average loss' # it is one of the two
}

@test "sweep: labels may have spaces around them, and be longer than their column" {
    sed 's/,dog$/, a dog with a very long name /' photos.csv >spaces.csv
    run sweep spaces.csv --k 1.0 --seeds 1 --test photos.csv --out s -- "${tiny[@]}"
    expect_status 0
    grep -q '^a dog with a very long name,6$' s/classes.csv
    [ -n "$(column s/sweep.csv rarest_recall)" ]
    # The table's columns stand below their names.
    local left=${lines[3]%%test accuracy*} # behind the number of runs, the run and a warning
    [[ ${lines[4]:${#left}:6} =~ ^[01]\.[0-9]{4}$ ]]
}

@test "sweep: any setting, values with commas, and machines from a file" {
    echo : >machines # this one, without ssh
    run sweep photos.csv --grid 'crop-scale=0.5,1;1,1' --grid nesterov=true,false --seeds 1 \
        --sshlogin machines --out s -- "${tiny[@]}" --optimizer sgd --momentum 0.9
    expect_status 0
    [ "$(ls s/runs | tr '\n' ' ')" = 'crop-scale=0.5,1,nesterov=false,seed=0 '\
'crop-scale=0.5,1,nesterov=true,seed=0 crop-scale=1,1,nesterov=false,seed=0 '\
'crop-scale=1,1,nesterov=true,seed=0 ' ]
    grep -q '^crop-scale: \[0.5,1\]' s/runs/crop-scale=0.5,1,nesterov=true,seed=0/args.yaml
    grep -q '^nesterov: true' s/runs/crop-scale=1,1,nesterov=true,seed=0/args.yaml
    head -n 1 s/sweep.csv | grep -q '^run,crop-scale,nesterov,seed,'
    expect 'best by validation accuracy: crop-scale='
    sweep photos.csv --grid 'crop-scale=0.5,1;' --seeds 1 --out one -- "${tiny[@]}"
    [ "$(ls one/runs)" = crop-scale=0.5,1,seed=0 ]
}

@test "sweep: a fresh test split for each seed, wrong labels, and recalls pooled over the seeds" {
    run sweep photos.csv --k 0.5,1.0 --seeds 3 --test-split 0.3 --flip-labels 0.25 --out s -- \
        "${tiny[@]}"
    expect_status 0
    expect 'fewer than 10 test images in all, so that the recall says little: dog, cat, bird'
    [ "$(md5sum s/splits/seed?_test.csv | cut -c-32 | sort -u | wc -l)" -eq 3 ]
    for seed in 0 1 2; do
        # 6 of each class: 2 to test; 3 of 12 labels are wrong.
        [ "$(wc -l <s/splits/seed${seed}_test.csv)" -eq 7 ]
        [ "$(wc -l <s/splits/seed${seed}_noisy_flipped.csv)" -eq 4 ]
        [ -z "$(cut -d, -f1 s/runs/k=0.5,seed=$seed/split.csv |
            grep -xFf <(sed 1d s/splits/seed${seed}_test.csv | cut -d, -f1))" ]
        [ "$(sed 1d "s/test/k=0.5,seed=$seed.csv" | wc -l)" -eq 6 ]
    done
    [ "$(column s/pooled.csv images | sort -u)" = 6 ]
    # What atk-predict says by itself.
    "$build/atk-predict" s/runs/k=1.0,seed=2 s/splits/seed2_test.csv --out p.csv --json |
        grep -q "\"accuracy\": $(column s/sweep.csv test_accuracy | tail -n 1),"
    right=0
    for seed in 0 1 2; do
        n=$(paste -d, s/splits/seed${seed}_test.csv "s/test/k=1.0,seed=$seed.csv" |
            awk -F, 'NR > 1 && $2 == "cat" && $4 == "cat"' | wc -l)
        right=$((right + n))
    done
    grep -q "^1.0,cat,6,$right," s/pooled.csv
    echo photos/dog1.png,dog >>photos.csv
    run sweep photos.csv --k 0.3 --seeds 3 --test-split 0.3 --flip-labels 0.25 --out s -- "${tiny[@]}"
    expect_status 2
    expect 'splits was made from other data or shares'
}

@test "sweep: --test takes a table, and paths may hold what a shell minds" {
    mkdir "a b'c"
    mv photos small.yaml photos.csv "a b'c"
    cd "a b'c"
    cp photos.csv 'te$t.csv'
    run sweep photos.csv --k 1.0 --seeds 1 --test 'te$t.csv' --out 's "x" y' -- "${tiny[@]}" \
        --images .
    expect_status 0
    [ "$(wc -l <'s "x" y/test/k=1.0,seed=0.csv')" -eq 19 ]
    [ -n "$(column 's "x" y/sweep.csv' test_accuracy)" ]
    sweep photos.csv --k 1.0 --seeds 1 --out '{} {/}é' -- "${tiny[@]}"
    [ "$(column '{} {/}é/sweep.csv' status)" = finished ]
}

@test "sweep: --slurm writes an array job that does the same" {
    run sweep photos.csv --k 0.5,1.0 --seeds 1 --threads 1 --slurm --out s -- "${tiny[@]}"
    expect_status 0
    expect "to start: sbatch $PWD/s/sweep.slurm"
    grep -qx '#SBATCH --array=1-2%1' s/sweep.slurm
    grep -qx '#SBATCH --cpus-per-task=1' s/sweep.slurm
    [ -z "$(ls s/runs)" ]
    [ "$(stat -c %s caches/atk-train/*)" -eq $((18 * 65536)) ]
    for task in 1 2; do SLURM_ARRAY_TASK_ID=$task bash s/sweep.slurm; done
    run sweep photos.csv --k 0.5,1.0 --seeds 1 --threads 1 --slurm --out s -- "${tiny[@]}"
    expect_status 0
    expect '2 runs, 2 of them done'
    [ "$(wc -l <s/sweep.csv)" -eq 3 ]
    # Slurm starts the script as its first line says, and splits its comments at spaces.
    sweep photos.csv --k 1.0 --seeds 1 --slurm --out 'é "5%' -- "${tiny[@]}"
    grep -qxF "#SBATCH --output=\"$PWD/é \\\"5%%/logs/slurm-%A_%a.out\"" 'é "5%/sweep.slurm'
    chmod +x 'é "5%/sweep.slurm'
    SLURM_ARRAY_TASK_ID=1 './é "5%/sweep.slurm'
    grep -q '"finished"' 'é "5%/runs/k=1.0,seed=0/summary.json'
}

@test "sweep: mistakes are named with exit status 2, and nothing is written" {
    refuses() { # text ARGUMENT...
        local text=$1
        shift
        run sweep "$@"
        expect_status 2 && expect "$text" && [ ! -e s ]
    }
    refuses 'no table given' --out s
    refuses '--out DIR is missing' photos.csv
    refuses '"x.csv" is a second one' photos.csv x.csv --out s
    refuses 'unknown option "--size"; those of atk-train stand behind --' photos.csv --size 3
    refuses '--seeds: "0" is not' photos.csv --out s --seeds 0
    refuses '--test-split: "2" is not a share' photos.csv --out s --test-split 2
    refuses '--grid: "k" is not NAME=VALUE' photos.csv --out s --grid k
    refuses '--grid: k is given twice' photos.csv --out s --k 1 --grid k=1.0
    refuses '--grid: seed is not a setting' photos.csv --out s --grid seed=1,2
    refuses 'a value is given twice' photos.csv --out s --k 0.5,0.5
    refuses 'an empty value of k' photos.csv --out s --k 0.5,,1
    refuses 'an empty value of k' photos.csv --out s --k 0.5,
    refuses '--find-lr behind --: not for a sweep' photos.csv --out s -- --find-lr
    refuses '--seed behind --' photos.csv --out s -- --seed 3
    refuses '--k: "0" is not a count' photos.csv --out s --k 0.5,0 -- "${tiny[@]}"
    refuses 'unknown option "--lerning-rate=1"; did you mean --learning-rate?' photos.csv --out s \
        --grid lerning-rate=1 -- "${tiny[@]}"
    refuses '--batch-size: "x"' photos.csv --out s -- --batch-size x
    run sweep photos.csv --out s --seeds 1 -- "${tiny[@]}" --label-column class
    expect_status 1
    expect 'no column "class"'
    touch file
    run sweep photos.csv --out file/s --seeds 1 -- "${tiny[@]}"
    expect_status 1
    [ "${#lines[@]}" -eq 1 ]
}
