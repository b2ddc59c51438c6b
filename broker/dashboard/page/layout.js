import { acyclic, groups, reorder, toLayers } from "./layers.js";

const gaps = { right: 40, down: 30 }; // between layers
const nodeGap = 14;
const passing = 8; // the width of an edge that passes through a layer
const farthest = 100; // from a node to the first of its neighbours
export const bulge = 20; // of an edge beside its layer

// layout draws { nodes: [{ id, width, height, port }], edges: [{ id, from, to, flat }] } by layers (Sugiyama, Tagawa
// and Toda, "Methods for Visual Understanding of Hierarchical System Structures", 1981). Nodes without edges to others
// are in the first layer. The layers follow one another to the right, or downwards. The result is
//
//   { width, height, nodes: Map(id → { x, y }), edges: Map(id → points), layers: [[id]], turned: Set(id) }
//
// Edges end at port, a distance from the top of the node, by default half of its height. The ends of a flat edge may
// share a layer; then it leads to the earlier node. An edge bends between layers: from each odd point to the next.
// turned has the edges that close a cycle, and so lead to a later layer. Edges to unknown nodes are left out.
//
// Given the previous result, what stays keeps its order and moves little. A new node comes after the one that it
// follows in the list.
export const layout = (graph, previous, down = false) => {
  const { cells, paths } = toCells(graph, down);
  const layers = reorder(toOrder(cells, previous?.places), previous !== undefined);
  align(layers);
  return toResult(layers, paths, down);
};

// toCells makes a cell for each node, and one for each layer that an edge passes through. A cell has a size across the
// layers and a length along them.
const toCells = ({ nodes, edges }, down) => {
  const cells = new Map();
  const add = (key, layer, more) => {
    cells.set(key, { key, layer, up: [], down: [], before: new Set(), ...more });
    return cells.get(key);
  };
  const ids = new Set(nodes.map((node) => node.id));
  const open = acyclic(ids, edges.filter(({ from, to }) => from !== to && ids.has(from) && ids.has(to)));
  const layerOf = toLayers(ids, open);
  for (const { id, width, height, port } of nodes) {
    const [size, length] = down ? [width, height] : [height, width];
    add(id, layerOf.get(id), { id, size, length, port: (!down && port) || size / 2 });
  }
  const paths = open.map((edge) => {
    const [first, last] = [cells.get(edge.to), cells.get(edge.from)];
    if (first.layer === last.layer) last.before.add(first);
    const path = [first];
    for (let layer = first.layer + 1; layer < last.layer; layer++) {
      path.push(add(`${edge.id}\n${layer}`, layer, { size: passing, length: 0, port: passing / 2 }));
    }
    path.push(last);
    for (let i = 1; i < path.length && first.layer !== last.layer; i++) {
      path[i].up.push(path[i - 1]);
      path[i - 1].down.push(path[i]);
    }
    return { edge, path };
  });
  return { cells: [...cells.values()], paths };
};

// toOrder returns the layers in the order of the places before. A new part of an edge is where its neighbours were.
const toOrder = (cells, before = new Map()) => {
  const layers = [];
  for (const [layer, some] of groups(cells, (cell) => cell.layer)) {
    let last = -Infinity;
    for (const cell of some) {
      const beside = [...cell.up, ...cell.down].map((other) => before.get(other.key) ?? Infinity);
      cell.place = before.get(cell.key) ?? (cell.id === undefined ? Math.min(...beside) : last);
      if (cell.id !== undefined) last = cell.place;
    }
    layers[layer] = some.sort((a, b) => (a.place === b.place ? 0 : a.place - b.place));
  }
  return layers;
};

// align finds the places across the layers. Each cell wants to be amid its neighbours, and not far from the first, so
// that the top of a high picture makes sense.
const align = (layers) => {
  for (const layer of layers) squeeze(layer, () => 0);
  for (let round = 0; round < 4; round++) {
    for (const layer of layers) squeeze(layer, (cell) => middle(cell, cell.up));
    for (const layer of [...layers].reverse()) {
      squeeze(layer, (cell) => Math.min(middle(cell, cell.down), ...cell.down.map((other) => other.place + farthest)));
    }
  }
};

const middle = (cell, others) =>
  others.length ? others.reduce((sum, other) => sum + other.place, 0) / others.length : cell.place;

// squeeze moves the cells of a layer as near to their wishes as order and sizes allow, by least squares: cells that
// would overlap form a block at the mean of their wishes (pool adjacent violators; Ayer and others, 1955).
const squeeze = (layer, toWish) => {
  const blocks = [];
  let offset = 0;
  layer.forEach((cell, i) => {
    const last = layer[i - 1];
    if (last) offset += last.size - last.port + nodeGap + cell.port;
    cell.offset = offset;
    let block = { cells: [cell], sum: toWish(cell) - offset };
    while (blocks.length && mean(blocks.at(-1)) >= mean(block)) {
      const { cells, sum } = blocks.pop();
      block = { cells: cells.concat(block.cells), sum: sum + block.sum };
    }
    blocks.push(block);
  });
  for (const block of blocks) for (const cell of block.cells) cell.place = mean(block) + cell.offset;
};

const mean = ({ cells, sum }) => sum / cells.length;

const toResult = (layers, paths, down) => {
  const cells = layers.flat();
  const first = cells.length ? Math.min(...cells.map((cell) => cell.place - cell.port)) : 0;
  const toPoint = ([along, across]) => (down ? { x: across - first, y: along } : { x: along, y: across - first });
  const gap = down ? gaps.down : gaps.right;
  let start = 0;
  for (const layer of layers) {
    const end = start + Math.max(...layer.map((cell) => cell.length));
    for (const cell of layer) Object.assign(cell, { start, end, margin: (end - start - cell.length) / 2 });
    start = end + gap;
  }
  const nodes = cells.filter((cell) => cell.id !== undefined);
  const edges = new Map();
  let length = Math.max(0, start - gap);
  for (const { edge, path } of paths) {
    const points = toPoints(path, edge.turned ? nodeGap / 2 : 0);
    if (path[0].layer === path.at(-1).layer) length = Math.max(length, points[1][0] + bulge);
    edges.set(edge.id, (edge.turned ? points : points.reverse()).map(toPoint));
  }
  const last = Math.max(first, ...cells.map((cell) => cell.place - cell.port + cell.size));
  const { x: width, y: height } = toPoint([length, last]);
  return {
    width, height, edges,
    nodes: new Map(nodes.map((cell) => [cell.id, toPoint([cell.start + cell.margin, cell.place - cell.port])])),
    layers: layers.map((layer) => layer.filter((cell) => cell.id !== undefined).map((cell) => cell.id)),
    turned: new Set(paths.filter(({ edge }) => edge.turned).map(({ edge }) => edge.id)),
    places: new Map(cells.map((cell) => [cell.key, cell.place])),
  };
};

// toPoints returns the points of an edge, from its earlier layer to its later one. One that was turned round is a
// little aside, so that it does not hide another between the same nodes.
const toPoints = (path, aside) => {
  const [first, last] = [path[0], path.at(-1)];
  const after = (cell, across) => [[cell.end - cell.margin, across], [Math.max(cell.end, first.end), across]];
  if (first.layer === last.layer) return [...after(first, first.place), ...after(last, last.place).reverse()];
  return path.flatMap((cell) => {
    if (cell === first) return after(cell, cell.place + aside);
    const [across, end] = cell === last ? [cell.place + aside, cell.start + cell.margin] : [cell.place, cell.end];
    return [[cell.start, across], [end, across]];
  });
};
