# CSV in awk (POSIX; mawk, gawk, busybox), by the rules of src/io/csv.h: RFC 4180 quoting, also with
# line breaks inside quotes, CRLF, blank lines skipped, a byte order mark dropped. A script loads it
# in front of its own program:   awk "$(cat csv.awk)"'BEGIN { while (csv_read("x.csv")) ... }'
#
# csv_read(file): the next record; returns its number of fields, 0 at the end. Then
#   csv_field[1..n]  the values        csv_raw[1..n]  as written, quotes included
#   csv_line[file]   the line on which the record ends
# csv_delimiter is "," unless the script sets it. Errors are printed and end the script with 1.

function csv_fail(text) {
    printf "%s: %s\n", ENVIRON["program"], text >"/dev/stderr"
    csv_failed = 1
    exit 1
}

function csv_get_line(file,    status) {
    status = (getline csv_text < file)
    if (status < 0) csv_fail(file ": cannot be read")
    if (status == 0) return 0
    if (++csv_line[file] == 1) sub(/^\357\273\277/, "", csv_text)
    return 1
}

function csv_read(file,    n, rest, end, where) {
    if (csv_delimiter == "") csv_delimiter = ","
    do {
        if (!csv_get_line(file)) {
            close(file) # the next call begins anew
            csv_line[file] = 0
            return 0
        }
    } while (csv_text == "" || csv_text == "\r")
    where = file ":" csv_line[file]
    rest = csv_text
    for (n = 1; ; n++) {
        if (substr(rest, 1, 1) == "\"") {
            # A quote behind the match is the first half of a doubled one.
            while (!match(rest, /^"([^"]|"")*"/) || substr(rest, RLENGTH + 1, 1) == "\"") {
                if (!csv_get_line(file)) csv_fail(where ": a quoted field has no closing quote")
                rest = rest "\n" csv_text
            }
            end = RLENGTH
            csv_raw[n] = substr(rest, 1, end)
            csv_field[n] = substr(rest, 2, end - 2)
            gsub(/""/, "\"", csv_field[n])
        } else {
            end = index(rest, csv_delimiter) - 1
            if (end < 0) {
                sub(/\r$/, "", rest)
                end = length(rest)
            }
            csv_raw[n] = csv_field[n] = substr(rest, 1, end)
            if (index(csv_raw[n], "\"")) csv_fail(where ": a field that holds a quote is not quoted")
        }
        rest = substr(rest, end + 1)
        if (rest == "" || rest == "\r") return n
        if (substr(rest, 1, 1) != csv_delimiter)
            csv_fail(where ": a closing quote is followed by something else than a delimiter")
        rest = substr(rest, 2)
    }
}

# The number of the column of that name in the header that was just read, spaces around aside.
function csv_column(file, n, name,    i, text, names) {
    for (i = 1; i <= n; i++) {
        text = csv_field[i]
        gsub(/^[ \t]+|[ \t]+$/, "", text)
        if (text == name) return i
        names = names (i > 1 ? ", " : "") text
    }
    csv_fail(file ":1: no column \"" name "\"; there are: " names)
}

# A value as a field, be it of the table that is read or of one with commas.
function csv_quote(text) {
    if (index(text, csv_delimiter) == 0 && text !~ /[,"\r\n]|^[ \t]|[ \t]$/) return text
    gsub(/"/, "\"\"", text)
    return "\"" text "\""
}

# The record that was just read, as written.
function csv_record(n,    i, text) {
    for (i = 1; i <= n; i++) text = text (i > 1 ? csv_delimiter : "") csv_raw[i]
    return text
}
