#!/usr/bin/env bats
# --find-lr: a curve and a suggestion, and no run.

load tiny
bats_require_minimum_version 1.5.0

setup_file() { make_tiny 42; }
setup() { cd "$BATS_TEST_TMPDIR"; }

find_lr() { (become_find_lr "$@"); }
become_find_lr() { # [OPTION...]
    exec "$bin/atk-train" "$tiny/photos.csv" --model "$tiny/tiny.yaml" --size 32 --batch-size 5 \
        --threads 1 --find-lr "$@"
}

@test "find-lr: writes the curve, suggests a rate with its reason, and leaves no run" {
    run find_lr --optimizer adamw
    [ "$status" -eq 0 ]
    [[ $output = *'the curve is in runs/find-lr/lr_finder.csv'* ]]
    [[ $output =~ 'try --learning-rate '[0-9.]+e-[0-9]+': the smoothed mean loss fell from' ]]
    [ "$(find . -type f)" = ./runs/find-lr/lr_finder.csv ]
    curve=runs/find-lr/lr_finder.csv
    [ "$(head -1 $curve)" = step,learning_rate,loss,mean_loss,smoothed_mean_loss ]
    [ "$(sed -n '2s/^\(1,[^,]*\),.*/\1/p' $curve)" = 1,1e-06 ]
    [ "$(grep -c . <<<"$(grep -o '^step .*' <<<"$output")")" -eq $(($(wc -l <$curve) - 1)) ]
    # The suggestion is what the table says.
    rate=$(tail -n +2 $curve | awk -F, 'NR == 1 || $5 < low { low = $5 } { rate[NR] = $2; loss[NR] = $5 }
        END { for (i = 1; i <= NR; i++) if (loss[i] <= 0.1 * loss[1] + 0.9 * low) {
                  to = rate[i]; from = from ? from : to }
              print from * (to / from) ^ (1 / 3) }')
    [[ $output = *"try --learning-rate $(printf %.1e "$rate"):"* ]]
    # The rate can be used as it is printed.
    rate=$(sed -n 's/^try --learning-rate \([^:]*\):.*/\1/p' <<<"$output")
    train r -q --epochs 1 --optimizer adamw --learning-rate "$rate"
}

@test "find-lr: the same curve again, for any number of threads, with augmentation and clipping" {
    options=(-q --hflip 0.5 --crop-scale 0.5 --brightness 0.2 --clip-grad 1 --ema 0.9 --optimizer sgd
        --momentum 0.9 --nesterov --weight-decay 1e-3)
    find_lr "${options[@]}" --out a
    find_lr "${options[@]}" --out b --threads 2 --workers 3
    find_lr "${options[@]}" --out c --cache none
    [ "$(echo ./*)" = './a-find-lr ./b-find-lr ./c-find-lr' ]
    cmp a-find-lr/lr_finder.csv b-find-lr/lr_finder.csv
    cmp a-find-lr/lr_finder.csv c-find-lr/lr_finder.csv
    # What is not of the learning rate's schedule counts.
    find_lr "${options[@]}" --out d --hflip 0
    run ! cmp a-find-lr/lr_finder.csv d-find-lr/lr_finder.csv
    # The schedule itself does not.
    find_lr "${options[@]}" --out e --learning-rate 0.5 --lr-schedule cosine --warmup-epochs 2
    cmp a-find-lr/lr_finder.csv e-find-lr/lr_finder.csv
}

@test "find-lr: replaces an earlier curve, and nothing else" {
    find_lr -q
    cp runs/find-lr/lr_finder.csv first.csv
    find_lr -q --seed 1
    run ! cmp first.csv runs/find-lr/lr_finder.csv
    touch runs/find-lr/mine
    run find_lr
    [ "$status" -eq 2 ]
    [ "${#lines[@]}" -eq 1 ]
    [[ $output = *'--find-lr: its files go into runs/find-lr, which holds mine'* ]]
}

@test "find-lr: what it excludes is refused before anything is read" {
    train r -q --epochs 1
    for option in '--resume r' --dry-run --json; do
        # shellcheck disable=SC2086  # words
        run "$bin/atk-train" none.csv --find-lr $option
        [ "$status" -eq 2 ]
        [ "${#lines[@]}" -eq 1 ]
        [[ $output = *--find-lr* && $output = *"${option%% *}"* ]]
    done
    [ ! -e runs ]
}

@test "find-lr: SIGINT and SIGTERM end it, and nothing is written" {
    for signal in INT TERM; do
        become_find_lr --size 96 >said 2>&1 &
        pid=$!
        until grep -q '^step ' said; do sleep 0.05; done
        kill -$signal $pid
        ended=0
        wait $pid || ended=$?
        [ "$ended" -eq $((128 + $(kill -l $signal))) ]
        [ "$(tail -1 said)" = 'atk-train: interrupted; nothing was written' ]
        [ ! -e runs ]
    done
}

@test "find-lr: a curve that only rises has no suggestion" {
    # One image with each label as often, in batches of all: ln(3) is the least that there is, but
    # for what the first weights are away from it.
    first=$(sed -n 2p "$tiny/photos.csv" | cut -d, -f1)
    { echo image,label; for i in 0 1 2; do for _ in 1 2 3 4; do echo "$first,$i"; done; done; } >same.csv
    run "$bin/atk-train" same.csv --images "$tiny" --model "$tiny/tiny.yaml" --size 32 \
        --batch-size 12 --val-split 0 --k 1.0 --find-lr
    [ "$status" -eq 0 ]
    [[ $output = *'no suggestion: the mean loss did not fall'* ]]
}
