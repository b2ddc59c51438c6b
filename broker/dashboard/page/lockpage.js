import { createPicture } from "./picture.js";
import { createRefresher } from "./refresher.js";
import { createRequestRows } from "./requestrows.js";
import { h, setText } from "./dom.js";
import { may } from "./permissions.js";
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
  const free = h("p");
  const note = h("p", {}, "Nobody holds it. Its first waiter waits for other locks, too.");
  const picture = createPicture(page, "Who waits for whom");
  const lists = h("div", {}, held, holders.element, note, picture.element, queued, waiters.element);
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
      setText(free, describeFree(page, name));
      lists.hidden = !lock;
      if (!lock) return;
      refresh(view, name);
      note.hidden = lock.holders.size > 0;
      setText(held, toCount(lock.holders.size, "holder"));
      setText(queued, toCount(lock.waiters.size, "waiter"));
      holders.show(lock, lock.holders, now);
      waiters.show(lock, lock.waiters, now);
      picture.show(() => neighbourhoodOf(view, { lock: name }, now));
    },
  };
};

// describeFree says that nobody has the lock, as far as this page can know.
const describeFree = ({ session }, name) => {
  if (session.state !== "connected") return "Not connected: nothing is known of this lock.";
  if (!may(session.principal, "list", [name])) return "The lock is free, or you may not see it.";
  return "The lock is free: nobody holds it or waits for it.";
};
