import { h } from "./dom.js";

// showLegend fills a list with what the marks in the graph mean. Only those that are there are explained.
export const showLegend = (list, { nodes }, { boxes, links }) => {
  const has = (...kinds) => nodes.some((node) => kinds.includes(node.kind));
  const entries = [
    ["holds", "holds", has("holds", "both")],
    ["waits", "waits", has("waits", "both")],
    ["lock", "lock", links.some((link) => link.kind === "holds")],
    ["inside", "has made another request", links.some((link) => link.kind === "inside")],
    ["behind", "waits behind another", links.some((link) => link.kind === "behind")],
    ["queue", "a queue, first at the top", boxes.some(({ items }) => items.length > 1 && items[0].request.kind === "waits")],
    ["cycle", "deadlock", nodes.some((node) => node.inCycle)],
  ];
  const used = entries.filter(([, , isUsed]) => isUsed);
  fillList(list, used.map(([, text]) => text), (i) => h("li", {}, h("span", { class: `graph-mark ${used[i][0]}` }), used[i][1]));
};

// showWords fills a list with sentences.
export const showWords = (list, sentences) => fillList(list, sentences, (i) => h("li", {}, sentences[i]));

const fillList = (list, texts, toItem) => {
  const same = list.children.length === texts.length && texts.every((text, i) => list.children[i].textContent === text);
  if (!same) list.replaceChildren(...texts.map((_, i) => toItem(i)));
};
