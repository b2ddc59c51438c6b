import assert from "node:assert/strict";
import test from "node:test";
import { countReads, many, viewOf } from "./locks.js";
import { neighbourhoodOf } from "../page/waiting.js";

const titlesOf = ({ nodes }) => nodes.map(({ id }) => id);
const edgesOf = ({ edges }) => edges.map(({ from, to, lock, kind }) => `${from} ${kind} ${to} ${lock}`.trim()).sort();
const moreOf = ({ nodes }) => nodes.filter(({ more }) => more).map(({ id }) => id);

test("the waiters of a lock wait for its holder, in their order", () => {
  const found = neighbourhoodOf(viewOf({ a: [["h"], ["x", "y"]] }), { lock: "a" }, 0);
  assert.deepEqual(titlesOf(found), ["h", "x", "y"]);
  assert.deepEqual(edgesOf(found), ["x waits h a", "y waits h a"]);
  assert.deepEqual(found.nodes.map(({ lines }) => lines[1]), [undefined, "place 1", "place 2"]);
  assert.deepEqual([moreOf(found), found.left], [[], []]);
});

test("a request that fits waits behind the one before it", () => {
  const shared = { mode: "shared" };
  const view = viewOf({ a: [many(2, "h", shared), ["w", { id: "s", ...shared }, { id: "t", ...shared }]] });
  const found = neighbourhoodOf(view, { lock: "a" }, 0);
  assert.deepEqual(edgesOf(found), ["s behind w a", "t behind s a", "w waits h 0 a", "w waits h 1 a"]);
});

test("the least limit of the holders and the waiter counts", () => {
  const limited = (limit) => ({ mode: "shared", limit });
  const kinds = (holders, waiter) =>
    neighbourhoodOf(viewOf({ a: [holders, [{ id: "w", ...waiter }]] }), { lock: "a" }, 0).edges.map(({ kind }) => kind);
  assert.deepEqual(kinds(many(2, "h", limited(3)), limited(3)), []);
  assert.deepEqual(kinds(many(2, "h", limited(3)), limited(2)), ["waits", "waits"]);
  const two = [{ id: "h", ...limited(2) }, { id: "i", ...limited(9) }];
  assert.deepEqual(kinds(two, { mode: "shared" }), ["waits", "waits"]);
  assert.deepEqual(kinds([], {}), []);
});

test("a lock shows its first holders, then its waiters, and says what is left", () => {
  const found = neighbourhoodOf(viewOf({ a: [many(60, "h", { mode: "shared" }), many(70, "w")] }), { lock: "a" }, 0);
  assert.deepEqual(titlesOf(found), [...many(8, "h"), ...many(42, "w")].map(({ id }) => id));
  assert.equal(found.edges.length, 8 * 42);
  assert.deepEqual(found.left, [{ lock: "a", holders: 52, waiters: 28 }]);
  assert.equal(moreOf(found).length, 50);
});

test("a holder that is not among the first ones has its waiters", () => {
  const view = viewOf({ a: [many(20, "h", { mode: "shared" }), ["w"]] });
  const found = neighbourhoodOf(view, { request: "h 15" }, 0);
  assert.ok(edgesOf(found).includes("w waits h 15 a"));
  assert.deepEqual(moreOf(found), ["w"]);
  assert.equal(found.nodes.find(({ focus }) => focus).id, "h 15");
});

test("what waits inside a request keeps it, and what it is inside is shown", () => {
  const view = viewOf({ a: [["outer"], ["x"]], b: [["other"], [{ id: "inner", parent: "outer" }]] });
  const want = ["inner waits other b", "outer inside inner", "x waits outer a"];
  for (const request of ["outer", "inner", "x", "other"]) {
    assert.deepEqual(edgesOf(neighbourhoodOf(view, { request }, 0)), want);
  }
});

test("waiters come in the order of their queues, whichever is found first", () => {
  const view = viewOf({ a: [["h"], ["x", "z"]], b: [["h"], ["y", "z"]], c: [["h"], ["x", "y"]] });
  for (const request of ["z", "y", "x"]) {
    const ids = titlesOf(neighbourhoodOf(view, { request }, 0)).filter((id) => id !== "h");
    assert.deepEqual(ids, ["x", "y", "z"]);
  }
});

test("a request that is not there has no picture", () => {
  const view = viewOf({ a: [["h"], []] });
  for (const around of [{ lock: "b" }, { request: "b" }]) {
    assert.deepEqual(neighbourhoodOf(view, around, 0), { nodes: [], edges: [], left: [] });
  }
});

// The time that a picture takes is what it reads: it grows neither with the locks, nor with their holders and waiters.
test("a picture reads little of very many locks, holders and waiters", () => {
  const shared = { mode: "shared" };
  const one = (locks, lock, request) => {
    for (const around of [{ lock }, { request }]) {
      const view = viewOf(locks);
      const reads = countReads(view, () => {
        const found = neighbourhoodOf(view, around, 0);
        assert.ok(found.nodes.length <= 50);
      });
      assert.ok(reads < 5000, `${request}: ${reads}`);
    }
  };
  one({ a: [many(5000, "h", shared), many(1000, "w")] }, "a", "w 999");
  one({ a: [many(5000, "h", shared), [{ id: "x" }, ...many(5000, "w", shared)]] }, "a", "w 4000");
  one({ a: [["h"], many(100_000, "w")] }, "a", "w 99999");
  one({ a: [many(10, "h", shared), [{ id: "x" }, ...many(100_000, "w", shared)]] }, "a", "w 99999");
  one({ a: [["h"], many(100_000, "w", { parent: "h" })] }, "a", "h");
  one(Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`lock ${i}`, [[`h ${i}`], []]])), "lock 7", "h 7");
});

test("a request far back in a queue has no exact place, and waits behind the first one", () => {
  const shared = { mode: "shared" };
  const view = viewOf({ a: [many(2, "h", shared), [{ id: "x" }, ...many(5000, "w", shared)]] });
  const found = neighbourhoodOf(view, { request: "w 4000" }, 0);
  assert.deepEqual(edgesOf(found), ["w 4000 behind x a", "x waits h 0 a", "x waits h 1 a"]);
  assert.equal(found.nodes.find(({ focus }) => focus).lines[1], "place more than 1,000");
  assert.deepEqual(found.left, [{ lock: "a", holders: 0, waiters: 4999 }]);
});
