// query, info, why, evict and watch.

import assert from "node:assert/strict";
import test from "node:test";
import { LockError } from "../client.js";
import { LockManager } from "../manager.js";
import { supervise } from "../supervisor.js";
import { Stage, outcome, quiet, settle } from "./internal/stage.js";

async function stage(t) {
  const s = new Stage();
  await s.enter();
  t.after(async () => assert.equal(await s.leave(), 0, "timers are left"));
  return s;
}

const request = (id, mode = "exclusive") => ({ id, mode, locks: ["a"] });
const lock = (seq, name, holders = [], waiters = [], next = {}) => ({
  name, seq, holders, waiters, holding: 9, waiting: 9, grants: 1, ...next,
});

// exchange asserts which question the client sends next, and answers it.
async function exchange(s, question, answer) {
  await settle();
  const { type, id, ...rest } = s.socket.take();
  assert.deepEqual([type, rest], ["info", { queue: 10_000, ...question }]);
  s.socket.say({ type, id, ...answer });
}

test("query lists whole queues, page by page", async (t) => {
  const s = await stage(t);
  const promise = s.locks.query();
  const [v, w, x, y, z] = ["v", "w", "x", "y", "z"].map((c) => request(`${c.repeat(8)}--12`, c === "z" ? "shared" : "exclusive"));
  // The lists of the last lock were cut because the page was full. That of its waiters is empty.
  await exchange(s, {}, { locks: [lock(3, "\uFFFF", [v]), lock(7, "b", [w], [], { holders_next: 5, waiters_next: 0 })], next: 7 });
  await exchange(s, { seq: 7, holders_after: 5, waiters_after: 0 }, { locks: [lock(7, "b", [x], [y], { waiters_next: 8 })] });
  await exchange(s, { seq: 7, waiters_after: 8 }, { locks: [lock(7, "b", [], [z])] });
  await exchange(s, { after: 7 }, { locks: [lock(9, "c", [v])] });
  const entry = (name, clientId, mode = "exclusive") => ({ name, mode, clientId: clientId.repeat(8) });
  assert.deepEqual((await outcome(promise)).value, {
    held: [entry("", "v"), entry("b", "w"), entry("b", "x"), entry("c", "v")],
    pending: [entry("b", "y"), entry("b", "z", "shared")],
  });
});

test("query continues in the one list that was cut, even from its beginning", async (t) => {
  const s = await stage(t);
  const promise = s.locks.query();
  const x = request("xxxxxxxx--1");
  await exchange(s, {}, { locks: [lock(1, "a", [x], [], { waiters_next: 0 })], next: 1 });
  await exchange(s, { seq: 1, waiters_after: 0 }, { locks: [lock(1, "a", [], [x, x])] });
  await exchange(s, { after: 1 }, { locks: [lock(2, "b", [x], [], { holders_next: 4 })] });
  await exchange(s, { seq: 2, holders_after: 4 }, { locks: [lock(2, "b", [x, x])] });
  const { held, pending } = (await outcome(promise)).value;
  assert.deepEqual([held.map((r) => r.name), pending.map((r) => r.name)], [["a", "b", "b", "b"], ["a", "a"]]);
});

test("query continues if a lock disappears between two parts of its queue", async (t) => {
  const s = await stage(t);
  const promise = s.locks.query();
  await exchange(s, {}, { locks: [lock(1, "a", [], [request("xxxxxxxx--1")], { waiters_next: 4 }), lock(2, "b", [request("yyyyyyyy--1")])] });
  await exchange(s, { seq: 1, waiters_after: 4 }, { locks: [] });
  const { held, pending } = (await outcome(promise)).value;
  assert.deepEqual([held.map((r) => r.name), pending.map((r) => r.name)], [["b"], ["a"]]);
});

test("info does not continue the lists of a lock", async (t) => {
  const s = await stage(t);
  const all = s.locks.info(undefined, { queue: 10_000 });
  const first = all.next();
  await exchange(s, {}, { locks: [lock(1, "a", [], [], { waiters_next: 0 })] });
  assert.equal((await first).value.waiters_next, 0);
  assert.equal((await all.next()).done, true);
});

