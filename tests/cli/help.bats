#!/usr/bin/env bats
# bats file_tags=release
# --help, --version, the man pages and the manual say the same.

setup() {
    root=$BATS_TEST_DIRNAME/../..
    bin=$(cd "$root" && realpath "${BUILD:-build}")
}

# The long options that --help lists, one a line.
options_of() { "$bin/$1" ${2-} --help | grep -oE '^ +(-[a-zA-Z], )?--[a-z][a-z0-9-]*' | grep -oE -- '--.*'; }

@test "--help goes to standard output, names every group, fits 80 columns and exits with 0" {
    for program in atk-train atk-predict; do
        run "$bin/$program" --help
        [ "$status" -eq 0 ]
        [[ ${lines[0]} = "Usage: $program "* ]]
        [ "$("$bin/$program" --help 2>/dev/null | awk 'length > 80' | wc -l)" -eq 0 ]
        [ "$("$bin/$program" -h)" = "$output" ]
    done
}

@test "--version prints the program's name, the Makefile's version and git's commit" {
    commit=
    # A checkout may be another user's, whom git does not trust.
    if git -C "$root" describe --always >/dev/null 2>&1 && [ -e "$root/.git" ]; then
        commit='( [(][0-9a-f]{9}(, changed)?[)])'
    fi
    version=$(sed -n 's/^VERSION := //p' "$root/Makefile")
    for program in atk-train atk-predict; do
        run "$bin/$program" --version
        [ "$status" -eq 0 ]
        [[ $output =~ ^"$program $version"$commit$ ]]
    done
}

@test "man pages: every option of --help with its text and default, and mandoc has nothing to say" {
    for program in atk-train atk-predict; do
        page=$bin/man/$program.1
        mandoc -T lint "$page"
        # As one line each, in the form of --help: " --size=N images are ... (default: 448) --resize=..."
        text=$(mandoc -T ascii -O width=999 "$page" | sed $'s/.\b//g' | tr -s ' \n' '  ')
        "$bin/$program" --help | awk '/^  (-[a-zA-Z], |    )--/ { if (line) print line; gsub(/ +/, " "); line = $0; next }
            line && /^ / { gsub(/ +/, " "); line = line $0; next } { if (line) print line; line = "" }' |
            sed 's/^ //' >"$BATS_TEST_TMPDIR/options"
        [ "$(wc -l <"$BATS_TEST_TMPDIR/options")" -gt 15 ]
        while read -r option; do
            [[ $text = *"$option"* ]] || {
                echo "$page does not say: $option"
                return 1
            }
        done <"$BATS_TEST_TMPDIR/options"
    done
}

@test "the manual names no option that does not exist" {
    known=$(options_of atk-train && options_of atk-predict &&
        for command in $("$bin/atk-data" --help | sed -n 's/^  \([a-z-]*\)  .*/\1/p'); do
            options_of atk-data "$command"
        done
        for script in sweep get-weights convert-weights; do
            "$root/scripts/$script" --help | grep -oE -- '--[a-z][a-z0-9-]*'
        done)
    for option in $(grep -ohE '(^|[` ])--[a-z][a-z0-9-]*' "$root"/README.md "$root"/configs/README.md \
        "$root"/models/README.md "$root"/scripts/README.md | grep -oE -- '--.*' | sort -u); do
        grep -qxF -- "$option" <<<"$known" || {
            echo "manual: $option"
            return 1
        }
    done
}

@test "the README's defaults are those of --help, and it stays short" {
    [ "$(wc -c <"$root/README.md")" -le 8192 ]
    # Rows of the table of the options that matter most: | `--size N` | 448 | what it is |
    grep -E '^\| `(-[a-zA-Z], )?--' "$root/README.md" | sed 's/\\|/ or /g' \
        >"$BATS_TEST_TMPDIR/rows"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/rows")" -ge 12 ]
    "$bin/atk-train" --help | awk '/^  (-[a-zA-Z], |    )--/ { print line; line = "" }
        { gsub(/ +/, " "); line = line $0 } END { print line }' >"$BATS_TEST_TMPDIR/help"
    while IFS='|' read -r _ option default _; do
        option=$(grep -oE -- '--[a-z0-9-]+' <<<"$option")
        default=$(tr -d '` ' <<<"$default")
        [ -n "$default" ] || continue
        grep -E -- " $option[= ]" "$BATS_TEST_TMPDIR/help" | grep -qF "(default: $default)" || {
            echo "$option: the README says $default, --help does not"
            return 1
        }
    done <"$BATS_TEST_TMPDIR/rows"
}
