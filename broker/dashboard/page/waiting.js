import { toDuration } from "./text.js";
import { toWho } from "./requests.js";

const most = 50; // requests in a picture

// neighbourhoodOf finds who waits for whom around some requests: the requests that they wait for, those inside which
// something waits, and those that wait for their locks. It returns nodes and edges for a graph.
export const neighbourhoodOf = (view, ids, now) => {
  const index = indexOf(view);
  const focus = new Set(ids.length === 1 ? ids : []);
  const nodes = new Map();
  const edges = new Map();
  const todo = ids.slice(0, most);
  const cut = new Set(ids.length > most ? [todo.at(-1)] : []); // requests some of whose neighbours are left out

  const connect = (from, to, lock, kind) => {
    edges.set(`${from} ${to} ${kind} ${lock}`, { id: `${from} ${to} ${kind} ${lock}`, from, to, lock, kind });
    for (const id of [from, to]) {
      if (nodes.has(id) || todo.includes(id)) continue;
      if (nodes.size + todo.length < most) todo.push(id);
      else cut.add(id === from ? to : from);
    }
  };

  while (todo.length) {
    const id = todo.shift();
    const entry = index.get(id);
    if (!entry) continue;
    nodes.set(id, toNode(id, entry, focus, now));
    for (const lock of entry.waitsFor) {
      for (const [blocker, kind] of blockersOf(lock, id)) connect(id, blocker, lock.name, kind);
    }
    for (const lock of entry.holds) {
      for (const waiter of lock.waiters.keys()) {
        if (blockersOf(lock, waiter).some(([blocker]) => blocker === id)) connect(waiter, id, lock.name, "waits");
      }
    }
    for (const child of index.inside.get(id) ?? []) connect(id, child, "", "inside");
    const { parent } = entry.request;
    if (parent && index.has(parent) && entry.waitsFor.length) connect(parent, id, "", "inside");
  }
  for (const id of cut) {
    if (nodes.has(id)) nodes.get(id).more = true;
  }
  const known = [...edges.values()].filter(({ from, to }) => nodes.has(from) && nodes.has(to));
  const byPlace = (a, b) => index.get(a.id).number - index.get(b.id).number; // in the order of the queues
  return { nodes: [...nodes.values()].sort(byPlace), edges: known };
};

// indexOf maps ids to requests with their locks. Its inside maps ids to those of the requests that wait inside.
const indexOf = (view) => {
  const index = new Map();
  index.inside = new Map();
  const add = (request, lock, what) => {
    const { id, parent } = request;
    if (!index.has(id)) index.set(id, { request, holds: [], waitsFor: [], number: index.size });
    index.get(id)[what].push(lock);
    if (what === "waitsFor" && parent) {
      if (!index.inside.has(parent)) index.inside.set(parent, new Set());
      index.inside.get(parent).add(id);
    }
  };
  for (const lock of view.locks.values()) {
    for (const request of lock.holders.values()) add(request, lock, "holds");
    for (const request of lock.waiters.values()) add(request, lock, "waitsFor");
  }
  return index;
};

// blockersOf returns why a request waits for a lock: [id, kind] for each. The holders are in its way, unless it could hold
// together with them. Then those are that wait earlier.
const blockersOf = (lock, id) => {
  const request = lock.waiters.get(id);
  const limits = [request, ...lock.holders.values()].map(({ mode, limit }) => (mode === "shared" ? (limit ?? Infinity) : 1));
  if (lock.holders.size + 1 > Math.min(...limits)) return [...lock.holders.keys()].slice(0, 8).map((holder) => [holder, "waits"]);
  const ahead = [];
  for (const earlier of lock.waiters.keys()) {
    if (earlier === id) break;
    ahead.push(earlier);
  }
  return ahead.slice(-1).map((earlier) => [earlier, "behind"]);
};

const toNode = (id, { request, holds, waitsFor }, focus, now) => ({
  id,
  title: toWho(request),
  kind: holds.length ? "holds" : "waits",
  focus: focus.has(id),
  lines: [
    holds.length ? `holds for ${toDuration(now - request.since)}` : `waits for ${toDuration(now - request.since)}`,
    ...(waitsFor.length === 1 ? [`place ${[...waitsFor[0].waiters.keys()].indexOf(id) + 1}`] : []),
  ],
});

// cycleOf returns the picture of a refused deadlock.
export const cycleOf = (steps) => {
  const nodes = new Map();
  const add = (request) => {
    if (!request.id || nodes.has(request.id)) return;
    const holds = request.token !== undefined;
    const locks = holds ? [`holds ${request.locks.join(", ")}`] : [];
    nodes.set(request.id, { id: request.id, title: toWho(request), kind: holds ? "holds" : "waits", lines: locks, inCycle: true });
  };
  const edges = [];
  steps.forEach(({ request, lock, blocker }, i) => {
    add(request);
    add(blocker);
    const join = (from, to, lock, kind) => {
      if (from !== to) edges.push({ id: `${from} ${to} ${kind}`, from, to, lock, kind, inCycle: true });
    };
    join(request.id, blocker.id, lock, blocker.token === undefined ? "behind" : "waits");
    join(blocker.id, steps[(i + 1) % steps.length].request.id, "", "inside");
  });
  return { nodes: [...nodes.values()], edges: edges.filter(({ from, to }) => nodes.has(from) && nodes.has(to)) };
};
