import { isSmall } from "./arrange.js";
import { h, setText } from "./dom.js";
import { toNames } from "./sentences.js";
import { toVisible } from "./text.js";

// createItems returns the buttons of a graph, by the ids of their items. A button stays while its item does.
export const createItems = () => {
  const items = new Map();
  const show = (boxes, data) => {
    const names = toNames(data);
    const left = new Set(items.keys());
    for (const box of boxes) {
      for (const item of box.items) {
        left.delete(item.id);
        if (!items.has(item.id)) items.set(item.id, create(item.id));
        fill(items.get(item.id), item, names, box);
      }
    }
    for (const id of left) {
      items.get(id).element.remove();
      items.delete(id);
    }
  };
  return { show, get: (id) => items.get(id) };
};

// The button covers the whole item. The lines beside it are no part of its name, so that one with the focus is not read
// aloud whenever a duration counts.
const create = (id) => {
  const button = h("button", { type: "button", tabindex: "-1" });
  const lines = h("span", {});
  return { button, lines, element: h("div", { dataset: { id } }, button, lines) };
};

const fill = (item, { request, lock, inCycle }, names, box) => {
  const title = toVisible(request?.title ?? lock);
  const lines = [...(request?.lines ?? [])];
  if (request?.more) lines.push("… and others, not shown");
  const { kind, focus, inCycle: cycle } = request ?? { kind: "lock", inCycle };
  const queue = kind === "waits" && box.items.length > 1;
  const marks = Object.entries({ request, focus, cycle, queue, small: isSmall(box) }).filter(([, is]) => is);
  set(item.element, "class", ["graph-item", kind, ...marks.map(([mark]) => mark)].join(" "));
  item.open = request ?? { lock };
  item.text = [title, ...lines].join(" · ");
  set(item.button, "aria-label", request ? names.get(request.id) : `lock ${title}`);
  setText(item.button, title);
  while (item.lines.children.length > lines.length) item.lines.lastChild.remove();
  while (item.lines.children.length < lines.length) item.lines.append(h("span"));
  lines.forEach((line, i) => setText(item.lines.children[i], line));
};

const set = (element, name, value) => element.getAttribute(name) === value || element.setAttribute(name, value);
