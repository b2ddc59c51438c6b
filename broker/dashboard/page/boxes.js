import { groups } from "./layers.js";

// toBoxes returns what the graph shows: { boxes: [{ id, items, inCycle }], links: [{ id, from, to, kind, inCycle }] }.
//
// A lock is a node of its own, as in a resource graph (Holt, "Some Deadlock Properties of Computer Systems", 1972):
// its waiters lead to it, and it leads to its holders. So 50 waiters of 8 holders are 58 links and not 400. An item is
// { id, request } or { id, lock }.
//
// Requests with the same links share a box. Such a box is a queue, first at the top, or the holders of a shared lock.
export const toBoxes = ({ nodes, edges }) => {
  const { links, locks } = toLinks(edges);
  const stays = links.filter((link) => link.kind !== "behind");
  const out = groups(stays, (link) => link.from);
  const into = groups(stays, (link) => link.to);
  const likeness = ({ id, request: { inCycle } }) => {
    const ends = [out.get(id), into.get(id)];
    const alike = !inCycle && !(ends[0] && ends[1]) && (ends[0] || ends[1]);
    const all = ends.map((some) => (some ?? []).map((link) => [link.from, link.to].find((end) => end !== id)).sort());
    return alike ? JSON.stringify(all) : id;
  };
  const requests = nodes.map((request) => ({ id: requestId(request.id), request }));
  const boxes = [...groups(requests, likeness)].map(([id, items]) => ({ id, items, inCycle: items[0].request.inCycle }));
  for (const lock of locks.values()) boxes.push({ id: lock.id, items: [lock], inCycle: lock.inCycle });
  return { boxes, links: betweenBoxes(boxes, links) };
};

export const requestId = (id) => `request ${id}`;
export const lockId = (name) => `lock ${name}`;

const toLinks = (edges) => {
  const links = new Map();
  const locks = new Map();
  const link = (from, to, kind, inCycle) => add(links, { id: `${from}\n${to}`, from, to, kind, inCycle });
  for (const { from, to, lock, kind, inCycle } of edges) {
    const ends = [requestId(from), requestId(to)];
    if (lock === undefined || kind === "inside") {
      link(...ends, kind, inCycle);
      continue;
    }
    const { id } = add(locks, { id: lockId(lock), lock, inCycle });
    if (kind === "behind") {
      link(ends[0], id, "waits", false);
      link(...ends, kind, inCycle);
    } else {
      link(ends[0], id, "waits", inCycle);
      link(id, ends[1], "holds", inCycle);
    }
  }
  return { links: [...links.values()], locks };
};

// add adds an item unless it is there. An item is in a cycle if one of those that it stands for is.
const add = (items, item) => {
  const known = items.get(item.id);
  if (!known) items.set(item.id, item);
  else known.inCycle ||= item.inCycle;
  return known ?? item;
};

const betweenBoxes = (boxes, links) => {
  const boxOf = new Map(boxes.flatMap((box) => box.items.map((item) => [item.id, box.id])));
  const result = new Map();
  for (const { from, to, kind, inCycle } of links) {
    const ends = [boxOf.get(from), boxOf.get(to)];
    if (ends[0] === ends[1] || ends.includes(undefined)) continue;
    add(result, { id: ends.join("\n"), from: ends[0], to: ends[1], kind, inCycle, flat: kind === "behind" });
  }
  return [...result.values()];
};
