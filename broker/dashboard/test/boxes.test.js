import assert from "node:assert/strict";
import test from "node:test";
import { arrange, toStructure } from "../page/arrange.js";
import { toBoxes } from "../page/boxes.js";
import { toPath } from "../page/lines.js";
import { move } from "../page/moves.js";
import { pick, random } from "./random.js";
import { queue, shapes } from "./shapes.js";

const em = 13;
const itemsOf = (picture) => picture.boxes.flatMap((box) => box.items);
const linksOf = (picture) => picture.links.map(({ from, to, kind }) => `${from} → ${to}: ${kind}`);

test("a lock stands between its waiters and its holders", () => {
  const picture = toBoxes(queue(1));
  assert.deepEqual(picture.boxes.map((box) => box.id).sort(), ["lock lock", "request holder 0", "request waiter 0"]
    .map((id) => picture.boxes.find((box) => box.items.some((item) => item.id === id)).id).sort());
  assert.deepEqual(picture.links.map((link) => link.kind).sort(), ["holds", "waits"]);
});

test("each request and each lock is one item", () => {
  for (const [name, shape] of Object.entries(shapes)) {
    const ids = itemsOf(toBoxes(shape)).map((item) => item.id);
    const locks = new Set(shape.edges.map((edge) => edge.lock).filter((lock) => lock !== undefined));
    assert.equal(new Set(ids).size, ids.length, name);
    assert.equal(ids.length, shape.nodes.length + locks.size, name);
  }
});

test("a queue is one box in its order, and shared holders are one", () => {
  const { boxes, links } = toBoxes(queue(50, 8));
  assert.deepEqual(boxes.map((box) => box.items.length).sort((a, b) => a - b), [1, 8, 50]);
  const waiting = boxes.find((box) => box.items.length === 50);
  assert.deepEqual(waiting.items.map((item) => item.request.id), [...Array(50).keys()].map((i) => `waiter ${i}`));
  assert.equal(links.length, 2);
});

test("requests of a cycle have boxes of their own, and their links are marked", () => {
  const { boxes, links } = toBoxes(shapes["a deadlock of 3"]);
  assert.equal(boxes.length, 9);
  assert.ok([...boxes, ...links].every((part) => part.inCycle));
});

test("what waits outside a cycle is not marked", () => {
  const shape = shapes["a deadlock of 2"];
  const other = { id: "other", title: "other", lines: [], kind: "waits" };
  const edge = { id: "e", from: "other", to: "outer 0", lock: "lock 0", kind: "waits" };
  const { boxes, links } = toBoxes({ nodes: [...shape.nodes, other], edges: [...shape.edges, edge] });
  assert.deepEqual([boxes, links].map((parts) => parts.filter((part) => !part.inCycle).length), [1, 1]);
});

test("a request that only waits behind another one waits for the lock all the same", () => {
  const nodes = ["holder", "first", "second"].map((id) => ({ id, title: id, lines: [], kind: id === "holder" ? "holds" : "waits" }));
  const edges = [
    { id: "1", from: "first", to: "holder", lock: "a", kind: "waits" },
    { id: "2", from: "second", to: "first", lock: "a", kind: "behind" },
  ];
  assert.deepEqual(toBoxes({ nodes, edges }).boxes.map((box) => box.items.length).sort(), [1, 1, 2]);
});

test("a lock that is hidden is a link without a name; an edge to an unknown request is left out", () => {
  const nodes = ["a", "b"].map((id) => ({ id, title: id, lines: [], kind: "both" }));
  const picture = toBoxes({ nodes, edges: [{ id: "1", from: "a", to: "b", kind: "waits" }, { id: "2", from: "a", to: "c", kind: "waits" }] });
  assert.equal(picture.boxes.length, 2);
  assert.equal(linksOf(picture).length, 1);
});

test("a lock and a request may have the same name", () => {
  const nodes = ["a", "b"].map((id) => ({ id, title: id, lines: [], kind: "both" }));
  assert.equal(itemsOf(toBoxes({ nodes, edges: [{ id: "1", from: "a", to: "b", lock: "a", kind: "waits" }] })).length, 3);
});

test("the picture fits a wide view, and a narrow one where it can", () => {
  for (const [name, shape] of Object.entries(shapes)) {
    assert.ok(arrange(toBoxes(shape), undefined, em, 1200).width <= 1200, name);
    const narrow = arrange(toBoxes(shape), undefined, em, 290);
    assert.ok(narrow.width <= 290 || /nested|diamond/.test(name), `${name}: ${narrow.width}`);
  }
});

