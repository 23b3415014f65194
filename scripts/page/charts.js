// Charts by Chart.js, each with its numbers as a table; without Chart.js the tables alone.

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const series = (i) => colour(`--c${(i % 6) + 1}`);
const dashes = [[], [6, 4], [2, 3], [10, 4, 2, 4]];
const drawn = []; // {canvas, make, chart}

const chartsAreThere = () => typeof Chart !== "undefined";

function draw(entry) {
  if (entry.chart) entry.chart.destroy();
  entry.chart = new Chart(entry.canvas, entry.make());
}

// table: a node, shown on demand, or at once where no chart can be.
function chartFigure(title, summary, make, table, tall) {
  const numbers = el("details", { open: !chartsAreThere() }, el("summary", {}, "Numbers"), table);
  if (!chartsAreThere()) return el("figure", {}, el("figcaption", {}, title), numbers);
  const canvas = el("canvas", { role: "img", "aria-label": `${title}. ${summary}` });
  drawn.push({ canvas, make });
  return el("figure", {}, el("figcaption", {}, title),
    el("div", { class: tall ? "canvas tall" : "canvas" }, canvas), numbers);
}

function drawAll() {
  if (!chartsAreThere()) return;
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  Chart.defaults.font.size = 13;
  Chart.defaults.animation = false;
  Chart.defaults.maintainAspectRatio = false;
  drawn.forEach(draw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawn.forEach(draw));
}

function redraw(figure) {
  const entry = drawn.find((one) => figure.contains(one.canvas));
  if (entry) draw(entry);
}

function axis(title, more) {
  return {
    title: { display: true, text: title, color: colour("--soft") },
    ticks: { color: colour("--soft") },
    grid: { color: colour("--line"), borderColor: colour("--line") },
    ...more,
  };
}

const legend = (more) => ({
  position: "bottom", labels: { color: colour("--text"), boxWidth: 28, boxHeight: 2, ...more },
});

// A dashed line at the best epoch.
const bestEpoch = {
  id: "bestEpoch",
  afterDatasetsDraw(chart) {
    const at = report.best && report.best.epoch;
    if (!at) return;
    const x = chart.scales.x.getPixelForValue(at), { top, bottom } = chart.chartArea;
    const context = chart.ctx;
    context.save();
    context.strokeStyle = context.fillStyle = colour("--soft");
    context.setLineDash([4, 4]);
    context.beginPath();
    context.moveTo(x, top);
    context.lineTo(x, bottom);
    context.stroke();
    context.font = `12px ${Chart.defaults.font.family}`;
    context.textAlign = "center";
    context.fillText(`best: ${at}`, Math.min(x, chart.width - 30), top - 5);
    context.restore();
  },
};

// lines: [[column of report.epochs, name, axis]]
function epochChart(title, unit, lines, more) {
  const epochs = report.epochs;
  const there = lines.filter(([key]) => (epochs[key] || []).some(isNumber));
  if (!there.length) return null;
  const first = epochs.epoch[0], end = epochs.epoch[epochs.epoch.length - 1], alone = first === end ? 1 : 0;
  const last = there.map(([key, name]) => `${name} ${figure3(epochs[key].filter(isNumber).pop())}`);
  const make = () => ({
    type: "line",
    data: {
      datasets: there.map(([key, name, side], i) => ({
        label: name, yAxisID: side || "y", borderColor: series(i), backgroundColor: series(i),
        borderDash: dashes[i % 4], borderWidth: 2, spanGaps: true, clip: 8,
        pointRadius: epochs.epoch.length > 40 ? 0 : 2.5, pointHoverRadius: 5,
        data: epochs.epoch.map((x, j) => ({ x, y: epochs[key][j] })),
      })),
    },
    options: {
      layout: { padding: { top: 18 } }, interaction: { mode: "index", intersect: false },
      scales: { x: axis("epoch", { type: "linear", min: first - alone, max: end + alone, ticks: { precision: 0, color: colour("--soft") } }), y: axis(unit, more && more().y), ...(more && more().loss ? { loss: more().loss } : {}) },
      plugins: { legend: legend(), tooltip: { callbacks: { title: (items) => `epoch ${items[0].parsed.x}`, label: (item) => ` ${item.dataset.label}: ${figure3(item.parsed.y)}` } } },
    },
    plugins: [bestEpoch],
  });
  const table = makeTable(title, [
    { title: "epoch", text: (i) => String(epochs.epoch[i]), value: (i) => epochs.epoch[i] },
    ...there.map(([key, name]) => ({ title: name, text: (i) => figure3(epochs[key][i]), value: (i) => epochs[key][i] })),
  ], epochs.epoch.map((_, i) => i));
  return chartFigure(title, `Last epoch: ${last.join(", ")}.`, make, table);
}

