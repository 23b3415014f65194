// The page of a run.

const best = () => report.best || {};
const summaryOf = (name) => (report.summary ? report.summary[name] : undefined);

function tile(name, value, note) {
  return el("div", { class: "tile" }, el("dt", {}, name), el("dd", {}, value, note ? el("small", {}, note) : null));
}

function runTiles() {
  const b = best(), s = report.setting, interval = b.accuracy_interval;
  const tiles = [];
  if (isNumber(b.accuracy)) {
    tiles.push(tile("Validation accuracy", fixed(b.accuracy, 4), interval ? `95 % interval ${fixed(interval[0], 3)} to ${fixed(interval[1], 3)}` : null));
    tiles.push(tile("Balanced accuracy", fixed(b.balanced_accuracy, 4), `macro F1 ${fixed(b.macro_f1, 4)}`));
    tiles.push(tile("Best epoch", String(b.epoch), `by ${s.monitor}, of ${summaryOf("epochs_done") || (report.epochs.epoch.slice(-1)[0] || 0)} done`));
  }
  tiles.push(tile("k", s.k, "of each batch's largest losses"));
  const images = summaryOf("train_images");
  if (isNumber(images)) tiles.push(tile("Images", images.toLocaleString("en"), `to train, ${summaryOf("val_images")} to validate`));
  if (isNumber(summaryOf("seconds"))) tiles.push(tile("Time", duration(summaryOf("seconds")), summaryOf("status")));
  return el("dl", { class: "tiles" }, tiles);
}

function runLine() {
  const s = report.setting, parameters = summaryOf("parameters");
  const words = [s.data, `${plural(report.classes.length, "class", "classes")}`,
    `${summaryOf("model") || s.model}${isNumber(parameters) ? ` (${(parameters / 1e6).toFixed(1)} M parameters)` : ""}`,
    s.weights ? `weights ${s.weights}` : "random weights", `k ${s.k}`, `seed ${s.seed}`, `atk-train ${report.version}`];
  return words.join(" · ");
}

function progressNotice() {
  const p = report.progress;
  const share = p.batch ? `epoch ${p.epoch} of ${p.epochs}, batch ${p.batch} of ${p.batches}` : `${plural(p.epoch, "epoch")} of ${p.epochs} done`;
  const figures = [isNumber(p.loss) ? `loss ${fixed(p.loss, 4)}` : "", isNumber(p.images_per_second) && p.images_per_second > 0 ? `${figure3(p.images_per_second)} images/s` : ""].filter(Boolean);
  const box = el("input", { type: "checkbox", checked: true });
  const again = () => { if (box.checked && !viewer.open) location.reload(); else setTimeout(again, 2000); };
  setTimeout(again, 10000);
  return el("div", { class: "notice", role: "status" }, el("p", {}, el("b", {}, "Training: "), [share, ...figures].join(", "), "."),
    el("label", {}, box, " reload every 10 seconds"));
}

function runHeader() {
  const name = report.run.split("/").filter(Boolean).pop() || report.run;
  document.title = `${name} – atk-train`;
  document.getElementById("top").append(el("h1", {}, name), el("p", { class: "soft" }, runLine()),
    ...(report.progress ? [progressNotice()] : []), runTiles());
}

// ---- settings and data ----

function settingsSection() {
  const findings = (report.check && report.check.findings) || [];
  const list = Array.isArray(findings) ? findings : [];
  const parts = [];
  if (list.length) {
    parts.push(el("div", { class: "notice warn" }, el("h3", {}, "Odd about the data"), el("ul", { class: "findings" }, list.map((f) =>
      el("li", {}, `${f.message}${f.file ? ` (the first: ${f.file}${f.line ? `:${f.line}` : ""})` : ""}`)))));
  } else if (report.check) {
    parts.push(el("p", {}, report.check.images_checked ? "The look at the data has found nothing odd." : "The table shows nothing odd; the images were not looked at."));
  }
  if (summaryOf("bad_images") > 0) parts.push(el("p", { class: "notice warn" }, `${plural(report.summary.bad_images, "image")} could not be read: bad_images.csv.`));
  const table = report.settings.length ? makeTable("Settings", [
    { title: "setting", left: true, text: (s) => s.name },
    { title: "value", left: true, text: (s) => s.value },
    { title: "default", left: true, text: (s) => s.default || "–" },
  ], report.settings) : el("p", {}, "All settings are at their defaults.");
  return section("settings", "Settings and data", parts, el("h3", {}, "Settings that differ from the defaults"), table);
}

// ---- confusion matrix ----

function matrixCells() {
  const n = report.classes.length, row = new Array(n).fill(0);
  report.matrix.forEach(([label, , count]) => { row[label] += count; });
  return { row, cells: new Map(report.matrix.map(([a, b, count]) => [a * n + b, count])) };
}

function paint(node, share, wrong) {
  node.style.backgroundColor = `rgba(var(${wrong ? "--wrong" : "--cell"}), ${(0.08 + 0.42 * share).toFixed(3)})`;
}

