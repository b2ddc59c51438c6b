import { arrange, toStructure } from "./arrange.js";
import { move, requestId, toBoxes } from "./boxes.js";
import { h, setText } from "./dom.js";
import { createItems } from "./items.js";
import { createLegend } from "./legend.js";
import { createLines } from "./lines.js";
import { toSentences } from "./sentences.js";

const hint = "Point or move to something to read all of it here; Enter opens it.";

// createGraph returns a picture of who waits for whom: { element, show({ nodes, edges }) }.
//
// - A node is a request: { id, title, lines, kind, focus, inCycle, more }, with kind "holds" or "waits". Its lines are
//   shown as they are. Those that wait for the same lock come in the order of its queue.
// - An edge says that `from` cannot go on before `to`: { id, from, to, lock, kind, inCycle }. With kind "waits", `to`
//   holds the lock. With "behind", `to` waits for it earlier. With "inside", `to` was made inside `from`.
//
// onOpen is called with a node, or with { lock: name }.
export const createGraph = ({ onOpen }) => {
  const items = createItems();
  const lines = createLines();
  const view = h("div", { class: "graph-view", role: "group", "aria-label": "Who waits for whom" }, lines.element);
  const legend = createLegend(view);
  const details = h("p", { class: "graph-details" }, hint);
  const words = h("ol");
  const element = h("div", { class: "graph" }, legend.element, view, details,
    h("details", {}, h("summary", {}, "The same in words"), words));
  let data, picture, place;
  let structure; // what place was made for, as text
  let current; // the id of the item that Tab leads to
  let seen; // the id of the request that was scrolled to

  const show = (next) => {
    data = next;
    picture = toBoxes(next);
    draw();
    legend.show();
    const sentences = toSentences(data);
    while (words.children.length > sentences.length) words.lastChild.remove();
    sentences.forEach((text, i) => setText(words.children[i] ?? words.appendChild(h("li")), text));
  };

  const draw = () => {
    const hadFocus = view.contains(document.activeElement);
    items.show(picture.boxes, data);
    const em = parseFloat(getComputedStyle(view).fontSize) || 16;
    const width = view.clientWidth || Infinity;
    const text = toStructure(picture, em, width);
    if (text !== structure) {
      structure = text;
      place = arrange(picture, place, em, width);
      placeItems();
      lines.show(picture.links, place);
      scroll();
    }
    if (!items.get(current)) choose(requestId(data.nodes.find((node) => node.focus)?.id));
    if (!items.get(current)) choose(place.boxes[0]?.items[0].id);
    if (hadFocus) items.get(current)?.button.focus({ preventScroll: true }); // it was moved or removed
    describe();
  };

  // placeItems moves the items, and puts them in the order in which they are read.
  const placeItems = () => {
    let next = lines.element.nextSibling;
    for (const { id, items: rows } of place.boxes) {
      let { x, y } = place.nodes.get(id);
      const { width, rows: heights } = place.sizes.get(id);
      rows.forEach((item, i) => {
        const part = items.get(item.id).element;
        if (part === next) next = next.nextSibling;
        else view.insertBefore(part, next);
        const style = { transform: `translate(${x}px, ${y}px)`, width: `${width}px`, height: `${heights[i]}px` };
        Object.assign(part.style, style);
        y += heights[i];
      });
    }
  };

  // scroll brings the focused request into view if it is another one than before.
  const scroll = () => {
    const box = picture.boxes.find(({ items: rows }) => rows.some(({ request }) => request?.focus));
    const id = data.nodes.find((node) => node.focus)?.id;
    if (!view.clientWidth || !box || id === seen) return;
    seen = id;
    const { x, y } = place.nodes.get(box.id);
    const { width, port } = place.sizes.get(box.id);
    view.scrollLeft = Math.max(0, x + width + 20 - view.clientWidth);
    if (y + port + 40 > view.clientHeight) view.scrollTop = y + port - view.clientHeight / 2;
  };

  const choose = (id) => {
    items.get(current)?.button.setAttribute("tabindex", "-1");
    current = id;
    items.get(current)?.button.setAttribute("tabindex", "0");
  };

  const idOf = (target) => target.closest(".graph-item")?.dataset.id;
  const describe = (event) => {
    const target = event?.type === "pointerover" ? event.target : document.activeElement;
    setText(details, items.get(view.contains(target) && idOf(target))?.text ?? hint);
  };
  for (const type of ["focusout", "pointerover", "pointerleave"]) view.addEventListener(type, describe);
  view.addEventListener("focusin", ({ target }) => {
    choose(idOf(target) ?? current);
    describe();
  });
  view.addEventListener("click", ({ target }) => {
    const item = items.get(idOf(target));
    if (item) onOpen(item.open);
  });
  view.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const id = move(place.boxes, picture.links, idOf(event.target), event.key);
    if (id === undefined) return;
    event.preventDefault();
    items.get(id).button.focus();
  });
  new ResizeObserver(() => picture && draw()).observe(view);
  return { element, show };
};
