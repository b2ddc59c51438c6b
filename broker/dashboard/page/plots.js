import { createPlot } from "./plot.js";
import { h, setText } from "./dom.js";
import { toDuration } from "./text.js";

// The series of the history, in the order of the numbers in a point.
const series = [
  { title: "Grants a second", unit: "grants/s", format: (number) => number.toLocaleString("en") },
  { title: "Waiters", unit: "waiting", format: (number) => number.toLocaleString("en") },
  { title: "Longest wait", unit: "ms", format: toDuration },
  { title: "Longest hold", unit: "ms", format: toDuration },
];

// createPlots shows the last 15 minutes.
export const createPlots = () => {
  const plots = series.map(createPlot);
  const note = h("p", { class: "dim" });
  const grid = h("div", { class: "plots" }, ...plots.map((plot) => plot.element));
  const open = matchMedia("(min-width: 761px) and (min-height: 600px)").matches; // a small screen has no room for them
  const element = h("details", { open }, h("summary", {}, "The last 15 minutes"), note, grid);
  let drawn; // the number of the last point that is drawn
  return {
    element,
    show({ points, end, next, needs }) {
      grid.hidden = Boolean(needs);
      note.hidden = !needs;
      setText(note, `The last 15 minutes are for those with the permission ${needs}, or list on all locks.`);
      if (next === drawn || needs || !element.open) return;
      drawn = next;
      plots.forEach((plot, i) => plot.show(points.map((point) => point && point[i]), end));
    },
  };
};
