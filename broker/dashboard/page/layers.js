// The first steps of a layered drawing, after Sugiyama, Tagawa and Toda, "Methods for Visual Understanding of
// Hierarchical System Structures" (1981), and Gansner, Koutsofios, North and Vo, "A Technique for Drawing Directed
// Graphs" (1993): cycles are opened, and each node gets a layer.

// acyclic returns the edges, with those turned round that close a cycle in a depth-first search. The search begins at
// the nodes in this order, so a cycle is opened before the first of its nodes. Edges in before, which were turned round
// the last time, are turned round again if they still close a cycle.
export const acyclic = (ids, edges, before = new Set()) => {
  let all = edges.map((edge) => (before.has(edge.id) ? turn(edge) : edge));
  for (const edge of edges) {
    if (before.has(edge.id) && !leads(all, edge.to, edge.from)) all = all.map((other) => (other.id === edge.id ? edge : other));
  }
  const back = backEdges(ids, all);
  return all.map((edge) => (back.has(edge) ? turn(edge) : edge));
};

const turn = (edge) => ({ ...edge, from: edge.to, to: edge.from, turned: !edge.turned });

const leads = (edges, from, to) => {
  const reached = new Set([from]);
  for (const id of reached) for (const edge of edges) if (edge.from === id) reached.add(edge.to);
  return reached.has(to);
};

const backEdges = (ids, edges) => {
  const out = groups(edges, (edge) => edge.from);
  const state = new Map();
  const back = new Set();
  const visit = (id) => {
    state.set(id, "open");
    for (const edge of out.get(id) ?? []) {
      if (state.get(edge.to) === "open") back.add(edge);
      else if (!state.has(edge.to)) visit(edge.to);
    }
    state.set(id, "done");
  };
  for (const id of ids) if (!state.has(id)) visit(id);
  return back;
};

// toLayers returns the layer of each node: the length of the longest path to a node without edges, which has layer 0.
// A flat edge counts nothing, so its ends may share a layer.
export const toLayers = (ids, edges) => {
  const out = groups(edges, (edge) => edge.from);
  const layers = new Map();
  const visit = (id) => {
    if (!layers.has(id)) {
      layers.set(id, Math.max(0, ...(out.get(id) ?? []).map((edge) => visit(edge.to) + (edge.flat ? 0 : 1))));
    }
    return layers.get(id);
  };
  ids.forEach(visit);
  return layers;
};

// groups returns the items by their key, in a Map. (Map.groupBy is younger than the browsers that the page supports.)
export const groups = (items, toKey) => {
  const all = new Map();
  for (const item of items) {
    const key = toKey(item);
    if (all.has(key)) all.get(key).push(item);
    else all.set(key, [item]);
  }
  return all;
};
