// Images: cards in a grid, and the window that shows the images of a cell or one of them large.

const viewer = document.getElementById("viewer");
const MOST_IN_WINDOW = 200, AT_ONCE = 24;

// What the columns of a table say of one image.
function imageOf(side, i) {
  const table = report[side], at = (name) => (table[name] ? table[name][i] : undefined);
  return {
    side, i, image: at("image"), label: at("label"), predicted: at("predicted"), probability: at("probability"),
    loss: at("loss"), lastLoss: at("last_loss"), seen: at("seen"), selected: at("selected"),
    thumbnail: at("thumbnail"), map: at("map"),
    link: at("there") ? address(table.root, at("image")) : null,
  };
}

const isWrong = (item) => item.label !== item.predicted;
const describe = (item) => `${item.image}: label ${className(item.label)}, predicted ${className(item.predicted)}`;

function shot(number, alt, size) {
  const aspect = report.aspects[number];
  const image = el("img", { src: `data:image/jpeg;base64,${report.images[number]}`, alt });
  image.style.aspectRatio = String(aspect);
  image.style.width = `${Math.round(size * Math.min(1, aspect))}px`;
  return image;
}

function shots(item) {
  const box = el("span", { class: "shots" });
  if (isNumber(item.thumbnail)) box.append(shot(item.thumbnail, describe(item), 128));
  else box.append(el("span", { class: "none" }, "no thumbnail"));
  if (isNumber(item.map)) box.append(shot(item.map, `where the network looked for ${className(item.predicted)}`, 128));
  return box;
}

function card(item, open) {
  const verdict = isWrong(item) ? el("b", { class: "wrong" }, className(item.predicted)) : el("b", { class: "right" }, className(item.predicted));
  const figures = item.side === "validation" ? `${percent(item.probability)}, loss ${fixed(item.loss, 2)}`
    : `loss ${fixed(item.loss, 2)}, counted ${item.selected} of ${item.seen} times`;
  return el("li", {}, el("button", { type: "button", class: "card", click: () => open(item) }, shots(item),
    el("span", { class: "line" }, "label ", el("b", {}, className(item.label))),
    el("span", { class: "line" }, "predicted ", verdict), el("span", { class: "line soft" }, figures)));
}

function openWindow(title, content, back) {
  const buttons = el("div", { class: "controls" },
    back ? el("button", { type: "button", class: "button", click: back }, "Back") : null,
    el("button", { type: "button", class: "button", click: () => viewer.close() }, "Close"));
  viewer.replaceChildren(el("div", { class: "head" }, el("h2", { id: "viewer-title", tabindex: "-1" }, title), buttons), content);
  if (!viewer.open) viewer.showModal();
  viewer.scrollTop = 0;
  viewer.querySelector("h2").focus();
}

function openImage(item, back) {
  const large = el("div", { class: "large" });
  if (isNumber(item.thumbnail)) large.append(el("figure", {}, shot(item.thumbnail, describe(item), 384)));
  if (isNumber(item.map)) {
    large.append(el("figure", {}, shot(item.map, `class activation map of ${className(item.predicted)}`, 384),
      el("figcaption", { class: "small" }, `Class activation map: red speaks for ${className(item.predicted)}`)));
  }
  const fact = (name, value) => [el("dt", {}, name), el("dd", {}, value)];
  const facts = el("dl", { class: "facts" }, fact("Image", item.image), fact("Label", className(item.label)),
    fact(item.side === "validation" ? "Predicted" : "Last predicted", className(item.predicted)));
  if (item.side === "validation") facts.append(...fact("Probability", percent(item.probability, 2)), ...fact("Loss", fixed(item.loss, 4)));
  else facts.append(...fact("Mean loss", fixed(item.loss, 4)), ...fact("Last loss", fixed(item.lastLoss, 4)), ...fact("Counted in the loss", `${item.selected} of ${item.seen} times`));
  const link = item.link ? el("p", {}, el("a", { href: item.link, target: "_blank", rel: "noopener" }, "Open the file"))
    : el("p", { class: "soft small" }, "The file was not there when this page was written.");
  openWindow(item.side === "validation" ? "Validation image" : "Training image", el("div", {}, large, facts, link), back);
}

// The images of a cell of the confusion matrix.
function openCell(label, predicted) {
  const table = report.validation, items = [];
  const total = (report.matrix.find(([a, b]) => a === label && b === predicted) || [0, 0, 0])[2];
  for (let i = 0; i < table.image.length && items.length < MOST_IN_WINDOW; i++)
    if (table.label[i] === label && table.predicted[i] === predicted) items.push(imageOf("validation", i));
  const again = () => openCell(label, predicted);
  const title = label === predicted ? `${className(label)}, classified rightly` : `${className(label)}, classified as ${className(predicted)}`;
  openWindow(title, el("div", {},
    el("p", { class: "soft" }, items.length < total ? `${items.length} of ${plural(total, "image")}, those with the largest loss` : plural(total, "image")),
    el("ul", { class: items.some((item) => isNumber(item.map)) ? "grid pairs" : "grid" }, items.map((item) => card(item, (one) => openImage(one, again))))));
}

// A grid that can be filtered, and grows on demand.
function gallery(side, wrongText) {
  const table = report[side], list = el("ul", { class: (table.map || []).some(isNumber) ? "grid pairs" : "grid" });
  const state = { label: "", wrong: false, shown: AT_ONCE };
  const status = el("p", { class: "soft small", role: "status" });
  const more = el("button", { type: "button", class: "button", click: () => { state.shown += 2 * AT_ONCE; show(); } }, "Show more");
  const show = () => {
    const found = [];
    for (let i = 0; i < table.image.length; i++)
      if ((state.label === "" || table.label[i] === Number(state.label)) && (!state.wrong || table.label[i] !== table.predicted[i])) found.push(i);
    list.replaceChildren(...found.slice(0, state.shown).map((i) => card(imageOf(side, i), (item) => openImage(item))));
    const n = Math.min(found.length, state.shown);
    status.textContent = found.length ? `${n} of ${plural(found.length, "image")}${table.total > table.image.length ? `, of ${table.total.toLocaleString("en")} in all` : ""}` : "No such image.";
    more.hidden = found.length <= state.shown;
  };
  const used = [...new Set(table.label)].sort((a, b) => a - b);
  const change = (name) => (value) => { state[name] = value; state.shown = AT_ONCE; show(); };
  show();
  return [el("div", { class: "controls" }, select("Label", [["", "all"], ...used.map((c) => [c, className(c)])], change("label")), checkbox(wrongText, change("wrong"))),
    status, list, el("p", {}, more)];
}

function validationSection() {
  return section("worst", "Worst validation images", el("p", { class: "soft" },
    "The largest loss first. ", (report.validation.map || []).some(isNumber) ? "Beside the worst ones a class activation map: red is what spoke for the predicted class." : ""),
  gallery("validation", "only wrong ones"));
}

function trainingSection() {
  return section("hardest", "Hardest training images", el("p", { class: "soft" },
    "The largest mean loss over the run first. Wrong labels are near the top."), gallery("training", "only label ≠ prediction"));
}
