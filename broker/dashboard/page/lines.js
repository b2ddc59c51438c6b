import { svg } from "./dom.js";
import { bulge } from "./layout.js";

// createLines returns { element, show(links, place) }: the links of a graph. A line stays while its link does.
export const createLines = () => {
  const element = svg("svg", { class: "graph-links", "aria-hidden": "true" });
  const drawn = new Map();
  const show = (links, place) => {
    const left = new Map(drawn);
    for (const { id, kind, inCycle } of links) {
      left.delete(id);
      if (!drawn.has(id)) drawn.set(id, svg("g", {}, svg("path", { class: "line" }), svg("path")));
      const group = drawn.get(id);
      const points = place.edges.get(id);
      group.setAttribute("class", `graph-link ${kind}${inCycle ? " cycle" : ""}`);
      group.firstChild.setAttribute("d", toPath(points, place.down));
      group.lastChild.setAttribute("d", toHead(points.at(-1), place.down, place.turned.has(id) ? 1 : -1));
      if (!group.parentNode) element.append(group);
    }
    for (const [id, group] of left) {
      group.remove();
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
    const handles = [from, to].map((end) => xy({ [along]: middle, [across]: end[across] }));
    return `C${handles.join(" ")} ${xy(to)}`;
  });
  return `M${xy(points[0])}${steps.join("")}`;
};

// toHead returns the path of the arrow at the end of an edge. direction is 1 for an edge to a later layer.
const toHead = ({ x, y }, down, direction) => {
  const back = -8 * direction;
  const wings = [-5, 5].map((side) => xy(down ? { x: x + side, y: y + back } : { x: x + back, y: y + side }));
  return `M${wings[0]}L${xy({ x, y })}L${wings[1]}`;
};

const xy = ({ x, y }) => `${Math.round(x * 10) / 10},${Math.round(y * 10) / 10}`;
