const { page, frame, settled } = tools;

// go shows another part of the page. It is quicker than a link, for which the browser's processes talk to each other.
const go = async (hash) => {
  if (location.hash !== hash) {
    history.replaceState(null, "", location.pathname + hash);
    dispatchEvent(new HashChangeEvent("hashchange"));
  }
  if (page.isDue) await frame();
};

const text = (element) => element?.textContent ?? "";
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// readList returns the rows of the list of locks, in their order.
const readList = () =>
  all(".locks .row")
    .sort((a, b) => a.ariaRowIndex - b.ariaRowIndex)
    .map((row) => ["name", "holder", "waiters"].map((name) => text(row.querySelector(`.${name}`))));

// readTable returns the cells of the holders or waiters of a lock, without those that count, and without what a holder
// itself waits for: its children are compared as waiters of their locks.
const readTable = async (element) => {
  if (!element || !tools.isVisible(element)) return [];
  const more = element.querySelector(":scope > button");
  while (!more.hidden) {
    more.click();
    await frame();
  }
  return all("tbody tr", element).map((row) => all("th, td:not(.time)", row).slice(0, 6).map(withoutWait));
};

const withoutWait = (cell) =>
  [...cell.childNodes].filter((child) => !child.matches?.("a.alarm")).map(text).join("");

const readFacts = () => Object.fromEntries(all("dl.facts dt").map((dt) => [text(dt), text(dt.nextElementSibling)]));

const read = async () => {
  const [holders, waiters] = all("main .requests");
  return {
    Hash: location.hash,
    State: text(document.querySelector("#state span")),
    Title: text(document.querySelector("main h1")),
    List: readList(),
    Holders: await readTable(holders),
    Waiters: await readTable(waiters),
    Counts: all("main h2").filter(tools.isVisible).map(text),
    Lead: text(document.querySelector(".lead")),
    Facts: readFacts(),
    Locks: all("ul.plain li").map(text),
  };
};

// look waits until the page is current. It then reads the parts of the page with these fragments, and stays at the last.
globalThis.look = async (...hashes) => {
  await settled();
  const seen = [];
  for (const hash of hashes) {
    await go(hash);
    seen.push(await read());
  }
  return seen;
};
