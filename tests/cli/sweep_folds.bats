#!/usr/bin/env bats
# bats file_tags=release
# scripts/sweep --folds: cross-validation over the tables of atk-data split.

load helpers

setup() { sweep_setup; }

images() { sed 1d "$1" | cut -d, -f1 | sort; }

@test "sweep --folds: each combination is trained on each fold of each seed, and each image tested once" {
    run sweep photos.csv --k 0.5,1.0 --folds 3 --seeds 2 --jobs 2 --out s -- "${tiny[@]}" \
        --val-split 0.3
    expect_status 0
    expect '12 runs, 0 of them done'
    expect 'setting  folds  accuracy'
    expect 'the fold noise'
    expect '1.0, 36 test images of all folds: accuracy 0.'
    head -n 1 s/sweep.csv | grep -q '^run,k,seed,fold,status,'
    [ "$(column s/sweep.csv fold | sort | uniq -c | tr -s ' \n' ' ')" = ' 4 1 4 2 4 3 ' ]
    [ "$(column s/sweep.csv status | sort -u)" = finished ]
    for seed in 0 1; do
        for fold in 1 2 3; do
            local split=s/splits/seed${seed}_fold$fold run=k=0.5,seed=$seed,fold=$fold
            # Trained and validated with the rest, tested with the part.
            cmp <(images s/runs/$run/split.csv) <(images ${split}_train.csv)
            cmp <(images ${split}_test.csv) <(images s/test/$run.csv)
            cmp s/runs/$run/split.csv s/runs/k=1.0,seed=$seed,fold=$fold/split.csv
        done
        cmp <(cat s/splits/seed${seed}_fold?_test.csv | grep -v ^image | cut -d, -f1 | sort) \
            <(images photos.csv | sed 's,^,../../,')
    done
    run -1 cmp -s s/splits/seed0_fold1_test.csv s/splits/seed1_fold1_test.csv
    [ "$(column s/summary.csv folds | sort -u)" = 6 ]
    [ "$(column s/pooled.csv images | sort -u)" = 12 ] # 6 of each class, once for each seed
    # One matrix of all test images, and the figures that it has.
    for table in s/test/k=1.0,*.csv; do [[ $table = *.confusion.csv ]] || echo "$table"; done | sort >tables
    while read -r table; do
        run=${table#s/test/} run=${run%.csv} seed=${run#*seed=} fold=${run#*fold=}
        paste -d, <(sed 1d "s/splits/seed${seed%%,*}_fold${fold}_test.csv" | cut -d, -f2) \
            <(sed 1d "$table" | cut -d, -f2)
    done <tables | sort | uniq -c | awk '{ split($2, of, ","); n[of[1], of[2]] = $1 }
        END { split("bird,cat,dog", c, ",")
              for (i = 1; i <= 3; i++) print "1.0," c[i] "," n[c[i], c[1]] + 0 "," n[c[i], c[2]] + 0 "," n[c[i], c[3]] + 0 }' |
        sort >wanted
    cmp <(grep '^1.0,' s/pooled_matrix.csv | sort) wanted
    awk -F, -v right="$(awk -F, '{ right += $(2 + NR) } END { print right / 36 }' wanted)" '
        $2 == "accuracy" && $1 == "1.0" { n++; if ($3 != 36 || ($4 - right)^2 > 1e-10 || $5 > $4 || $6 < $4 || $6 == $5) exit 1 }
        END { exit n != 1 }' s/pooled_figures.csv
    [ "$(wc -l <s/pooled_figures.csv)" -eq 7 ]
    # Mean and standard deviation of six.
    column s/sweep.csv test_mean_loss | sed -n '2~2p' >losses # k 1.0
    paste -d, <(column s/summary.csv 'test_mean_loss mean') \
        <(column s/summary.csv 'test_mean_loss sd') | tail -n 1 >wanted
    awk -F, 'NR == FNR { sum += $1; squares += $1 * $1; n++; next }
        { m = sum / n; d = sqrt((squares - n * m * m) / (n - 1))
          if (n != 6 || (m - $1) ^ 2 > 1e-10 || (d - $2) ^ 2 > 1e-10) exit 1 }' losses wanted
}

@test "sweep --folds: one seed is enough, and started again it takes more seeds" {
    sweep photos.csv --k 1.0 --folds 2 --out s -- "${tiny[@]}"
    [ "$(column s/sweep.csv seed | sort -u)" = 0 ]
    stat -c '%n %y' s/runs/*/best.safetensors s/splits/* >before
    run sweep photos.csv --k 1.0 --folds 2 --seeds 2 --out s -- "${tiny[@]}"
    expect_status 0
    expect '4 runs, 2 of them done'
    stat -c '%n %y' s/runs/*seed=0*/best.safetensors s/splits/made_by s/splits/seed0* >after
    cmp <(sort before) <(sort after)
    run sweep photos.csv --k 1.0 --folds 3 --out s -- "${tiny[@]}"
    expect_status 2
    expect 'was made from other data or shares' || expect 'was made with other options or data'
}

@test "sweep --folds: tables that are half there are drawn again, but not behind a run" {
    sweep photos.csv --k 1.0 --folds 2 --slurm --out s -- "${tiny[@]}"
    cp -r s/splits whole
    rm s/splits/seed0_fold2_test.csv
    echo half >s/splits/seed0_fold1_train.csv
    sweep photos.csv --k 1.0 --folds 2 --out s -- "${tiny[@]}"
    diff -r s/splits whole
    rm s/splits/seed0_fold2_test.csv
    run sweep photos.csv --k 1.0,0.5 --folds 2 --out s -- "${tiny[@]}"
    expect_status 2
    expect "$PWD/s/runs/k=1.0,seed=0,fold=1 is there and its tables in splits/ are not"
    [ ! -e s/splits/seed0_fold2_test.csv ]
}

@test "sweep --folds: paths of the table may begin at --images" {
    mkdir there
    mv photos there/
    run sweep photos.csv --k 1.0 --folds 2 --out s -- "${tiny[@]}" --images there
    expect_status 0
    [ "$(column s/pooled.csv images | sort -u)" = 6 ]
    cmp <(cat s/splits/*_test.csv | grep -v ^image | sort) <(sed 1d photos.csv | sort)
}

@test "sweep --folds: labels can be made wrong in each fold's training table alone" {
    run sweep photos.csv --k 1.0 --folds 3 --flip-labels 0.25 --out s -- "${tiny[@]}"
    expect_status 0
    for fold in 1 2 3; do
        [ "$(wc -l <s/splits/seed0_fold${fold}_noisy_flipped.csv)" -eq 4 ] # 3 of 12
        [ "$(grep -cxvFf s/splits/seed0_fold${fold}_train.csv s/splits/seed0_fold${fold}_noisy.csv)" -eq 3 ]
        sed 's,^\.\./\.\./,,' s/splits/seed0_fold${fold}_test.csv | cmp - <(grep -xFf <(
            sed 's,^\.\./\.\./,,' s/splits/seed0_fold${fold}_test.csv) photos.csv)
    done
}

@test "sweep --folds: mistakes are named, and nothing is trained" {
    for other in '--test photos.csv' '--test-split 0.3'; do
        # shellcheck disable=SC2086
        run sweep photos.csv --folds 3 $other --out s -- "${tiny[@]}"
        expect_status 2
        expect 'exclude each other'
    done
    for n in 1 101 x; do
        run sweep photos.csv --folds $n --out s -- "${tiny[@]}"
        expect_status 2
        expect "--folds: \"$n\" is not a whole number from 2 to 100"
    done
    [ ! -e s ]
    run sweep photos.csv --folds 19 --out s -- "${tiny[@]}" # of 18 images
    expect_status 1
    [ "${#lines[@]}" -eq 1 ]
    mkdir bin
    ln -s "$build/atk-train" "$build/atk-predict" bin
    ATK_TRAIN_BIN=$PWD/bin run sweep photos.csv --folds 3 --out s -- "${tiny[@]}"
    expect_status 1
    expect "$PWD/bin/atk-data is not there"
    [ -z "$(ls s/runs)" ]
}
