# From the run folders of a sweep: sweep.csv, summary.csv, pooled.csv, classes.csv and, on standard output, which
# setting is best. Behind csv.awk, random.awk and table.awk. ENVIRON: out (folder of the sweep),
# table (the data), tested (not empty: test figures are there).

# The figures of a run, in the order of their columns. "rarest_recall" is of the class with the
# fewest pictures in the table.
function list_figures(    i, n, name) {
    n = split("best_accuracy best_balanced_accuracy best_mean_loss rarest_recall last_accuracy " \
        "last_balanced_accuracy last_mean_loss seconds" (tested ? " test_accuracy " \
        "test_balanced_accuracy test_mean_loss test_rarest_recall" : ""), name, " ")
    for (i = 1; i <= n; i++) figure[++n_figures] = name[i]
    for (i = 1; i <= n_classes; i++) figure[++n_figures] = "recall " class[i]
    for (i = 1; tested && i <= n_classes; i++) figure[++n_figures] = "test recall " class[i]
}

# "" when it is null or not there.
function json_value(text, key) {
    if (!match(text, "\"" key "\": (\"[^\"]*\"|[^,}]*)")) return ""
    text = substr(text, RSTART + length(key) + 4, RLENGTH - length(key) - 4)
    gsub(/"/, "", text)
    return text == "null" ? "" : text
}

function read_text(file,    text) {
    text = ""
    if ((getline text < file) > 0) close(file)
    return text
}

function has_file(file,    text) {
    if ((getline text < file) < 0) return 0
    close(file)
    return 1
}

function read_run(r,    text, n, file) {
    text = read_text(out "/runs/" run[r] "/summary.json")
    status[r] = has_file(out "/runs/" run[r] ".failed") ? "failed" : json_value(text, "status")
    if (status[r] == "") status[r] = "not finished"
    epochs[r] = json_value(text, "epochs_done") "," json_value(text, "best_epoch")
    if (status[r] != "finished" && status[r] != "stopped early") return
    for (n = 1; n <= 8; n++) if (n != 4) value[r, figure[n]] = json_value(text, figure[n])
    file = out "/runs/" run[r] "/per_class.csv"
    if (has_file(file)) {
        csv_read(file)
        while (csv_read(file)) value[r, "recall " csv_field[1]] = csv_field[4]
    }
    value[r, "rarest_recall"] = value[r, "recall " rarest]
    if (tested) read_test(r)
}

function read_test(r,    text, file, n, i, images, right) {
    text = read_text(out "/test/" run[r] ".json")
    if (text == "") return
    value[r, "test_accuracy"] = json_value(text, "accuracy")
    value[r, "test_balanced_accuracy"] = json_value(text, "balanced_accuracy")
    value[r, "test_mean_loss"] = json_value(text, "mean_cross_entropy")
    file = out "/test/" run[r] ".confusion.csv"
    n = csv_read(file)
    for (i = 2; i <= n; i++) predicted[i] = csv_field[i]
    while (n = csv_read(file)) {
        images = right = 0
        for (i = 2; i <= n; i++) {
            images += csv_field[i]
            if (predicted[i] == csv_field[1]) right = csv_field[i]
        }
        if (images) value[r, "test recall " csv_field[1]] = right / images
        pool_images[setting_of[r], csv_field[1]] += images
        pool_right[setting_of[r], csv_field[1]] += right
    }
    value[r, "test_rarest_recall"] = value[r, "test recall " rarest]
}

# ---- statistics over the seeds of a setting ----

function statistics(s, name,    r, n, sum, squares, m) {
    for (r = 1; r <= n_runs; r++)
        if (setting_of[r] == s && value[r, name] != "") {
            n++
            sum += value[r, name]
        }
    seeds_of[s, name] = n + 0
    mean[s, name] = sd[s, name] = ""
    if (!n) return
    m = mean[s, name] = sum / n
    for (r = 1; r <= n_runs; r++)
        if (setting_of[r] == s && value[r, name] != "") squares += (value[r, name] - m) ^ 2
    if (n > 1) sd[s, name] = sqrt(squares / (n - 1))
}

# Half the width of the 95 % interval of a mean of n, in standard errors (Student's t).
function t_quantile(n,    t) {
    split("12.706 4.303 3.182 2.776 2.571 2.447 2.365 2.306 2.262 2.228", t, " ")
    return n <= 11 ? t[n - 1] : 1.96 + 2.5 / (n - 1)
}

# The differences a - b, seed by seed: pair_mean, pair_half (of the interval; "" for one seed).
function compare(a, b, name,    q, r, n, sum, squares, d) {
    for (q = 1; q <= n_runs; q++)
        for (r = 1; r <= n_runs; r++)
            if (setting_of[q] == a && setting_of[r] == b && seed[q] == seed[r] &&
                value[q, name] != "" && value[r, name] != "") {
                d[++n] = value[q, name] - value[r, name]
                sum += d[n]
            }
    pair_half = pair_mean = ""
    if (!n) return
    pair_mean = sum / n
    for (r = 1; r <= n; r++) squares += (d[r] - pair_mean) ^ 2
    if (n > 1) pair_half = t_quantile(n) * sqrt(squares / (n - 1) / n)
}

function margin_text(a, b, name,    inside) {
    compare(a, b, name)
    if (pair_mean == "") return "no seed in common"
    if (pair_half == "") return sprintf("margin %+.4f, one seed: the noise is not known", pair_mean)
    inside = pair_mean - pair_half <= 0 && pair_mean + pair_half >= 0
    return sprintf("margin %+.4f (95 %% interval %+.4f to %+.4f): %s the seed noise", pair_mean,
        pair_mean - pair_half, pair_mean + pair_half, inside ? "within" : "exceeds")
}

# ---- which is best ----

# Whether a setting averages all losses: k 1.0, 100% or 1.00, or the aggregate average.
function is_average(s) {
    if (at[s, "drop-largest"] !~ /^[0.]*$/) return 0
    return at[s, "aggregate"] == "average" ||
        at[s, "k"] ~ /^(100(\.0*)?%|1\.0*)$/ && at[s, "aggregate"] ~ /^(atk)?$/
}

# The settings but k, aggregate and its like.
function other_settings(s,    i, text) {
    for (i = 1; i <= n_names; i++)
        if (names[i] !~ /^(k|k-.*|aggregate|scope|drop-largest)$/)
            text = text names[i] "=" at[s, names[i]] " "
    return text
}

# The best of a group of settings; at a tie the average loss, then the first.
function best_of(name, group, but,    s, best) {
    for (s = 1; s <= n_settings; s++)
        if (s != but && mean[s, name] != "" && (group == "" || other_settings(s) == group) &&
            (!best || mean[s, name] > mean[best, name] ||
                mean[s, name] == mean[best, name] && is_average(s) && !is_average(best)))
            best = s
    return best + 0
}

function score_text(s, name) {
    return sprintf("%s %.4f%s", label[s], mean[s, name],
        sd[s, name] == "" ? "" : sprintf(" (sd %.4f, %d seeds)", sd[s, name], seeds_of[s, name]))
}

function report_best(name, what,    best, base, s, rival) {
    best = best_of(name, "", 0)
    if (!best) return
    printf "best by %s: %s\n", what, score_text(best, name)
    for (s = 1; s <= n_settings && !base; s++)
        if (is_average(s) && other_settings(s) == other_settings(best)) base = s
    if (!base) {
        rival = best_of(name, "", best)
        if (rival) printf "  the next: %s; %s\n", score_text(rival, name), margin_text(best, rival, name)
        if (has_k) print "  no run with k 1.0 to compare with"
        return
    }
    if (base != best)
        printf "  average loss: %s; %s\n", score_text(base, name), margin_text(best, base, name)
    else if (rival = best_of(name, other_settings(base), base))
        printf "  that is the average loss itself; the next: %s; %s\n", score_text(rival, name),
            margin_text(rival, base, name)
    if (tested && base != best)
        report_test(best, base, name ~ /balanced/ ? "test_balanced_accuracy" : "test_accuracy")
}

function report_test(best, base, name) {
    if (mean[best, name] != "" && mean[base, name] != "")
        printf "  on the test pictures: %.4f against %.4f; %s\n", mean[best, name],
            mean[base, name], margin_text(best, base, name)
}

# ---- tables ----

function cell(x) {
    return x == "" ? "" : sprintf("%.6g", x)
}

function settings_cells(s,    i, text) {
    for (i = 1; i <= n_names; i++) text = text csv_quote(at[s, names[i]]) ","
    return text
}

function settings_header(    i, text) {
    for (i = 1; i <= n_names; i++) text = text csv_quote(names[i]) ","
    return text
}

function write_runs(    file, line, r, i) {
    file = out "/sweep.csv.tmp"
    line = "run," settings_header() "seed,status,epochs_done,best_epoch"
    for (i = 1; i <= n_figures; i++) line = line "," csv_quote(figure[i])
    print line >file
    for (r = 1; r <= n_runs; r++) {
        line = csv_quote(run[r]) "," settings_cells(setting_of[r]) seed[r] "," status[r] "," epochs[r]
        for (i = 1; i <= n_figures; i++) line = line "," value[r, figure[i]]
        print line >file
    }
    close(file)
}

# Over all test pictures of a setting's seeds.
function pool(s,    c, images, right, recalls, n) {
    pooled_accuracy = pooled_balanced = ""
    for (c = 1; c <= n_classes; c++) {
        images += pool_images[s, class[c]]
        right += pool_right[s, class[c]]
        if (pool_images[s, class[c]]) {
            recalls += pool_right[s, class[c]] / pool_images[s, class[c]]
            n++
        }
    }
    if (!images) return
    pooled_accuracy = right / images
    pooled_balanced = recalls / n
}

function write_summary(    file, line, s, i) {
    file = out "/summary.csv.tmp"
    line = settings_header() "seeds"
    for (i = 1; i <= n_figures; i++)
        line = line "," csv_quote(figure[i] " mean") "," csv_quote(figure[i] " sd")
    print line (tested ? ",pooled_test_accuracy,pooled_test_balanced_accuracy" : "") >file
    for (s = 1; s <= n_settings; s++) {
        line = settings_cells(s) seeds_of[s, "seconds"]
        for (i = 1; i <= n_figures; i++)
            line = line "," cell(mean[s, figure[i]]) "," cell(sd[s, figure[i]])
        pool(s)
        print line (tested ? "," cell(pooled_accuracy) "," cell(pooled_balanced) : "") >file
    }
    close(file)
}

function write_pooled(    file, s, c, images) {
    file = out "/pooled.csv.tmp"
    print settings_header() "class,images,correct,recall" >file
    for (s = 1; s <= n_settings; s++)
        for (c = 1; c <= n_classes; c++) {
            images = pool_images[s, class[c]] + 0
            print settings_cells(s) csv_quote(class[c]) "," images "," \
                pool_right[s, class[c]] + 0 "," \
                (images ? cell(pool_right[s, class[c]] / images) : "") >file
            if (images && images < 10) few[class[c]]
        }
    close(file)
}

function write_classes(    file, c) {
    file = out "/classes.csv.tmp"
    print "class,pictures" >file
    for (c = 1; c <= n_classes; c++) print csv_quote(class[c]) "," class_size[c] >file
    close(file)
}

function plus_minus(s, name) {
    if (mean[s, name] == "") return "-"
    return sprintf("%.4f", mean[s, name]) (sd[s, name] == "" ? "" : sprintf(" +- %.4f", sd[s, name]))
}

function print_summary(    s, width, format, what) {
    width = 7
    for (s = 1; s <= n_settings; s++) if (length(label[s]) > width) width = length(label[s])
    format = "%-" width "s  seeds  %-16s  %-16s  %-16s" (tested ? "  %-16s  %-16s  %-16s" : "") "\n"
    what = "recall " rarest
    printf format, "setting", "accuracy", "balanced", what, "test accuracy", "test balanced", \
        "test recall"
    sub(/seeds/, "%5d", format)
    for (s = 1; s <= n_settings; s++)
        printf format, label[s], seeds_of[s, "seconds"], plus_minus(s, "best_accuracy"),
            plus_minus(s, "best_balanced_accuracy"), plus_minus(s, "rarest_recall"),
            plus_minus(s, "test_accuracy"), plus_minus(s, "test_balanced_accuracy"),
            plus_minus(s, "test_rarest_recall")
}

BEGIN {
    out = ENVIRON["out"]
    tested = ENVIRON["tested"] != ""
    table_survey(ENVIRON["table"])
    rarest = class[1]
    for (c = 2; c <= n_classes; c++)
        if (class_size[c] < class_size[class_number[rarest]]) rarest = class[c]
    csv_delimiter = ","
    list_figures()

    # The list: run, seed, NAME=VALUE...
    FS = "\t"
    while ((getline < (out "/jobs/list.tsv")) > 0) {
        run[++n_runs] = $1
        seed[n_runs] = $2
        text = ""
        for (i = 3; i <= NF; i++) text = text (i > 3 ? ", " : "") $i
        if (!(text in setting_number)) {
            setting_number[text] = ++n_settings
            label[n_settings] = text
            for (i = 3; i <= NF; i++) {
                name = substr($i, 1, index($i, "=") - 1)
                if (n_settings == 1) names[++n_names] = name
                if (name == "k") has_k = 1
                at[n_settings, name] = substr($i, index($i, "=") + 1)
            }
        }
        setting_of[n_runs] = setting_number[text]
    }
    for (r = 1; r <= n_runs; r++) read_run(r)
    for (s = 1; s <= n_settings; s++)
        for (i = 1; i <= n_figures; i++) statistics(s, figure[i])
    write_runs()
    write_summary()
    if (tested) write_pooled()
    write_classes()
    print_summary()
    report_best("best_accuracy", "validation accuracy")
    report_best("best_balanced_accuracy", "balanced accuracy")
    for (c = 1; c <= n_classes; c++)
        if (class[c] in few)
            printf "class %s: fewer than 10 test pictures in all; its recall says little\n", class[c]
}
