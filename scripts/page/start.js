// Puts the page together.

(function start() {
  const compares = report.kind === "comparison";
  const sections = compares ? compareSections() : runSections();
  if (compares) compareHeader();
  else runHeader();
  document.getElementById("main").replaceChildren(
    ...(chartsAreThere() ? [] : [el("p", { class: "notice warn" }, "Chart.js was not found when this page was written (Debian: apt install libjs-chart.js), so there are tables in place of charts.")]),
    ...sections);
  document.getElementById("nav").append(el("ul", {}, sections.map((one) => el("li", {}, el("a", { href: `#${one.id}` }, one.querySelector("h2").textContent)))));
  document.getElementById("foot").append(el("p", {}, `Written${report.written ? ` ${report.written.replace("T", " ")}` : ""} by atk-train ${report.version}. This page needs no network.`,
    chartsAreThere() ? ` Charts by Chart.js ${Chart.version} (MIT licence).` : ""));
  viewer.addEventListener("click", (event) => { if (event.target === viewer) viewer.close(); });
  drawAll();
})();
