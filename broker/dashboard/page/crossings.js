// The order of the cells in each layer, with few crossings. A cell has `up` and `down`, its neighbours in the layer
// before and after, `before`, the set of cells of its own layer that must precede it, and `at`, its index.

// reorder changes the order in each layer so that fewer edges cross. If stay is true, the order given is one that people
// look at. It is then only improved step by step, or given up if another one has less than half of the crossings.
export const reorder = (layers, stay) => {
  layers.forEach(settle);
  const given = copy(layers);
  exchange(layers);
  const near = copy(layers);
  const count = crossings(layers);
  if (count === 0) return;
  restore(layers, given);
  sweep(layers);
  exchange(layers);
  const other = crossings(layers);
  if (stay ? other * 2 >= count : other >= count) restore(layers, near);
};

const copy = (layers) => layers.map((layer) => [...layer]);

// sweep sorts the layers by the barycentres of their neighbours, forth and back, and keeps the best order that it saw.
const sweep = (layers) => {
  let best = { count: Infinity };
  for (let round = 0; round < 4 && best.count > 0; round++) {
    for (const layer of layers) sort(layer, "up");
    for (const layer of [...layers].reverse()) sort(layer, "down");
    const count = crossings(layers);
    if (count < best.count) best = { count, order: copy(layers) };
  }
  restore(layers, best.order);
};

const restore = (layers, order) =>
  layers.forEach((layer, i) => {
    layer.splice(0, layer.length, ...order[i]);
    number(layer);
  });

// sort sorts a layer by the mean position of its neighbours on one side.
const sort = (layer, side) => {
  for (const cell of layer) {
    let sum = 0;
    for (const other of cell[side]) sum += other.at;
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
    moved.add(cell);
  };
  if (layer.some((cell) => cell.before.size)) {
    layer.forEach(move);
    layer.splice(0, layer.length, ...moved);
  }
  number(layer);
};

const number = (layer) => layer.forEach((cell, i) => (cell.at = i));

// exchange swaps cells that are side by side while that removes crossings.
const exchange = (layers) => {
  for (let better = true; better; ) {
    better = false;
    for (const layer of layers) {
      for (let i = 0; i + 1 < layer.length; i++) {
        const [a, b] = [layer[i], layer[i + 1]];
        if (b.before.has(a) || between(a, b) <= between(b, a)) continue;
        [layer[i], layer[i + 1]] = [b, a];
        [a.at, b.at] = [b.at, a.at];
        better = true;
      }
    }
  }
};

// between counts the crossings of the edges of two cells if a precedes b.
const between = (a, b) => {
  let count = 0;
  for (const x of a.up) for (const y of b.up) if (x.at > y.at) count++;
  for (const x of a.down) for (const y of b.down) if (x.at > y.at) count++;
  return count;
};

// crossings counts all crossings. An edge between two layers crosses those that begin before it and end after it. A
// Fenwick tree counts them (Barth, Jünger and Mutzel, "Simple and Efficient Bilayer Cross Counting", 2002).
export const crossings = (layers) => {
  let count = 0;
  layers.forEach((layer, i) => {
    const size = layers[i + 1]?.length ?? 0;
    const tree = new Array(size + 1).fill(0);
    for (const cell of layer) {
      const ends = cell.down.map((other) => other.at + 1);
      for (const end of ends) for (let k = end + 1; k <= size; k += k & -k) count += tree[k];
      for (const end of ends) for (let k = end; k > 0; k -= k & -k) tree[k]++;
    }
  });
  return count;
};
