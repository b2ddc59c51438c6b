// A layered layout of a directed graph. Nodes that wait for nobody are in the first layer, at the left or at the top;
// an edge leads from a later layer to an earlier one, except where it closes a cycle. The steps are those of Sugiyama:
// layers.js, then crossings.js, then the coordinates here.
import { acyclic, groups, toLayers } from "./layers.js";
import { reorder } from "./crossings.js";

const nodeGap = 14; // between nodes of a layer
const passing = 8; // the width of an edge that passes through a layer
export const bulge = 20; // of a flat edge beside its layer
const farthest = 100; // from a node to the first of its neighbours

// layout returns the places of { nodes: [{ id, width, height, port }], edges: [{ id, from, to, flat }] }:
//
//   { width, height, nodes: Map(id → { x, y, layer, at }), edges: Map(id → points), turned: Set(id) }
//
// port is the distance from the top of a node to where its edges end: half of its height unless given. The ends of a
// flat edge may share a layer; then the node it leads to comes first. An edge has an even number of points: it bends
// between layers, which is from each odd point to the next. Edges to themselves or to unknown nodes are left out.
//
// With down, layers follow one another downwards; otherwise to the right. The same arguments have the same result. If
// previous is the result for a graph that was similar, what stays keeps its order and moves little. New nodes of a layer
// come after the node that they follow in the list.
export const layout = (graph, previous, { down = false } = {}) => {
  const { cells, paths } = toCells(graph, previous, down);
  const layers = toOrder(cells, previous);
  reorder(layers, previous !== undefined);
  align(layers);
  return toResult(layers, paths, down);
};

// toCells makes a cell for each node, and one for each layer that an edge passes through. A cell has a size across the
// layers and a length along them.
const toCells = ({ nodes, edges }, previous, down) => {
  const cells = new Map();
  const paths = [];
  const known = new Set(nodes.map((node) => node.id));
  const real = edges.filter(({ from, to }) => from !== to && known.has(from) && known.has(to));
  const open = acyclic(known, real, previous?.turned);
  const layerOf = toLayers(known, open);
  const add = (key, layer, more) => {
    const cell = { key, layer, up: [], down: [], before: new Set(), ...more };
    cells.set(key, cell);
    return cell;
  };
  for (const { id, width, height, port } of nodes) {
    const [size, length] = down ? [width, height] : [height, width];
    add(id, layerOf.get(id), { id, size, length, port: (!down && port) || size / 2 });
  }
  for (const edge of open) {
    const path = [cells.get(edge.to)];
    const end = cells.get(edge.from);
    if (path[0].layer === end.layer) end.before.add(path[0]);
    for (let layer = path[0].layer + 1; layer < end.layer; layer++) {
      path.push(add(`${edge.id}\n${layer}`, layer, { size: passing, length: 0, port: passing / 2 }));
    }
    path.push(end);
    paths.push({ edge, path });
    if (path[0].layer === end.layer) continue;
    path.slice(1).forEach((cell, i) => {
      path[i].down.push(cell);
      cell.up.push(path[i]);
    });
  }
  return { cells: [...cells.values()], paths };
};

// toOrder returns the layers in the order of the graph before. A new node follows its predecessor in the list. A new
// part of an edge is where its ends were.
const toOrder = (cells, previous) => {
  const byLayer = groups(cells, (cell) => cell.layer);
  const layers = [...byLayer.keys()].sort((a, b) => a - b).map((layer) => byLayer.get(layer));
  const before = previous?.places ?? new Map();
  for (const layer of layers) {
    let last = -Infinity;
    for (const cell of layer) {
      cell.place = before.get(cell.key) ?? (cell.id === undefined ? nearby(cell, before) : last);
      if (cell.id !== undefined) last = cell.place;
    }
    layer.sort((a, b) => (a.place === b.place ? 0 : a.place - b.place));
  }
  return layers;
};

const nearby = (cell, before) => {
  const places = [...cell.up, ...cell.down].map((other) => before.get(other.key)).filter((place) => place !== undefined);
  return places.length ? places.reduce((a, b) => a + b) / places.length : Infinity;
};

