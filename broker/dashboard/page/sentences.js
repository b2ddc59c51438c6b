import { groups } from "./layers.js";
import { toCount, toVisible } from "./text.js";

const list = new Intl.ListFormat("en");

// toSentences returns the edges in words: "ship waits for orders/42, which invoice holds."
export const toSentences = ({ nodes, edges }) => {
  const titles = new Map(nodes.map(({ id, title }) => [id, toVisible(title)]));
  const alike = groups(edges, ({ from, lock, kind }) => JSON.stringify([from, lock, kind]));
  return [...alike.values()].map((some) => {
    const [{ from, lock, kind }] = some;
    const others = list.format(some.map(({ to }) => titles.get(to) ?? "another request"));
    const cycle = some.some((edge) => edge.inCycle) ? " This is part of the deadlock." : "";
    return `${titles.get(from) ?? "Another request"} ${toPredicate(kind, lock, others, some.length)}.${cycle}`;
  });
};

const toPredicate = (kind, lock, others, count) => {
  if (kind === "inside") return `cannot release before ${others}, which was made inside it, has ended`;
  const name = lock === undefined ? "a lock" : toVisible(lock);
  if (kind === "behind") return `waits for ${name} behind ${others}`;
  return `waits for ${name}, which ${others} ${count === 1 ? "holds" : "hold"}`;
};

// toNames returns a name for each item of the boxes, for screen readers: "ship waits for orders/42, held by invoice".
export const toNames = (boxes, { nodes, edges }) => {
  const titles = new Map(nodes.map(({ id, title }) => [id, toVisible(title)]));
  const out = groups(edges, (edge) => edge.from);
  const into = groups(edges, (edge) => edge.to);
  const of = groups(edges, (edge) => edge.lock);
  const title = (id) => titles.get(id) ?? "another request";
  const names = new Map();
  for (const { id, request, lock } of boxes.flatMap((box) => box.items)) {
    names.set(id, request ? requestName(request, out, into, title) : lockName(lock, of.get(lock), title));
  }
  return names;
};

const unique = (texts) => [...new Set(texts)];

const lockName = (lock, edges, title) => {
  const holders = unique(edges.filter((edge) => edge.kind === "waits").map((edge) => title(edge.to)));
  const held = holders.length ? `, held by ${list.format(holders)}` : "";
  return `lock ${toVisible(lock)}${held}; ${toCount(new Set(edges.map((edge) => edge.from)).size, "waiter")}`;
};

const requestName = (request, out, into, title) => {
  const parts = [];
  const held = (into.get(request.id) ?? []).filter((edge) => edge.kind === "waits" && edge.lock !== undefined);
  for (const [lock, waits] of groups(held, (edge) => edge.lock)) {
    parts.push(`holds ${toVisible(lock)}, ${toCount(waits.length, "waiter")}`);
  }
  const locks = groups((out.get(request.id) ?? []).filter((edge) => edge.kind !== "inside"), (edge) => edge.lock);
  for (const [lock, waits] of locks) {
    const holders = waits.filter((edge) => edge.kind === "waits").map((edge) => title(edge.to));
    const others = waits.filter((edge) => edge.kind === "behind").map((edge) => title(edge.to));
    const held = holders.length ? `, held by ${list.format(unique(holders))}` : "";
    const behind = others.length ? `, behind ${list.format(unique(others))}` : "";
    parts.push(`waits for ${lock === undefined ? "a lock" : toVisible(lock)}${held}${behind}`);
  }
  const cycle = request.inCycle ? "; part of the deadlock" : "";
  return `${toVisible(request.title)} ${parts.join("; ") || request.lines.map(toVisible).join(", ")}${cycle}`;
};
