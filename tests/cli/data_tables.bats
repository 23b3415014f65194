#!/usr/bin/env bats
# atk-data split, flip-labels, precision and name-labels: what is drawn, how often, with which quoting.

load helpers

setup() {
    train_setup
}

split() { "$build/atk-data" split "$@"; }
flip-labels() { "$build/atk-data" flip-labels "$@"; }
precision() { "$build/atk-data" precision "$@"; }

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

@test "split: the share of each class is rounded, at least one and not all" {
    make_table 40 10 3 2 1
    run split --test 0.25 --out s t.csv
    expect_status 0
    [ "$output" = 'atk-data split: 56 images of 5 classes: 41 to train, 15 to test' ]
    [ "$(labels s_test.csv)" = 'a10 b3 c1 d1' ]
    [ "$(labels s_train.csv)" = 'a30 b7 c2 d1 e1' ]
    # Every row is in one of them, in its order.
    [ "$(cat s_train.csv s_test.csv | grep -v image | sort)" = "$(sed 1d t.csv | sort)" ]
    grep -vxFf s_test.csv t.csv | cmp - <(sed 1d s_train.csv)
}

@test "split: the seed decides, and every image comes to the test in time" {
    make_table 30 20
    for seed in 0 1 2 3 4 5 6 7 8 9; do
        split --seed $seed --test .5 --out s$seed t.csv
        split --seed=$seed --test=.5 --out=again$seed t.csv
        cmp s${seed}_test.csv again${seed}_test.csv
    done
    [ "$(md5sum s?_test.csv | cut -c-32 | sort -u | wc -l)" -eq 10 ]
    # 50 images, drawn 5 of 10 times on average: none never.
    [ "$(cat s?_test.csv | sort -u | wc -l)" -eq 51 ]
}

@test "split: rows of one image stay together, and one with two labels trains" {
    make_table 6 6
    sed -n '2,13p' t.csv >>t.csv
    printf '%s\n' p/x.png,a p/x.png,b >>t.csv
    for seed in 1 2 3; do
        split --seed $seed --out s$seed t.csv
        [ "$(sed 1d s${seed}_test.csv | sort | uniq -c | awk '$1 != 2' | wc -l)" -eq 0 ]
        [ "$(grep -c x.png s${seed}_train.csv)" -eq 2 ]
    done
}

@test "split: rows of one image stay together however its path is spelled" {
    mkdir -p d real
    ln -s real link
    {
        echo image,label
        for ((i = 0; i < 12; i++)); do
            touch d/$i.png real/$i.png
            ln -s $i.png d/soft$i.png
            printf '%s,%s\n' d/$i.png a ./d/$i.png a d//../d/$i.png a "$PWD/d/$i.png" a d/soft$i.png a \
                real/$i.png b link/$i.png b none/$i.png c ./none/$i.png c $i.png d ./$i.png d
        done
    } >t.csv
    one_side() { # TRAIN TEST: no image is on both
        normal() { sed 1d "$1" | cut -d, -f1 | sed "s|^$PWD/||; s|^\./||; s|//../d/|/|; s|soft||; s|link/|real/|" | sort -u; }
        [ -z "$(comm -12 <(normal "$1") <(normal "$2"))" ]
        [ "$(cat <(normal "$1") <(normal "$2") | sort -u | wc -l)" -eq 48 ]
    }
    split --test .5 --out s t.csv
    one_side s_train.csv s_test.csv
    [ "$(labels s_test.csv)" = 'a30 b12 c12 d12' ]
    split --folds 3 --out f t.csv
    for fold in 1 2 3; do
        one_side f_fold${fold}_train.csv f_fold${fold}_test.csv
    done
}

