import assert from "node:assert/strict";
import test from "node:test";
import { toNames, toSentences } from "../page/sentences.js";
import { chain, queue, shapes } from "./shapes.js";

test("a wait is a sentence", () => {
  assert.deepEqual(toSentences(queue(1)), ["waiter 0 waits for lock, which holder 0 holds."]);
  assert.deepEqual(toSentences(queue(1, 3)), ["waiter 0 waits for lock, which holder 0, holder 1, and holder 2 hold."]);
});

test("so are a place in the queue, and a request inside another", () => {
  assert.equal(toSentences(queue(2)).at(-1), "waiter 1 waits for lock behind waiter 0.");
  assert.equal(toSentences(chain(2))[0], "outer 0 cannot release before inner 0, which was made inside it, has ended.");
});

test("each edge is in one sentence, and those of a deadlock say so", () => {
  for (const [name, shape] of Object.entries(shapes)) {
    const sentences = toSentences(shape);
    const marked = sentences.filter((text) => text.includes("deadlock"));
    assert.equal(marked.length, shape.edges.filter((edge) => edge.inCycle).length, name);
    for (const { title } of shape.nodes) assert.ok(sentences.some((text) => text.includes(title)), `${name}: ${title}`);
  }
});

test("requests have names that say who waits for what", () => {
  const names = toNames(queue(2));
  assert.equal(names.get("waiter 0"), "waiter 0 waits for lock, which holder 0 holds");
  assert.equal(names.get("waiter 1"), "waiter 1 waits for lock, which holder 0 holds; waits for lock behind waiter 0");
  assert.equal(names.get("holder 0"), "holder 0 holds lock");
  assert.match(toNames(shapes["a deadlock of 2"]).get("inner 0"), /; part of the deadlock$/);
});

test("a request without links has its lines as a name", () => {
  const shape = { nodes: [{ id: "a", title: "ship", lines: ["holds orders/42"], kind: "holds" }], edges: [] };
  assert.equal(toNames(shape).get("a"), "ship holds orders/42");
});

test("a hidden lock has no name", () => {
  const nodes = ["a", "b"].map((id) => ({ id, title: id, lines: [], kind: "holds" }));
  const shape = { nodes, edges: [{ id: "1", from: "a", to: "b", kind: "waits" }] };
  assert.deepEqual(toSentences(shape), ["a waits for a lock, which b holds."]);
  assert.equal(toNames(shape).get("a"), "a waits for a lock, which b holds");
});

test("names are shown as text that hides nothing", () => {
  const shape = queue(1);
  shape.nodes[0].title = "a\u202eb";
  shape.edges[0].lock = "x\0";
  assert.deepEqual(toSentences(shape), ["waiter 0 waits for x\\u{0}, which a\\u{202e}b holds."]);
  assert.ok([...toNames(shape).values()].every((name) => !/[\p{Cc}\p{Cf}]/u.test(name)));
});
