#!/usr/bin/env bats
# Temperature scaling: found by atk-train on the validation images, kept in the weights' metadata,
# used by atk-predict.

load tiny

setup_file() {
    make_tiny 120 # half of them validate
    # A quarter of the labels says the next class: there is something to be wrong and too sure of.
    awk -F, 'BEGIN { next_of["red"] = "green"; next_of["green"] = "blue"; next_of["blue"] = "red" }
             NR > 1 && NR % 4 == 0 { print $1 "," next_of[$2]; next } { print }' \
        "$tiny/photos.csv" >"$tiny/altered.csv"
    mv "$tiny/altered.csv" "$tiny/photos.csv"
    train "$tiny/run" -q "${half[@]}"
    awk -F, '$3 == "val" || NR == 1 { print $1 "," (NR == 1 ? "label" : $2) }' \
        "$tiny/run/split.csv" >"$tiny/val.csv"
}
half=(--val-split 0.5 --k 1.0 --optimizer adam --learning-rate 0.003 --epochs 7)
setup() { cd "$BATS_TEST_TMPDIR"; }

predict() { "$bin/atk-predict" --threads 1 --workers 1 "$@"; }

# A number of a flat JSON object.
json() { # key file
    grep -oE "\"$1\": [-0-9.e]+" "$2" | sed 's/.*: //'
}

# The temperature in the metadata of a weights file; nothing: none.
temperature_of() { # file
    head -c 4096 "$1" | grep -aoE '"temperature":"[^"]*"' | cut -d'"' -f4
}

# Probability^(1/T), normalised, of the columns from the 5th on of val_predictions.csv.
scaled() { # temperature file
    awk -F, -v t="$1" 'NR > 1 {
        sum = 0; for (i = 5; i <= NF; i++) sum += p[i] = $i ^ (1 / t)
        for (i = 5; i <= NF; i++) printf "%.5f%s", p[i] / sum, i < NF ? "," : "\n"
    }' "$2"
}

@test "calibration: best and last have their own temperature, which is that of summary.json" {
    for which in best last; do
        t=$(temperature_of "$tiny/run/$which.safetensors")
        [ -n "$t" ]
        [ "$t" = "$(json ${which}_temperature "$tiny/run/summary.json")" ]
    done
    [ "$(json best_epoch "$tiny/run/summary.json")" -lt 7 ]
    [ "$(temperature_of "$tiny/run/best.safetensors")" != "$(temperature_of "$tiny/run/last.safetensors")" ]
}

@test "calibration: the temperature has a lower cross-entropy than its neighbours, on val_predictions.csv" {
    awk -F, -v t="$(json best_temperature "$tiny/run/summary.json")" '
        function loss(t) {
            total = 0
            for (r = 1; r <= n; r++) {
                sum = 0; for (i = 5; i <= 7; i++) sum += p[r, i] ^ (1 / t)
                total -= log(p[r, label[r]] ^ (1 / t) / sum)
            }
            return total
        }
        NR == 1 { for (i = 5; i <= NF; i++) column[$i] = i; next }
        { n++; label[n] = column[$2]; for (i = 5; i <= NF; i++) p[n, i] = $i }
        END { exit !(n == 60 && loss(t) < loss(t * 1.02) && loss(t) < loss(t * 0.98) && loss(t) < loss(1)) }
    ' "$tiny/run/val_predictions.csv"
}

@test "calibration: atk-predict's probabilities are those at the temperature; figures are not of it" {
    predict "$tiny/run/best.safetensors" "$tiny/val.csv" --out table.csv --json >figures
    awk -F, 'NR > 1 { printf "%.5f,%.5f,%.5f\n", $4, $5, $6 }' table.csv >got
    scaled "$(json best_temperature "$tiny/run/summary.json")" "$tiny/run/val_predictions.csv" >want
    # One unit of the last digit: six digits were printed of what is raised to a power.
    paste -d, got want | awk -F, '{ for (i = 1; i <= 3; i++) if (($i - $(i + 3))^2 > 2.1e-10) exit 1 }'
    cmp <(cut -d, -f2 table.csv) <(cut -d, -f3 "$tiny/run/val_predictions.csv")
    [ "$(json accuracy figures)" = "$(json best_accuracy "$tiny/run/summary.json")" ]
    [ "$(json mean_cross_entropy figures)" = "$(json best_mean_loss "$tiny/run/summary.json")" ]
}

@test "calibration: in parts of a batch, and of features, the bytes are the same" {
    figures() { grep -oE '"(best|last)_(temperature|ece|ece_calibrated)": [^,]*' "$1/summary.json"; }
    for options in '' '--tta flip --ema 0.8' '--train head --cache-features auto'; do
        # shellcheck disable=SC2206
        options=("${half[@]}" $options --batch-size 25)
        train whole -q "${options[@]}"
        train parts -q "${options[@]}" --max-minutes 1e-9
        while grep -q '"status": "out of time"' parts/summary.json; do
            "$bin/atk-train" -q --resume parts --threads 2
        done
        same_run whole parts
        [ "$(figures whole)" = "$(figures parts)" ]
        [ "$(figures whole | wc -l)" -eq 6 ]
        rm -r whole parts
    done
}

