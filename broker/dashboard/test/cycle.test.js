import assert from "node:assert/strict";
import test from "node:test";
import { cycleOf } from "../page/cycle.js";

const held = (id) => ({ id, token: 1, locks: [`lock of ${id}`] });
const steps = ["a", "b", "c"].map((id, i, all) => {
  const next = all[(i + 1) % 3];
  return { request: { id: `in ${id}`, parent: id }, lock: `lock of ${next}`, blocker: held(next) };
});
const edgesOf = ({ edges }) => edges.map(({ from, to, kind }) => `${from} ${kind} ${to}`);

test("a whole cycle is closed", () => {
  assert.deepEqual(edgesOf(cycleOf(steps)), [
    "in a waits b", "b inside in b", "in b waits c", "c inside in c", "in c waits a", "a inside in a",
  ]);
});

test("of a cycle that was cut nothing leads back to its start", () => {
  const cut = cycleOf(steps.slice(0, 2), 3);
  assert.deepEqual(edgesOf(cut), ["in a waits b", "b inside in b", "in b waits c"]);
  assert.deepEqual(cut.nodes.filter(({ more }) => more).map(({ id }) => id), ["c"]);
});

test("a blocker that waits itself is the request of the next step", () => {
  const waiting = { id: "w" };
  const cycle = cycleOf([
    { request: { id: "x", parent: "h" }, lock: "l", blocker: waiting },
    { request: waiting, lock: "l", blocker: held("h") },
  ]);
  assert.deepEqual(edgesOf(cycle), ["x behind w", "w waits h", "h inside x"]);
});

test("an odd lock name is shown as a code, once", () => {
  const blocker = { id: "h", token: 1, locks: ["\n", ""] };
  const holder = cycleOf([{ request: { id: "x" }, lock: "\n", blocker }]).nodes.find(({ id }) => id === "h");
  assert.deepEqual(holder.lines, ["holds \\u{a}, (empty)"]);
});
