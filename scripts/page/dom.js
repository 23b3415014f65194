"use strict";
// Elements and numbers. Text from the document becomes text nodes and attributes, never markup.

const report = JSON.parse(document.getElementById("document").textContent);

function el(tag, properties, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") node.className = value;
    else if (name === "click") node.addEventListener("click", value);
    else if (name === "change") node.addEventListener("change", value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return node;
}

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);
const fixed = (value, digits) => (isNumber(value) ? value.toFixed(digits) : "–");
const percent = (value, digits = 1) => (isNumber(value) ? `${(100 * value).toFixed(digits)} %` : "–");
const plural = (n, one, many) => `${n.toLocaleString("en")} ${n === 1 ? one : many || `${one}s`}`;
const figure3 = (value) => (isNumber(value) ? String(Number(value.toPrecision(3))) : "–");

function duration(seconds) {
  if (!isNumber(seconds)) return "–";
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

// A path as an address: each part escaped, so that nothing of it can be a scheme.
function address(root, image) {
  const path = image.startsWith("/") ? image : `${root}${image}`;
  const parts = path.split("/").map(encodeURIComponent).join("/");
  return path.startsWith("/") ? `file://${parts}` : `./${parts}`;
}

function section(id, title, ...children) {
  const heading = `${id}-title`;
  return el("section", { id, "aria-labelledby": heading }, el("h2", { id: heading }, title), children);
}

// columns: [{title, text: row => string or node, value: row => what is sorted by, left: bool}]. The
// first column is the row's header. Headers are buttons that sort.
function makeTable(caption, columns, rows, order) {
  const body = el("tbody");
  let sorted = order === undefined ? -1 : order, descending = false;
  const heads = columns.map((column, i) =>
    el("th", { scope: "col", class: column.left ? "text" : null },
      el("button", { type: "button", click: () => sortBy(i) }, column.title)));
  const compare = (a, b) => {
    const missing = (x) => x === null || x === undefined || Number.isNaN(x);
    if (missing(a) || missing(b)) return missing(a) - missing(b);
    const way = typeof a === "number" && typeof b === "number" ? a - b
      : String(a).localeCompare(String(b), "en", { numeric: true });
    return descending ? -way : way;
  };
  const show = () => {
    const value = sorted >= 0 && (columns[sorted].value || columns[sorted].text);
    const list = value ? rows.slice().sort((a, b) => compare(value(a), value(b))) : rows;
    body.replaceChildren(...list.map((row) => el("tr", {}, columns.map((column, i) =>
      el(i ? "td" : "th", { scope: i ? null : "row", class: column.left ? "text" : null }, column.text(row))))));
    heads.forEach((head, i) => {
      head.setAttribute("aria-sort", i !== sorted ? "none" : descending ? "descending" : "ascending");
    });
  };
  const sortBy = (i) => {
    descending = sorted === i ? !descending : !columns[i].left && i > 0;
    sorted = i;
    show();
  };
  show();
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    el("table", { class: "wide" }, el("caption", { class: "hidden" }, caption),
      el("thead", {}, el("tr", {}, heads)), body));
}

function select(label, options, change) {
  const box = el("select", { change: () => change(box.value) },
    options.map(([value, text]) => el("option", { value }, text)));
  return el("label", {}, label, box);
}

function checkbox(label, change) {
  const box = el("input", { type: "checkbox", change: () => change(box.checked) });
  return el("label", {}, box, label);
}

const className = (number) => report.classes[number];
