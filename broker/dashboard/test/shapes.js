// Graphs of the shapes that locks cause, as createGraph takes them.

const request = (id, kind, more) => ({ id, title: id, lines: [kind], kind, ...more });
const waits = (from, to, lock, more) => ({ id: `${from} ${lock} ${to}`, from, to, lock, kind: "waits", ...more });
const inside = (from, to, more) => ({ id: `${from} ${to}`, from, to, kind: "inside", ...more });
const range = (count) => [...Array(count).keys()];

// queue has some holders of one lock, and a queue of waiters.
export const queue = (waiters, holders = 1) => {
  const holding = range(holders).map((i) => request(`holder ${i}`, "holds"));
  const waiting = range(waiters).map((i) => request(`waiter ${i}`, "waits"));
  return {
    nodes: [...holding, ...waiting],
    edges: [
      ...waiting.flatMap(({ id }) => holding.map((holder) => waits(id, holder.id, "lock"))),
      ...waiting.slice(1).map(({ id }, i) =>
        ({ id: `behind ${id}`, from: id, to: waiting[i].id, lock: "lock", kind: "behind" })),
    ],
  };
};

// chain has requests that hold one lock each. Inside each, another waits for the next lock; the last one waits for
// nothing, or for the first lock if it is a cycle.
export const chain = (count, inCycle = false) => {
  const more = { inCycle };
  const nodes = range(count).flatMap((i) =>
    [request(`outer ${i}`, "holds", more), request(`inner ${i}`, "waits", more)]);
  const edges = range(count).flatMap((i) => {
    const next = (i + 1) % count;
    return [inside(`outer ${i}`, `inner ${i}`, more), waits(`inner ${i}`, `outer ${next}`, `lock ${next}`, more)];
  });
  return inCycle ? { nodes, edges } : { nodes: nodes.slice(0, -1), edges: edges.slice(0, -2) };
};

// cycle has requests that each hold a lock and wait for that of the next one.
export const cycle = (count) => ({
  nodes: range(count).map((i) => request(`request ${i}`, "holds", { inCycle: true })),
  edges: range(count).map((i) => waits(`request ${i}`, `request ${(i + 1) % count}`, `lock ${i}`, { inCycle: true })),
});

// nested has a queue in which each waiter was made inside a request that holds another lock.
export const nested = (count) => ({
  nodes: [request("holder", "holds"),
    ...range(count).flatMap((i) => [request(`inner ${i}`, "waits"), request(`outer ${i}`, "holds")])],
  edges: range(count).flatMap((i) => [waits(`inner ${i}`, "holder", "lock"), inside(`outer ${i}`, `inner ${i}`)]),
});

// diamond has one request that waits for two locks, whose holders are in one another's way further down.
export const diamond = () => ({
  nodes: [request("last", "holds"), request("left", "holds"), request("right", "holds"), request("first", "waits")],
  edges: [["first", "left", "a"], ["first", "right", "b"], ["left", "last", "c"], ["right", "last", "c"]]
    .map(([from, to, lock]) => waits(from, to, lock)),
});

export const shapes = {
  "one holder and 2 waiters": queue(2),
  "one holder and 50 waiters": queue(50),
  "8 shared holders and 50 waiters": queue(50, 8),
  "a chain of 5 locks": chain(5),
  "50 nested requests": nested(25),
  "a diamond": diamond(),
  "a deadlock of 2": chain(2, true),
  "a deadlock of 3": chain(3, true),
  "a deadlock of 5": chain(5, true),
  "a deadlock of 2 without nesting": cycle(2),
  "a deadlock of 5 without nesting": cycle(5),
};
