import { toVisible } from "./text.js";
import { whoOf } from "./requests.js";

// cycleOf returns the picture of a refused deadlock, of which the first steps are told. The blocker of a step is the
// request of the next step, or has it inside. If not all steps are told, the last one leads nowhere.
export const cycleOf = (told, steps = told.length) => {
  const nodes = new Map();
  const edges = [];
  const isWhole = told.length >= steps;

  const add = (request) => {
    if (!request.id || nodes.has(request.id)) return;
    const holds = request.token !== undefined;
    const lines = holds ? [`holds ${request.locks.map(toVisible).join(", ")}`] : [];
    const kind = holds ? "holds" : "waits";
    nodes.set(request.id, { id: request.id, title: whoOf(request), kind, lines, inCycle: true });
  };
  const join = (from, to, lock, kind) => {
    if (from === to || !nodes.has(from) || !nodes.has(to)) return;
    edges.push({ id: `${from} ${to} ${kind}`, from, to, lock, kind, inCycle: true });
  };

  for (const { request, blocker } of told) {
    add(request);
    add(blocker);
  }
  told.forEach(({ request, lock, blocker }, i) => {
    join(request.id, blocker.id, lock, blocker.token === undefined ? "behind" : "waits");
    const next = told[i + 1] ?? (isWhole ? told[0] : undefined);
    if (next) join(blocker.id, next.request.id, "", "inside");
    else if (nodes.has(blocker.id)) nodes.get(blocker.id).more = true;
  });
  return { nodes: [...nodes.values()], edges };
};
