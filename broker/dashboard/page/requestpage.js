import { copyButton } from "./copy.js";
import { createQueue, far } from "./queue.js";
import { createPicture } from "./picture.js";
import { createRefresher } from "./refresher.js";
import { evictButton } from "./evict.js";
import { find, toWho } from "./requests.js";
import { h, setText } from "./dom.js";
import { neighbourhoodOf } from "./waiting.js";
import { toClient, toMode } from "./requestrows.js";
import { toCount, toDuration, toVisible } from "./text.js";
import { toHash } from "./route.js";
import { createWhy } from "./why.js";

// createRequestPage shows one request: all its locks, what it is inside, and why it waits.
export const createRequestPage = (page, id) => {
  let shown; // the request as it was last
  let principal; // for whom it was shown
  const state = h("p", { class: "lead", role: "status" });
  const refresh = createRefresher();
  const time = h("span");
  const facts = h("dl", { class: "facts" });
  const locks = h("ul", { class: "plain" });
  const why = createWhy(page, id);
  const picture = createPicture(page, "Who waits for whom");
  const evict = h("span");
  const element = h(
    "div",
    {},
    h("p", {}, h("a", { href: "#" }, "All locks")),
    h("h1", { class: "name" }, `Request ${toVisible(id)}`),
    state,
    h("p", { class: "acts" }, copyButton(), evict),
    facts,
    h("h2", {}, "Its locks"),
    locks,
    why.element,
    picture.element,
  );

  const describe = ({ request, holds }, now) => {
    const row = (title, ...value) => [h("dt", {}, title), h("dd", {}, ...value)];
    const parent = request.parent && h("a", { href: toHash({ request: request.parent }) }, toVisible(request.parent));
    facts.replaceChildren(
      ...row(holds ? "Held for" : "Waiting for", time),
      ...row("Author", request.author ? toVisible(request.author) : "none"),
      ...row("Client", toClient(request) || "unknown"),
      ...row("Mode", toMode(request)),
      ...row("Fencing token", holds ? String(request.token) : "none yet"),
      ...row("Inside", parent || "no other request"),
    );
    if (request.gone) facts.append(...row("Connection", "has ended; the locks are kept until its client has given up"));
    locks.replaceChildren(
      ...request.locks.map((name) => h("li", {}, h("a", { href: toHash({ lock: name }) }, toVisible(name)))),
    );
    if (request.hidden) locks.append(h("li", { class: "dim" }, "and locks that you may not see"));
    evict.replaceChildren(evictButton(page, id) ?? "");
  };

  return {
    element,
    title: `${toVisible(id)} – request`,

    show({ view, now, endings }) {
      const found = view && find(view, id);
      const isNew = found?.request !== shown?.request || principal !== page.session.principal;
      element.classList.toggle("ended", !found);
      if (!found) {
        setText(state, describeEnd(endings.get(id), view));
        evict.replaceChildren();
        why.stop();
        picture.element.hidden = true;
        return;
      }
      if (isNew) describe(found, now);
      shown = found;
      principal = page.session.principal;
      refresh(view, found.lock.name);
      setText(time, toDuration(now - found.request.since));
      setText(state, describeState(found));
      why.show(found);
      picture.show(() => neighbourhoodOf(view, { request: id }, now));
    },
  };
};

const describeState = ({ request, holds, lock }) => {
  const what = request.locks.length === 1 ? toVisible(lock.name) : toCount(request.locks.length, "lock");
  if (holds) return `${toWho(request)} holds ${what}.`;
  if (request.locks.length > 1) return `${toWho(request)} waits for ${what}.`;
  const place = createQueue(lock).placeOf(request.id);
  const others = place === Infinity ? `more than ${toCount(far, "other waiter")}` : toCount(place - 1, "other waiter");
  const where = place === 1 ? "first in its queue" : `behind ${others}`;
  return `${toWho(request)} waits for ${what}, ${where}.`;
};

const describeEnd = (ending, view) => {
  if (!view?.isComplete) return "Reading …";
  if (!ending) return "There is no such request: it has ended, or you may not see it.";
  const { event, reason, by, message, at } = ending;
  const how = { lost: reason, gone: "its connection ended", timeout: "timed out", shutting_down: "the broker is stopping" };
  const more = [by && `by ${toVisible(by)}`, message && `“${toVisible(message)}”`].filter(Boolean).join(", ");
  return `This request has ended at ${new Date(at).toLocaleTimeString()}: ${how[event] ?? event}${more && ` ${more}`}.`;
};
