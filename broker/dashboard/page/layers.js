// acyclic returns the edges, with those turned round that close a cycle in a depth-first search from these nodes.
export const acyclic = (ids, edges) => {
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
  return edges.map((edge) => (back.has(edge) ? { ...edge, from: edge.to, to: edge.from, turned: true } : edge));
};

// toLayers returns the layer of each node: the length of the longest path from it. A flat edge counts nothing.
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

// reorder returns the layers in an order in which few edges cross: sorted by the barycentres of their neighbours, forth
// and back. A cell has its neighbours in the layers beside its own, up and down, and before, the cells that must
// precede it. With stay, the order given stays unless another has less than half of its crossings.
export const reorder = (layers, stay) => {
  const all = layers.map((layer) => [...layer]);
  all.forEach(settle);
  let [best, least] = [copy(all), crossings(all)];
  let limit = stay ? least / 2 : least;
  for (let round = 0; round < 8 && least > 0; round++) {
    for (const layer of all) sort(layer, "up");
    for (const layer of [...all].reverse()) sort(layer, "down");
    const count = crossings(all);
    if (count < limit) [best, least, limit] = [copy(all), count, count];
  }
  best.forEach(settle);
  return best;
};

const copy = (layers) => layers.map((layer) => [...layer]);

const sort = (layer, side) => {
  for (const cell of layer) {
    const sum = cell[side].reduce((total, other) => total + other.at, 0);
    cell.mean = cell[side].length ? sum / cell[side].length : cell.at;
  }
  layer.sort((a, b) => a.mean - b.mean);
  settle(layer);
};

// settle moves cells behind those that must precede them, and numbers the cells.
const settle = (layer) => {
  const moved = new Set();
  const move = (cell) => {
    if (moved.has(cell)) return;
    cell.before.forEach(move);
    cell.at = moved.size;
    moved.add(cell);
  };
  layer.forEach(move);
  layer.splice(0, layer.length, ...moved);
};

// crossings counts the pairs of edges of which one begins before the other and ends after it.
export const crossings = (layers) => {
  let count = 0;
  for (const layer of layers) {
    const ends = layer.flatMap((cell) => cell.down.map((other) => other.at).sort((a, b) => a - b));
    for (let i = 0; i < ends.length; i++) for (let k = 0; k < i; k++) if (ends[k] > ends[i]) count++;
  }
  return count;
};

// groups does what Map.groupBy does, which not all browsers have.
export const groups = (items, toKey) => {
  const all = new Map();
  for (const item of items) {
    const key = toKey(item);
    if (all.has(key)) all.get(key).push(item);
    else all.set(key, [item]);
  }
  return all;
};
