# A table of pictures and labels, with the options that scripts/tool.bash has put into ENVIRON.

function table_open(file,    n) {
    csv_delimiter = ENVIRON["delimiter"]
    table_image = 1
    table_label = 2
    table_header = ""
    if (ENVIRON["header"] == "no") return
    n = csv_read(file)
    if (n == 0) csv_fail(file ": is empty")
    table_image = csv_column(file, n, ENVIRON["image_column"])
    table_label = csv_column(file, n, ENVIRON["label_column"])
    table_header = csv_record(n) "\n"
}

# The next row: its number of fields, 0 at the end. table_picture and table_class are the picture and
# the label, without spaces around it as for atk-train; table_path is the picture for a table
# elsewhere: relative paths get ENVIRON["prefix"].
function table_read(file,    n) {
    n = csv_read(file)
    if (n == 0) return 0
    if (n < table_image || n < table_label)
        csv_fail(file ":" csv_line[file] ": " n " fields, and the label or the picture is missing")
    table_picture = csv_field[table_image]
    table_class = csv_field[table_label]
    gsub(/^[ \t]+|[ \t]+$/, "", table_class)
    table_path = (table_picture ~ /^\// ? "" : ENVIRON["prefix"]) table_picture
    return n
}

# The row that was just read, for a table elsewhere.
function table_row(n) {
    if (table_path != table_picture) csv_raw[table_image] = csv_quote(table_path)
    return csv_record(n)
}

# The pictures and classes of the whole table, in its order: picture[1..n_pictures] and of each its
# class in picture_class, "" when it has none or its rows disagree; class[1..n_classes] and their
# pictures class_picture[c, 1..class_size[c]].
function table_survey(file,    i, c) {
    table_open(file)
    while (table_read(file))
        if (!(table_picture in picture_class)) {
            picture[++n_pictures] = table_picture
            picture_class[table_picture] = table_class
        } else if (picture_class[table_picture] != table_class) picture_class[table_picture] = ""
    for (i = 1; i <= n_pictures; i++) {
        c = picture_class[picture[i]]
        if (c == "") continue
        if (!(c in class_number)) {
            class_number[c] = ++n_classes
            class[n_classes] = c
        }
        c = class_number[c]
        class_picture[c, ++class_size[c]] = picture[i]
    }
    if (n_classes < 2) csv_fail(file ": fewer than two classes")
}
