import { createDeadlocksPage } from "./deadlockspage.js";
import { createLockPage } from "./lockpage.js";
import { createLocksPage } from "./lockspage.js";
import { createLogin } from "./login.js";
import { createPast } from "./past.js";
import { createRates } from "./rates.js";
import { createRequestPage } from "./requestpage.js";
import { createSession } from "./session.js";
import { createView } from "./view.js";
import { describe } from "./state.js";
import { h, setText } from "./dom.js";
import { readRoute } from "./route.js";
import { toVisible } from "./text.js";

const main = document.getElementById("main");
const state = document.getElementById("state");
const endings = new Map(); // how requests ended, by id: the last ones
const mostEndings = 1000;
const rates = createRates();

// page is what the parts of the page share.
export const page = {
  view: undefined,
  session: undefined,
  past: undefined,
  isDue: false,

  // update shows everything that has changed, in the next frame.
  update() {
    if (page.isDue) return;
    page.isDue = true;
    requestAnimationFrame(show);
  },
};

let shown; // the part that fills the page: it has element, title, show and perhaps routed
let route; // for which it was made

const show = () => {
  page.isDue = false;
  const context = { view: page.view, past: page.past, rates, endings, now: performance.now() };
  choose();
  shown.show(context);
  const [kind, text, more] = describe(page.session, page.view, page.past);
  state.className = kind;
  setText(stateText, text);
  setText(stateMore, more ? ` ${more}` : "");
  document.body.classList.toggle("stale", page.session.state !== "connected" || page.past.isLate());
  setText(document.getElementById("broker"), location.host);
};

const stateText = h("span");
const stateMore = h("span", { "aria-hidden": "true" });
state.replaceChildren(stateText, stateMore);

// choose makes the part for the route, unless it is shown already.
const choose = () => {
  const wanted = page.session.state === "login" ? "login" : keyOf(readRoute());
  if (wanted === route) return;
  const isFirst = route === undefined;
  route = wanted;
  shown = create(wanted);
  main.replaceChildren(shown.element);
  document.title = `${shown.title} – ${location.host}`;
  if (!isFirst) {
    scrollTo(0, 0);
    main.focus({ preventScroll: true });
  }
};

// keyOf returns what of a route makes another page.
const keyOf = (r) => {
  if (r.has("request")) return `request ${r.get("request")}`;
  if (r.has("lock")) return `lock ${r.get("lock")}`;
  return r.has("deadlocks") ? "deadlocks" : "locks";
};

const create = (key) => {
  const [what] = key.split(" ", 1);
  const name = key.slice(what.length + 1);
  switch (what) {
    case "login":
      return createLogin(page.session);
    case "request":
      return createRequestPage(page, name);
    case "lock":
      return createLockPage(page, name);
    case "deadlocks":
      return createDeadlocksPage(page);
  }
  return createLocksPage(page);
};

// follow begins a view when there is a connection for the first time, or again after another login or a refusal.
const follow = () => {
  const { locks, state } = page.session;
  if (state === "login") {
    page.view?.stop();
    page.view = undefined;
  } else if (locks && locks !== page.view?.source) {
    page.view?.stop();
    page.view = createView(locks, undefined, page.update);
    page.view.onGrant = (name, count) => rates.granted(name, count, performance.now());
    page.view.onEnd = remember;
  }
  showIdentity();
  page.update();
};

const remember = (id, change) => {
  endings.set(id, { ...change, at: Date.now() });
  if (endings.size > mostEndings) endings.delete(endings.keys().next().value);
};

const showIdentity = () => {
  const { hasToken, principal } = page.session;
  const logout = h("button", { type: "button", click: () => page.session.logout() }, "Log out");
  const who = principal?.identity ? [toVisible(principal.identity), " "] : [];
  document.getElementById("identity").replaceChildren(...who, ...(hasToken ? [logout] : []));
};

page.session = createSession(() => queueMicrotask(follow));
page.past = createPast(() => page.session.headers, page.update);
addEventListener("hashchange", () => {
  shown?.routed?.();
  page.update();
});

// Durations count once a second.
setInterval(() => {
  rates.forget(performance.now());
  page.update();
}, 1000);

// What was not permitted may be permitted now.
setInterval(() => {
  if (!document.hidden) page.session.refresh();
  if (page.view?.hasEnded && page.session.state === "connected") {
    page.view.stop();
    page.view = undefined;
    follow();
  }
}, 5000);
