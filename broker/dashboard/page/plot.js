import { h, setText, svg } from "./dom.js";

// The units of the drawing, which is stretched to the size of the plot.
const [width, height] = [900, 100];

// createPlot returns a line plot of one series: { element, show(points, endTime) }. Points are one second apart, the
// last one at endTime, a Date or milliseconds; null is a gap. If unit is "ms", the axis is round in durations. Other
// units are shown after the text that format returns.
//
// The plot is a slider along the time (ARIA Authoring Practices). So a screen reader says the value and the time at
// which an arrow key arrives, without a live region.
export const createPlot = ({ title, unit, format }) => {
  const line = svg("path", { class: "plot-line" });
  const cursor = h("div", { class: "plot-cursor", hidden: true }, h("div", { class: "plot-dot" }));
  const stretched = { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" };
  const slider = { role: "slider", tabindex: "0", "aria-label": `${title}, by time`, "aria-valuenow": "0" };
  const area = h("div", { class: "plot-area", ...slider },
    svg("svg", stretched, line), cursor);
  const span = (name) => h("span", { class: `plot-${name}` });
  const [latest, highest, exact] = ["latest", "highest", "exact"].map(span);
  const labels = (name) => h("div", { class: `plot-${name}`, "aria-hidden": "true" });
  const [values, times] = ["values", "times"].map(labels);
  const element = h("figure", { class: "plot" },
    h("figcaption", {}, h("strong", {}, title), latest, highest, exact), values, area, times);
  let points = [];
  let end = 0;
  let maximum = 1;
  let chosen; // the time that a key or the pointer chose

  const last = () => points.length - 1;
  const timeOf = (index) => end - (last() - index) * 1000;
  const toText = (value) => (unit && unit !== "ms" ? `${format(value)} ${unit}` : format(value));
  const describe = (index) => `${toText(points[index])} at ${toSecond(timeOf(index))}`;

  const show = (next, endTime) => {
    [points, end] = [next, Number(endTime)];
    const top = points.reduce((best, value, i) => (value !== null && !(points[best] >= value) ? i : best), -1);
    maximum = roundMaximum(points[top] ?? 0, unit);
    line.setAttribute("d", toLine(points, maximum, width, height));
    setText(latest, (points.at(-1) ?? null) === null ? "no value now" : `${toText(points.at(-1))} now`);
    setText(highest, top < 0 ? "" : `, highest ${describe(top)}`);
    label(values, [maximum, maximum / 2, 0].map(format));
    const thirds = [1, 2].map((third) => toMinute(timeOf((third * last()) / 3)));
    const first = last() < 60 ? `${last()} s ago` : `${Math.round(last() / 60)} min ago`;
    label(times, last() < 1 ? ["", "", "", "now"] : [first, ...thirds, "now"]); // at first there are no points
    showChosen();
  };

  const showChosen = () => {
    const index = nearestPoint(points, last() - Math.round((end - (chosen ?? end)) / 1000));
    cursor.hidden = chosen === undefined || index < 0;
    setText(exact, cursor.hidden ? "" : describe(index));
    if (!cursor.hidden) {
      cursor.style.left = `${(index / Math.max(1, last())) * 100}%`;
      cursor.firstChild.style.top = `${(1 - points[index] / maximum) * 100}%`;
    }
    // A focused slider is read aloud when it changes, and it must not change with the time alone.
    const text = index < 0 ? "no values" : describe(index);
    if (area === document.activeElement && area.getAttribute("aria-valuetext") === text) return;
    const numbers = { valuemin: timeOf(0), valuemax: end, valuenow: timeOf(Math.max(0, index)) };
    for (const [name, time] of Object.entries(numbers)) area.setAttribute(`aria-${name}`, Math.round(time / 1000));
    area.setAttribute("aria-valuetext", text);
  };

  const choose = (index) => {
    chosen = index < 0 ? undefined : timeOf(index);
    showChosen();
  };
  const atPointer = ({ clientX }) => {
    const box = area.getBoundingClientRect();
    choose(nearestPoint(points, Math.round(((clientX - box.left) / box.width) * last())));
  };
  const listen = (type, handle) => area.addEventListener(type, handle);
  listen("pointermove", atPointer);
  listen("pointerdown", atPointer);
  listen("pointerleave", () => area === document.activeElement || choose(-1));
  listen("focus", () => chosen ?? choose(nearestPoint(points, last())));
  listen("blur", () => choose(-1));
  listen("keydown", (event) => {
    const { key, altKey, ctrlKey, metaKey } = event;
    const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, Home: -Infinity, End: Infinity }[key];
    if (!step || altKey || ctrlKey || metaKey) return;
    event.preventDefault();
    const index = nearestPoint(points, last() - Math.round((end - chosen) / 1000));
    choose(Math.abs(step) === 1 ? nextPoint(points, index, step) : nearestPoint(points, step < 0 ? 0 : last()));
  });
  return { element, show };
};

const label = (row, texts) =>
  texts.forEach((text, i) => setText(row.children[i] ?? row.appendChild(h("span")), text));

const clock = { hour: "2-digit", minute: "2-digit" };
const toMinute = new Intl.DateTimeFormat("en-GB", clock).format;
const toSecond = new Intl.DateTimeFormat("en-GB", { ...clock, second: "2-digit" }).format;

// roundMaximum returns a round number that is not less than value, for the top of an axis; half of it is round too. For
// milliseconds it is round in seconds, minutes, hours or days.
export const roundMaximum = (value, unit) => {
  if (unit === "ms") {
    const known = durations.find((seconds) => seconds * 1000 >= value);
    return known ? known * 1000 : roundMaximum(value / 86_400_000) * 86_400_000;
  }
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 2)));
  return [1, 2, 4, 10].map((step) => step * power).find((step) => step >= value && step >= 2);
};

const durations = [1, 2, 4, 10, 20, 30, 60, 120, 240, 600, 1200, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400];

// toLine returns the path of points in a box of this size. A point that is null makes a gap; one alone is a dot.
export const toLine = (points, maximum, width, height) => {
  const step = width / Math.max(1, points.length - 1);
  return points.map((value, i) => {
    if (value === null) return "";
    const place = `${round(i * step)} ${round(height - (value / maximum) * height)}`;
    return (points[i - 1] ?? null) === null ? `M${place}h0` : `L${place}`;
  }).join("");
};

const round = (number) => Math.round(number * 10) / 10;

// nearestPoint returns the index of the point nearest to index that is not null, or -1. Of two it is the earlier one.
export const nearestPoint = (points, index) =>
  points.reduce((best, value, i) =>
    (value !== null && (best < 0 || Math.abs(i - index) < Math.abs(best - index)) ? i : best), -1);

// nextPoint returns the index of the next point that is not null, in the direction of step, or else index.
export const nextPoint = (points, index, step) => {
  for (let i = index + step; i >= 0 && i < points.length; i += step) if (points[i] !== null) return i;
  return index;
};
