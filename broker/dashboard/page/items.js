import { isSmall } from "./arrange.js";
import { h, setText } from "./dom.js";
import { toNames } from "./sentences.js";
import { toVisible } from "./text.js";

// createItems returns the buttons of a graph, by the ids of their items. A button stays while its item does.
export const createItems = () => {
  const items = new Map();

  const show = (boxes, data) => {
    const names = toNames(boxes, data);
    for (const box of boxes) {
      for (const item of box.items) {
        if (!items.has(item.id)) items.set(item.id, createItem(item.id));
        fill(items.get(item.id), item, isSmall(box));
        setAttribute(items.get(item.id).element, "aria-label", names.get(item.id));
      }
    }
    for (const [id, { element }] of items) {
      if (names.has(id)) continue;
      element.remove();
      items.delete(id);
    }
  };
  return { show, get: (id) => items.get(id) };
};

const createItem = (id) => {
  const title = h("span", { class: "graph-title" });
  const lines = h("span", { class: "graph-lines" });
  const element = h("button", { type: "button", tabindex: "-1", dataset: { id } }, title, lines);
  return { title, lines, element };
};

const fill = (item, { request, lock, inCycle }, small) => {
  const marks = request
    ? ["graph-request", request.kind, request.focus && "focus", request.inCycle && "cycle", small && "small"]
    : ["graph-lock", inCycle && "cycle"];
  setAttribute(item.element, "class", ["graph-item", ...marks].filter(Boolean).join(" "));
  item.open = request ?? { lock };
  item.text = request ? [request.title, ...request.lines].map(toVisible).join(" · ") : toVisible(lock);
  setText(item.title, toVisible(request?.title ?? lock));
  const lines = request ? [...request.lines.map(toVisible), ...(request.more ? ["… and others, not shown"] : [])] : [];
  while (item.lines.children.length > lines.length) item.lines.lastChild.remove();
  while (item.lines.children.length < lines.length) item.lines.append(h("span"));
  lines.forEach((line, i) => setText(item.lines.children[i], line));
};

const setAttribute = (element, name, value) => {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
};
