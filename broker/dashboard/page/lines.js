import { svg } from "./dom.js";
import { bulge } from "./layout.js";

// createLines returns { element, show(links, place) }: the links of a graph. A line stays while its link does.
export const createLines = () => {
  const element = svg("svg", { "aria-hidden": "true" });
  const drawn = new Map();
  const show = (links, place) => {
    const left = new Set(drawn.keys());
    for (const { id, kind, inCycle } of links) {
      left.delete(id);
      if (!drawn.has(id)) drawn.set(id, element.appendChild(svg("g", {}, svg("path"), svg("path"))));
      const group = drawn.get(id);
      const points = place.edges.get(id);
      group.setAttribute("class", `${kind}${inCycle ? " cycle" : ""}`);
      group.firstChild.setAttribute("d", toPath(points, place.down));
      group.lastChild.setAttribute("d", toHead(points.at(-1), place.down, place.turned.has(id) ? -8 : 8));
    }
    for (const id of left) {
      drawn.get(id).remove();
      drawn.delete(id);
    }
    element.style.width = `${place.width}px`;
    element.style.height = `${place.height}px`;
  };
  return { element, show };
};

// toPath returns the path of an edge of the layout: straight through a layer, and bent between two.
export const toPath = (points, down) => {
  const [along, across] = down ? ["y", "x"] : ["x", "y"];
  const steps = points.slice(1).map((to, i) => {
    if (i % 2 === 0) return `L${xy(to)}`;
    const from = points[i];
    const middle = from[along] === to[along] ? from[along] + bulge : (from[along] + to[along]) / 2;
    return `C${[from, to].map((end) => xy({ [along]: middle, [across]: end[across] })).join(" ")} ${xy(to)}`;
  });
  return `M${xy(points[0])}${steps.join("")}`;
};

// toHead returns the path of an arrow, whose wings end so far behind its tip.
const toHead = ({ x, y }, down, back) => {
  const [a, b] = [-5, 5].map((side) => xy(down ? { x: x + side, y: y + back } : { x: x + back, y: y + side }));
  return `M${a}L${xy({ x, y })}L${b}`;
};

const xy = ({ x, y }) => `${Math.round(x * 10) / 10},${Math.round(y * 10) / 10}`;
