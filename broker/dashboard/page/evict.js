import { find, first, toWho } from "./requests.js";
import { h, setText } from "./dom.js";
import { may } from "./permissions.js";
import { toDuration, toVisible } from "./text.js";

const mostBytes = 256; // of a reason

// evictButton returns a button that asks, twice, before it evicts a request. It returns null if that is not permitted.
export const evictButton = (page, id) => {
  const { principal, locks } = page.session;
  const request = page.view && find(page.view, id)?.request;
  const isOwn = id?.split("--")[0] === locks?.session;
  const isPermitted = request && (isOwn || (!request.hidden && may(principal, "evict", request.locks)));
  if (!isPermitted) return null;
  const label = `Evict ${toWho(request)} from ${request.locks.map(toVisible).join(", ")}`;
  return h("button", { type: "button", class: "danger", "aria-label": label, click: () => ask(page, id) }, "Evict …");
};

// ask opens the dialog. Its first step asks for the reason. The second says what will happen, and asks again: with another
// button at another place, so that a double click does not answer both.
const ask = (page, id) => {
  const reason = h("input", { id: "reason", required: true, autocomplete: "off" });
  const problem = h("p", { class: "alarm", role: "alert" });
  const body = h("div");
  const cancel = h("button", { type: "button", click: (event) => event.detail > 1 || dialog.close() }, "Cancel");
  const proceed = h("button", { type: "submit" }, "Continue");
  const confirm = h("button", { type: "button", class: "danger", click: () => evict() }, "Evict it now");
  const buttons = h("p", { class: "buttons" }, cancel, proceed);
  let effect; // what the second step has said

  const askReason = () => {
    body.replaceChildren(
      h("p", {}, describeRequest(page.view, id)),
      h("label", { for: "reason" }, "Why do you evict it? Its program, and the broker's log, will show this."),
      reason,
    );
  };

  const askAgain = (title) => {
    effect = describeEffect(page.view, id, reason.value);
    body.replaceChildren(h("p", {}, title), h("ul", {}, ...effect.map((line) => h("li", {}, line))));
    buttons.replaceChildren(confirm, cancel);
    cancel.focus();
  };

  const submit = (event) => {
    event.preventDefault();
    const isLong = new TextEncoder().encode(reason.value).length > mostBytes;
    setText(problem, isLong ? `The reason is longer than ${mostBytes} bytes.` : "");
    if (!isLong && !effect) askAgain("This will happen:");
  };

  const evict = async () => {
    if (page.session.state !== "connected") {
      setText(problem, "Not connected: nothing was sent. Try again when the page is live.");
      return;
    }
    if (describeEffect(page.view, id, reason.value).join() !== effect.join()) {
      askAgain("Something has changed meanwhile. This will happen now:");
      return;
    }
    confirm.disabled = true;
    try {
      await page.session.locks.evict(id, reason.value);
      page.notice(`${toVisible(id)} is evicted.`);
      dialog.close();
    } catch (error) {
      setText(problem, describeFailure(error));
      confirm.disabled = false;
    }
  };

  const title = h("h2", { id: "evict-title" }, "Evict a request");
  const form = h("form", { submit }, title, body, problem, buttons);
  const dialog = h("dialog", { "aria-labelledby": "evict-title", close: () => dialog.remove() }, form);
  askReason();
  document.body.append(dialog);
  dialog.showModal();
  reason.focus();
};

// describeFailure says why a request was not evicted, or that nobody knows.
const describeFailure = ({ code, name, message }) => {
  if (code === "not_found") return "The request has ended already.";
  if (name === "LockError") return toVisible(message);
  return "The connection has ended. Whether the request was evicted is not known: look again when the page is live.";
};

const describeRequest = (view, id) => {
  const found = view && find(view, id);
  if (!found) return "The request has ended already.";
  const { request, holds } = found;
  const age = toDuration(performance.now() - request.since);
  const names = request.locks.map(toVisible).join(", ");
  const client = request.client ? ` of ${toVisible(request.client)}` : "";
  const state = holds ? "holding" : "waiting for";
  return `${toWho(request)}${client} has been ${state} ${names} for ${age} (${toVisible(id)}).`;
};

// describeEffect says what an evict does: one line for each consequence.
const describeEffect = (view, id, reason) => {
  const found = view && find(view, id);
  if (!found) return ["Nothing: the request has ended already."];
  const { request, holds } = found;
  const who = toWho(request);
  const told = `with your reason: “${toVisible(reason)}”.`;
  if (!holds) return [`${who} stops waiting, and its program gets the error “evicted” ${told}`];
  return [
    ...request.locks.map((name) => `${who} loses ${toVisible(name)} at once. ${describeRest(view, name)}`),
    `Its program is told, ${told}`,
    "Requests that were made inside it are not evicted.",
    "If that program is stuck, or hears of it late, it may still act as if it held the lock. " +
      "Only a fencing token stops that.",
  ];
};

// describeRest says who has a lock, or is the next to get it, after one of its holders has been evicted.
const describeRest = (view, name) => {
  const lock = view.locks.get(name);
  if (!lock) return "";
  const next = first(lock.waiters);
  const rest = lock.holders.size > 1 ? "Other holders stay. " : "";
  if (next) return `${rest}Next in its queue is ${toWho(next)}.`;
  return view.isComplete ? `${rest}Nobody waits for it.` : rest;
};
