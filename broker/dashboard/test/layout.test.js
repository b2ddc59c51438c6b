import assert from "node:assert/strict";
import test from "node:test";
import { layout as layoutOf } from "../page/layout.js";
import { pick, random } from "./random.js";
import { nested, queue, shapes } from "./shapes.js";

// layout adds the layer of each node, and its index there.
const layout = (graph, previous, { down } = {}) => {
  const result = layoutOf(graph, previous, down);
  result.layers.forEach((ids, layer) => ids.forEach((id, at) => Object.assign(result.nodes.get(id), { layer, at })));
  return result;
};

const size = { width: 200, height: 40 };
const row = 54; // the height of a node, and the gap below it

// plain returns a shape as a graph of the layout: requests only, each with an edge to each that it waits for.
const plain = ({ nodes, edges }) => ({
  nodes: nodes.map(({ id }) => ({ id, ...size })),
  edges: edges.map(({ id, from, to, kind }) => ({ id, from, to, flat: kind === "behind" })),
});

const randomGraph = (seed) => {
  const next = random(seed);
  const count = 2 + Math.floor(next() * 60);
  const nodes = [...Array(count).keys()].map((i) =>
    ({ id: `n${i}`, width: 50 + next() * 200, height: 20 + next() * 60 }));
  const edges = [...Array(Math.floor(next() * count * 2)).keys()].map((i) =>
    ({ id: `e${i}`, from: pick(next, nodes).id, to: pick(next, nodes).id, flat: next() < 0.2 }));
  return { nodes, edges };
};

const graphs = [
  ...Object.entries(shapes).map(([name, shape]) => [name, plain(shape)]),
  ...[...Array(100).keys()].map((seed) => [`random graph ${seed}`, randomGraph(seed)]),
];
const ways = [{ down: false }, { down: true }];

const each = (check) => {
  for (const [name, graph] of graphs) for (const way of ways) check(graph, way, `${name}, ${JSON.stringify(way)}`);
};

test("no two nodes overlap, and all are inside the picture", () => {
  each((graph, way, name) => {
    const result = layout(graph, undefined, way);
    const boxes = graph.nodes.map((node) => ({ ...node, ...result.nodes.get(node.id) }));
    assert.ok(boxes.every((box) => Number.isFinite(box.x + box.y)), name);
    for (const a of boxes) {
      assert.ok(a.x >= -0.01 && a.y >= -0.01, `${name}: ${a.id} is outside`);
      const [right, bottom] = [a.x + a.width - 0.01, a.y + a.height - 0.01];
      assert.ok(right <= result.width && bottom <= result.height, `${name}: ${a.id} is outside`);
      for (const b of boxes) {
        const apart = right <= b.x || bottom <= b.y || b.x + b.width - 0.01 <= a.x || b.y + b.height - 0.01 <= a.y;
        assert.ok(a === b || apart, `${name}: ${a.id} and ${b.id}`);
      }
    }
  });
});

test("each edge leads to an earlier layer, unless it was turned round to open a cycle", () => {
  each((graph, way, name) => {
    const { nodes, turned } = layout(graph, undefined, way);
    for (const edge of graph.edges) {
      if (edge.from === edge.to) continue;
      const [from, to] = [nodes.get(edge.from), nodes.get(edge.to)];
      const step = (from.layer - to.layer) * (turned.has(edge.id) ? -1 : 1);
      assert.ok(step > 0 || (edge.flat && step === 0), `${name}: ${edge.id}`);
      const inOrder = turned.has(edge.id) ? from.at < to.at : to.at < from.at;
      if (step === 0) assert.ok(inOrder, `${name}: order of ${edge.id}`);
    }
  });
});

test("a graph without a cycle has no edge turned round, and one with a cycle has one", () => {
  for (const [name, shape] of Object.entries(shapes)) {
    assert.equal(layout(plain(shape)).turned.size, name.includes("deadlock") ? 1 : 0, name);
  }
});