@test "calibration: what was found is told in the end; of too few images, that there is none" {
    run train r "${half[@]}"
    [[ $output = *$'\ncalibration: expected error '*' (15 bins), '*' with the temperature '* ]]
    run train few --val-split 0.25
    [ "$(grep -c 'temperature 1: 30 validation images are too few to find one (50)' <<<"$output")" -eq 1 ]
    [ "$(json best_temperature few/summary.json)" = 1 ]
    [ -z "$(temperature_of few/best.safetensors)" ]
    train none -q --val-split 0
    grep -q '"best_temperature": null, "best_ece": null' none/summary.json
}

@test "calibration: a state of before there were temperatures goes on" {
    train r -q "${half[@]}" --max-minutes 1e-9
    "$bin/atk-train" -q --resume r
    perl -e '
        open my $f, "<:raw", "r/state.safetensors" or die; local $/; my $bytes = <$f>;
        my $n = unpack "Q<", $bytes; my $head = substr $bytes, 8, $n; my $data = substr $bytes, 8 + $n;
        my ($begin, $end) = $head =~ /"calibration":\{[^}]*"data_offsets":\[(\d+),(\d+)\]\},?/ or die;
        $head =~ s/"calibration":\{[^}]*\},?//;
        substr($data, $begin, $end - $begin) = "";
        my $cut = $end - $begin;
        $head =~ s/"data_offsets":\[(\d+),(\d+)\]/sprintf "\"data_offsets\":[%d,%d]", map { $_ >= $end ? $_ - $cut : $_ } $1, $2/ge;
        $head .= " " x (-length($head) % 8);
        open my $o, ">:raw", "r/state.safetensors" or die; print $o pack("Q<", length $head), $head, $data;'
    "$bin/atk-train" -q --resume r --max-minutes 0
    grep -q '"status": "finished"' r/summary.json
    [ -n "$(temperature_of r/last.safetensors)" ]
}

# ---- atk-predict --calibrate ----

@test "calibration: --calibrate finds later what training would have found, and changes no tensor" {
    cp -r "$tiny/run" r
    want=$(<"$tiny/run/best.safetensors" sha256sum)
    # As a file of before there were temperatures.
    "$bin/atk-predict" --calibrate "$tiny/photos.csv" r -q
    [ "$(<r/best.safetensors sha256sum)" != "$want" ] # by other images
    run "$bin/atk-predict" --calibrate "$tiny/val.csv" r
    [ "$status" -eq 0 ]
    [[ $output = *'best.safetensors: temperature '*', by 60 images'*'expected calibration error '* ]]
    [ "$(<r/best.safetensors sha256sum)" = "$want" ]
    "$bin/atk-predict" --calibrate "$tiny/val.csv" r/last.safetensors --json -q >figures
    [ "$(json temperature figures)" = "$(json last_temperature "$tiny/run/summary.json")" ]
    [ "$(json ece_calibrated figures)" = "$(json last_ece_calibrated "$tiny/run/summary.json")" ]
    cmp r/last.safetensors "$tiny/run/last.safetensors"
}

@test "calibration: --calibrate refuses too few images, and options that it would not heed" {
    cp -r "$tiny/run" r
    head -n 50 "$tiny/val.csv" >few.csv
    sed -i "2,\$s|^|$tiny/|" few.csv
    run "$bin/atk-predict" --calibrate few.csv r
    [ "$status" -eq 1 ]
    [[ $output = *'--calibrate: 49 images have a label that the model knows, and a temperature takes 50'* ]]
    for wrong in "r photos" "r --top 2" "r --evaluate" "r --reject-below 0.5" "r --out x" "r --list l" \
        "r r" "r --json-lines" "r --cam c" "r --confusion-matrix m"; do
        # shellcheck disable=SC2086
        run "$bin/atk-predict" --calibrate "$tiny/val.csv" $wrong
        [ "$status" -eq 2 ]
        [[ $output = *'--calibrate writes a temperature and nothing else: not with '* ]]
    done
    run "$bin/atk-predict" --calibrate photos r
    [ "$status" -eq 2 ]
    cmp r/best.safetensors "$tiny/run/best.safetensors"
}

@test "calibration: --calibrate leaves the file as it was when the disk is full" {
    cp -r "$tiny/run" r
    run bash -c "ulimit -f 8; '$bin/atk-predict' --calibrate '$tiny/photos.csv' r"
    [ "$status" -eq 1 ]
    [[ $output = *'best.safetensors'* ]]
    cmp r/best.safetensors "$tiny/run/best.safetensors"
    [ -z "$(find r -name '*.tmp*')" ]
}

# ---- --reject-below, --evaluate ----

