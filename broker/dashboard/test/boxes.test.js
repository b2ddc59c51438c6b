import assert from "node:assert/strict";
import test from "node:test";
import { arrange, toStructure } from "../page/arrange.js";
import { move, toBoxes } from "../page/boxes.js";
import { toPath } from "../page/lines.js";
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

test("requests that have nothing to do with one another have boxes of their own", () => {
  const nodes = ["a", "b"].map((id) => ({ id, title: id, lines: [], kind: "holds" }));
  assert.equal(toBoxes({ nodes, edges: [] }).boxes.length, 2);
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
  const { boxes, links } = toBoxes({ nodes: [other, ...shape.nodes], edges: [edge, ...shape.edges] });
  assert.deepEqual([boxes, links].map((parts) => parts.filter((part) => !part.inCycle).length), [1, 1]);
});

test("a request that only waits behind another one waits for the lock all the same", () => {
  const nodes = ["holder", "first", "second"].map((id) => ({ id, title: id, lines: [], kind: "waits" }));
  const edges = [
    { id: "1", from: "first", to: "holder", lock: "a", kind: "waits" },
    { id: "2", from: "second", to: "first", lock: "a", kind: "behind" },
  ];
  assert.deepEqual(toBoxes({ nodes, edges }).boxes.map((box) => box.items.length).sort(), [1, 1, 2]);
});

test("a lock that is hidden is a link without a name; an edge to an unknown request is left out", () => {
  const nodes = ["a", "b"].map((id) => ({ id, title: id, lines: [], kind: "holds" }));
  const edges = ["b", "c"].map((to) => ({ id: to, from: "a", to, kind: "waits" }));
  const picture = toBoxes({ nodes, edges });
  assert.equal(picture.boxes.length, 2);
  assert.equal(linksOf(picture).length, 1);
});

test("a lock and a request may have the same name", () => {
  const nodes = ["a", "b"].map((id) => ({ id, title: id, lines: [], kind: "holds" }));
  const edges = [{ id: "1", from: "a", to: "b", lock: "a", kind: "waits" }];
  assert.equal(itemsOf(toBoxes({ nodes, edges })).length, 3);
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
  const box = place.boxes.find(({ items }) => items.length === 50);
  const points = place.edges.get(`${box.id}\nlock lock`);
  const [row] = place.sizes.get(box.id).rows;
  assert.equal(points[0].y, points.at(-1).y);
  assert.ok(Math.abs(points[0].y - place.nodes.get(box.id).y - 30.5 * row) < 0.01);
});

test("durations that count do not change the layout, and lines that come do", () => {
  const structure = (lines) => {
    const nodes = [{ id: "a", title: "a", lines, kind: "holds" }];
    return toStructure(toBoxes({ nodes, edges: [] }), em, 500);
  };
  assert.equal(structure(["holds for 1 s"]), structure(["holds for 2 s"]));
  assert.notEqual(structure(["holds for 1 s"]), structure(["holds for 1 s", "more"]));
});

test("arrow keys lead from every item to every other one", () => {
  const random = [...Array(30).keys()].map((seed) => [`random ${seed}`, randomShape(seed)]);
  for (const [name, shape] of [...Object.entries(shapes), ...random]) {
    const picture = toBoxes(shape);
    const { boxes } = arrange(picture, undefined, em, 1200);
    const ids = boxes.flatMap((box) => box.items.map((item) => item.id));
    assert.deepEqual([...ids].sort(), itemsOf(picture).map((item) => item.id).sort(), name);
    const go = (id, key) => move(boxes, picture.links, id, key);
    ids.forEach((id, i) => {
      assert.deepEqual(["ArrowUp", "ArrowDown"].map((key) => go(id, key)), [ids[i - 1], ids[i + 1]], name);
      for (const key of ["ArrowLeft", "ArrowRight"]) assert.ok([...ids, undefined].includes(go(id, key)), name);
    });
  }
});

const randomShape = (seed) => {
  const next = random(seed);
  const nodes = [...Array(3 + Math.floor(next() * 20)).keys()].map((i) =>
    ({ id: `${i}`, title: `${i}`, lines: ["x"], kind: "holds" }));
  const edges = [...Array(Math.floor(next() * 30)).keys()].map((i) => ({
    id: `${i}`, from: pick(next, nodes).id, to: pick(next, nodes).id,
    lock: pick(next, [undefined, "a", "b", "c", "d"]), kind: pick(next, ["waits", "waits", "behind", "inside"]),
  }));
  return { nodes, edges };
};

test("left leads to what an item waits for, and right to what waits for it", () => {
  const picture = toBoxes(queue(3));
  const { boxes } = arrange(picture, undefined, em, 1200);
  const go = (id, key) => move(boxes, picture.links, id, key);
  assert.equal(go("request waiter 2", "ArrowLeft"), "lock lock");
  assert.equal(go("lock lock", "ArrowLeft"), "request holder 0");
  assert.equal(go("request holder 0", "ArrowLeft"), undefined);
  assert.equal(go("lock lock", "ArrowRight"), "request waiter 0");
  assert.equal(go("request waiter 2", "ArrowRight"), undefined);
  assert.deepEqual([go("lock lock", "Home"), go("lock lock", "End")], ["request holder 0", "request waiter 2"]);
  assert.equal(go("lock lock", "a"), undefined);
});

test("a line is straight through layers and bent between them", () => {
  const points = [{ x: 9, y: 1 }, { x: 8, y: 1 }, { x: 4, y: 7 }, { x: 2, y: 7 }];
  assert.equal(toPath(points, false), "M9,1L8,1C6,1 6,7 4,7L2,7");
  assert.equal(toPath(points.map(({ x, y }) => ({ x: y, y: x })), true), "M1,9L1,8C1,6 7,6 7,4L7,2");
});