test("an edge begins and ends at the borders of its nodes, and passes through no other", () => {
  each((graph, way, name) => {
    const result = layout(graph, undefined, way);
    const boxes = graph.nodes.map((node) => ({ ...node, ...result.nodes.get(node.id) }));
    for (const { id, from, to } of graph.edges) {
      const points = result.edges.get(id);
      assert.equal(points === undefined, from === to, name);
      if (!points) continue;
      assert.equal(points.length % 2, 0, name);
      for (const [point, end] of [[points[0], from], [points.at(-1), to]]) {
        assert.ok(touches(point, boxes.find((box) => box.id === end)), `${name}: ${id} does not touch ${end}`);
      }
      for (let i = 0; i < points.length; i += 2) {
        for (const box of boxes.filter((box) => box.id !== from && box.id !== to)) {
          assert.ok(!crosses(points[i], points[i + 1], box), `${name}: ${id} crosses ${box.id}`);
        }
      }
    }
  });
});

const near = (a, b) => Math.abs(a - b) < 0.01;
const touches = ({ x, y }, box) =>
  ((near(x, box.x) || near(x, box.x + box.width)) && y > box.y - 0.01 && y < box.y + box.height + 0.01) ||
  ((near(y, box.y) || near(y, box.y + box.height)) && x > box.x - 0.01 && x < box.x + box.width + 0.01);

// crosses says whether a straight part of an edge, which is parallel to an axis, crosses a box.
const crosses = (a, b, box) =>
  Math.max(a.x, b.x) > box.x + 0.01 && Math.min(a.x, b.x) < box.x + box.width - 0.01 &&
  Math.max(a.y, b.y) > box.y + 0.01 && Math.min(a.y, b.y) < box.y + box.height - 0.01;

test("the same graph has the same layout, again and after itself", () => {
  each((graph, way, name) => {
    const first = layout(graph, undefined, way);
    assert.deepEqual(layout(graph, undefined, way), first, name);
    const again = layout(graph, first, way);
    for (const [id, { layer }] of first.nodes) assert.equal(again.nodes.get(id).layer, layer, `${name}: ${id}`);
    assert.deepEqual(layout(graph, again, way), again, `${name}: what stays the same does not move`);
  });
});

test("a queue is in its order", () => {
  const { nodes } = layout(plain(shapes["one holder and 50 waiters"]));
  const places = [...Array(50).keys()].map((i) => nodes.get(`waiter ${i}`));
  assert.ok(places.every(({ layer, at }, i) => layer === 1 && at === i));
});

test("shapes that can be drawn without crossings are", () => {
  for (const [name, shape] of Object.entries(shapes)) {
    if (name.startsWith("8 shared")) continue;
    assert.equal(crossingsOf(plain(shape)), 0, name);
  }
});

// crossingsOf counts the crossings of straight lines between the points where edges bend.
const crossingsOf = (graph) => {
  const bends = [...layout(graph).edges.values()].filter((points) => points[1].x !== points[2]?.x).flatMap((points) =>
    points.flatMap((point, i) => (i % 2 && points[i + 1] ? [[point, points[i + 1]].sort((a, b) => a.x - b.x)] : [])));
  let count = 0;
  for (const [a, b] of bends) {
    for (const [c, d] of bends) if (near(a.x, c.x) && near(b.x, d.x) && a.y < c.y - 0.01 && b.y > d.y + 0.01) count++;
  }
  return count;
};

test("when a waiter leaves or comes, the others keep their order and move less than two rows", () => {
  let leaves = 0;
  for (const [name, shape] of Object.entries(shapes)) {
    const graph = plain(shape);
    for (const { id } of graph.nodes) {
      const less = without(graph, id);
      if (!sameLayers(layout(graph), layout(less))) continue; // others change their layer
      leaves++;
      for (const [before, after] of [[graph, less], [less, graph]]) {
        const first = layout(before);
        const second = layout(after, first);
        assert.deepEqual(swapped(first, second), [], `${name}: ${id}`);
        assert.ok(farthest(first, second) <= 2 * row, `${name}: ${id}: ${farthest(first, second)}`);
      }
    }
  }
  assert.ok(leaves > 100, `${leaves}`);
});

