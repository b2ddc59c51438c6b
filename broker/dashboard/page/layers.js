// The first steps of a layered drawing, after Sugiyama, Tagawa and Toda, "Methods for Visual Understanding of
// Hierarchical System Structures" (1981), and Gansner, Koutsofios, North and Vo, "A Technique for Drawing Directed
// Graphs" (1993): cycles are opened, and each node gets a layer.

// acyclic returns the edges, with those turned round that close a cycle in a depth-first search. The search begins at
// the nodes in this order, so a cycle is opened before the first of its nodes.
export const acyclic = (ids, edges) => {
  const out = groups(edges, (edge) => edge.from);
  const state = new Map();
  const turned = new Set();
  const visit = (id) => {
    state.set(id, "open");
    for (const edge of out.get(id) ?? []) {
      if (state.get(edge.to) === "open") turned.add(edge);
      else if (!state.has(edge.to)) visit(edge.to);
    }
    state.set(id, "done");
  };
  for (const id of ids) if (!state.has(id)) visit(id);
  return edges.map((edge) => (turned.has(edge) ? { ...edge, from: edge.to, to: edge.from, turned: true } : edge));
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