@test "split --folds: N pairs, each image in one test, the rows of a pair those of the table" {
    make_table 40 10 3 1
    sed -n 2,6p t.csv | sed 's|^|./|' >>t.csv
    printf ',\n' >>t.csv
    run split --folds 5 --out f t.csv
    expect_status 0
    expect 'atk-data split: warning: t.csv:61: 1 row of empty fields is skipped'
    expect 'atk-data split: 54 images of 4 classes in 5 folds: 10 or 11 to test in each'
    expect '1 image trains in every fold and in no test: the only one of a class (1)'
    [ "$(echo f*)" = "$(echo f_fold{1,2,3,4,5}_{test,train}.csv)" ]
    for fold in 1 2 3 4 5; do
        grep -vxFf f_fold${fold}_test.csv t.csv | grep -vx , | cmp - <(sed 1d f_fold${fold}_train.csv)
        labels <(echo image,label && sed '1d; s|^\./||' f_fold${fold}_test.csv | sort -u) | grep -qE '^a8 b2( c1)?$'
    done
    cat f_fold?_test.csv | grep -v ^image | sort | cmp - <(sed 1d t.csv | grep -v 'd1\|^,' | sort)
    split --folds 5 --seed 0 --out again t.csv
    split --folds 5 --seed 1 --out other t.csv
    cmp f_fold3_test.csv again_fold3_test.csv
    run -1 cmp -s f_fold3_test.csv other_fold3_test.csv
}

@test "split: --images and --keep-paths leave paths as they are" {
    mkdir -p p/q d
    printf 'image,label\nq/1.png,a\nq/2.png,a\nq/../q/1.png,a\n3.png,b\n4.png,b\n' >t.csv
    split --images p --test .5 --out d/s t.csv
    cat d/s_*.csv | grep -v ^image | sort | cmp - <(sed 1d t.csv | sort)
    [ "$(cat d/s_train.csv d/s_test.csv | grep -c '1.png')" -eq 2 ]
    [ "$(grep -l '1.png' d/s_*.csv | wc -l)" -eq 1 ]
}

@test "split and flip-labels: quoting, line breaks, CRLF and other columns arrive whole" {
    printf '\xEF\xBB\xBF"no,te"; label ;image\r\n"a ""b"";\nc";x;"p;1.png"\r\n\r\n;"y;z";p2.png\r\n1;x;p3.png\r\n2;"y;z";p 4.png' >t.csv
    run split --delimiter ';' --test 0.5 --out s t.csv
    expect_status 0
    expect '4 images of 2 classes: 2 to train, 2 to test'
    head -n 1 s_train.csv | grep -qxF '"no,te"; label ;image'
    cat s_train.csv s_test.csv >both
    grep -qxF '"a ""b"";' both
    grep -qxF 'c";x;"p;1.png"' both
    grep -qxF ';"y;z";p2.png' both
    mkdir d
    flip-labels --delimiter ';' --share 0.99 --out d/f t.csv
    grep -qxF 'c";"y;z";"../p;1.png"' d/f.csv
    grep -qxF '../p 4.png,x,"y;z"' d/f_flipped.csv
}

@test "split and flip-labels: spaces around a label do not make another class" {
    printf 'image,label\na.png,x\nb.png, x \nc.png,"x "\nd.png,y\ne.png,\ty\n' >t.csv
    run split --out s t.csv
    expect_status 0
    expect '5 images of 2 classes'
    flip-labels --share 0.9 --out f t.csv
    sed 1d f_flipped.csv | while IFS=, read -r _ label true; do
        case $label$true in xy | yx) ;; *) return 1 ;; esac
    done
}

@test "split: paths fit the folder of the result, or stay" {
    make_images 3
    make_small_model
    mkdir -p d/e
    split --out d/e/s photos.csv
    grep -qxF ../../photos/dog1.png,dog <(cat d/e/s_*.csv)
    run atk-train "${small[@]}" --dry-run d/e/s_train.csv --val d/e/s_test.csv
    expect_status 0
    split --keep-paths --out d/k photos.csv
    grep -qxF photos/dog1.png,dog <(cat d/k_*.csv)
    sed "s|^photos|$PWD/photos|" photos.csv >absolute.csv
    split --out d/a absolute.csv
    grep -qxF "$PWD/photos/dog1.png,dog" <(cat d/a_*.csv)
    sed 1d photos.csv >plain.csv
    split --no-header --out d/n plain.csv
    [ "$(cat d/n_*.csv | wc -l)" -eq 9 ]
}

