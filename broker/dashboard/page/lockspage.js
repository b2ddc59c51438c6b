import { columns } from "./columns.js";
import { createWork } from "./bitbybit.js";
import { createGlance } from "./glance.js";
import { createPlots } from "./plots.js";
import { createRows } from "./virtualrows.js";
import { h, setText } from "./dom.js";
import { pick } from "./ranking.js";
import { readRoute, setRoute, toHash } from "./route.js";
import { takeCensus } from "./census.js";
import { toCount, toVisible } from "./text.js";
import { mayAll } from "./permissions.js";
import { toFilter } from "./search.js";
import { toWho } from "./requests.js";

const few = 2000; // locks, or requests, up to which everything is done at each change
const help = "a part of a name, holder or client; or a glob over names: orders/*, **/report, {a,b}";
const pause = 2000; // ms between two sorts, or two censuses, of more

// createLocksPage shows all locks: searched, sorted, and with rows only where one looks.
export const createLocksPage = (page) => {
  let hasSearched = false;
  let sort; // the name of a column
  let filter = () => true;
  let entries = []; // the locks that match
  let sortDue = 0; // when they must be sorted again
  let censusDue = 0;
  const census = createWork(takeCensus);
  const glance = createGlance();
  const plots = createPlots();
  const deadlocks = h("p", {}, h("a", { href: toHash({ deadlocks: "" }) }));
  const found = h("p", { class: "found dim" });
  const announced = h("p", { class: "unseen", role: "status" }); // for screen readers, after a search

  const search = h("input", {
    id: "search", type: "search", autocomplete: "off", spellcheck: "false", "aria-describedby": "search-help",
    input: () => {
      setRoute({ search: search.value });
      readChoice();
      hasSearched = true;
      page.update();
    },
  });

  const headers = Object.entries(columns).map(([name, { title }]) => {
    const sortBy = () => {
      setRoute({ sort: name });
      readChoice();
      page.update();
    };
    return h("span", { role: "columnheader", class: name }, h("button", { type: "button", click: sortBy }, title));
  });
  headers.splice(1, 0, h("span", { role: "columnheader", class: "holder" }, "Holder"));

  const rows = createRows(() => {
    const cells = { name: h("a"), holder: h("span", { role: "cell", class: "holder" }) };
    for (const name of Object.keys(columns).slice(1)) cells[name] = h("span", { role: "cell", class: name });
    const named = h("span", { role: "cell", class: "name" }, cells.name);
    const element = h("div", { role: "row", class: "row" }, named, ...Object.values(cells).slice(1));
    return { element, cells };
  });

  const showRow = ({ cells }, lock, context) => {
    setText(cells.name, toVisible(lock.name));
    const href = toHash({ lock: lock.name });
    if (cells.name.hash !== href) cells.name.href = href;
    setText(cells.holder, toHolders(lock));
    for (const [name, { text }] of Object.entries(columns).slice(1)) setText(cells[name], text(lock, context));
  };

  // readChoice takes the search and the order from the URL.
  const readChoice = () => {
    const route = readRoute();
    const text = route.get("search") ?? "";
    sort = Object.hasOwn(columns, route.get("sort") ?? "") ? route.get("sort") : "waiters";
    if (search.value !== text) search.value = text;
    const chosen = text ? toFilter(text) : () => true;
    search.setAttribute("aria-invalid", String(!chosen));
    filter = chosen ?? (() => false);
    sortDue = 0;
    for (const header of headers) {
      if (header.className in columns) {
        const order = sort === "name" ? "ascending" : "descending";
        header.setAttribute("aria-sort", header.className === sort ? order : "none");
      }
    }
  };

  // collect finds the locks that match, and what they are sorted by.
  const collect = (locks, context) => {
    entries = [];
    const { key } = columns[sort];
    let number = 0;
    for (const lock of locks.values()) {
      lock.number = number++;
      if (!filter(lock)) continue;
      lock.key = key?.(lock, context);
      entries.push(lock);
    }
  };

  // showCensus does some of the census, and shows it once it is done.
  const showCensus = (locks, now, isComplete) => {
    const taken = census.go(locks);
    if (!taken) {
      page.update();
      return;
    }
    glance.show(taken, now, isComplete);
    censusDue = taken.requests <= few ? 0 : now + pause;
  };

  const less = (a, b) => {
    if (sort === "name") return a.name < b.name;
    return a.key > b.key || (a.key === b.key && a.number < b.number);
  };

  const table = h(
    "div",
    { role: "table", "aria-label": "Locks", class: "locks" },
    h("div", { role: "rowgroup" }, h("div", { role: "row", class: "head" }, ...headers)),
    rows.element,
  );

  const form = h(
    "form",
    { role: "search", submit: (event) => event.preventDefault() },
    h("label", { for: "search" }, "Search"),
    search,
    h("span", { id: "search-help", class: "dim" }, help),
  );
  const above = [h("h1", {}, "Locks"), glance.element, plots.element, deadlocks];
  const element = h("div", {}, ...above, form, found, announced, table);

  readChoice();
  return {
    element,
    title: "Locks",
    routed: readChoice,

    show({ view, rates, past, now }) {
      const context = { now, rates };
      const locks = view?.locks ?? new Map();
      const isSmall = locks.size <= few;
      for (const part of [glance.element, form, found, table]) part.hidden = Boolean(view?.error);
      const sorts = now >= sortDue;
      if (sorts) {
        collect(locks, context);
        sortDue = isSmall ? 0 : now + pause;
      }
      if (now >= censusDue && (isSmall || !sorts)) showCensus(locks, now, view?.isComplete);
      table.setAttribute("aria-rowcount", entries.length + 1);
      const inSight = (from, end) => pick(entries, from, end, less);
      // A lock that was free for a moment is another object now.
      rows.show(entries.length, inSight, (row, lock) => showRow(row, locks.get(lock.name) ?? gone(lock), context));
      const isPart = !mayAll(page.session.principal, "list");
      setText(found, describeFound(entries.length, locks.size, search, view, isPart));
      if (hasSearched) setText(announced, found.textContent);
      hasSearched = false;
      plots.show(past);
      deadlocks.hidden = !past.deadlocks;
      setText(deadlocks.firstChild, `${toCount(past.deadlocks, "deadlock")} refused since the broker has started`);
    },
  };
};

const gone = ({ name }) => ({ name, holders: new Map(), waiters: new Map() });

const toHolders = ({ holders }) => {
  const { value: one } = holders.values().next();
  if (!one) return "nobody";
  const who = one.author && one.client ? `${toWho(one)}, ${toVisible(one.client)}` : toWho(one);
  return holders.size > 1 ? `${who} and ${toCount(holders.size - 1, "other")}` : who;
};

const describeFound = (matching, all, search, view, isPart) => {
  const part = isPart ? " that you may see" : "";
  if (search.getAttribute("aria-invalid") === "true") return "This glob is not valid.";
  if (search.value) {
    const isGlob = search.value.includes("*");
    const hint = matching || !isGlob ? "" : ". In a glob, * does not match a slash; ** does, as in **/report";
    return `${matching.toLocaleString("en")} of ${toCount(all, "lock")}${part}${hint}`;
  }
  if (all || !view?.isComplete) return `${toCount(all, "lock")}${part}`;
  return `Nobody holds a lock${part} or waits for one.`;
};
