# What the scripts that work on tables share: source it first. Sets program, here (the folder of
# the scripts), the C locale, so that order and bytes are the same everywhere, and functions.
# Descriptors that are closed would become those of the next files; the shell may have opened the
# script itself as one of them.
if [ ! -e /dev/fd/0 ] || [ /dev/fd/0 -ef "$0" ]; then exec 0</dev/null; fi
if [ ! -e /dev/fd/1 ] || [ /dev/fd/1 -ef "$0" ]; then exec 1>/dev/null; fi
if [ ! -e /dev/fd/2 ] || [ /dev/fd/2 -ef "$0" ]; then exec 2>/dev/null; fi
set -euo pipefail
export LC_ALL=C
unset CDPATH # with it cd would print
export program=${0##*/}
here=$(dirname "$(readlink -f "$0")")

fail() { # message [exit-status]
    printf '%s: %s\n' "$program" "$1" >&2
    exit "${2:-1}"
}

# need_value OPTION NUMBER-OF-ARGUMENTS: the option's value is there.
need_value() {
    [ "$2" -gt 1 ] || fail "$1 needs a value" 2
}

# ---- how a table is written: the options of atk-train with the same names ----

export image_column=image label_column=label header=yes delimiter=,

# table_option ARGUMENT...: whether the first one is such an option; it and its value are taken then,
# and option_length says how many arguments they were.
table_option() {
    local value
    option_length=1
    case $1 in
    --no-header) header=no && return 0 ;;
    --image-column=* | --label-column=* | --delimiter=*) value=${1#*=} ;;
    --image-column | --label-column | --delimiter)
        need_value "$1" $#
        value=$2 option_length=2
        ;;
    *) return 1 ;;
    esac
    case $1 in
    --image-column*) image_column=$value ;;
    --label-column*) label_column=$value ;;
    --delimiter*)
        [ "$value" != tab ] || value=$'\t'
        [ ${#value} -eq 1 ] || fail "--delimiter: \"$value\" is not one character, or tab" 2
        delimiter=$value
        ;;
    esac
}

# table_awk PROGRAM [ARGUMENT...]: awk with csv.awk and random.awk, table_open and table_read.
# Values from outside come by ENVIRON, which unlike -v takes backslashes as they are.
table_awk() {
    local text=$1
    shift
    awk "$(cat "$here/csv.awk" "$here/random.awk" "$here/table.awk")$text" "$@"
}

check_number() { # option value pattern what
    [[ $2 =~ ^($3)$ ]] || fail "$1: \"$2\" is not $4" 2
}
check_seed() { check_number --seed "$1" '[0-9]{1,9}' 'a whole number from 0 to 999999999'; }
check_share() { # value [option]
    check_number "${2---share}" "$1" '0?\.[0-9]*[1-9][0-9]*' 'a share between 0 and 1, such as 0.1'
}

# The command line of a script that draws from a table: sets table, share (already set: the default),
# seed, out and prefix, for ENVIRON too.
draw_options() { # ARGUMENT...
    local keep=no
    seed=0 out=''
    while [ $# -gt 0 ]; do
        if table_option "$@"; then
            shift $option_length
            continue
        fi
        case $1 in
        -h | --help) usage && exit ;;
        --keep-paths) keep=yes ;;
        --share=* | --seed=* | --out=*) set -- "${1%%=*}" "${1#*=}" "${@:2}" && continue ;;
        --share) need_value "$1" $# && check_share "$2" && share=$2 && shift ;;
        --seed) need_value "$1" $# && check_seed "$2" && seed=$2 && shift ;;
        --out) need_value "$1" $# && out=$2 && shift ;;
        --) shift && break ;;
        -?*) fail "unknown option \"$1\"; see $program --help" 2 ;;
        *) break ;;
        esac
        shift
    done
    take_table "$@"
    [ -n "$out" ] || fail "--out PREFIX is missing" 2
    case $out in -*) out=./$out ;; esac
    out=${out%.csv}
    prefix=$(path_prefix "$table" "$out")
    [ $keep = no ] || prefix=''
    export table share seed out prefix
}

# What paths that are relative to the folder of file $1 begin with in a file $2.
path_prefix() {
    local from to
    from=$(dirname -- "$1") to=$(dirname -- "$2")
    [ -d "$to" ] || fail "--out: $to is not a folder"
    from=$(realpath --relative-to="$to" -- "$from")/
    echo "${from#./}"
}

# The one table among the arguments: into $table.
take_table() {
    [ $# -eq 1 ] || fail "one table was expected, not $#; see $program --help" 2
    table=$1
    case $table in -* | *=*) table=./$table ;; esac
    [ -f "$table" ] || fail "$table is not a file"
}

refuse_existing() {
    local file
    for file; do
        if [ -e "$file" ] || [ -L "$file" ]; then
            fail "$file exists already, and is not overwritten"
        fi
    done
}

# A folder for intermediate files, which is gone when the script ends.
make_work() {
    work=$(mktemp -d)
    export work
    trap 'rm -rf "$work"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
}

# save FILE TARGET: a file is whole before its name exists.
save() {
    cat "$1" >"$2.tmp.$$" && mv -- "$2.tmp.$$" "$2" || {
        rm -f -- "$2.tmp.$$"
        fail "cannot write $2"
    }
}
