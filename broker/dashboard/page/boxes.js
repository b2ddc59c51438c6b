import { groups } from "./layers.js";

// toBoxes returns what the graph shows: { boxes: [{ id, items, inCycle }], links: [{ id, from, to, kind, inCycle }] }.
// An item is { id, request } or { id, lock }.
//
// A lock is a node of its own, as in a resource graph (Holt, "Some Deadlock Properties of Computer Systems", 1972):
// its waiters lead to it, and it leads to its holders. Requests with the same links share a box, which is a queue, or
// the holders of a shared lock.
export const toBoxes = ({ nodes, edges }) => {
  const { links, locks } = toLinks(edges);
  const stays = links.filter((link) => link.kind !== "behind");
  const sides = [groups(stays, (link) => link.from), groups(stays, (link) => link.to)];
  const likeness = ({ id }) => {
    const [out, into] = sides.map((side) =>
      (side.get(id) ?? []).map(({ from, to }) => (from === id ? to : from)).sort());
    return !out.length === !into.length ? id : JSON.stringify([out, into]);
  };
  const requests = nodes.map((request) => ({ id: requestId(request.id), request }));
  const boxes = [...groups(requests, likeness)].map(([id, items]) =>
    ({ id, items, inCycle: items[0].request.inCycle }));
  for (const lock of locks.values()) boxes.push({ id: lock.id, items: [lock], inCycle: lock.inCycle });
  return { boxes, links: betweenBoxes(boxes, links) };
};

export const requestId = (id) => `request ${id}`;

const toLinks = (edges) => {
  const links = new Map();
  const locks = new Map();
  const link = (from, to, kind, inCycle) => add(links, { id: `${from}\n${to}`, from, to, kind, inCycle });
  for (const { from, to, lock, kind, inCycle } of edges) {
    const [source, target] = [requestId(from), requestId(to)];
    const direct = kind !== "waits" || lock === undefined;
    if (direct) link(source, target, kind, inCycle);
    if (kind === "inside" || lock === undefined) continue;
    const { id } = add(locks, { id: `lock ${lock}`, lock, inCycle });
    link(source, id, "waits", inCycle && !direct);
    if (!direct) link(id, target, "holds", inCycle);
  }
  return { links: [...links.values()], locks };
};

// add adds an item, or marks the one that is there already as part of a cycle.
const add = (items, item) => {
  const known = items.get(item.id) ?? item;
  known.inCycle ||= item.inCycle;
  items.set(item.id, known);
  return known;
};

const betweenBoxes = (boxes, links) => {
  const boxOf = new Map(boxes.flatMap((box) => box.items.map((item) => [item.id, box.id])));
  const result = new Map();
  for (const { from: first, to: last, kind, inCycle } of links) {
    const [from, to] = [boxOf.get(first), boxOf.get(last)];
    if (from === to || !from || !to) continue;
    add(result, { id: `${from}\n${to}`, from, to, kind, inCycle, flat: kind === "behind" });
  }
  return [...result.values()];
};

// move returns the item to which a key leads: up and down through all, left to what an item waits for, right to what
// waits for it.
export const move = (boxes, links, id, key) => {
  const ids = boxes.flatMap((box) => box.items.map((item) => item.id));
  const at = ids.indexOf(id);
  const here = boxes.find((box) => box.items.some((item) => item.id === id));
  const first = (boxId) => boxes.find((box) => box.id === boxId)?.items[0].id;
  const steps = {
    ArrowUp: () => ids[at - 1],
    ArrowDown: () => ids[at + 1],
    ArrowLeft: () => first(links.find((link) => link.from === here?.id)?.to),
    ArrowRight: () => first(links.find((link) => link.to === here?.id)?.from),
    Home: () => ids[0],
    End: () => ids.at(-1),
  };
  return steps[key]?.();
};
