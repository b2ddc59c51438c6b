import { find, first, toWho } from "./requests.js";
import { h, setText } from "./dom.js";
import { toCount, toDuration, toVisible } from "./text.js";
import { toMatcher } from "./glob.js";

// mayEvict reports whether the broker would let this client evict a request. The broker decides: this only saves a button
// that would not work.
export const mayEvict = (principal, session, request) => {
  if (!principal || !request?.id) return false;
  if (request.id.split("--")[0] === session) return true;
  if (request.hidden) return false;
  const globs = principal.permissions.filter(({ allow }) => allow.includes("evict")).flatMap(({ locks }) => locks);
  const matchers = globs.map(toMatcher).filter(Boolean);
  return request.locks.every((name) => matchers.some((matches) => matches(name)));
};

// evictButton returns a button that asks, twice, before it evicts a request. It returns null if that is not permitted.
export const evictButton = (page, id) => {
  const { principal, locks } = page.session;
  const found = page.view && find(page.view, id);
  if (!found || !mayEvict(principal, locks?.session, found.request)) return null;
  return h("button", { type: "button", class: "danger", click: () => ask(page, id) }, "Evict …");
};

// ask opens the dialog. Its first step asks for the reason. The second says what will happen, and asks again.
const ask = (page, id) => {
  const reason = h("input", { id: "reason", required: true, maxlength: 200, autocomplete: "off" });
  const problem = h("p", { class: "alarm", role: "alert" });
  const body = h("div");
  const cancel = h("button", { type: "button", click: () => dialog.close() }, "Cancel");
  const proceed = h("button", { type: "submit" });
  let isSecond = false;

  const askReason = () => {
    body.replaceChildren(
      h("p", {}, describeRequest(page.view, id)),
      h("label", { for: "reason" }, "Why do you evict it? Its program, and the broker's log, will show this."),
      reason,
    );
    setText(proceed, "Continue");
  };

  const askAgain = () => {
    isSecond = true;
    body.replaceChildren(h("p", {}, "This will happen:"), h("ul", {}, ...describeEffect(page.view, id, reason.value)));
    setText(proceed, "Evict it now");
    proceed.classList.add("danger");
    cancel.focus();
  };

  const evict = async () => {
    proceed.disabled = true;
    try {
      await page.session.locks.evict(id, reason.value);
      dialog.close();
    } catch (error) {
      setText(problem, error.code === "not_found" ? "The request has ended already." : toVisible(error.message));
      proceed.disabled = false;
    }
  };

  const form = h(
    "form",
    {
      submit: (event) => {
        event.preventDefault();
        if (isSecond) evict();
        else askAgain();
      },
    },
    h("h2", { id: "evict-title" }, "Evict a request"),
    body,
    problem,
    h("p", { class: "buttons" }, cancel, proceed),
  );
  const dialog = h("dialog", { "aria-labelledby": "evict-title", close: () => dialog.remove() }, form);
  askReason();
  document.body.append(dialog);
  dialog.showModal();
  reason.focus();
};

const describeRequest = (view, id) => {
  const found = find(view, id);
  if (!found) return "The request has ended already.";
  const { request, holds } = found;
  const age = toDuration(performance.now() - request.since);
  const names = request.locks.map(toVisible).join(", ");
  return `${toWho(request)} (${toVisible(id)}) has been ${holds ? "holding" : "waiting for"} ${names} for ${age}.`;
};

// describeEffect says what an evict does: one item for each consequence.
const describeEffect = (view, id, reason) => {
  const found = find(view, id);
  if (!found) return [h("li", {}, "Nothing: the request has ended already.")];
  const { request, holds } = found;
  const who = toWho(request);
  if (!holds) return [h("li", {}, `${who} stops waiting, and its program gets the error “evicted” with your reason: “${toVisible(reason)}”.`)];
  const items = request.locks.map((name) => {
    const lock = view.locks.get(name);
    const next = lock && first(lock.waiters);
    const shared = lock && lock.holders.size > 1 ? ` ${toCount(lock.holders.size - 1, "other holder")} stay.` : "";
    const heir = next ? `Next in its queue is ${toWho(next)}.` : "Nobody waits for it.";
    return h("li", {}, `${who} loses ${toVisible(name)} at once.${shared} ${heir}`);
  });
  items.push(
    h("li", {}, `Its program is told, with your reason: “${toVisible(reason)}”.`),
    h("li", {}, "If that program is stuck, or does not hear it in time, it may still act as if it held the lock. Only a fencing token stops that."),
  );
  return items;
};
