# For the tests of atk-train: load it, and call train_setup in setup().
#
# Images are three PNG files of 10x8 pixels, one for each class, under many names. They are enough
# to train on at 32 pixels, and a run takes a fraction of a second.

bats_require_minimum_version 1.5.0

train_setup() {
    root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    build=$(cd "$root" && cd "${BUILD:-build}" && pwd)
    export ATK_TRAIN_SHARE=$root # the build folder need not be beside models/
    cd "$BATS_TEST_TMPDIR"
}

atk-train() { "$build/atk-train" "$@"; }

image_0=iVBORw0KGgoAAAANSUhEUgAAAAoAAAAICAIAAABPmPnhAAAALklEQVR42mP8////SVtNBhyA6aStpvnh6zil\
GRgY8KhgPGGjwYAbMDHgBTSVBgBVBQtn5mk+0wAAAABJRU5ErkJggg==
image_1=iVBORw0KGgoAAAANSUhEUgAAAAoAAAAICAIAAABPmPnhAAAAMklEQVR42mP8//+/5tZABhyASXNr4HXv9Til\
GRgY8KhgglC4VDBqbAlgwA2YGPACyqQB4twOZ3VfT0EAAAAASUVORK5CYII=
image_2=iVBORw0KGgoAAAANSUhEUgAAAAoAAAAICAIAAABPmPnhAAAAN0lEQVR42mP8//+/sftdBhyAydj97tmdyjil\
GRgY8KhgglC4VDDBWVhVMBq53WHADZgY8AIC0gBBXhG35n4E7gAAAABJRU5ErkJggg==

# make_images N [NAME]: N images of each of the classes dog, cat and bird in NAME/, with a table
# NAME.csv (default: photos).
make_images() {
    local n=$1 name=${2:-photos} class i j
    mkdir -p "$name"
    echo image,label >"$name.csv"
    for ((i = 1; i <= n; i++)); do
        j=0
        for class in dog cat bird; do
            local image=image_$((j++))
            # No two are copies: behind its end a PNG may hold what it likes.
            { base64 -d <<<"${!image}" && echo "$name$i"; } >"$name/$class$i.png"
            echo "$name/$class$i.png,$class" >>"$name.csv"
        done
    done
}

# A network of 12 thousand parameters, and the options of a run that is over at once. (k is all: what
# else it would mean for such batches is worth a warning.)
small=(--size 32 --batch-size 4 --epochs 2 --k 1.0 --model ./small.yaml)
make_small_model() {
    cat >small.yaml <<'END'
stem: [{width: 8, kernel: 3, stride: 2}]
block: basic
stages: [{blocks: 1, width: 8, stride: 1}, {blocks: 1, width: 16, stride: 2}]
norm: {kind: group, groups: 4}
END
}

# Fails with the whole output when the last `run` did not end with this status.
expect_status() {
    [ "$status" -eq "$1" ] || {
        echo "exit status $status instead of $1: $output"
        return 1
    }
}

# expect TEXT: it is somewhere in the output.
expect() {
    [[ $output = *"$1"* ]] || {
        echo "no \"$1\" in: $output"
        return 1
    }
}

# One line to say what is wrong, beside what every set of so few is warned of, and nothing written:
# neither a run nor a leftover.
expect_one_line_and_no_run() {
    [ "$(grep -vc 'fewer than 10 images' <<<"$output")" -eq 1 ] || {
        echo "more than a line: $output"
        return 1
    }
    [ ! -e runs ]
}

# For tests of scripts/sweep: 18 images of three classes, a small network, and a cache of their own.
sweep_setup() {
    train_setup
    make_small_model
    make_images 6
    find photos -name '*.png' -exec touch -d 2020-01-01 {} + # old enough to be kept on disk
    export ATK_TRAIN_BIN=$build XDG_CACHE_HOME=$PWD/caches
    tiny=(--size 32 --batch-size 4 --epochs 1 --model ./small.yaml)
}
sweep() { "$root/scripts/sweep" "$@"; }

# column FILE NAME: its values, a line each. (No name here has a comma in quotes but the run's.)
column() {
    sed -E 's/^"[^"]*"/run/' "$1" | awk -F, -v name="$2" '
        NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i; next }
        { print $c }'
}