function curvesSection() {
  if (!report.epochs.epoch.length) return section("curves", "Curves", el("p", {}, "No epoch has ended yet."));
  const figures = [
    epochChart("Loss", "loss", [["train_loss", "training, of the k largest"], ["train_mean_loss", "training, mean"],
      ["val_loss", "validation, of the k largest"], ["val_mean_loss", "validation, mean"]]),
    epochChart("Accuracy", "share", [["val_accuracy", "validation accuracy"], ["val_balanced_accuracy", "validation, balanced"],
      ["val_macro_f1", "validation, macro F1"], ["train_accuracy", "training accuracy"]], () => ({ y: { max: 1 } })),
    epochChart("Learning rate", "learning rate", [["learning_rate", "learning rate"]]),
    epochChart("Selected share and threshold", "selected share",
      [["selected", "share of the images that count"], ["threshold", "threshold (smallest loss that counts)", "loss"]],
      () => ({ y: { min: 0, max: 1 }, loss: axis("loss", { min: 0, position: "right", grid: { drawOnChartArea: false } }) })),
  ];
  return section("curves", "Curves", el("div", { class: "charts" }, figures));
}

// ---- precision and recall ----

function precisionSection() {
  const curves = report.curves.map((curve, i) => ({ ...curve, i })).filter((curve) => curve.recall.length);
  const worst = curves.slice().sort((a, b) => a.average_precision - b.average_precision);
  const many = curves.length > 10;
  let shown = many ? worst.slice(0, 6) : curves;
  const make = () => ({
    type: "line",
    data: {
      datasets: shown.map((curve, i) => ({
        label: `${className(curve.i)} (AP ${fixed(curve.average_precision, 3)})`, borderColor: series(i), backgroundColor: series(i),
        borderDash: dashes[Math.floor(i / 6) % 4], borderWidth: 2, pointRadius: 1.5, pointHoverRadius: 5, clip: 8,
        data: curve.recall.map((x, j) => ({ x, y: curve.precision[j] })),
      })),
    },
    options: {
      interaction: { mode: "nearest", intersect: false },
      scales: { x: axis("recall", { type: "linear", min: 0, max: 1 }), y: axis("precision", { min: 0, max: 1 }) },
      plugins: { legend: legend(), tooltip: { callbacks: { title: () => "", label: (item) => ` ${item.dataset.label}: precision ${fixed(item.parsed.y, 3)} at recall ${fixed(item.parsed.x, 3)}` } } },
    },
  });
  const table = makeTable("Average precision", [
    { title: "class", left: true, text: (c) => className(c.i) },
    { title: "average precision", text: (c) => fixed(c.average_precision, 3), value: (c) => c.average_precision },
  ], curves);
  const mean = curves.reduce((sum, c) => sum + c.average_precision, 0) / curves.length;
  const figure = chartFigure("Precision-recall curves", `Mean average precision ${fixed(mean, 3)}.`, make, table, true);
  const choose = (value) => {
    shown = value === "worst" ? worst.slice(0, 6) : value === "all" ? curves : curves.filter((c) => c.i === Number(value));
    redraw(figure);
  };
  const choices = [...(many ? [["worst", "the six lowest"]] : [["all", "all classes"]]), ...curves.map((c) => [c.i, className(c.i)])];
  return el("div", {}, chartsAreThere() ? el("div", { class: "controls" }, select("Curves of", choices, choose)) : null, figure,
    el("p", { class: "soft small" }, `Mean average precision ${fixed(mean, 3)}. Each class against the rest, over all thresholds.`));
}

