const { page } = await import("/dashboard/main.js");
const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));

// isVisible reports whether somebody can see an element.
const isVisible = (element) => element.checkVisibility({ checkVisibilityCSS: true, checkOpacity: true });

// textOf returns what an element shows, with single spaces.
const textOf = (element) => element.innerText.replace(/\s+/g, " ").trim();

const visible = (selector) => [...document.querySelectorAll(selector)].filter(isVisible);

globalThis.tools = {
  page, frame, isVisible, textOf, visible,

  // rows returns the rows of the list of locks, from top to bottom.
  rows: () => visible(".locks .row").sort((a, b) => a.ariaRowIndex - b.ariaRowIndex),

  find: (selector, text) => visible(selector).find((element) => text === "" || textOf(element) === text),

  text: (selector) => visible(selector).map(textOf).join("\n"),

  // center scrolls to an element, and returns where to click: in its first line, if it has several.
  center(element) {
    element.scrollIntoView({ block: "center", behavior: "instant" });
    const [{ x, y, width, height }] = element.getClientRects();
    return [x + width / 2, y + height / 2];
  },

  // until resolves when a condition is true. It looks before each frame.
  async until(condition) {
    while (!condition()) await frame();
    return true;
  },

  // settled resolves when the page shows all that the broker has done before the call. The broker answers a question on
  // the page's own connection after it has sent the changes.
  async settled() {
    for (;;) {
      try {
        await page.session.locks.whoami();
        if (page.view.isCurrent) break;
      } catch {} // the connection has ended; there will be another one
      await frame();
    }
    if (page.isDue) await frame();
  },

  // go shows another part of the page, as a link does.
  async go(hash) {
    if (location.hash === hash) return;
    const changed = new Promise((resolve) => addEventListener("hashchange", resolve, { once: true }));
    location.hash = hash;
    await changed;
    if (page.isDue) await frame();
  },
};