function matrixTable({ row, cells }) {
  const n = report.classes.length;
  const head = el("tr", {}, el("th", {}), report.classes.map((name) => el("th", { scope: "col", title: name }, el("span", {}, name))));
  const body = report.classes.map((name, a) => el("tr", {}, el("th", { scope: "row", title: name }, el("span", {}, name)),
    report.classes.map((other, b) => {
      const count = cells.get(a * n + b);
      if (!count) return el("td", {});
      const share = count / row[a];
      const words = `label ${name}, predicted ${other}: ${plural(count, "image")}, ${percent(share, 0)}`;
      const button = el("button", { type: "button", "aria-label": words, title: words, click: () => openCell(a, b) }, String(count), el("small", {}, percent(share, 0)));
      paint(button, share, a !== b);
      return el("td", {}, button);
    })));
  return el("div", { class: "scroll free" }, el("table", { class: n > 16 ? "matrix dense" : "matrix" }, el("thead", {}, head), el("tbody", {}, body)));
}

// Many classes: one pixel for each cell.
function matrixOverview({ row }) {
  const n = report.classes.length;
  const canvas = el("canvas", { class: "overview", width: n, height: n, role: "img",
    "aria-label": "Confusion matrix: labels from top to bottom, predictions from left to right. The table of confusions has the numbers." });
  const context = canvas.getContext("2d");
  report.matrix.forEach(([a, b, count]) => {
    context.fillStyle = `rgba(${colour(a === b ? "--cell" : "--wrong")}, ${Math.min(1, 0.25 + count / row[a])})`;
    context.fillRect(b, a, 1, 1);
  });
  canvas.addEventListener("click", (event) => {
    const box = canvas.getBoundingClientRect();
    const a = Math.floor(((event.clientY - box.top) / box.height) * n), b = Math.floor(((event.clientX - box.left) / box.width) * n);
    if (report.matrix.some(([x, y]) => x === a && y === b)) openCell(a, b);
  });
  return canvas;
}

function confusions(found) {
  const wrong = report.matrix.filter(([a, b]) => a !== b);
  if (!wrong.length) return el("p", {}, "Every validation image was classified rightly.");
  const listed = wrong.slice().sort((x, y) => y[2] - x[2]).slice(0, 100);
  return makeTable("Confusions", [
    { title: "label", left: true, text: ([a]) => className(a) },
    { title: "classified as", left: true, text: ([, b]) => className(b) },
    { title: "images", text: ([a, b, count]) => el("button", { type: "button", class: "button", click: () => openCell(a, b) }, String(count)), value: (cell) => cell[2] },
    { title: "of the label", text: ([a, , count]) => percent(count / found.row[a], 0), value: ([a, , count]) => count / found.row[a] },
  ], listed);
}

function matrixSection() {
  const found = matrixCells(), many = report.classes.length > 60;
  const list = confusions(found);
  return section("matrix", "Confusion matrix", el("p", { class: "soft" },
    `${plural(report.validation.total, "validation image")}, by the weights of the best epoch: a row for each label, a column for each prediction. ${many ? "A point of the image, or a number of the table, opens the images behind it." : "A cell opens the images behind it."}`),
  el("div", { class: "charts" }, many ? matrixOverview(found) : matrixTable(found), report.classes.length > 16 && !many ? null : el("div", {}, el("h3", { class: "first" }, "Most frequent confusions"), list)),
  report.classes.length > 16 && !many ? el("details", {}, el("summary", {}, "Most frequent confusions"), list) : null);
}

// ---- classes ----

function withBar(value) {
  if (!isNumber(value)) return "–";
  const fill = el("i", {});
  fill.style.width = `${100 * value}%`;
  return el("span", { class: "figure" }, el("span", { class: "bar", "aria-hidden": "true" }, fill), fixed(value, 3));
}

function classesSection() {
  const p = report.per_class, rows = report.classes.map((_, i) => i);
  const column = (title, key, show) => (p[key] ? [{ title, text: (i) => show(p[key][i]), value: (i) => p[key][i] }] : []);
  const curve = (i) => report.curves && report.curves[i].average_precision;
  const table = makeTable("Classes", [
    { title: "class", left: true, text: className },
    ...column("images", "support", (x) => String(x)), ...column("precision", "precision", withBar), ...column("recall", "recall", withBar),
    ...column("F1", "f1", withBar), ...(report.curves ? [{ title: "average precision", text: (i) => fixed(curve(i), 3), value: curve }] : []),
    ...column("selected share", "selected", (x) => percent(x)),
  ], rows);
  return section("classes", "Classes", el("p", { class: "soft" },
    "Figures of the validation images; the selected share is that of the last epoch's training images whose loss counted."), table);
}

function probabilitySection() {
  return section("probabilities", "Probabilities", el("div", { class: "charts" }, precisionSection(), calibrationFigure()));
}

function runSections() {
  const sections = [];
  sections.push(curvesSection());
  if (report.validation) {
    sections.push(matrixSection());
  } else {
    sections.push(section("matrix", "Validation", el("p", {}, report.epochs.val_accuracy.some(isNumber)
      ? "This run holds no val_predictions.csv, from which confusion matrix and curves are made."
      : "No validation: there are no images to make a confusion matrix, curves and calibration from.")));
  }
  if (report.validation || report.per_class.selected) sections.push(classesSection());
  if (report.validation) sections.push(probabilitySection(), validationSection());
  if (report.training) sections.push(trainingSection());
  sections.push(settingsSection());
  return sections;
}
