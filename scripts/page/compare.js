// The page that compares runs.

const compareFigures = [["best_accuracy", "accuracy"], ["best_balanced_accuracy", "balanced accuracy"], ["best_macro_f1", "macro F1"], ["best_mean_loss", "mean cross-entropy"]];
const figureOf = (run, name) => (run.summary ? run.summary[name] : undefined);
const settingText = (values) => values.map((value, i) => `${report.varied[i]}=${value === null ? "none" : value}`).join(", ") || "all alike";

// What is not on the axis makes a series of its own.
function seriesOf(values) {
  return values.map((value, i) => (report.varied[i] === report.axis ? null : `${report.varied[i]}=${value}`)).filter(Boolean).join(", ") || "mean";
}

const intervals = {
  id: "intervals",
  afterDatasetsDraw(chart) {
    const context = chart.ctx;
    chart.data.datasets.forEach((set, i) => {
      if (!set.intervals || !chart.isDatasetVisible(i)) return;
      context.save();
      context.strokeStyle = set.borderColor;
      context.lineWidth = 2;
      set.intervals.forEach(([x, low, high]) => {
        if (!isNumber(low)) return;
        const at = chart.scales.x.getPixelForValue(x), top = chart.scales.y.getPixelForValue(high), bottom = chart.scales.y.getPixelForValue(low);
        context.beginPath();
        context.moveTo(at, top); context.lineTo(at, bottom);
        context.moveTo(at - 5, top); context.lineTo(at + 5, top);
        context.moveTo(at - 5, bottom); context.lineTo(at + 5, bottom);
        context.stroke();
      });
      context.restore();
    });
  },
};

function compareDatasets(name, place) {
  const names = [...new Set(report.groups.map((group) => seriesOf(group.values)))], sets = [];
  names.forEach((label, i) => {
    const groups = report.groups.map((group, number) => ({ ...group, number })).filter((group) => seriesOf(group.values) === label).sort((a, b) => place(a.number) - place(b.number));
    const runs = report.runs.filter((run) => seriesOf(run.values) === label && isNumber(figureOf(run, name)));
    sets.push({
      label: names.length > 1 ? label : "mean, 95 % interval", borderColor: series(i), backgroundColor: series(i), borderDash: dashes[Math.floor(i / 6) % 4],
      pointRadius: 5, pointStyle: "rectRot", borderWidth: 2, data: groups.map((group) => ({ x: place(group.number), y: group[name].mean })),
      intervals: groups.map((group) => [place(group.number), group[name].low, group[name].high]),
    });
    sets.push({
      label: names.length > 1 ? `${label}: runs` : "runs", showLine: false, pointRadius: 4, borderColor: series(i), backgroundColor: "transparent", borderWidth: 1.5,
      data: runs.map((run) => ({ x: place(run.group), y: figureOf(run, name), run })),
    });
  });
  return sets;
}

