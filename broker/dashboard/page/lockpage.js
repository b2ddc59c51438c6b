import { createPicture } from "./picture.js";
import { createRefresher } from "./refresher.js";
import { createRequestRows } from "./requestrows.js";
import { h, setText } from "./dom.js";
import { neighbourhoodOf } from "./waiting.js";
import { toCount, toVisible } from "./text.js";
import { copyButton } from "./copy.js";

// createLockPage shows one lock: who holds it, and its queue.
export const createLockPage = (page, name) => {
  const holders = createRequestRows(page, { holds: true });
  const waiters = createRequestRows(page, { holds: false });
  const refresh = createRefresher();
  const held = h("h2");
  const queued = h("h2");
  const free = h("p", {}, "The lock is free: nobody holds it or waits for it.");
  const picture = createPicture(page, "Who waits for whom");
  const lists = h("div", {}, held, holders.element, queued, waiters.element, picture.element);
  const element = h(
    "div",
    {},
    h("p", {}, h("a", { href: "#" }, "All locks")),
    h("h1", { class: "name" }, toVisible(name)),
    h("p", { class: "acts" }, copyButton()),
    free,
    lists,
  );
  return {
    element,
    title: `${toVisible(name)} – lock`,

    show({ view, now }) {
      const lock = view?.locks.get(name);
      free.hidden = Boolean(lock) || !view?.isComplete;
      lists.hidden = !lock;
      if (!lock) return;
      refresh(view, name);
      setText(held, toCount(lock.holders.size, "holder"));
      setText(queued, toCount(lock.waiters.size, "waiter"));
      holders.show(lock, lock.holders, now);
      waiters.show(lock, lock.waiters, now);
      picture.show(() => neighbourhoodOf(view, { lock: name }, now));
    },
  };
};
