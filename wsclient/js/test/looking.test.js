// query, info, why, evict and watch.

import assert from "node:assert/strict";
import test from "node:test";
import { LockError } from "../client.js";
import { Stage, outcome, quiet, settle } from "./internal/stage.js";

async function stage(t) {
  const s = new Stage();
  await s.enter();
  t.after(async () => assert.equal(await s.leave(), 0, "timers are left"));
  return s;
}

const request = (id, mode = "exclusive") => ({ id, mode, locks: ["a"] });
const lock = (seq, name, holders = [], waiters = [], waiting = waiters.length) => ({
  name, seq, holders, waiters, holding: holders.length, waiting, grants: 1,
});

test("query lists whole queues, page by page", async (t) => {
  const s = await stage(t);
  const promise = s.locks.query();
  await settle();
  assert.deepEqual(s.socket.take(), { type: "info", id: "aaaaaaaa--0", queue: 10_000 });
  const [x, y] = [request("xxxxxxxx--1"), request("yyyyyyyy--12", "shared")];
  // The last lock of the first page was cut short, because the page was full.
  s.socket.say({ type: "info", id: "aaaaaaaa--0", locks: [lock(3, "\uFFFF", [x]), lock(7, "b", [], [x], 2)], next: 7 });
  await settle();
  assert.deepEqual(s.socket.take(), { type: "info", id: "aaaaaaaa--1", after: 6, queue: 10_000 });
  s.socket.say({ type: "info", id: "aaaaaaaa--1", locks: [lock(7, "b", [], [x, y])], next: 7 });
  await settle();
  s.socket.say({ type: "info", id: s.socket.take().id, locks: [] });
  assert.deepEqual((await outcome(promise)).value, {
    held: [{ name: "", mode: "exclusive", clientId: "xxxxxxxx" }],
    pending: [{ name: "b", mode: "exclusive", clientId: "xxxxxxxx" }, { name: "b", mode: "shared", clientId: "yyyyyyyy" }],
  });
});

test("what is asked while there is no connection waits; what is on its way when it ends fails", async (t) => {
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
});

test("watch: a signal ends what waits for the next change", async (t) => {
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

test("watch says where changes may have been missed, and begins anew on the next connection", async (t) => {
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

test("watch: a consumer that does not read costs no more than 10,000 changes, and learns of the rest", async (t) => {
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

test("watch: a refusal, and the end of the client, end it", async () => {
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
