#!/usr/bin/env bats
# bats file_tags=release
# --help, --version, the man pages and the manual say the same.

setup() {
    root=$BATS_TEST_DIRNAME/../..
    bin=$(cd "$root" && realpath "${BUILD:-build}")
    programs=$(sed -n 's/^PROGRAM_NAMES *:= //p' "$root/Makefile")
    tools=$(sed -n 's/^TOOLS *:= //p' "$root/Makefile")
    # Everything under the name that make install gives it.
    names=$BATS_TEST_TMPDIR/names
    mkdir "$names"
    for program in $programs; do ln -s "$bin/$program" "$names"; done
    for tool in $tools; do ln -s "$(realpath "$root/scripts/$tool")" "$names/atk-$tool"; done
}

# The commands of a program, one a line; none when its usage does not say COMMAND.
commands_of() {
    "$names/$1" --help | awk 'NR == 1 { has = /^Usage: [^ ]+ COMMAND/ } has && /^  [a-z-]+  / { print $1 }'
}

# The long options that --help lists, one a line: rows stand at the left, text further right.
options_of() { "$names/$1" ${2-} --help | grep -oE '^ {2,6}(-[a-zA-Z], )?--[a-z][a-z0-9-]*' | grep -oE -- '--.*'; }

# The rows of --help, one a line, blanks made one: "--size=N images are ... (default: 448)"
rows_of() {
    "$names/$1" ${2-} --help | awk '/^  ? ? ? ? ?(-[a-zA-Z], )?--[a-z]/ {
            if (line) print line; gsub(/ +/, " "); line = $0; next }
        line && /^          / { gsub(/ +/, " "); line = line $0; next }
        { if (line) print line; line = "" }
        END { if (line) print line }' | sed 's/^ //'
}

@test "--help goes to standard output, fits 80 columns and exits with 0" {
    for program in $programs; do
        run "$bin/$program" --help
        [ "$status" -eq 0 ]
        [[ ${lines[0]} = "Usage: $program "* ]]
        [ "$("$bin/$program" --help 2>/dev/null | awk 'length > 80' | wc -l)" -eq 0 ]
        [ "$("$bin/$program" -h)" = "$output" ]
    done
    for tool in $tools; do
        run "$names/atk-$tool" --help
        [ "$status" -eq 0 ]
        [[ ${lines[0]} = [uU]"sage: atk-$tool "* ]]
        [ "$("$names/atk-$tool" -h 2>/dev/null)" = "$output" ]
    done
    [ "$("$names/atk-sweep" --help | awk 'length > 80' | wc -l)" -eq 0 ]
}

@test "--version prints the program's name, the Makefile's version and git's commit" {
    commit=
    # A checkout may be another user's, whom git does not trust.
    if git -C "$root" describe --always >/dev/null 2>&1 && [ -e "$root/.git" ]; then
        commit='( [(][0-9a-f]{9}(, changed)?[)])'
    fi
    version=$(sed -n 's/^VERSION := //p' "$root/Makefile")
    for program in $programs; do
        run "$bin/$program" --version
        [ "$status" -eq 0 ]
        [[ $output =~ ^"$program $version"$commit$ ]]
    done
}

@test "man pages: every option of --help with its text and default, and mandoc has nothing to say" {
    for program in "$names"/*; do
        program=${program##*/}
        page=$bin/man/$program.1
        mandoc -T lint "$page"
        # As one line each, in the form of --help: " --size=N images are ... (default: 448) --resize=..."
        text=$(mandoc -T ascii -O width=999 "$page" | sed $'s/.\b//g' | tr -s ' \n' '  ')
        [[ $text = *"NAME $program - "*" SYNOPSIS $program "* ]]
        for command in '' $(commands_of "$program"); do
            # A command's rows are looked for in its own part of the page.
            part=$text
            [ -z "$command" ] || part=${text#*" COMMANDS "}
            [ -z "$command" ] || part=" ${part#*" $command $program $command "}"
            [ -z "$command" ] || part=${part%%" Exit status: "*}
            rows_of "$program" $command >"$BATS_TEST_TMPDIR/rows"
            [ "$(wc -l <"$BATS_TEST_TMPDIR/rows")" -eq "$(options_of "$program" $command | wc -l)" ]
            while read -r row; do
                [[ $part = *"$row"* ]] || {
                    echo "$page $command does not say: $row"
                    return 1
                }
            done <"$BATS_TEST_TMPDIR/rows"
        done
    done
    [ "$(rows_of atk-train | wc -l)" -gt 80 ]
    [ "$(rows_of atk-data split | wc -l)" -gt 10 ]
    [ "$(rows_of atk-sweep | wc -l)" -gt 10 ]
}

@test "atk-sweep takes the options that its --help lists, and no other" {
    # Its table stands beside its help; the other programs make --help from their table.
    (cd "$root/scripts" && python3 -B -c 'from sweep_files.options import FIELDS
print(*FIELDS, sep="\n")') >"$BATS_TEST_TMPDIR/table"
    [ "$({ cat "$BATS_TEST_TMPDIR/table" && printf '%s\n' --k --grid --slurm --help; } | sort)" = \
        "$(options_of atk-sweep | sort)" ]
}

@test "the manual names no option that does not exist" {
    known=$(for program in "$names"/*; do
        for command in '' $(commands_of "${program##*/}"); do
            options_of "${program##*/}" $command || true
        done
    done)
    for option in $(grep -ohE '(^|[` ])--[a-z][a-z0-9-]*' "$root"/README.md "$root"/configs/README.md \
        "$root"/models/README.md "$root"/scripts/README.md | grep -oE -- '--.*' | sort -u); do
        grep -qxF -- "$option" <<<"$known" || {
            echo "manual: $option"
            return 1
        }
    done
    # The sections beside the sources, too.
    for option in $(sed '/^[.]\\"/d; s/\\-/-/g' "$root"/src/cli/manual/*.man | grep -oE -- '--[a-z][a-z0-9-]*' | sort -u); do
        grep -qxF -- "$option" <<<"$known" || {
            echo "src/cli/manual: $option"
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
