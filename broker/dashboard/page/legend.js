import { h } from "./dom.js";

// What the marks mean, and the elements that have them.
const marks = [
  ["holds", "holds", ".holds"],
  ["waits", "waits", ".waits"],
  ["lock", "lock", ".lock"],
  ["inside", "has made another request", ".inside"],
  ["behind", "waits behind another", ".behind"],
  ["queue", "a queue, first at the top", ".queue"],
  ["cycle", "deadlock", ".cycle"],
];

// createLegend returns { element, show() }, which explains the marks that are in a view.
export const createLegend = (view) => {
  const rows = marks.map(([mark, text]) => h("li", { hidden: true }, h("span", { class: `graph-mark ${mark}` }), text));
  const show = () => rows.forEach((row, i) => (row.hidden = !view.querySelector(marks[i][2])));
  return { element: h("ul", { class: "graph-legend" }, rows), show };
};
