import { evictButton } from "./evict.js";
import { h, setText } from "./dom.js";
import { toCount, toDuration, toVisible } from "./text.js";
import { toHash } from "./route.js";
import { toWho } from "./requests.js";

const step = 100; // rows that are made at first, and for each press of the button

// createRequestRows makes the table of the holders or of the waiters of a lock.
export const createRequestRows = (page, { holds }) => {
  let most = step;
  const known = new Map(); // rows by id
  let principal; // for whom the rows were made
  const body = h("tbody");
  const titles = [holds ? "Holder" : "Place", ...(holds ? [] : ["Waiter"]), "Request", "Client", "Mode"];
  titles.push(holds ? "Held for" : "Waiting for", holds ? "Token" : "Inside", "");
  const more = h("button", {
    type: "button",
    click: () => {
      most += step;
      page.update();
    },
  });
  const head = h("tr", {}, ...titles.map((title) => (title ? h("th", { scope: "col" }, title) : h("td"))));
  const table = h("table", { "aria-label": holds ? "Holders" : "Waiters" }, h("thead", {}, head), body);
  const element = h("div", { class: "requests" }, table, more);

  const make = (request, lock) => {
    const place = h("td", { dataset: { label: "Place" } });
    const time = h("td", { class: "time", dataset: { label: holds ? "Held for" : "Waiting for" } });
    const parent = request.parent ? h("a", { href: toHash({ request: request.parent }) }, toVisible(request.parent)) : "";
    const gone = request.gone ? h("span", { class: "alarm" }, " connection has ended") : null;
    const waits = h("a", { class: "alarm" });
    const cell = (label, ...content) => h("td", { dataset: { label } }, ...content);
    const row = h(
      "tr",
      {},
      holds ? null : place,
      h("th", { scope: "row" }, toWho(request), holds ? waits : null, gone),
      cell("Request", h("a", { href: toHash({ request: request.id, lock: lock.name }) }, toVisible(request.id))),
      cell("Client", toClient(request)),
      cell("Mode", toMode(request)),
      time,
      holds ? cell("Token", String(request.token)) : cell("Inside", parent),
      h("td", {}, evictButton(page, request.id)),
    );
    return { row, place, time, waits, request };
  };

  return {
    element,
    show(lock, requests, now) {
      if (principal !== page.session.principal) {
        known.clear();
        body.replaceChildren();
        principal = page.session.principal;
      }
      for (const [id, { row }] of known) {
        if (requests.has(id)) continue;
        row.remove(); // first, so that no other row must be moved, which would take the focus from it
        known.delete(id);
      }
      let place = 0;
      let previous = null;
      for (const request of requests.values()) {
        if (place++ === most) break;
        const { id } = request;
        if (known.get(id)?.request !== request) {
          known.get(id)?.row.remove();
          known.set(id, make(request, lock));
        }
        const shown = known.get(id);
        if (holds) showWait(shown.waits, page.view.locks.index, id);
        setText(shown.time, toDuration(now - request.since));
        if (!holds) setText(shown.place, String(place));
        const next = previous ? previous.nextSibling : body.firstChild;
        if (next !== shown.row) body.insertBefore(shown.row, next);
        previous = shown.row;
      }
      element.hidden = requests.size === 0;
      more.hidden = requests.size <= most;
      setText(more, `Show ${Math.min(step, requests.size - most)} more of ${toCount(requests.size - most, "other")}`);
    },
  };
};

// showWait says that a holder does not go on, because a request inside it waits.
const showWait = (link, index, id) => {
  const [child] = index.inside(id);
  const found = child && index.get(child);
  link.hidden = !found;
  if (!found) return;
  setText(link, ` itself waits for ${found.locks.map(({ name }) => toVisible(name)).join(", ")}`);
  link.href = toHash({ request: child });
};

export const toMode = ({ mode, limit }) => (limit ? `${mode}, at most ${limit.toLocaleString("en")}` : mode);

export const toClient = ({ client, identity, remote }) =>
  [client, identity, remote].filter(Boolean).map(toVisible).join(", ");