@test "flip-labels: the share of all images, each to another label, listed with the true one" {
    make_table 60 30 10
    run flip-labels --share 0.2 --seed 3 --out f t.csv
    expect_status 0
    [ "$output" = 'atk-data flip-labels: 20 of 100 images have a wrong label now' ]
    [ "$(wc -l <f.csv)" -eq 101 ]
    [ "$(wc -l <f_flipped.csv)" -eq 21 ]
    # What differs is what is listed.
    paste -d, t.csv f.csv | awk -F, '$1 != $3 { exit 1 } $2 != $4 { print $1 "," $4 "," $2 }' >differs
    cmp <(sort differs) <(sed 1d f_flipped.csv | sort)
    flip-labels --share 0.2 --seed 3 --out again t.csv
    cmp f.csv again.csv
    flip-labels --share 0.2 --seed 4 --out other t.csv
    run -1 cmp -s f.csv other.csv
    # Of 600 flips of 600 a each other label takes about half.
    make_table 600 2 2
    flip-labels --share 0.99 --out many t.csv
    b=$(grep -c ',b,a$' many_flipped.csv)
    [ "$b" -gt 240 ]
    [ "$b" -lt 360 ]
}

@test "flip-labels: all rows of an image change, those whose rows disagree do not" {
    printf 'image,label\n1.png,a\n./1.png,a\n2.png,b\n3.png,a\n3.png,b\n4.png,b\n' >t.csv
    flip-labels --share 0.99 --out f t.csv
    [ "$(<f.csv)" = "$(printf '%s\n' image,label 1.png,b ./1.png,b 2.png,a 3.png,a 3.png,b 4.png,a)" ]
    [ "$(<f_flipped.csv)" = "$(printf '%s\n' image,label,true_label 1.png,b,a 2.png,a,b 4.png,a,b)" ]
}

@test "name-labels, and --names of split and flip-labels: numbers become names" {
    printf 'n,image,label\n1,"a ""1"".png",0\n2,b.png,2\n3,c.png,01\n4,d.png,2.0\n5,e.png,0\n,,\n' >t.csv
    printf 'T-shirt, long\nbag\nshoe\n' >names.txt
    run "$build/atk-data" name-labels --names names.txt --out named t.csv
    expect_status 0
    expect 'atk-data name-labels: 5 rows; --classes names.txt keeps the classes in the order of their numbers'
    printf 'n,image,label\n1,"a ""1"".png","T-shirt, long"\n2,b.png,shoe\n3,c.png,bag\n4,d.png,shoe\n5,e.png,"T-shirt, long"\n' |
        cmp - named.csv
    mkdir d
    split --names names.txt --out d/s t.csv
    cat d/s_*.csv | grep -v ^n, | sort | cmp - <(sed '1d; s|a ""1|../&|; s|,\([b-e].png\)|,../\1|' named.csv | sort)
    flip-labels --names names.txt --share 0.9 --out f t.csv
    [ "$(sed 1d f_flipped.csv | grep -c 'T-shirt')" -ge 2 ]
    run "$build/atk-data" name-labels --names names.txt --first-number 1 --out x t.csv
    expect_status 1
    expect 't.csv:2: label "0" is not the number of a name; there are 3 names, numbered from 1 to 3'
    printf 'image,label\na.png,1\nb.png,3\n' >one.csv
    "$build/atk-data" name-labels --names names.txt --first-number 1 --out one_named one.csv
    [ "$(sed -n 3p one_named.csv)" = b.png,shoe ]
    for label in 3 -1 x 1.5 99999999999 ''; do
        printf 'image,label\na.png,0\nb.png,%s\n' "$label" >bad.csv
        run "$build/atk-data" name-labels --names names.txt --out x bad.csv
        expect_status 1
        expect 'bad.csv:3: '
    done
    [ ! -e x.csv ]
}

@test "precision: one image is one however it is spelled" {
    printf '%s\n' image,label,true_label a.png,x,y >flipped.csv
    printf '%s\n' image,label ./a.png,x b.png,x >hard.csv
    run precision flipped.csv hard.csv 1
    [ "${lines[1]}" = 1,1,1.0000,1.0000,0.5000 ]
    run bash -c "'$build/atk-data' precision flipped.csv hard.csv 1 >/dev/full"
    expect_status 1
}

