#!/usr/bin/env bats
# bats file_tags=release
# report.html, by atk-train and by atk-report; opened in a browser where there is one.

load helpers

setup() {
    train_setup
    make_small_model
}

atk-report() { "$build/atk-report" "$@"; }

needs_browser() {
    command -v chromium >/dev/null || skip "chromium is not installed"
    command -v python3 >/dev/null || skip "python3 is not installed"
}

needs_charts() {
    [ -f /usr/share/javascript/chart.js/chart.min.js ] || skip "libjs-chart.js is not installed"
}

# browse PAGE EXPRESSION...: a line of JSON for each; fails when the console has an error.
browse() { python3 "$root/tests/cli/browser.py" "$@"; }

# The page's document, without what a clock decides.
figures() {
    sed -nE 's|^<script type="application/json" id="document">(.*)</script>$|\1|p' "$1" |
        sed -E 's/"written":"[^"]*"//'
}

# What must be true of any page: nothing wider than the window, every chart drawn, with a point or bar within it.
whole_page='document.documentElement.scrollWidth <= innerWidth'
all_drawn='drawn.length > 0 && drawn.every(({ canvas, chart }) => {
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    const area = chart.chartArea, inside = ({ x, y }) => x >= area.left && x <= area.right && y >= area.top && y <= area.bottom;
    return canvas.width > 100 && pixels.some((value) => value !== 0) &&
        chart.data.datasets.some((_, i) => chart.getDatasetMeta(i).data.some(inside)); })'

@test "report: a run has its page, and atk-report writes the same figures from the folder alone" {
    make_images 6
    atk-train "${small[@]}" -q photos.csv --val-split 0.5 --out a
    figures a/report.html >by_train
    [ "$(wc -c <by_train)" -gt 5000 ]
    mv a/report.html old.html
    run atk-report a
    expect_status 0
    [ "$output" = a/report.html ]
    figures a/report.html | cmp - by_train
    # Neither network nor photos.
    rm -r photos a/*.safetensors.tmp 2>/dev/null || true
    cp -r a b
    rm -rf photos photos.csv b/best.safetensors b/last.safetensors b/state.safetensors b/model.yaml
    atk-report -q b
    grep -q 'id="document">{"kind":"run"' b/report.html
    [ "$(grep -c 'src=\|href="http\|@import\|url(' b/report.html)" -le 1 ] # nothing from elsewhere
}

@test "report: no class, file or folder name becomes markup" {
    make_images 6
    folder='x</script><script>alert(1)</script>'
    mkdir -p "${folder%/*/*}" && mkdir -p "$folder"
    sed 's/,dog$/,<script>alert(2)<\/script>/; s/,cat$/,"<\/script><!--<img src=x onerror=alert(3)>"/
         s/,bird$/,javascript:alert(4)\&lt;/' photos.csv >odd.csv
    cp photos/dog1.png 'photos/<img src=x onerror=alert(5)>.png'
    echo x >>'photos/<img src=x onerror=alert(5)>.png'
    echo 'photos/<img src=x onerror=alert(5)>.png,<script>alert(2)</script>' >>odd.csv
    atk-train "${small[@]}" -q odd.csv --val-split 0.5 --out "$folder/a"
    run -1 grep -c '<script>alert\|<img\|<!--' "$folder/a/report.html"
    [ "$(grep -c '</script>' "$folder/a/report.html")" -eq 3 ]
    needs_browser
    run browse "$folder/a/report.html" 'document.querySelectorAll("script, img[onerror]").length' \
        'document.querySelector("#classes tbody th").textContent' 'document.querySelector("#matrix button").click(); viewer.open'
    expect_status 0
    [ "${lines[0]}" = 3 ]
    expect 'alert('
    [ "${lines[2]}" = true ]
}

@test "report: opened at 360 and 1600 pixels no error is said, and every chart is drawn" {
    needs_browser
    needs_charts
    make_images 8
    atk-train "${small[@]}" -q photos.csv --val-split 0.5 --out a
    for width in 360 1600; do
        run browse --width $width a/report.html "$whole_page" "$all_drawn" drawn.length
        expect_status 0
        [ "$output" = $'true\ntrue\n6' ]
    done
    run browse --dark --width 360 a/report.html "$whole_page" "$all_drawn"
    expect_status 0
    [ "$output" = $'true\ntrue' ]
}

