#!/usr/bin/env bats
# bats file_tags=release
# scripts/split-csv, flip-labels and precision-at-n: what is drawn, how often, with which quoting.

load helpers

setup() {
    train_setup
    scripts=$root/scripts
}

# table N-OF-A N-OF-B...: rows of the classes a, b, ... in turn, as t.csv.
make_table() {
    awk -v counts="$*" 'BEGIN {
        n = split(counts, count, " ")
        print "image,label"
        for (i = 1; left != n; i++)
            for (left = c = 0; c < n; c++)
                if (i <= count[c + 1]) printf "p/%c%d.png,%c\n", 97 + c, i, 97 + c; else left++
    }' >t.csv
}

labels() { # file: how many rows of each label
    sed 1d "$1" | cut -d, -f2 | sort | uniq -c | awk '{ printf "%s%s%d", sep, $2, $1; sep = " " }'
}

@test "split-csv: the share of each class is rounded, at least one and not all" {
    make_table 40 10 3 2 1
    run "$scripts/split-csv" --share 0.25 --out s t.csv
    expect_status 0
    [ "$output" = 'split-csv: 56 pictures of 5 classes: 41 to train, 15 to test' ]
    [ "$(labels s_test.csv)" = 'a10 b3 c1 d1' ]
    [ "$(labels s_train.csv)" = 'a30 b7 c2 d1 e1' ]
    # Every row is in one of them, in its order.
    [ "$(cat s_train.csv s_test.csv | grep -v image | sort)" = "$(sed 1d t.csv | sort)" ]
    grep -vxFf s_test.csv t.csv | cmp - <(sed 1d s_train.csv)
}

@test "split-csv: the seed decides, and every picture comes to the test in time" {
    make_table 30 20
    for seed in 0 1 2 3 4 5 6 7 8 9; do
        "$scripts/split-csv" --seed $seed --share .5 --out s$seed t.csv
        "$scripts/split-csv" --seed=$seed --share=.5 --out=again$seed t.csv
        cmp s${seed}_test.csv again${seed}_test.csv
    done
    [ "$(md5sum s?_test.csv | cut -c-32 | sort -u | wc -l)" -eq 10 ]
    # 50 pictures, drawn 5 of 10 times on average: none never.
    [ "$(cat s?_test.csv | sort -u | wc -l)" -eq 51 ]
}

@test "split-csv: rows of one picture stay together, and one with two labels trains" {
    make_table 6 6
    sed -n '2,13p' t.csv >>t.csv
    printf '%s\n' p/x.png,a p/x.png,b >>t.csv
    for seed in 1 2 3; do
        "$scripts/split-csv" --seed $seed --out s$seed t.csv
        [ "$(sed 1d s${seed}_test.csv | sort | uniq -c | awk '$1 != 2' | wc -l)" -eq 0 ]
        [ "$(grep -c x.png s${seed}_train.csv)" -eq 2 ]
    done
}

@test "split-csv and flip-labels: quoting, line breaks, CRLF and other columns arrive whole" {
    printf '\xEF\xBB\xBF"no,te"; label ;image\r\n"a ""b"";\nc";x;"p;1.png"\r\n\r\n;"y;z";p2.png\r\n1;x;p3.png\r\n2;"y;z";p 4.png' >t.csv
    run "$scripts/split-csv" --delimiter ';' --share 0.5 --out s t.csv
    expect_status 0
    expect '4 pictures of 2 classes: 2 to train, 2 to test'
    head -n 1 s_train.csv | grep -qxF '"no,te"; label ;image'
    cat s_train.csv s_test.csv >both
    grep -qxF '"a ""b"";' both
    grep -qxF 'c";x;"p;1.png"' both
    grep -qxF ';"y;z";p2.png' both
    mkdir d
    "$scripts/flip-labels" --delimiter ';' --share 0.99 --out d/f t.csv
    grep -qxF 'c";"y;z";"../p;1.png"' d/f.csv
    grep -qxF '../p 4.png,x,"y;z"' d/f_flipped.csv
}

@test "split-csv and flip-labels: spaces around a label do not make another class" {
    printf 'image,label\na.png,x\nb.png, x \nc.png,"x "\nd.png,y\ne.png,\ty\n' >t.csv
    run "$scripts/split-csv" --out s t.csv
    expect_status 0
    expect '5 pictures of 2 classes'
    "$scripts/flip-labels" --share 0.9 --out f t.csv
    sed 1d f_flipped.csv | while IFS=, read -r _ label true; do
        case $label$true in xy | yx) ;; *) return 1 ;; esac
    done
}

