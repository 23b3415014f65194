"""Tables of images, as far as a sweep looks into them."""
import csv
import io

from .console import AS_BYTES, Failure, warn


def read_records(path, delimiter=","):
    """The records of a CSV file and the line on which each ends. As for atk-train blank lines do not
    count, nor do rows of empty fields. (What else is odd atk-train finds before the first run.)"""
    with open(path, "rb") as file:
        text = file.read().removeprefix(b"\xef\xbb\xbf").decode(**AS_BYTES)
    csv.field_size_limit(len(text) + 1)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for record in reader:
            if any(value.strip(" \t") for value in record):
                yield reader.line_num, record
    except csv.Error as problem:
        raise Failure(f"{path}:{reader.line_num}: {problem}") from None


def read_rows(path, options):
    """Image and label of each row of a table."""
    columns = None if options.has_header else (0, 1)
    for line, record in read_records(path, options.delimiter):
        if columns is None:
            names = [name.strip(" \t") for name in record]
            for name in options.image_column, options.label_column:
                if name not in names:
                    raise Failure(f'{path}:{line}: no column "{name}"; there are: '
                                  f"{', '.join(names)}")
            columns = names.index(options.image_column), names.index(options.label_column)
        elif len(record) <= max(columns):
            raise Failure(f"{path}:{line}: {len(record)} fields, and the label or the image is "
                          "missing")
        else:
            yield record[columns[0]], record[columns[1]].strip(" \t")
    if columns is None:
        raise Failure(f"{path}: is empty")


def count_classes(options):
    """Class -> its images in the table; an image whose rows disagree has no class."""
    label_of = {}
    for image, label in read_rows(options.table, options):
        if label_of.setdefault(image, label) != label:
            label_of[image] = ""
    sizes = {}
    for label in filter(None, label_of.values()):
        sizes[label] = sizes.get(label, 0) + 1
    if len(sizes) < 2:
        raise Failure(f"{options.table}: fewer than two classes")
    return sizes


def check_test(options):
    """Whether the test table can be compared with, before anything is trained for it."""
    classes = count_classes(options)
    known = [label in classes for _image, label in read_rows(options.test_table, options)]
    if not any(known):
        raise Failure(f"--test: {options.test_table}: no row has a label of {options.table}")
    if not all(known):
        warn(f"warning: --test: {sum(known)} of {len(known)} rows of {options.test_table} have a "
             f"label of {options.table}; the others do not count")