@test "reject: below the limit predicted is empty and rejected 1; the rest of the row stays" {
    predict "$tiny/run" "$tiny/val.csv" -q >all.csv
    # A limit that some reach: the tenth largest probability of 60.
    limit=$(tail -n +2 all.csv | cut -d, -f3 | sort -rg | sed -n 10p)
    limit=$(awk -v l="$limit" 'BEGIN { print l - 1e-5 }')
    predict "$tiny/run" "$tiny/val.csv" --reject-below "$limit" >table.csv 2>figures
    [ "$(head -n 1 table.csv)" = 'image,predicted,probability,rejected,blue,green,red' ]
    awk -F, -v limit="$limit" 'NR > 1 && (($3 < limit) != $4 || ($2 == "") != $4) { exit 1 }' table.csv
    [ "$(awk -F, '$4 == 0' table.csv | wc -l)" -ge 10 ]
    [ "$(awk -F, '$4 == 1' table.csv | wc -l)" -gt 10 ]
    cmp <(cut -d, -f1,3,5- table.csv) <(cut -d, -f1,3- all.csv)
    grep -q "$(awk -F, '$4 == 1' table.csv | wc -l) of 60 images rejected (probability below " figures
    predict "$tiny/run" "$tiny/val.csv" --reject-below "$limit" --json-lines -q >lines
    [ "$(grep -c '"predicted": null, "probability": [0-9.e-]*, "rejected": true' lines)" -eq \
        "$(awk -F, '$4 == 1' table.csv | wc -l)" ]
    [ "$(grep -c '"rejected": false' lines)" -eq "$(awk -F, '$4 == 0' table.csv | wc -l)" ]
}

@test "reject: coverage against accuracy is that of the table" {
    predict "$tiny/run" "$tiny/val.csv" --reject-below 0.42 --out table.csv >figures
    paste -d, table.csv "$tiny/val.csv" | awk -F, 'NR > 1 && $3 >= 0.42 {
        n++; right += $2 == $9 } END { printf "     0.42  %6d    %.4f    %.4f\n", n, n / 60, right / n }' >want
    grep -qxFf want figures
    grep -q '^        0      60    1.0000    ' figures
    predict "$tiny/run" "$tiny/val.csv" --reject-below 0.42 --out table.csv --json -q >figures
    grep -q '"coverage_limits": \[0, 0.42, 0.5, ' figures
    grep -q '"coverage": \[1, ' figures
    [ "$(json rejected figures)" -eq "$(awk -F, '$4 == 1' table.csv | wc -l)" ]
    # Without labels there is a count, and no table.
    cut -d, -f1 "$tiny/val.csv" >unlabelled.csv
    predict "$tiny/run" unlabelled.csv --images "$tiny" --reject-below 0.42 --out table.csv >figures
    grep -q 'of 60 images rejected' figures
    run grep coverage figures
    [ "$status" -eq 1 ]
}

@test "reject: a limit that is no probability is named" {
    for wrong in 0 1.1 -1 nan 50% ''; do
        run predict "$tiny/run" "$tiny/val.csv" --reject-below "$wrong"
        [ "$status" -eq 2 ]
        [[ $output = *"--reject-below: \"$wrong\" is not a number above 0, at most 1"* ]]
    done
}

@test "reject: a class called rejected keeps its column" {
    sed 's/red$/rejected/' "$tiny/photos.csv" >photos.csv
    "$bin/atk-train" photos.csv --images "$tiny" --model "$tiny/tiny.yaml" --size 32 --epochs 1 -q --out r
    predict r photos.csv --images "$tiny" -q --reject-below 0.5 >table.csv
    [ "$(head -n 1 table.csv)" = 'image,predicted,probability,rejected,blue,green,class rejected' ]
}

@test "evaluate: intervals hold the figures, the seed decides them, and labels are needed" {
    evaluate() { predict "$tiny/run" "$tiny/val.csv" --evaluate --out table.csv --json -q "$@"; }
    evaluate >a
    evaluate --threads 2 --batch-size 3 >b
    evaluate --seed 1 >c
    cmp a b
    [ "$(grep -o '"accuracy_interval": [^]]*' a)" != "$(grep -o '"accuracy_interval": [^]]*' c)" ]
    for figure in accuracy balanced_accuracy macro_f1; do
        interval=$(grep -oE "\"${figure}_interval\": \[[^]]*" a | sed 's/.*\[//; s/,//')
        awk -v figure="$(json $figure a)" -v interval="$interval" 'BEGIN {
            split(interval, end, " "); exit !(end[1] < figure && figure < end[2] && end[2] - end[1] < 0.4) }'
    done
    predict "$tiny/run" "$tiny/val.csv" --evaluate --out table.csv >figures
    grep -q '^95 % intervals (bootstrap, 2000 draws of the 60 images)$' figures
    grep -q '^coverage against accuracy' figures
    grep -q '^expected calibration error 0\.[0-9]* (15 bins), 0\.[0-9]* without the temperature$' figures
    cut -d, -f1 "$tiny/val.csv" >unlabelled.csv
    run predict "$tiny/run" unlabelled.csv --images "$tiny" --evaluate --out table.csv
    [ "$status" -eq 1 ]
    [[ $output = *'--evaluate: no image has a label that the model knows'* ]]
}