@test "split-csv: paths fit the folder of the result, or stay" {
    make_pictures 3
    make_small_model
    mkdir -p d/e
    "$scripts/split-csv" --out d/e/s photos.csv
    grep -qxF ../../photos/dog1.png,dog <(cat d/e/s_*.csv)
    run atk-train "${small[@]}" --dry-run d/e/s_train.csv --val d/e/s_test.csv
    expect_status 0
    "$scripts/split-csv" --keep-paths --out d/k photos.csv
    grep -qxF photos/dog1.png,dog <(cat d/k_*.csv)
    sed "s|^photos|$PWD/photos|" photos.csv >absolute.csv
    "$scripts/split-csv" --out d/a absolute.csv
    grep -qxF "$PWD/photos/dog1.png,dog" <(cat d/a_*.csv)
    sed 1d photos.csv >plain.csv
    "$scripts/split-csv" --no-header --out d/n plain.csv
    [ "$(cat d/n_*.csv | wc -l)" -eq 9 ]
}

@test "flip-labels: the share of all pictures, each to another label, listed with the true one" {
    make_table 60 30 10
    run "$scripts/flip-labels" --share 0.2 --seed 3 --out f t.csv
    expect_status 0
    [ "$output" = 'flip-labels: 20 of 100 pictures have a wrong label now' ]
    [ "$(wc -l <f.csv)" -eq 101 ]
    [ "$(wc -l <f_flipped.csv)" -eq 21 ]
    # What differs is what is listed.
    paste -d, t.csv f.csv | awk -F, '$1 != $3 { exit 1 } $2 != $4 { print $1 "," $4 "," $2 }' >differs
    cmp <(sort differs) <(sed 1d f_flipped.csv | sort)
    "$scripts/flip-labels" --share 0.2 --seed 3 --out again t.csv
    cmp f.csv again.csv
    "$scripts/flip-labels" --share 0.2 --seed 4 --out other t.csv
    run -1 cmp -s f.csv other.csv
    # Of 600 flips of 600 a each other label takes about half.
    make_table 600 2 2
    "$scripts/flip-labels" --share 0.99 --out many t.csv
    b=$(grep -c ',b,a$' many_flipped.csv)
    [ "$b" -gt 240 ]
    [ "$b" -lt 360 ]
}

@test "precision-at-n: counts by hand" {
    printf '%s\n' image,label,true_label a,x,y '"b,1",x,y' c,x,y missing,x,y >flipped.csv
    printf '%s\n' image,label a,x ok1,x '"b,1",x' ok2,x ok3,x c,x >hard.csv
    run "$scripts/precision-at-n" flipped.csv hard.csv 1 2 3 6 7
    expect_status 0
    [ "$output" = "$(printf '%s\n' n,flipped,precision,recall,chance 1,1,1.0000,0.3333,0.5000 \
        2,1,0.5000,0.3333,0.5000 3,2,0.6667,0.6667,0.5000 6,3,0.5000,1.0000,0.5000)" ]
    run "$scripts/precision-at-n" flipped.csv hard.csv
    expect 3,2,0.6667,0.6667,0.5000
    run "$scripts/precision-at-n" hard.csv <(printf 'image\nz\n')
    expect_status 1
}

@test "table scripts: mistakes are named, with exit status 1 or 2, and nothing is written" {
    make_table 3 3
    refuses() { # status text COMMAND...
        local code=$1 text=$2
        shift 2
        run "$scripts/$1" "${@:2}"
        expect_status "$code" && expect "$text" && [ "$(echo *)" = t.csv ]
    }
    for script in split-csv flip-labels; do
        refuses 2 'one table was expected, not 0' $script --out x
        refuses 2 '--out PREFIX is missing' $script t.csv
        refuses 2 '--share: "1" is not a share' $script --share 1 --out x t.csv
        refuses 2 '--share: "0.0" is not a share' $script --share 0.0 --out x t.csv
        refuses 2 '--seed: "-1" is not a whole number' $script --seed -1 --out x t.csv
        refuses 2 'unknown option "--size"' $script --size 3 --out x t.csv
        refuses 1 'nix.csv is not a file' $script --out x nix.csv
        refuses 1 '--out: nix is not a folder' $script --out nix/x t.csv
        refuses 1 'no column "photo"; there are: image, label' $script --image-column photo --out x t.csv
    done
    refuses 1 '--share: 0.05 of 6 pictures is none' flip-labels --share 0.05 --out x t.csv
    refuses 2 'N: "0" is not' precision-at-n t.csv t.csv 0
    printf 'image,label\na"b,x\n' >t.csv
    refuses 1 't.csv:2: a field that holds a quote is not quoted' split-csv --out x t.csv
    printf 'image,label\n"ab,x\ncd,y\n' >t.csv
    refuses 1 't.csv:2: a quoted field has no closing quote' split-csv --out x t.csv
    printf 'image,label\n"ab"c,x\n' >t.csv
    refuses 1 't.csv:2: a closing quote is followed by' split-csv --out x t.csv
    printf 'image,label\nab,x\n' >t.csv
    refuses 1 't.csv: fewer than two classes' flip-labels --out x t.csv
    make_table 3 3
    touch x_test.csv
    run "$scripts/split-csv" --out x t.csv
    expect_status 1
    expect 'x_test.csv exists already'
    [ ! -e x_train.csv ]
}