test("a question waits for a connection, and fails if the connection ends before the answer", async (t) => {
  const s = await stage(t);
  const lost = quiet(s.locks.why("a"));
  await settle();
  assert.deepEqual(s.socket.take(), { type: "why", id: "aaaaaaaa--0", lock: "a" });
  s.socket.drop();
  assert.equal((await outcome(lost)).reason.name, "ConnectionError");
  const waits = s.locks.why({ request: "bbbbbbbb--1" });
  await s.clock.pass(50);
  s.socket.hello();
  await settle();
  assert.deepEqual(s.socket.take(), { type: "why", id: "aaaaaaaa--0", request: "bbbbbbbb--1" });
  s.socket.say({ type: "why", id: "aaaaaaaa--0", chain: [1] });
  assert.deepEqual(await waits, [1]);
});

test("a refusal is a LockError", async (t) => {
  const s = await stage(t);
  const evict = quiet(s.locks.evict("bbbbbbbb--1", "stuck"));
  await settle();
  const { id, ...rest } = s.socket.take();
  assert.deepEqual(rest, { type: "evict", request: "bbbbbbbb--1", message: "stuck" });
  s.socket.say({ type: "error", id, code: "not_found", message: "no such request" });
  const { reason } = await outcome(evict);
  assert.ok(reason instanceof LockError);
  assert.equal(reason.code, "not_found");
});

test("watch yields changes in order, and ends with break", async (t) => {
  const s = await stage(t);
  const changes = s.locks.watch("a/*");
  const waiting = changes.next();
  const { id, ...rest } = s.socket.take();
  assert.deepEqual(rest, { type: "watch", match: "a/*" });
  s.socket.say({ type: "watching", id });
  for (const event of ["queued", "granted"]) s.socket.say({ type: "change", id, event, lock: "a/b", request: {} });
  assert.deepEqual(await waiting, { value: { event: "watching" }, done: false });
  const seen = [];
  for await (const change of changes) {
    seen.push(change.event);
    if (seen.length === 2) break;
  }
  assert.deepEqual(seen, ["queued", "granted"]);
  assert.deepEqual(s.socket.takeAll(), [{ type: "unwatch", id }]);
  assert.deepEqual(await changes.next(), { value: undefined, done: true });
  s.socket.drop();
  await s.clock.pass(100);
  s.socket.hello();
  assert.deepEqual(s.socket.takeAll(), [], "it watches again");
});

test("watch: a signal ends the wait for the next change", async (t) => {
  const s = await stage(t);
  for (const reason of [new Error("mine"), 0]) {
    const controller = new AbortController();
    const changes = s.locks.watch(undefined, { signal: controller.signal });
    const waiting = quiet(changes.next());
    const { id } = s.socket.take();
    controller.abort(reason);
    assert.deepEqual(await outcome(waiting), { state: "rejected", reason });
    assert.deepEqual(s.socket.takeAll(), [{ type: "unwatch", id }]);
    const late = quiet(s.locks.watch("a", { signal: controller.signal }).next());
    assert.deepEqual(await outcome(late), { state: "rejected", reason });
    s.socket.takeAll();
  }
});

test("query, info, why and evict reject with the reason of a signal, and leave nothing", async (t) => {
  const s = await stage(t);
  for (const call of [
    (options) => s.locks.query(options), (options) => s.locks.info("a", options).next(),
    (options) => s.locks.why("a", options), (options) => s.locks.evict("bbbbbbbb--1", "why", options),
  ]) {
    const controller = new AbortController();
    const { signal } = controller;
    const listeners = new Set();
    signal.addEventListener = (type, f) => (listeners.add(f), EventTarget.prototype.addEventListener.call(signal, type, f));
    signal.removeEventListener = (_, f) => listeners.delete(f);
    const promise = quiet(call({ signal }));
    await settle();
    const asked = s.socket.take();
    assert.equal(asked.signal, undefined);
    controller.abort("enough");
    assert.deepEqual(await outcome(promise), { state: "rejected", reason: "enough" });
    s.socket.say({ type: "error", id: asked.id, code: "not_found", message: "late" });
    assert.equal((await outcome(call({ signal: AbortSignal.abort(0) }))).reason, 0);
    assert.equal((await outcome(call({ signal: {} }))).reason?.name, "TypeError");
    const answered = quiet(call({ signal: new AbortController().signal }));
    await settle();
    s.socket.say({ type: "error", id: s.socket.take().id, code: "not_found", message: "no" });
    assert.equal((await outcome(answered)).reason.name, "LockError");
    assert.deepEqual([s.socket.takeAll(), listeners.size], [[], 0]);
  }
});