function compareChart() {
  const numeric = report.groups.every((group) => isNumber(group.x)) && new Set(report.groups.map((group) => group.x)).size > 1;
  const xs = report.groups.map((group) => group.x);
  const log = numeric && Math.min(...xs) > 0 && Math.max(...xs) / Math.min(...xs) > 50;
  const place = (group) => (numeric ? report.groups[group].x : group);
  const ticks = numeric ? {} : { callback: (value) => (report.groups[value] ? settingText(report.groups[value].values) : ""), stepSize: 1, autoSkip: false };
  const title = numeric ? (report.axis === "k" ? "k, as a share of the batch" : report.axis) : "setting";
  let name = "best_accuracy";
  const limits = () => {
    const margin = numeric && !log ? 0.05 * (Math.max(...xs) - Math.min(...xs)) : numeric ? 0 : 0.5;
    const all = numeric ? xs : report.groups.map((_, i) => i);
    return log ? {} : { min: Math.min(...all) - margin, max: Math.max(...all) + margin };
  };
  const range = () => {
    const all = report.groups.flatMap((group) => [group[name].low, group[name].high]).filter(isNumber);
    return all.length ? { suggestedMin: Math.min(...all), suggestedMax: Math.max(...all) } : {};
  };
  const make = () => ({
    type: "line",
    data: { datasets: compareDatasets(name, place) },
    options: {
      interaction: { mode: "nearest", intersect: false },
      scales: { x: axis(title, { type: log ? "logarithmic" : "linear", ...limits(), ticks: { color: colour("--soft"), includeBounds: false, ...ticks } }), y: axis(compareFigures.find(([key]) => key === name)[1], range()) },
      plugins: { legend: legend({ usePointStyle: true, boxWidth: 9, boxHeight: 9 }), tooltip: { callbacks: { title: () => "", label: (item) => ` ${item.raw.run ? item.raw.run.name : item.dataset.label}: ${fixed(item.parsed.y, 4)}` } } },
    },
    plugins: [intervals],
  });
  const rows = report.groups;
  const table = makeTable("Means", [
    { title: "setting", left: true, text: (group) => settingText(group.values) },
    ...compareFigures.flatMap(([key, text]) => [
      { title: text, text: (group) => fixed(group[key].mean, 4), value: (group) => group[key].mean },
      { title: "95 % interval", text: (group) => (isNumber(group[key].low) ? `${fixed(group[key].low, 4)} to ${fixed(group[key].high, 4)}` : "–"), value: (group) => group[key].low },
    ]),
    { title: "runs", text: (group) => String(group.best_accuracy.n), value: (group) => group.best_accuracy.n },
  ], rows);
  const top = rows.filter((group) => isNumber(group.best_accuracy.mean)).sort((a, b) => b.best_accuracy.mean - a.best_accuracy.mean)[0];
  const figure = chartFigure(`Best epochs' figures over ${title}`, top ? `Highest mean accuracy: ${settingText(top.values)}, ${fixed(top.best_accuracy.mean, 4)}.` : "", make, table, true);
  return [top ? el("p", {}, "Highest mean accuracy: ", el("b", {}, settingText(top.values)), `, ${fixed(top.best_accuracy.mean, 4)} over ${plural(top.best_accuracy.n, "run")}.`) : null,
    chartsAreThere() ? el("div", { class: "controls" }, select("Figure", compareFigures, (value) => { name = value; redraw(figure); })) : null, figure,
    el("p", { class: "soft small" }, "A ring is a run, a square the mean of the runs that differ in seed or data alone, with its 95 % interval by Student's t. The best epoch was chosen on the same validation images, so these figures are a little too high.")];
}

function runsTable() {
  return makeTable("Runs", [
    { title: "run", left: true, text: (run) => (run.link === null ? run.name : el("a", { href: address(run.link, "report.html") }, run.name)), value: (run) => run.name },
    ...report.varied.map((name, i) => ({ title: name, text: (run) => (run.values[i] === null ? "–" : run.values[i]), value: (run) => (run.values[i] === null || run.values[i] === "" || Number.isNaN(Number(run.values[i])) ? run.values[i] : Number(run.values[i])) })),
    { title: "seed", text: (run) => String(run.seed), value: (run) => run.seed },
    { title: "accuracy", text: (run) => fixed(figureOf(run, "best_accuracy"), 4), value: (run) => figureOf(run, "best_accuracy") },
    { title: "95 % interval", text: (run) => (run.accuracy_interval ? `${fixed(run.accuracy_interval[0], 3)} to ${fixed(run.accuracy_interval[1], 3)}` : "–"), value: (run) => run.accuracy_interval && run.accuracy_interval[0] },
    { title: "balanced", text: (run) => fixed(figureOf(run, "best_balanced_accuracy"), 4), value: (run) => figureOf(run, "best_balanced_accuracy") },
    { title: "macro F1", text: (run) => fixed(figureOf(run, "best_macro_f1"), 4), value: (run) => figureOf(run, "best_macro_f1") },
    { title: "best epoch", text: (run) => String(figureOf(run, "best_epoch") || "–"), value: (run) => figureOf(run, "best_epoch") },
    { title: "time", text: (run) => duration(figureOf(run, "seconds")), value: (run) => figureOf(run, "seconds") },
    { title: "status", left: true, text: (run) => String(figureOf(run, "status") || "unfinished") },
  ], report.runs);
}

function compareHeader() {
  document.title = `${plural(report.runs.length, "run")} – atk-train`;
  document.getElementById("top").append(el("h1", {}, `${plural(report.runs.length, "run")} compared`), el("p", { class: "soft" },
    [report.varied.length ? `what differs: ${report.varied.join(", ")}` : "they differ in seed or data alone", plural(report.groups.length, "setting"), `atk-train ${report.version}`].join(" · ")));
}

function compareSections() {
  return [section("figures", "Figures", compareChart()), section("runs", "Runs", runsTable())];
}