// align finds the places across the layers. Each cell wants to be where its neighbours are; the parts of a long edge
// most, so that it is straight. At the end the earlier layers follow the later ones, so that a node with many neighbours is
// not in their middle but near the first: the top of a high picture then makes sense.
const align = (layers) => {
  const backwards = [...layers].reverse();
  for (const layer of layers) squeeze(layer, () => 0);
  for (let round = 0; round < 6; round++) {
    for (const layer of layers) squeeze(layer, (cell) => middle(cell, cell.up));
    for (const layer of backwards) squeeze(layer, (cell) => middle(cell, [...cell.down, ...cell.up]));
  }
  for (const layer of backwards) {
    squeeze(layer, (cell) => Math.min(middle(cell, cell.down), ...cell.down.map((other) => other.place + farthest)));
  }
  const first = Math.min(...layers.flat().map((cell) => cell.place - cell.port));
  for (const cell of layers.flat()) cell.place -= first;
};

const middle = (cell, others) => {
  let [sum, weights] = [0, 0];
  for (const other of others) {
    const weight = cell.id === undefined && other.id === undefined ? 8 : 1;
    sum += weight * other.place;
    weights += weight;
  }
  return weights ? sum / weights : cell.place;
};

// squeeze moves the cells of a layer as near to their wishes as their order and their sizes allow. It minimises the sum
// of squares: cells that would overlap form a block, which is at the mean of its wishes (pool adjacent violators:
// Ayer, Brunk, Ewing, Reid and Silverman, 1955).
const squeeze = (layer, toWish) => {
  const blocks = [];
  let offset = 0;
  layer.forEach((cell, i) => {
    const last = layer[i - 1];
    if (last) offset += last.size - last.port + nodeGap + cell.port;
    cell.offset = offset;
    const block = { first: i, count: 1, sum: toWish(cell) - offset };
    while (blocks.length && place(blocks.at(-1)) >= place(block)) {
      const { first, count, sum } = blocks.pop();
      Object.assign(block, { first, count: count + block.count, sum: sum + block.sum });
    }
    blocks.push(block);
  });
  for (const block of blocks) {
    for (let i = 0; i < block.count; i++) {
      const cell = layer[block.first + i];
      cell.place = place(block) + cell.offset;
    }
  }
};

const place = ({ count, sum }) => sum / count;

const toResult = (layers, paths, down) => {
  const result = { width: 0, height: 0, nodes: new Map(), edges: new Map(), turned: new Set(), places: new Map() };
  const point = (along, across) => (down ? { x: across, y: along } : { x: along, y: across });
  const gap = down ? 30 : 40; // between layers
  let start = 0;
  for (const layer of layers) {
    const thickness = Math.max(...layer.map((cell) => cell.length));
    for (const cell of layer) {
      cell.begin = start;
      cell.end = start + thickness;
      cell.margin = (thickness - cell.length) / 2;
      result.places.set(cell.key, cell.place);
      if (cell.id === undefined) continue;
      const corner = point(start + cell.margin, cell.place - cell.port);
      result.nodes.set(cell.id, { ...corner, layer: cell.layer, at: cell.at });
    }
    start += thickness + gap;
  }
  const ends = layers.flat().map((cell) => cell.place - cell.port + cell.size);
  let length = start - gap;
  for (const { edge, path } of paths) {
    const points = toPoints(path, edge.turned ? nodeGap / 2 : 0);
    if (path[0].layer === path.at(-1).layer) length = Math.max(length, points[1][0] + bulge);
    const places = points.map(([along, across]) => point(along, across));
    result.edges.set(edge.id, edge.turned ? places : places.reverse());
    if (edge.turned) result.turned.add(edge.id);
  }
  [result.width, result.height] = Object.values(point(Math.max(0, length), Math.max(0, ...ends)));
  return result;
};

// toPoints returns the points of an edge, from its earlier layer to its later one. An edge that was turned round is a
// little aside, so that it does not hide one between the same nodes.
const toPoints = (path, aside) => {
  const [first, last] = [path[0], path.at(-1)];
  if (first.layer === last.layer) {
    const side = Math.max(first.end, last.end);
    return [first, last].flatMap((cell, i) => {
      const points = [[cell.end - cell.margin, cell.place], [side, cell.place]];
      return i ? points.reverse() : points;
    });
  }
  return path.flatMap((cell) => {
    const across = cell.place + (cell.id === undefined ? 0 : aside);
    if (cell === first) return [[cell.end - cell.margin, across], [cell.end, across]];
    if (cell === last) return [[cell.begin, across], [cell.begin + cell.margin, across]];
    return [[cell.begin, across], [cell.end, across]];
  });
};