@test "precision: counts by hand" {
    printf '%s\n' image,label,true_label a,x,y '"b,1",x,y' c,x,y missing,x,y >flipped.csv
    printf '%s\n' image,label a,x ok1,x '"b,1",x' ok2,x ok3,x c,x >hard.csv
    run precision flipped.csv hard.csv 1 2 3 6 7
    expect_status 0
    [ "$output" = "$(printf '%s\n' n,flipped,precision,recall,chance 1,1,1.0000,0.3333,0.5000 \
        2,1,0.5000,0.3333,0.5000 3,2,0.6667,0.6667,0.5000 6,3,0.5000,1.0000,0.5000)" ]
    run precision flipped.csv hard.csv
    expect 3,2,0.6667,0.6667,0.5000
    run precision hard.csv <(printf 'image\nz\n')
    expect_status 1
}

@test "tables: mistakes are named, with exit status 1 or 2, and nothing is written" {
    make_table 3 3
    refuses() { # status text COMMAND...
        local code=$1 text=$2
        shift 2
        run "$build/atk-data" "$@"
        expect_status "$code" && expect "atk-data $1: $text" && [ "$(echo *)" = t.csv ]
    }
    for command in split flip-labels name-labels; do
        refuses 2 'one table was expected, not 0' $command --out x
        refuses 2 'one table was expected, not 2' $command --out x t.csv t.csv
        refuses 2 '--out PREFIX is missing' $command t.csv
        refuses 2 '--first-number: "-1" is not an integer in 0..999999999' $command --first-number -1 --out x t.csv
        refuses 2 'unknown option "--sze"' $command --sze 3 --out x t.csv
        refuses 1 '--out: nix is not a folder' $command --names t.csv --out nix/x t.csv
        refuses 1 'cannot open "nix": No such file' $command --names nix --out x t.csv
    done
    for command in split flip-labels; do
        refuses 2 '--seed: "-1" is not an integer in 0..' $command --seed -1 --out x t.csv
        refuses 1 'cannot open "nix.csv": No such file' $command --out x nix.csv
        refuses 1 't.csv:1: no column "photo" in the header; columns: "image", "label"' $command --image-column photo --out x t.csv
        refuses 2 '--delimiter: "ab" is not a single ASCII character' $command --delimiter ab --out x t.csv
    done
    for share in 0 1 0.0 -0.1 x nan ''; do
        refuses 2 "--test: \"$share\" is not a number in (0, 1)" split --test "$share" --out x t.csv
        refuses 2 "--share: \"$share\" is not a number in (0, 1)" flip-labels --share "$share" --out x t.csv
    done
    for folds in 0 1 101 2.5 1e1 x; do
        refuses 2 "--folds: \"$folds\" is not an integer in 2..100" split --folds $folds --out x t.csv
    done
    refuses 2 '--test and --folds exclude each other' split --test 0.3 --folds 2 --out x t.csv
    refuses 1 't.csv: 6 images for 7 folds: some would have none to test with' split --folds 7 --out x t.csv
    refuses 2 '--names FILE is missing' name-labels --out x t.csv
    refuses 1 '--share: 0.05 of 6 images is none' flip-labels --share 0.05 --out x t.csv
    refuses 2 'N: "0" is not an integer in 1..999999999' precision t.csv t.csv 0
    refuses 2 'two tables were expected' precision t.csv
    refuses 1 't.csv: has none of the images of' precision /dev/stdin t.csv <<<image
    printf 'image,label\np/x.png,a\np/x.png,b\np/y.png,a\n' >t.csv
    refuses 1 't.csv: fewer than two classes have an image of no other class' flip-labels --share 0.9 --out x t.csv
    make_table 3 3
    for file in x_train.csv x_test.csv; do
        ln -s nowhere $file # it is there, although nothing is behind it
        run split --out x t.csv
        expect_status 1
        expect "$file exists already"
        [ "$(echo *)" = "$(printf '%s\n' t.csv $file | sort | xargs)" ]
        rm $file
    done
}