@test "report: a cell of the confusion matrix opens its images, and one of these itself" {
    needs_browser
    make_images 8
    atk-train "${small[@]}" -q photos.csv --val-split 0.5 --out a
    run browse a/report.html \
        'var button = document.querySelector("table.matrix td button"), count = Number(button.firstChild.textContent); button.click(); viewer.open' \
        'viewer.querySelectorAll(".card").length === count' \
        '[...viewer.querySelectorAll("img")].every((image) => image.complete && image.naturalWidth === 128 && image.alt !== "")' \
        'viewer.querySelectorAll("img").length >= count' \
        'viewer.querySelector(".card").click(); viewer.querySelector("dl.facts dd").textContent' \
        'viewer.querySelector("a").getAttribute("href")' \
        '[...viewer.querySelectorAll("button")].find((one) => one.textContent === "Close").click(); viewer.open'
    expect_status 0
    [ "${lines[0]}" = true ]
    [ "${lines[1]}" = true ]
    [ "${lines[2]}" = true ]
    [ "${lines[3]}" = true ]
    [[ ${lines[4]} = '"photos/'*'.png"' ]]
    [[ ${lines[5]} = '"./../photos/'*'.png"' ]]
    [ "${lines[6]}" = false ]
}

@test "report: the keyboard reaches links, filters, headers that sort, cells and images" {
    needs_browser
    make_images 8
    atk-train "${small[@]}" -q photos.csv --val-split 0.5 --out a
    run browse a/report.html \
        '[...document.querySelectorAll("button, a, select, input, summary")].every((one) => one.tabIndex === 0)' \
        '[...document.querySelectorAll("button, a, select")].every((one) => (one.textContent + one.ariaLabel).trim() !== "")' \
        '[...document.querySelectorAll("img, canvas")].every((one) => (one.alt || one.ariaLabel || "") !== "")' \
        'var box = document.querySelector("#hardest input"); box.click(); document.querySelector("#hardest .soft[role=status]").textContent' \
        'document.querySelectorAll("#classes th button")[3].click(); document.querySelector("#classes th[aria-sort=descending]").textContent'
    expect_status 0
    [ "${lines[0]}" = true ]
    [ "${lines[1]}" = true ]
    [ "${lines[2]}" = true ]
    [[ ${lines[3]} = *image* ]]
    [ "${lines[4]}" = '"recall"' ]
}

@test "report: without Chart.js the page says so and has its tables open" {
    make_images 6
    ATK_CHART_JS='' atk-train "${small[@]}" -q photos.csv --val-split 0.5 --out a
    run -1 grep -c 'Chart.js v' a/report.html
    needs_browser
    run browse a/report.html 'document.querySelector(".notice").textContent' 'document.querySelectorAll("#curves details[open] table").length'
    expect_status 0
    expect 'apt install libjs-chart.js'
    [ "${lines[1]}" = 4 ]
}

@test "report: without validation there are curves and the hardest images, and no matrix" {
    make_images 6
    atk-train "${small[@]}" -q photos.csv --val-split 0 --out a
    needs_browser
    run browse a/report.html 'document.querySelector("#matrix").textContent' '!!document.querySelector("#worst")' \
        'document.querySelectorAll("#hardest img").length'
    expect_status 0
    expect 'No validation'
    [ "${lines[1]}" = false ]
    [ "${lines[2]}" = 18 ]
}

@test "report: --no-report writes none, also when the run is resumed; atk-report makes it" {
    make_images 6
    atk-train "${small[@]}" -q photos.csv --no-report --out a
    [ ! -e a/report.html ]
    [ ! -e a/thumbnails.safetensors ]
    atk-train --resume a -q --epochs 3
    [ ! -e a/report.html ]
    atk-report -q a
    [ -s a/report.html ]
}

@test "report: a page that cannot be written is a warning, and the run's files are the same" {
    make_images 6
    atk-train "${small[@]}" -q photos.csv --out a
    cp -r a b
    rm b/report.html
    mkdir b/report.html
    atk-train --resume a -q --epochs 4
    run atk-train --resume b -q --epochs 4
    expect_status 0
    expect 'warning: report.html is not written: '
    for file in best last; do cmp a/$file.safetensors b/$file.safetensors; done
    cmp a/val_predictions.csv b/val_predictions.csv
    cmp a/hard_examples.csv b/hard_examples.csv
}

@test "report: a run under way has a page that says how far it is; at its end that of a run that has ended" {
    make_images 6
    "$build/atk-train" "${small[@]}" -q photos.csv --val-split 0.5 --epochs 1000000 --out a 3>&- &
    pid=$!
    for ((i = 0; i < 60; i++)); do
        [ ! -e a/report.html ] || break
        sleep 0.5
    done
    cp a/report.html under_way.html
    kill -TERM $pid
    wait $pid || [ $? -eq 143 ]
    [ "$i" -ge 15 ] # ten seconds, not at once
    grep -q '"progress":{"epoch":' under_way.html
    run -1 grep -c '"progress":' a/report.html
    grep -q '"status":"interrupted"' a/report.html
    needs_browser
    run browse under_way.html 'document.querySelector(".notice[role=status]").textContent' \
        'new Promise((done) => setTimeout(() => done(1), 500))'
    expect_status 0
    expect 'reload every 10 seconds'
}

