# shellcheck shell=bash
# Completion for bash: commands, options and the values of options, as the program's own --help lists
# them, and file names for all else. The Makefile adds the line that names the programs
# (build/completion.bash).

# The values in the argument of an option ("squash|crop|letterbox", or "{2,4}" as argparse prints it),
# one a line; words in capitals (FILE) stand for something else.
_atk_values() {
    local argument=$1
    case $argument in
    {*}) argument=${argument//[{\}]/} argument=${argument//,/|} ;;
    *\|*) ;;
    *) return ;;
    esac
    tr '|' '\n' <<<"$argument" | grep -E '^[a-z0-9][-a-z0-9.]*$'
}

# Fills the caller's arrays from its variable help: long ("--size"), letter ("-k" or empty) and argument
# ("N"; empty: none), as --help prints them. Rows are told from text by their indentation.
_atk_read_help() {
    local row='^ {2,6}((-[[:alnum:]]), )?(--[[:alnum:]][-[:alnum:]]*)(=([^ ]+)| ([A-Z{][^ ]*))?( |$)'
    local line
    while IFS= read -r line; do
        [[ $line =~ $row ]] || continue
        letter+=("${BASH_REMATCH[2]}") long+=("${BASH_REMATCH[3]}")
        argument+=("${BASH_REMATCH[5]}${BASH_REMATCH[6]}")
    done <<<"$help"
}

# Sets COMPREPLY; file names are readline's work, which does them when COMPREPLY is empty.
_atk_complete() {
    local program=${COMP_WORDS[0]/#~\//$HOME/} word=${COMP_WORDS[COMP_CWORD]} help option prefix= i
    local letter=() long=() argument=() options=()
    COMPREPLY=()
    help=$("$program" --help 2>/dev/null </dev/null) || return 0

    if [[ ${help%%$'\n'*} = 'Usage: '*' COMMAND'* ]]; then
        if ((COMP_CWORD == 1)); then
            mapfile -t COMPREPLY < <(compgen -W "$(sed -nE 's/^  ([a-z-]+)  .*/\1/p' <<<"$help")
                --help --version" -- "$word")
            return 0
        fi
        help=$("$program" "${COMP_WORDS[1]}" --help 2>/dev/null </dev/null) || return 0
    fi

    # Behind "--" are arguments alone, or (atk-sweep) the options of atk-train.
    for ((i = 1; i < COMP_CWORD; i++)); do
        [ "${COMP_WORDS[i]}" = -- ] || continue
        [[ $help = *'-- OPTION-OF-ATK-TRAIN'* ]] || return 0
        [[ $program = */* ]] && program=${program%/*}/atk-train || program=atk-train
        help=$("$program" --help 2>/dev/null </dev/null) || return 0
        break
    done

    # "--size=4" arrives as the three words --size, =, 4 unless COMP_WORDBREAKS has lost its "=".
    option=${COMP_WORDS[COMP_CWORD - 1]}
    if [ "$word" = = ]; then
        word=
    elif [ "$option" = = ]; then
        option=${COMP_WORDS[COMP_CWORD - 2]}
    elif [[ $word = --*=* ]]; then
        option=${word%%=*} prefix=${word%%=*}= word=${word#*=}
    fi

    _atk_read_help
    for i in "${!long[@]}"; do
        options+=("${long[i]}${argument[i]:+=}")
        [[ $option = -* && ($option = "${long[i]}" || $option = "${letter[i]}") ]] || continue
        [ -n "${argument[i]}" ] || break
        mapfile -t COMPREPLY < <(compgen -P "$prefix" -W "$(_atk_values "${argument[i]}")" -- "$word")
        if [[ ${argument[i]} =~ ^DIR[0-9]*$ ]]; then
            compopt +o default +o bashdefault -o dirnames 2>/dev/null
        elif [[ ${argument[i]} != *[[:upper:]]* ]]; then # one of these words and nothing else
            compopt +o default +o bashdefault 2>/dev/null
        fi
        return 0
    done
    if [[ $word = -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "${options[*]}" -- "$word")
        [[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace 2>/dev/null
    fi
    return 0
}
