import { h } from "./dom.js";

const spare = 8; // rows above and below what is on the screen

// createRows makes a list of rows of which only those on the screen exist. make returns a new row with its element. The
// height of a row is the custom property --row of the style. An entry keeps its row while it is in sight. onScroll is called when others come into sight.
export const createRows = (onScroll, make) => {
  const element = h("div", { role: "rowgroup", class: "rows" });
  const rows = new Map(); // by entry
  addEventListener("scroll", () => element.isConnected && onScroll(), { passive: true });
  addEventListener("resize", () => element.isConnected && onScroll());

  return {
    element,

    // show shows the rows of a list with count entries that are on the screen. pick(from, end) returns entries, and
    // update(row, entry) fills a row.
    show(count, pick, update) {
      const height = parseFloat(getComputedStyle(element).getPropertyValue("--row"));
      element.style.height = `${count * height}px`;
      const top = -element.getBoundingClientRect().top;
      const from = Math.max(0, Math.min(count, Math.floor(top / height) - spare));
      const shown = pick(from, Math.max(from, Math.ceil((top + innerHeight) / height) + spare));
      const free = [...rows.keys()].filter((entry) => !shown.includes(entry));
      const ordered = shown.map((entry, i) => {
        if (!rows.has(entry)) {
          const old = free.pop();
          rows.set(entry, rows.get(old) ?? make());
          rows.delete(old);
        }
        const row = rows.get(entry);
        row.element.style.transform = `translateY(${(from + i) * height}px)`;
        row.element.setAttribute("aria-rowindex", from + i + 2);
        update(row, entry);
        return row.element;
      });
      for (const entry of free) {
        rows.get(entry).element.remove();
        rows.delete(entry);
      }
      arrange(element, ordered);
    },
  };
};

// arrange puts the rows into their order, which is that of the Tab key and of screen readers. A row that was moved would lose
// the focus. So while one of them has it, new rows come last.
const arrange = (element, ordered) => {
  const mayMove = !element.contains(document.activeElement);
  let previous = null;
  for (const row of ordered) {
    const next = previous ? previous.nextSibling : element.firstChild;
    if (row !== next && (mayMove || !row.isConnected)) element.insertBefore(row, mayMove ? next : null);
    previous = row;
  }
};