@test "report: of several runs a page compares what differs, and links theirs" {
    make_images 8
    mkdir -p sweep/runs
    for k in 0.5 1.0; do
        for seed in 0 1 2; do
            atk-train "${small[@]}" -q photos.csv --val-split 0.5 -k $k --seed $seed --out "sweep/runs/k=$k,seed=$seed"
        done
    done
    run atk-report sweep
    expect_status 0
    [ "${lines[6]}" = sweep/report.html ]
    run atk-report -q sweep/runs/* --out all.html
    expect_status 0
    [ -s all.html ]
    run atk-report -q sweep/runs/k=1.0,seed={0,1}
    expect_status 0
    grep -q '"varied":\[\]' comparison.html
    needs_browser
    needs_charts
    run browse --width 360 sweep/report.html "$whole_page" "$all_drawn" 'report.groups.length' 'report.groups[1].best_accuracy.n' \
        'document.querySelectorAll("#runs tbody a")[5].getAttribute("href")' \
        'document.querySelectorAll("#runs th button")[2].click(); document.querySelectorAll("#runs tbody tr")[0].cells[2].textContent'
    expect_status 0
    [ "${lines[*]}" = 'true true 2 3 "./runs/k%3D1.0%2Cseed%3D2/report.html" "2"' ]
}

@test "report: what is no run, or holds a damaged table, is named in one line" {
    run atk-report
    expect_status 2
    mkdir empty
    run atk-report empty
    expect_status 1
    [ "$output" = 'atk-report: empty: neither a run folder, which holds args.yaml, nor that of a sweep, which has such folders in runs/' ]
    make_images 6
    atk-train "${small[@]}" -q photos.csv --val-split 0.5 --out a
    cp a/val_predictions.csv whole.csv
    sed -i '3s/,[^,]*$/,1.5/' a/val_predictions.csv
    run atk-report a
    expect_status 1
    [[ $output = 'atk-report: a/val_predictions.csv:3: "1.5" is not a probability' ]]
    cp whole.csv a/val_predictions.csv
    echo '[' >a/summary.json
    run atk-report a
    expect_status 1
    [[ $output = 'atk-report: a/summary.json:'*': not JSON: '* ]]
    rm a/args.yaml
    run atk-report a
    expect_status 1
    run atk-report --ouut x a
    expect_status 2
    expect 'did you mean --out'
}

# A folder as a run of many classes and images leaves it.
make_large_run() { # folder classes images
    mkdir "$1"
    echo 'data: none.csv' >"$1/args.yaml"
    awk -v n="$2" 'BEGIN { for (i = 0; i < n; i++) print "class " i }' >"$1/classes.txt"
    awk -v n="$2" -v images="$3" 'BEGIN {
        printf "image,label,predicted,probability"
        for (c = 0; c < n; c++) printf ",class %d", c
        print ""
        for (i = 0; i < images; i++) {
            label = i % n; predicted = i % 7 == 0 ? (i * 13) % n : label
            printf "photos/%d.jpg,class %d,class %d,0.6", i, label, predicted
            for (c = 0; c < n; c++) printf ",%.4g", c == predicted ? 0.6 : 0.4 / (n - 1)
            print "" } }' >"$1/val_predictions.csv"
    awk -v n="$2" -v images="$3" 'BEGIN {
        print "image,label,times_seen,times_selected,mean_loss,last_loss,last_prediction"
        for (i = 0; i < images; i++) printf "train/%d.jpg,class %d,20,10,%.5g,1,class %d\n", i, i % n, 9 - i / images, (i + i % 2) % n }' >"$1/hard_examples.csv"
    echo epoch,train_loss,val_accuracy,val_mean_loss >"$1/results.csv"
    echo 1,1,0.8,0.5 >>"$1/results.csv"
}

@test "report: 50 and 300 classes, 5000 images" {
    make_large_run many 300 5000
    make_large_run some 50 5000
    atk-report -q many
    atk-report -q some
    [ "$(stat -c %s many/report.html)" -lt 3000000 ]
    needs_browser
    needs_charts
    for run in many some; do
        for width in 360 1600; do
            run browse --width $width $run/report.html "$whole_page" "$all_drawn" 'report.validation.image.length' \
                'document.querySelector("#matrix td button").click(); viewer.querySelectorAll(".card").length > 0'
            expect_status 0
            [ "$output" = $'true\ntrue\n5000\ntrue' ]
        done
    done
}
