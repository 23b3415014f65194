#!/usr/bin/env bats
# atk-predict: the best classes, JSON lines, figures by class, activation maps, the progress bar.

load tiny

setup_file() {
    make_tiny 42
    train "$tiny/run" -q
    train "$tiny/batch" -q --model "$tiny/tiny-bn.yaml" --mean 0.5 --std 0.25 --resize letterbox
    { head -n 1 "$tiny/photos.csv" && sed 1d "$tiny/photos.csv" | head -n 20; } >"$tiny/some.csv"
}
setup() {
    cd "$BATS_TEST_TMPDIR"
    model=$tiny/run some=$tiny/some.csv
}

predict() { "$bin/atk-predict" --threads 1 --workers 1 "$@"; }

# ---- columns ----

@test "--top N has the N best classes of each image, best first" {
    predict "$model" "$some" -q >all.csv
    predict "$model" "$some" -q --top 2 >two.csv
    [ "$(head -n 1 two.csv)" = "image,predicted,probability,predicted_2,probability_2" ]
    awk -F, 'NR == 1 { for (i = 4; i <= 6; i++) name[i] = $i; next }
        { best = 4; for (i = 5; i <= 6; i++) if ($i > $best) best = i
          second = best == 4 ? 5 : 4
          for (i = 4; i <= 6; i++) if (i != best && $i > $second) second = i
          print $1 "," name[best] "," $best "," name[second] "," $second }' all.csv |
        cmp - <(tail -n +2 two.csv)
    predict "$model" "$some" -q --top 1 | cmp - <(cut -d, -f1-3 all.csv)
    predict "$model" "$some" -q --top 99 | head -n 1 | grep -qx 'image,predicted,probability,predicted_2,probability_2,predicted_3,probability_3'
    for n in 0 -1 1.5 x ''; do
        run predict "$model" "$some" --top "$n"
        [ "$status" -eq 2 ]
        [[ $output = "atk-predict: --top: \"$n\" is not an integer in 1.."* ]]
    done
}

@test "--json-lines has an object for each image that parses, with the table's values" {
    cp "$tiny/p00.png" $'a"\n\xff.png'
    head -n 5 "$some" | sed "2,\$s#^#$tiny/#" >few.csv
    predict "$model" few.csv $'a"\n\xff.png' -q --json-lines >lines.json
    [ "$(wc -l <lines.json)" -eq 5 ]
    predict "$model" few.csv $'a"\n\xff.png' -q --top 3 >table.csv
    python3 - <<'END'
import csv, json
rows = list(csv.DictReader(open("table.csv", encoding="utf-8", errors="replace", newline="")))
labels = [row["label"] for row in csv.DictReader(open("few.csv"))]
lines = [json.loads(line) for line in open("lines.json", encoding="utf-8")]
assert len(rows) == len(lines) == 5
for row, line, label in zip(rows, lines, labels + [None]):
    assert line["image"] == row["image"] and line.get("label") == label
    assert line["predicted"] == row["predicted"] == line["classes"][0]["class"]
    assert [c["class"] for c in line["classes"]] == [row["predicted"], row["predicted_2"], row["predicted_3"]]
    for c, column in zip(line["classes"], ["probability", "probability_2", "probability_3"]):
        assert abs(c["probability"] - float(row[column])) < 1e-6
END
    predict "$model" "$some" -q --json-lines --top 1 | head -n 1 | grep -qE '"classes": \[\{[^{]*\}\]\}$'
}

# ---- figures by class ----

@test "precision, recall, F1, support and the confusion matrix are those of the table" {
    predict "$model" "$some" --out table.csv --confusion-matrix matrix.csv --json >figures
    python3 - "$some" <<'END'
import csv, json, sys
truth = [row["label"] for row in csv.DictReader(open(sys.argv[1]))]
guess = [row["predicted"] for row in csv.DictReader(open("table.csv"))]
lines = open("figures").read().splitlines()
figures = json.loads(lines[-1])
classes = figures["classes"]
assert classes == ["blue", "green", "red"] and len(truth) == 20
matrix = [[sum(t == a and g == b for t, g in zip(truth, guess)) for b in classes] for a in classes]
assert figures["confusion_matrix"] == matrix
with open("matrix.csv") as file:
    assert [[int(v) for v in row[1:]] for row in list(csv.reader(file))[1:]] == matrix
start = next(i for i, line in enumerate(lines) if line.startswith("class "))
assert lines[start].split() == ["class", "images", "recall", "precision", "F1"]
for i, name in enumerate(classes):
    support, predicted, hits = sum(matrix[i]), sum(row[i] for row in matrix), matrix[i][i]
    want = [hits / support if support else None, hits / predicted if predicted else None,
            2 * hits / (support + predicted) if support + predicted else None]
    assert figures["support"][i] == support
    for key, value in zip(["recall", "precision", "f1"], want):
        got = figures[key][i]
        assert (got is None) == (value is None) and (value is None or abs(got - value) < 1e-8), key
    said = lines[start + 1 + i].split()
    assert said == [name, str(support)] + ["-" if v is None else f"{v:.4f}" for v in want], said
assert lines[start + 4].startswith("confusion matrix")
assert [[int(v) for v in line.split()[1:]] for line in lines[start + 5:start + 8]] == matrix
END
}

