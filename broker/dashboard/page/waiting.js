import { createQueue, most, toPlace } from "./queue.js";
import { toDuration } from "./text.js";
import { whoOf } from "./requests.js";

const mostHolders = 8; // of one lock, because all that wait for it have a line to each of them

// neighbourhoodOf finds who waits for whom around a lock or a request, { lock } or { request }: the requests that block
// it, those inside which something waits, and those that it blocks. It returns nodes and edges for a graph, and left:
// how many requests of its locks are not among the nodes.
//
// A picture is made each second, so no more is read than what it shows, however many locks and requests there are.
export const neighbourhoodOf = (view, around, now) => {
  const { index } = view.locks;
  const queues = new Map();
  const entries = new Map(); // those to show, by id

  const queueOf = (lock) => {
    if (!queues.has(lock)) queues.set(lock, createQueue(lock, index.limitsOf(lock.name)));
    return queues.get(lock);
  };

  // choose adds a request while there is room, and reports whether there is.
  const choose = (id) => {
    if (entries.size >= most) return false;
    if (entries.has(id)) return true;
    const entry = index.get(id);
    if (!entry) return true;
    const queuesWith = (list) => entry.locks.filter((lock) => lock[list].has(id)).map(queueOf);
    entries.set(id, { ...entry, id, waitsAt: queuesWith("waiters"), holdsAt: queuesWith("holders") });
    return true;
  };

  const lock = view.locks.get(around.lock);
  if (lock) {
    for (const id of firstOf(lock.holders.keys(), mostHolders)) choose(id);
    for (const id of lock.waiters.keys()) if (!choose(id)) break;
  } else {
    choose(around.request);
  }
  for (const entry of entries.values()) chooseAround(entry, choose, index); // those that it chooses come later here

  const edges = [...entries.values()].flatMap((entry) => edgesOf(entry, entries));
  const nodes = inOrder(entries).map((entry) => toNode(entry, entry.id === around.request, now));
  for (const node of nodes) if (hasMore(entries.get(node.id), entries, index)) node.more = true;
  const centre = lock ? [lock] : (entries.get(around.request)?.locks ?? []);
  return { nodes, edges, left: centre.map((one) => leftOf(one, entries)).filter((l) => l.holders + l.waiters > 0) };
};

const firstOf = function* (values, count) {
  for (const value of values) {
    if (count-- === 0) return;
    yield value;
  }
};

// chooseAround chooses the neighbours of a request.
const chooseAround = ({ id, request, waitsAt, holdsAt }, choose, index) => {
  for (const queue of waitsAt) for (const blocker of blockersOf(queue, id)) if (!choose(blocker)) return;
  for (const queue of holdsAt) for (const waiter of queue.blocked()) if (!choose(waiter)) return;
  for (const child of index.inside(id)) if (!choose(child)) return;
  if (request.parent && waitsAt.length) choose(request.parent);
};

// blockersOf returns why a request waits for a lock: the first holders if it does not fit, or else who is before it.
const blockersOf = (queue, id) => {
  if (!queue.fits(id)) return firstOf(queue.lock.holders.keys(), mostHolders);
  const other = before(queue, id);
  return other === undefined ? [] : [other];
};

// before returns the next earlier waiter, or the first one if the request is far behind.
const before = (queue, id) => {
  const place = queue.placeOf(id);
  return queue.at(place === Infinity ? 1 : place - 1);
};

// edgesOf returns the edges from a request to its blockers, and to its parent from there.
const edgesOf = ({ id, request, waitsAt }, entries) => {
  const edges = [];
  const add = (from, to, lock, kind) => {
    if (entries.has(from) && entries.has(to)) edges.push({ id: `${from} ${to} ${kind} ${lock}`, from, to, lock, kind });
  };
  for (const queue of waitsAt) {
    const { name, holders } = queue.lock;
    if (queue.fits(id)) add(id, before(queue, id), name, "behind");
    else for (const other of entries.keys()) if (holders.has(other)) add(id, other, name, "waits");
  }
  if (waitsAt.length) add(request.parent, id, "", "inside");
  return edges;
};

// hasMore says whether a neighbour of a request is not among the entries.
const hasMore = ({ id, request, waitsAt, holdsAt }, entries, index) => {
  const isLeft = (other) => !entries.has(other) && index.get(other) !== undefined;
  const isCut = (queue) => (queue.fits(id) ? isLeft(before(queue, id)) : countLeft(queue.lock.holders, entries) > 0);
  if (waitsAt.some(isCut) || (waitsAt.length && isLeft(request.parent))) return true;
  return holdsAt.some((queue) => queue.blocked().some(isLeft)) || some(index.inside(id), isLeft);
};

const some = (values, is) => {
  for (const value of values) if (is(value)) return true;
  return false;
};

// leftOf counts the requests of a lock that are not among the entries.
const leftOf = ({ name, holders, waiters }, entries) =>
  ({ lock: name, holders: countLeft(holders, entries), waiters: countLeft(waiters, entries) });

const countLeft = (requests, entries) => {
  let left = requests.size;
  for (const id of entries.keys()) if (requests.has(id)) left--;
  return left;
};

// inOrder returns the entries, with those that wait for the same lock in the order of its queue.
const inOrder = (entries) => {
  const earlier = new Map(); // ids to those that must come before
  for (const queue of new Set([...entries.values()].flatMap(({ waitsAt }) => waitsAt))) {
    const ids = [...entries.keys()].filter((id) => queue.lock.waiters.has(id));
    const places = new Map(ids.map((id) => [id, Math.min(queue.placeOf(id), Number.MAX_SAFE_INTEGER)]));
    ids.sort((a, b) => places.get(a) - places.get(b));
    ids.slice(1).forEach((id, i) => earlier.set(id, [...(earlier.get(id) ?? []), ids[i]]));
  }
  const ordered = new Set();
  const seen = new Set();
  const put = (id) => {
    if (seen.has(id)) return;
    seen.add(id);
    earlier.get(id)?.forEach(put);
    ordered.add(entries.get(id));
  };
  for (const id of entries.keys()) put(id);
  return [...ordered];
};

const toNode = ({ id, request, holds, waitsAt }, focus, now) => ({
  id,
  title: whoOf(request),
  kind: holds ? "holds" : "waits",
  focus,
  lines: [
    `${holds ? "holds" : "waits"} for ${toDuration(now - request.since)}`,
    ...(waitsAt.length === 1 ? [toPlace(waitsAt[0].placeOf(id))] : []),
  ],
});
