#!/usr/bin/env bats
# bats file_tags=release
# --help, --version and the README say the same.

setup() {
    root=$BATS_TEST_DIRNAME/../..
    bin=$(cd "$root" && realpath "${BUILD:-build}")
}

# The long options that --help lists, one a line.
options_of() { "$bin/$1" --help | grep -oE '^ +(-[a-zA-Z], )?--[a-z][a-z0-9-]*' | grep -oE -- '--.*'; }

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

@test "every option of both programs is in the README" {
    for program in atk-train atk-predict; do
        for option in $(options_of $program); do
            grep -qE -- "\`(-[a-zA-Z], )?$option[ \`]" "$root/README.md" || {
                echo "$program $option is not in README.md"
                return 1
            }
        done
    done
}

@test "the README names no option that does not exist" {
    known=$(options_of atk-train && options_of atk-predict &&
        "$root/scripts/sweep" --help | grep -oE -- '--[a-z][a-z-]*')
    for option in $(grep -oE '(^|[` ])--[a-z][a-z0-9-]*' "$root/README.md" | grep -oE -- '--.*' |
        sort -u); do
        grep -qxF -- "$option" <<<"$known" || {
            echo "README.md: $option"
            return 1
        }
    done
}

@test "the README's defaults are those of --help" {
    # Rows of the options table: | `--size N` | 448 | what it is |
    grep -E '^\| `(-[a-zA-Z], )?--' "$root/README.md" | sed 's/\\|/ or /g' \
        >"$BATS_TEST_TMPDIR/rows"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/rows")" -gt 30 ]
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
