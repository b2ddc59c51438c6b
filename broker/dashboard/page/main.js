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
import { lockOf, readRoute } from "./route.js";
import { toVisible } from "./text.js";

const main = document.getElementById("main");
const state = document.getElementById("state");
const [stateText, stateMore] = state.children; // what is read aloud, and what is not, because it counts
const notice = document.getElementById("notice");
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

  // notice says what an action has done, until another page is shown.
  notice(text) {
    notice.hidden = !text;
    setText(notice, text);
  },
};

let shown; // the part that fills the page: it has element, title, show and perhaps routed
let route; // for which it was made
let scrolled = 0; // how far the list was
let returning = false; // to it, with the next frame, when it has its height again

const show = () => {
  page.isDue = false;
  choose();
  shown.show({ view: page.view, past: page.past, rates, endings, now: timeOfView() });
  const [kind, text, more] = describe(page.session, page.view, page.past, isSilent());
  state.className = kind;
  setText(stateText, text);
  setText(stateMore, more ? ` ${more}` : "");
  document.title = `${kind === "bad" ? "(!) " : ""}${shown.title} – ${location.host}`;
  document.body.classList.toggle("stale", page.session.state !== "connected" || isSilent());
  setText(document.getElementById("broker"), location.host + ownerOf(page.session.locks));
  if (returning) scrollTo(0, scrolled);
  returning = false;
};

// ownerOf says which of several brokers serves this page, if there are several.
const ownerOf = ({ owner } = {}) => (owner ? `, owner ${toVisible(owner.url)} (term ${owner.term})` : "");

// isSilent reports whether the broker has answered nothing for a while, neither over HTTP nor on the connection.
const isSilent = () => page.past.isLate() && page.session.heard < page.past.asked;

// timeOfView returns the time for which the durations hold: they do not count while nothing is known.
const timeOfView = () => {
  if (page.session.state !== "connected") return page.session.sinceMono;
  return isSilent() ? page.past.asked : performance.now();
};

// choose makes the part for the route, unless it is shown already.
const choose = () => {
  const wanted = page.session.state === "login" ? "login" : keyOf(readRoute());
  if (wanted === route) return;
  const isFirst = route === undefined;
  if (route === "locks") scrolled = scrollY;
  route = wanted;
  shown = create(wanted);
  main.replaceChildren(shown.element);
  page.notice("");
  if (!isFirst) {
    main.focus({ preventScroll: true });
    scrollTo(0, 0);
    returning = wanted === "locks";
  }
  shown.focus?.();
};

// keyOf returns what of a route makes another page.
const keyOf = (r) => {
  if (r.has("request")) return `request ${r.get("request")}`;
  if (r.has("lock")) return `lock ${lockOf(r)}`;
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

let permitted; // when the view began, and for whom

// follow begins a view when there is a connection for the first time, or again after another login or a refusal.
const follow = () => {
  const { locks, state } = page.session;
  if (state === "login") {
    page.view?.stop();
    page.view = undefined;
    endings.clear(); // the next one may see less
    rates.clear();
  } else if (locks && locks !== page.view?.source) {
    page.view?.stop();
    page.view = createView(locks, undefined, page.update);
    permitted = { at: performance.now(), principal: page.session.principal };
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
page.past = createPast(page.session, page.update);
addEventListener("scroll", page.update, { passive: true });
addEventListener("resize", page.update);
addEventListener("hashchange", () => {
  shown?.routed?.();
  page.update();
});

// Durations count once a second.
setInterval(() => {
  rates.forget(performance.now());
  if (page.past.isLate()) page.session.refresh();
  checkClock();
  page.update();
}, 1000);

// checkClock rereads the durations after the machine was suspended: performance.now may stand still meanwhile.
let offset = Date.now() - performance.now();
const checkClock = () => {
  const now = Date.now() - performance.now();
  if (Math.abs(now - offset) > 1000) page.view?.reread();
  offset = now;
};

// What was refused may be permitted now: if the permissions have changed, or after a while.
setInterval(() => {
  if (document.hidden) return;
  page.session.refresh();
  const isOver = permitted?.principal !== page.session.principal || !(performance.now() - permitted?.at < 60_000);
  if (!page.view?.error || !isOver || page.session.state !== "connected") return;
  page.view.stop();
  page.view = undefined;
  follow();
}, 5000);
