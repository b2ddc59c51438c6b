import { h } from "./dom.js";

const spare = 8; // rows above and below what is on the screen

// createRows makes a list of rows of which only those on the screen exist. make returns a new row with its element. The
// height of a row is the custom property --row of the style. An entry keeps its row while it is in sight.
export const createRows = (make) => {
  const element = h("div", { role: "rowgroup", class: "rows" });
  const rows = new Map(); // by entry

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
      // The row with the focus stays, wherever it is: another lock in its place would be opened by mistake.
      const focused = [...rows.keys()].find((entry) => rows.get(entry).element.contains(document.activeElement));
      const free = [...rows.keys()].filter((entry) => entry !== focused && !shown.includes(entry));
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
      if (focused && !shown.includes(focused)) {
        const { element: row } = rows.get(focused);
        if (row.getAttribute("aria-rowindex") - 2 < from) ordered.unshift(row);
        else ordered.push(row);
        update(rows.get(focused), focused);
      }
      for (const entry of free) {
        rows.get(entry).element.remove();
        rows.delete(entry);
      }
      arrange(element, ordered);
    },
  };
};

// arrange puts the rows into their order, which is that of the Tab key and of screen readers. The row with the focus would
// lose it if it were moved, so the others are put before and behind it.
const arrange = (element, ordered) => {
  if (ordered.length === element.children.length && ordered.every((row, i) => row === element.children[i])) return;
  const fixed = ordered.findIndex((row) => row.contains(document.activeElement));
  ordered.forEach((row, i) => {
    if (i !== fixed) element.insertBefore(row, i < fixed ? ordered[fixed] : null);
  });
};
