import { h, setText, svg } from "./dom.js";
import { nearestPoint, nextPoint, roundMaximum, toLine } from "./scale.js";

// The units of the drawing, which is stretched to the size of the page.
const width = 900;
const height = 100;

// createPlot returns a line plot of one series: { element, show(points, endTime) }. Points are one second apart, the last
// one at endTime, a Date or milliseconds; null is a gap. format turns a value into text, with its unit. The axis is round
// in numbers, or in durations if unit is "ms".
//
// The plot is a slider on the time axis. So a screen reader announces the value and the time that an arrow key leads to,
// without a live region (ARIA Authoring Practices, slider pattern).
export const createPlot = ({ title, unit, format }) => {
  const line = svg("path", { class: "plot-line" });
  const drawing = svg("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" }, line);
  const cursor = h("div", { class: "plot-cursor", hidden: true }, h("div", { class: "plot-dot" }));
  const area = h("div", { class: "plot-area", role: "slider", tabindex: "0", "aria-label": `${title}, by time` }, drawing, cursor);
  const [latest, highest, exact] = ["plot-latest", "plot-highest", "plot-exact"].map((name) => h("span", { class: name }));
  const ups = [0, 1, 2].map(() => h("span"));
  const times = [0, 1, 2, 3].map(() => h("span"));
  const element = h("figure", { class: "plot" },
    h("figcaption", {}, h("strong", {}, title), latest, highest, exact),
    h("div", { class: "plot-values", "aria-hidden": "true" }, ups),
    area,
    h("div", { class: "plot-times", "aria-hidden": "true" }, times));
  let points = [];
  let end = 0;
  let maximum = 1;
  let chosen; // the time of the point that a key or the pointer chose

  const timeOf = (index) => end - (points.length - 1 - index) * 1000;
  const indexOf = (time) => points.length - 1 - Math.round((end - time) / 1000);
  const describe = (index) => `${format(points[index])} at ${toClock(timeOf(index), true)}`;

  const show = (next, endTime) => {
    [points, end] = [next, Number(endTime)];
    const top = highestPoint(points);
    maximum = roundMaximum(top < 0 ? 0 : points[top], unit);
    line.setAttribute("d", toLine(points, maximum, width, height));
    const last = points.at(-1) ?? null;
    setText(latest, last === null ? "no value now" : `${format(last)} now`);
    setText(highest, top < 0 ? "" : `, highest ${describe(top)}`);
    [maximum, maximum / 2, 0].forEach((value, i) => setText(ups[i], format(value)));
    const third = (points.length - 1) / 3;
    setText(times[0], `${Math.round((points.length - 1) / 60)} min ago`);
    [1, 2].forEach((i) => setText(times[i], toClock(timeOf(i * third))));
    setText(times[3], "now");
    showChosen();
  };

  const showChosen = () => {
    const focused = area === document.activeElement;
    const index = nearestPoint(points, chosen === undefined ? points.length - 1 : Math.max(0, indexOf(chosen)));
    const visible = chosen !== undefined && index >= 0;
    cursor.hidden = !visible;
    setText(exact, visible ? describe(index) : "");
    if (visible) {
      cursor.style.left = `${(index / Math.max(1, points.length - 1)) * 100}%`;
      cursor.firstChild.style.top = `${(1 - Math.min(1, points[index] / maximum)) * 100}%`;
    }
    // A change of a focused slider is announced, so nothing changes there with the time alone.
    if (focused && area.getAttribute("aria-valuetext") === exact.textContent) return;
    const seconds = (i) => Math.round(timeOf(i) / 1000);
    const values = { valuemin: seconds(0), valuemax: seconds(points.length - 1), valuenow: seconds(Math.max(0, index)) };
    for (const [name, value] of Object.entries(values)) area.setAttribute(`aria-${name}`, value);
    area.setAttribute("aria-valuetext", index < 0 ? "no values" : describe(index));
  };

  const choose = (index) => {
    chosen = index < 0 ? undefined : timeOf(index);
    showChosen();
  };
  const atPointer = (event) => {
    const { left, width: across } = area.getBoundingClientRect();
    choose(nearestPoint(points, Math.round(((event.clientX - left) / across) * (points.length - 1))));
  };
  area.addEventListener("pointermove", atPointer);
  area.addEventListener("pointerdown", atPointer);
  area.addEventListener("pointerleave", () => area === document.activeElement || choose(-1));
  area.addEventListener("focus", () => chosen === undefined && choose(nearestPoint(points, points.length - 1)));
  area.addEventListener("blur", () => choose(-1));
  area.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const index = toIndex(event.key, points, chosen === undefined ? points.length - 1 : indexOf(chosen));
    if (index === undefined) return;
    event.preventDefault();
    choose(nearestPoint(points, index));
  });
  return { element, show };
};

const toIndex = (key, points, index) => ({
  ArrowLeft: () => nextPoint(points, index, -1),
  ArrowDown: () => nextPoint(points, index, -1),
  ArrowRight: () => nextPoint(points, index, 1),
  ArrowUp: () => nextPoint(points, index, 1),
  PageDown: () => Math.max(0, index - 60),
  PageUp: () => Math.min(points.length - 1, index + 60),
  Home: () => 0,
  End: () => points.length - 1,
})[key]?.();

const highestPoint = (points) =>
  points.reduce((best, value, i) => (value !== null && (best < 0 || value > points[best]) ? i : best), -1);

const toClock = (time, seconds) =>
  new Date(time).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", second: seconds && "2-digit" });
