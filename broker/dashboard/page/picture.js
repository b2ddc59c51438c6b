import { createGraph } from "./graph.js";
import { h, setText } from "./dom.js";
import { toCount, toVisible } from "./text.js";
import { toHash } from "./route.js";

const pause = 1000; // ms between two layouts
const mostLocks = 3; // of which it says what is left out

// createPicture shows who waits for whom. It is laid out at most once a second, and only while it is open.
export const createPicture = (page, title, open = true) => {
  let due = 0;
  const graph = createGraph({
    onOpen: ({ id, lock }) => {
      location.hash = toHash(id ? { request: id } : { lock });
    },
  });
  const left = h("p", { class: "dim" });
  const element = h(
    "details",
    { open, toggle: () => page.update() },
    h("summary", {}, title),
    graph.element,
    left,
  );
  return {
    element,
    show(find) {
      if (!element.open || performance.now() < due) return;
      const found = find();
      element.hidden = found.nodes.length < 2;
      if (!element.hidden) graph.show(found);
      setText(left, toLeft(found.left));
      left.hidden = found.left.length === 0;
      due = performance.now() + pause;
    },
  };
};

// toLeft says how many requests a picture does not show.
export const toLeft = (left) => {
  const sentences = left.slice(0, mostLocks).map(({ lock, holders, waiters }) => {
    const counts = [holders && toCount(holders, "other holder"), waiters && toCount(waiters, "other waiter")];
    return `Not shown of ${toVisible(lock)}: ${counts.filter(Boolean).join(" and ")}.`;
  });
  if (left.length > mostLocks) sentences.push(`There are more for ${toCount(left.length - mostLocks, "other lock")}.`);
  return sentences.join(" ");
};