test("a waiter that comes is where its queue has it", () => {
  for (const shape of [queue(20), nested(20)]) {
    const graph = plain(shape);
    const { layers } = layout(graph);
    for (const { id } of graph.nodes.slice(1)) {
      assert.deepEqual(layout(graph, layout(without(graph, id))).layers, layers, id);
    }
  }
});

test("what people look at stays although the list has another order", () => {
  for (const [name, graph] of graphs) {
    const first = layout(graph);
    if (first.turned.size) continue; // the order of the list says where a cycle is opened
    const other = layout({ nodes: [...graph.nodes].reverse(), edges: [...graph.edges].reverse() }, first);
    assert.deepEqual(swapped(first, other), [], name);
  }
});

test("a long edge is straight", () => {
  for (const name of ["a deadlock of 5", "a deadlock of 5 without nesting"]) {
    const { edges, turned } = layout(plain(shapes[name]));
    const places = edges.get([...turned][0]).slice(2, -2).map((point) => point.y);
    assert.ok(places.length && Math.max(...places) - Math.min(...places) < 1, `${name}: ${places}`);
  }
});

test("two opposite edges do not hide one another", () => {
  const nodes = ["a", "b"].map((id) => ({ id, ...size }));
  const { edges } = layout({ nodes, edges: [{ id: "1", from: "a", to: "b" }, { id: "2", from: "b", to: "a" }] });
  assert.ok(edges.get("1").every((point, i) => point.y !== edges.get("2").at(-1 - i).y));
});

test("the holder of a long queue is near its top", () => {
  assert.ok(layout(plain(nested(50))).nodes.get("holder").y < 3 * row);
});

test("in random graphs that change step by step, few nodes change places", () => {
  let [pairs, changed] = [0, 0];
  for (let seed = 0; seed < 30; seed++) {
    const next = random(seed);
    let graph = randomGraph(seed);
    let before = layout(graph);
    for (let step = 0; step < 5; step++) {
      graph = step % 2 ? without(graph, pick(next, graph.nodes).id) : {
        nodes: [...graph.nodes, { id: `new ${step}`, ...size }],
        edges: [...graph.edges, { id: `new ${step}`, from: `new ${step}`, to: pick(next, graph.nodes).id }],
      };
      const after = layout(graph, before);
      changed += swapped(before, after).length;
      pairs += together(before, after).length;
      before = after;
      if (graph.nodes.length < 2) break;
    }
  }
  assert.ok(pairs > 3000 && changed < pairs * 0.05, `${changed} of ${pairs}`);
});

const without = ({ nodes, edges }, id) => ({
  nodes: nodes.filter((node) => node.id !== id),
  edges: edges.filter(({ from, to }) => from !== id && to !== id),
});

const sameLayers = (a, b) => [...b.nodes].every(([id, { layer }]) => a.nodes.get(id).layer === layer);

// together returns the pairs of nodes that share a layer in both layouts.
const together = (a, b) => {
  const ids = [...a.nodes.keys()].filter((id) => b.nodes.has(id));
  return ids.flatMap((x, i) => ids.slice(i + 1).filter((y) =>
    [a, b].every(({ nodes }) => nodes.get(x).layer === nodes.get(y).layer)).map((y) => [x, y]));
};

const swapped = (a, b) => together(a, b).filter(([x, y]) =>
  a.nodes.get(x).at < a.nodes.get(y).at !== b.nodes.get(x).at < b.nodes.get(y).at);

const farthest = (a, b) => Math.max(0, ...[...b.nodes].map(([id, { y }]) => Math.abs(y - (a.nodes.get(id)?.y ?? y))));

test("an empty graph, a node alone, and edges that lead nowhere", () => {
  const empty = layout({ nodes: [], edges: [] });
  assert.deepEqual([empty.width, empty.height, empty.nodes.size], [0, 0, 0]);
  const edges = ["b", "a"].map((to) => ({ id: to, from: "a", to }));
  const alone = layout({ nodes: [{ id: "a", ...size }], edges });
  assert.deepEqual([alone.width, alone.height, alone.edges.size], [200, 40, 0]);
});