// ---- calibration ----

// What the temperature of best.safetensors makes of it.
function calibrated() {
  const s = report.summary || {};
  return isNumber(s.best_temperature) && isNumber(s.best_ece_calibrated)
    ? ` With the temperature ${figure3(s.best_temperature)}, by which atk-predict divides logits, it is ${fixed(s.best_ece_calibrated, 4)}.` : "";
}

// What is left to the network when less probable answers go to a human.
function coverageTable() {
  const all = report.coverage[0].kept;
  return el("details", {}, el("summary", {}, "Below which probability to ask a human"),
    el("p", { class: "soft small" }, "atk-predict --reject-below leaves out the images below a limit; of the others it usually gets more right."),
    makeTable("Coverage and accuracy", [
      { title: "limit", text: (row) => fixed(row.limit, 2), value: (row) => row.limit },
      { title: "images kept", text: (row) => `${row.kept} (${percent(row.kept / all)})`, value: (row) => row.kept },
      { title: "of them right", text: (row) => (row.kept ? percent(row.correct / row.kept) : "–"), value: (row) => (row.kept ? row.correct / row.kept : null) },
    ], report.coverage));
}

function calibrationFigure() {
  const c = report.calibration, n = c.images.length;
  const bins = c.images.map((_, i) => i);
  const make = () => ({
    data: {
      labels: bins.map((i) => `${Math.round((100 * i) / n)}–${Math.round((100 * (i + 1)) / n)} %`),
      datasets: [
        { type: "line", label: "mean probability", data: c.confidence, borderColor: colour("--c2"), backgroundColor: colour("--c2"), pointRadius: 5, showLine: false },
        { type: "line", label: "perfect", data: bins.map((i) => (i + 0.5) / n), borderColor: colour("--soft"), borderDash: [4, 4], borderWidth: 1.5, pointRadius: 0 },
        { type: "bar", label: "share that is right", data: c.accuracy, backgroundColor: `rgba(${colour("--cell")}, 0.55)`, borderColor: colour("--c1"), borderWidth: 1, barPercentage: 1, categoryPercentage: 0.95 },
      ],
    },
    options: {
      interaction: { mode: "index", intersect: false },
      scales: { x: axis("probability of the predicted class"), y: axis("share", { min: 0, max: 1 }) },
      plugins: { legend: legend({ boxHeight: 8 }), tooltip: { callbacks: { footer: (items) => plural(c.images[items[0].dataIndex], "image"), label: (item) => ` ${item.dataset.label}: ${fixed(item.parsed.y, 3)}` } } },
    },
  });
  const table = makeTable("Calibration", [
    { title: "probability", text: (i) => `${fixed(i / n, 2)} to ${fixed((i + 1) / n, 2)}`, value: (i) => i },
    { title: "images", text: (i) => String(c.images[i]), value: (i) => c.images[i] },
    { title: "right", text: (i) => percent(c.accuracy[i]), value: (i) => c.accuracy[i] },
    { title: "mean probability", text: (i) => percent(c.confidence[i]), value: (i) => c.confidence[i] },
  ], bins);
  return el("div", {},
    chartFigure("Reliability", `Expected calibration error ${fixed(c.ece, 4)}.`, make, table, true),
    el("p", { class: "soft small" }, `Expected calibration error ${fixed(c.ece, 4)} (${n} bins): how far probabilities are from the share that is right, on average.${calibrated()}`),
    report.coverage ? coverageTable() : null);
}