# The message behind the name of the program, warnings apart.
message() { sed -nE '/: warning: /d; s/^atk-(train|data [a-z-]+): //p' <<<"$output"; }

@test "tables: for every table the verdict and the message are those of atk-train" {
    make_images 3
    make_small_model
    mkdir tables folder
    put() { printf "$2" >"tables/$1.csv"; }
    cp photos.csv tables/good.csv
    tr '\n' '\r' <photos.csv >tables/lone_cr.csv
    { cat photos.csv && printf ',\n,\n ,\t\n\n'; } >tables/empty_rows.csv
    { printf '\xEF\xBB\xBF' && sed 's/$/\r/' photos.csv; } >tables/bom_crlf.csv
    sed 's/$/,,/' photos.csv >tables/more_fields.csv
    sed '1s/$/,label/;2,$s/$/,x/' photos.csv >tables/column_twice.csv
    sed '2,4s/dog$/1/;5,$s/dog$/01/' photos.csv >tables/number_twice.csv
    sed '2s/dog$/d\xC3\xB6g/;5s/dog$/do\xCC\x88g/' photos.csv >tables/accents.csv
    sed '3s/,cat$/, Cat/' photos.csv >tables/alike.csv
    sed '3s/,cat$/,/' photos.csv >tables/no_label.csv
    sed '3s/^[^,]*//' photos.csv >tables/no_path.csv
    sed '3s/,.*//' photos.csv >tables/short_row.csv
    sed '3s/$/,more/' photos.csv >tables/long_row.csv
    sed 's/,/;/' photos.csv >tables/semicolons.csv
    sed 's/image/Image/' photos.csv >tables/column_case.csv
    sed 's/,.*/,one/;1s/one/label/' photos.csv >tables/one_class.csv
    sed 1d photos.csv >tables/no_header.csv
    { echo 'sep=,' && cat photos.csv; } >tables/sep.csv
    sed '4s/,/",/' photos.csv >tables/open_quote.csv
    sed '4s/^/"/' photos.csv >tables/no_closing_quote.csv
    sed '4s/^\([^,]*\)/"\1"x/' photos.csv >tables/behind_quote.csv
    sed '4s/bird$/b\x00rd/' photos.csv >tables/nul.csv
    sed '4s/bird$/b\xE9rd/' photos.csv >tables/latin1.csv
    sed '4s/bird$/"b\nrd"/' photos.csv >tables/line_break.csv
    sed 's/$/ /' photos.csv >tables/spaces.csv
    iconv -f UTF-8 -t UTF-16 photos.csv >tables/utf16.csv
    put empty ''
    put blank '\n\n'
    put header_only 'image,label\n'
    put nothing_but_empty 'image,label\n,\n,\n'
    ln -s nowhere tables/broken_link.csv
    mkfifo tables/fifo.csv
    mkdir tables/folder.csv
    refused=0
    for table in tables/*.csv; do
        for options in '' --no-header '--delimiter ;' '--label-column image'; do
            # shellcheck disable=SC2086
            run atk-train "${small[@]}" --val-split 0 --images . --dry-run $options "$table"
            verdict=$status expected=$(message)
            # Once it reads images, the table is accepted, whatever these are.
            if grep -qE '^(images|images) +reading [0-9]+$' <<<"$output"; then verdict=0; fi
            rm -f o_*.csv
            for command in split 'split --folds 2' 'flip-labels --share 0.5'; do
                # shellcheck disable=SC2086
                run "$build/atk-data" $command --images . --out o $options "$table"
                if [ "$verdict" -ne 0 ]; then
                    if [ "$status $(message)" != "$verdict $expected" ]; then
                        echo "$table $options: atk-train $verdict, \"$expected\";" \
                            "$command $status, \"$output\""
                        return 1
                    fi
                    [ "$(echo o*)" = 'o*' ]
                    refused=$((refused + 1))
                else
                    expect_status 0
                fi
                rm -f o*.csv
            done
        done
    done
    [ "$refused" -gt 200 ]
}