test("the focused request of a queue is level with its lock", () => {
  const shape = queue(50);
  shape.nodes[31].focus = true;
  const place = arrange(toBoxes(shape), undefined, em, 1200);
  const [start, , , end] = place.edges.get(place.layers.flat().find((box) => box.items.length === 50).id + "\nlock lock");
  assert.equal(start.y, end.y);
  const row = place.sizes.get(place.layers[2][0].id).rows[0];
  assert.ok(Math.abs(start.y - place.nodes.get(place.layers[2][0].id).y - 30.5 * row) < 0.01);
});

test("durations that count do not change the layout, and lines that come do", () => {
  const structure = (lines) => toStructure(toBoxes({ nodes: [{ id: "a", title: "a", lines, kind: "holds" }], edges: [] }), em, 500);
  assert.equal(structure(["holds for 1 s"]), structure(["holds for 2 s"]));
  assert.notEqual(structure(["holds for 1 s"]), structure(["holds for 1 s", "more"]));
});

test("arrow keys lead from every item to every other one", () => {
  const keys = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"];
  for (const [name, shape] of [...Object.entries(shapes), ...[...Array(30).keys()].map((seed) => [`random ${seed}`, randomShape(seed)])]) {
    const picture = toBoxes(shape);
    for (const width of [1200, 290]) {
      const { layers, down } = arrange(picture, undefined, em, width);
      const ids = itemsOf(picture).map((item) => item.id);
      const next = new Map(ids.map((id) => [id, keys.map((key) => move(layers, picture.links, down, id, key))]));
      for (const from of ids) {
        const reached = new Set([from]);
        for (const id of reached) for (const other of next.get(id)) if (other !== undefined) reached.add(other);
        assert.equal(reached.size, ids.length, `${name}, ${width}: from ${from}`);
      }
    }
  }
});

const randomShape = (seed) => {
  const next = random(seed);
  const nodes = [...Array(3 + Math.floor(next() * 20)).keys()].map((i) => ({ id: `${i}`, title: `${i}`, lines: ["x"], kind: "both" }));
  const edges = [...Array(Math.floor(next() * 30)).keys()].map((i) => ({
    id: `${i}`, from: pick(next, nodes).id, to: pick(next, nodes).id,
    lock: pick(next, [undefined, "a", "b", "c", "d"]), kind: pick(next, ["waits", "waits", "behind", "inside"]),
  }));
  return { nodes, edges };
};

test("arrow keys follow links", () => {
  const picture = toBoxes(queue(3));
  const wide = arrange(picture, undefined, em, 1200);
  const go = (id, key, { layers, down } = wide) => move(layers, picture.links, down, id, key);
  assert.equal(go("request waiter 2", "ArrowLeft"), "lock lock");
  assert.equal(go("lock lock", "ArrowLeft"), "request holder 0");
  assert.equal(go("request holder 0", "ArrowLeft"), undefined);
  assert.equal(go("lock lock", "ArrowRight"), "request waiter 0");
  assert.equal(go("request waiter 0", "ArrowDown"), "request waiter 1");
  assert.equal(go("request waiter 2", "ArrowDown"), undefined);
  assert.deepEqual([go("lock lock", "Home"), go("lock lock", "End")], ["request holder 0", "request waiter 2"]);
  assert.equal(go("lock lock", "a"), undefined);
  const narrow = arrange(picture, undefined, em, 290);
  assert.equal(narrow.down, true);
  assert.equal(go("request holder 0", "ArrowDown", narrow), "lock lock");
  assert.equal(go("request waiter 1", "ArrowUp", narrow), "request waiter 0");
  assert.equal(go("request waiter 0", "ArrowUp", narrow), "lock lock");
});

test("a line is straight through layers and bent between them", () => {
  const points = [{ x: 9, y: 1 }, { x: 8, y: 1 }, { x: 4, y: 7 }, { x: 2, y: 7 }];
  assert.equal(toPath(points, false), "M9,1L8,1C6,1 6,7 4,7L2,7");
  assert.equal(toPath(points.map(({ x, y }) => ({ x: y, y: x })), true), "M1,9L1,8C1,6 7,6 7,4L7,2");
});