test("a settled question leaves nothing in the client", async () => {
  const s = new Stage();
  const client = supervise("ws://stage", undefined, s.clock, s.WebSocket);
  s.socket.hello();
  const locks = new LockManager(client);
  const refused = quiet(locks.evict("bbbbbbbb--1"));
  const answered = locks.why("a");
  await settle();
  assert.equal(client.pending.size, 2);
  s.socket.say({ type: "error", id: s.socket.take().id, code: "not_found", message: "no such request" });
  s.socket.say({ type: "why", id: s.socket.take().id, chain: [] });
  assert.deepEqual(await answered, []);
  assert.equal((await outcome(refused)).reason.code, "not_found");
  assert.equal(client.pending.size, 0);
});

test("a signal also ends the wait for a connection", async (t) => {
  const s = await stage(t);
  s.socket.drop();
  const controller = new AbortController();
  const promise = quiet(s.locks.query({ signal: controller.signal }));
  await settle();
  controller.abort();
  assert.equal((await outcome(promise)).reason.name, "AbortError");
  await s.clock.pass(50);
  s.socket.hello();
  await settle();
});

test("watch: says if changes may have been missed, and continues on the next connection", async (t) => {
  const s = await stage(t);
  const changes = s.locks.watch("a");
  const first = changes.next();
  const { id } = s.socket.take();
  s.socket.say({ type: "watching", id });
  s.socket.say({ type: "lagged", id });
  s.socket.drop();
  await s.clock.pass(50);
  s.socket.hello();
  assert.deepEqual(s.socket.take(), { type: "watch", id: "aaaaaaaa--0", match: "a" });
  s.socket.say({ type: "watching", id: "aaaaaaaa--0" });
  const seen = [(await first).value.event];
  for (const _ of [1, 2]) seen.push((await changes.next()).value.event);
  assert.deepEqual(seen, ["watching", "lagged", "watching"]);
  await changes.return();
});

test("watch: keeps 10,000 changes for a consumer that does not read, and then tells it that it lagged", async (t) => {
  const s = await stage(t);
  const changes = s.locks.watch();
  const first = changes.next();
  const { id } = s.socket.take();
  const say = (n) => s.socket.say({ type: "change", id, event: "queued", n });
  for (let n = 0; n < 12_000; n++) say(n);
  const seen = [(await first).value.n];
  for (let i = 0; i < 10_000; i++) seen.push((await changes.next()).value.n);
  assert.deepEqual(seen, [...Array(10_001).keys()]);
  say("after");
  assert.deepEqual((await changes.next()).value, { event: "lagged" });
  assert.equal((await changes.next()).value.n, "after");
  await changes.return();
});

test("watch: ends with a refusal, and with the client", async () => {
  const s = new Stage();
  await s.enter();
  const refused = s.locks.watch("[");
  const first = quiet(refused.next());
  s.socket.say({ type: "error", id: s.socket.take().id, code: "bad_request", message: "no glob" });
  await assert.rejects(first, LockError);
  assert.deepEqual(await refused.next(), { value: undefined, done: true });
  const waiting = quiet(s.locks.watch().next());
  s.socket.takeAll();
  await s.leave();
  assert.equal((await outcome(waiting)).reason.name, "InvalidStateError");
  assert.equal((await outcome(s.locks.watch().next())).reason.name, "InvalidStateError");
});
