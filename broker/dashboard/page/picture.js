import { createGraph } from "./graph.js";
import { h } from "./dom.js";

const pause = 1000; // ms between two layouts

// createPicture shows who waits for whom. It is laid out at most once a second, and only while it is open.
export const createPicture = (page, title, open = true) => {
  let due = 0;
  const graph = createGraph({
    onOpen: ({ id, lock }) => {
      location.hash = new URLSearchParams(id ? { request: id } : { lock });
    },
  });
  const element = h("details", { open, toggle: () => page.update() }, h("summary", {}, title), graph.element);
  return {
    element,
    show(find) {
      if (!element.open || performance.now() < due) return;
      const found = find();
      element.hidden = found.nodes.length < 2;
      if (!element.hidden) graph.show(found);
      due = performance.now() + pause;
    },
  };
};
