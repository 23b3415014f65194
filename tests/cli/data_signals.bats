#!/usr/bin/env bats
# atk-data and signals: it ends soon, with 128 + the signal, and leaves whole tables or none.
# bats file_tags=release

load helpers

setup() {
    train_setup
    # Forty thousand rows: long enough to be interrupted on the way.
    perl -e 'print "image,label\n"; printf "images/a-name-of-some-length-%06d.jpg,%s\n", $_, (qw(dog cat bird))[$_ % 3]
        for 1 .. 40000' >big.csv
    printf 'dog\ncat\n' >names.txt
}

# ended_by SIGNAL COMMAND...: the command, which would wait for long, ends within seconds of a signal.
ended_by() {
    local signal=$1 pid status=0 since
    shift
    "$build/atk-data" "$@" <table >log 2>&1 &
    pid=$!
    sleep 0.3
    since=$(date +%s%N)
    kill "-$signal" $pid
    for _ in $(seq 80); do kill -0 $pid 2>/dev/null && sleep 0.1; done
    kill -KILL $pid 2>/dev/null && echo 'it had to be killed'
    wait $pid || status=$?
    echo "$*: $status, $((($(date +%s%N) - since) / 1000000)) ms: $(cat log)"
    [ $((($(date +%s%N) - since) / 1000000)) -lt 7000 ]
    [ $status -eq $((128 + $(kill -l "$signal"))) ]
    [ "$(tail -n 1 log)" = 'atk-data: interrupted' ]
    [ -z "$(compgen -G 'out*')" ]
}

@test "atk-data: a signal ends a command whose table does not come, and nothing is written" {
    mkfifo table
    sleep 100 >table &
    writer=$!
    ended_by TERM split /dev/stdin --out out
    ended_by INT flip-labels /dev/stdin --out out
    ended_by HUP name-labels /dev/stdin --names names.txt --out out
    ended_by TERM check /dev/stdin
    ended_by INT precision /dev/stdin big.csv
    kill $writer
}

@test "atk-data: a signal ends from-folders while nobody reads what it prints" {
    mkdir -p photos/dog photos/cat
    perl -e 'open F, ">", "photos/$_.png" or die for map { my $i = $_; map { "$_/" . "long" x 30 . $i } qw(dog cat) } 1 .. 800'
    mkfifo table pipe
    sleep 100 >table &
    writer=$!
    sleep 100 <pipe &
    reader=$!
    "$build/atk-data" from-folders photos >pipe 2>log &
    pid=$! status=0
    sleep 0.3
    kill -TERM $pid
    for _ in $(seq 80); do kill -0 $pid 2>/dev/null && sleep 0.1; done
    wait $pid || status=$?
    kill $writer $reader
    [ $status -eq 143 ]
}

# whole_or_none SIGNAL COMMAND...: at any instant of the command, a signal leaves the tables that it
# writes when nothing comes between, or none; no temporary file, and the status says which it was.
whole_or_none() {
    local signal=$1 since time n_interrupted=0 i pid status
    shift
    rm -rf whole && mkdir whole
    since=$(date +%s%N)
    "$build/atk-data" "$@" --out whole/out
    time=$((($(date +%s%N) - since) / 1000))
    for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
        rm -rf part && mkdir part
        "$build/atk-data" "$@" --out part/out 2>log &
        pid=$!
        sleep "$(printf '0.%06d' $((time * i / 13 % 1000000)))"
        kill "-$signal" $pid 2>/dev/null || true
        status=0
        wait $pid || status=$?
        if [ $status -ne 0 ]; then
            [ $status -eq $((128 + $(kill -l "$signal"))) ]
            # A signal that came behind the last table has them all written.
            [ -z "$(ls -A part)" ] || diff -r whole part
            [ -n "$(ls -A part)" ] || n_interrupted=$((n_interrupted + 1))
        else
            diff -r whole part
        fi
    done
    echo "$*: $time us, interrupted $n_interrupted times"
    [ $n_interrupted -ge 3 ]
}

@test "atk-data: interrupted at any instant, split, flip-labels and from-folders leave whole tables or none" {
    whole_or_none TERM split big.csv --keep-paths
    whole_or_none INT split big.csv --keep-paths --folds 20
    whole_or_none TERM flip-labels big.csv --keep-paths
    mkdir -p photos/dog photos/cat
    perl -e 'for $i (1 .. 10000) { for (qw(dog cat)) { open F, ">", "photos/$_/$i.png" or die } }'
    whole_or_none INT from-folders photos
}