# ---- activation maps ----

# PNG files as "WIDTHxHEIGHT", by their headers.
png_size() { od -An -j16 -N8 -tu1 "$1" | awk '{ print $3 * 256 + $4 "x" $7 * 256 + $8 }'; }

@test "--cam writes a map for each image, under names that do not collide or leave the folder" {
    mkdir a b
    cp "$tiny/p00.png" a/x.png
    cp "$tiny/p01.png" b/x.png
    cp "$tiny/p02.png" $'a/-we ird$(rm)\n;\xc3\xa4\xff.tar.jpg'
    cp "$tiny/p03.png" "a/$(printf '%0200d' 0).png"
    cp "$tiny/p04.png" ..png
    predict "$model" a/x.png b/../b/x.png $'a/-we ird$(rm)\n;\xc3\xa4\xff.tar.jpg' a/0000*.png ..png \
        --cam maps/deep -q >table.csv
    ls maps/deep >names
    printf '%s\n' 000001-x.png 000002-x.png $'000003--we_ird__rm___\xc3\xa4_.tar.png' \
        "000004-$(printf '%0100d' 0).png" 000005-..png >expected
    diff expected names
    [ "$(ls -A maps)" = deep ]
    for file in maps/deep/*; do [ "$(png_size "$file")" = 32x32 ]; done
    predict "$model" a/x.png b/x.png -q | cmp - <(sed -n '1,3s#b/../b#b#;1,3p' table.csv)
    # The same bytes again, into the folder that is there.
    cp -r maps before
    predict "$model" a/x.png b/../b/x.png --cam maps/deep -q >/dev/null
    diff -r before maps
}

@test "a map is the resized image, half and half with the colours of its class's evidence" {
    predict "$tiny/batch" "$tiny/p00.png" --cam maps -q >table.csv
    predict "$tiny/batch" "$tiny/p00.png" -q | cmp - table.csv
    cp "$tiny/p01.png" other.png
    predict "$tiny/batch" other.png "$tiny/p00.png" --cam two -q --batch-size 1 >/dev/null
    cmp maps/000001-p00.png two/000002-p00.png
    run -1 cmp -s two/000001-other.png two/000002-p00.png
    predict "$tiny/batch" "$tiny/p00.png" --cam flip --tta flip -q >/dev/null
    [ "$(png_size flip/000001-p00.png)" = 32x32 ]
}

@test "--cam numbers images through all of the data, skipped ones too" {
    printf 'image\n%s\nnowhere.png\n' "$tiny/p00.png" >one.csv
    predict "$model" one.csv "$tiny/p01.png" --cam maps --on-bad-image skip -q >/dev/null 2>&1
    [ "$(ls maps | tr '\n' ' ')" = "000001-p00.png 000003-p01.png " ]
}

@test "--cam refuses the folder of an image, what is no folder, and several networks" {
    mkdir photos
    cp "$tiny/p00.png" photos
    ln -s photos link
    for cam in photos ./photos/ link; do
        run predict "$model" photos --cam $cam
        [ "$status" -eq 2 ]
        [ "$output" = "atk-predict: --cam: $cam holds an image to classify, photos/p00.png" ]
    done
    : >file
    run predict "$model" photos --cam file
    [ "$status" -eq 1 ]
    [ "$output" = "atk-predict: --cam: file is no folder" ]
    run predict "$model" "$tiny/batch" photos --cam maps
    [ "$status" -eq 2 ]
    [ "$output" = "atk-predict: --cam shows what one network looked at; 2 are given" ]
    [ "$(ls)" = "$(printf 'file\nlink\nphotos')" ]
    [ "$(id -u)" -ne 0 ] || skip "root may write everywhere"
    mkdir -m 555 closed
    run predict "$model" photos --cam closed
    [ "$status" -eq 1 ]
    [[ ${lines[-1]} = *"closed/000001-p00.png"* ]]
}

# ---- the bar ----

# A terminal for standard error; standard output goes to a file.
on_terminal() { # command
    TERM=xterm script -qec "$1" /dev/null </dev/null
}

@test "on a terminal a bar counts the images, and leaves the screen" {
    script -qec true /dev/null </dev/null >/dev/null 2>&1 || skip 'no pseudo-terminal here'
    on_terminal "'$bin/atk-predict' '$model' '$some' >table.csv" >screen
    grep -q 'predict: 100%|#*| 20/20 \[.*image/s\]' screen
    [[ $(tr -d '\0' <screen) = *$'\r\033[K20 images classified'* ]]
    on_terminal "'$bin/atk-predict' '$model' '$some' --out other.csv" >screen
    grep -q 'predict: 100%|#*| 20/20 \[.*image/s\]' screen
    cmp table.csv other.csv
    for quiet in "-q >table.csv" ""; do # of the table on the terminal nothing is taken off
        on_terminal "'$bin/atk-predict' '$model' '$some' $quiet" >screen
        run -1 grep -q "predict: " screen
    done
}
