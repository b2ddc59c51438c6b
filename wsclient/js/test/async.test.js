// Requests with release: "async" are over for their callers when the release is sent.

import assert from "node:assert/strict";
import test from "node:test";
import { LockError, LostError } from "../client.js";
import { enter, fresh, skip } from "./internal/live.js";
import { Stage, outcome, quiet, settle } from "./internal/stage.js";

const release = "async";

// stage returns a stage whose losses are those that the client reports late.
async function stage(t) {
  const s = new Stage();
  await s.enter();
  s.losses = [];
  s.locks.addEventListener("lateloss", ({ error }) => s.losses.push(error));
  t.after(async () => assert.equal(await s.leave(), 0, "timers are left"));
  return s;
}

// released holds a lock and releases it. It returns the id. The messages are taken.
async function released(s, name) {
  const held = await s.hold(name, { release });
  held.resolve("done");
  assert.deepEqual(await outcome(held.promise), { state: "fulfilled", value: "done" });
  assert.deepEqual(s.socket.takeAll().at(-1), { type: "release", id: held.id, quiet: true });
  return held.id;
}

// notFound is the answer to a cancel of a request that the broker has released.
const notFound = (id) => ({ type: "error", id, code: "not_found", message: "no such request" });

test("the promise is settled when the release is sent; the signal is not aborted", async (t) => {
  const s = await stage(t);
  const held = await s.hold("a", { release });
  held.resolve(1);
  assert.deepEqual(await outcome(held.promise), { state: "fulfilled", value: 1 });
  assert.equal(held.lock.signal.aborted, false);
  const failing = await s.hold("a", { release });
  const error = new Error("mine");
  failing.reject(error);
  assert.deepEqual(await outcome(failing.promise), { state: "rejected", reason: error });
  assert.deepEqual(s.losses, []);
});

test("acquire: release returns at once, and again the same promise", async (t) => {
  const s = await stage(t);
  const acquiring = s.locks.acquire("a", { release });
  const { id } = s.socket.take();
  s.socket.say({ type: "granted", id, token: 1 });
  const lock = await acquiring;
  const first = lock.release();
  assert.equal(lock[Symbol.asyncDispose]?.() ?? first, first);
  assert.equal((await outcome(first)).state, "fulfilled");
  assert.deepEqual(s.socket.takeAll(), [{ type: "release", id, quiet: true }]);
});

test("the release is sent before whatever is asked for afterwards", async (t) => {
  const s = await stage(t);
  const held = await s.hold("a", { release });
  s.socket.takeAll();
  held.resolve();
  await held.promise;
  quiet(s.locks.request("a", () => {}));
  assert.deepEqual(s.socket.takeAll().map(({ type }) => type), ["release", "acquire"]);
  const acquiring = s.locks.acquire("b", { release });
  s.socket.say({ type: "granted", id: s.socket.take().id, token: 8 });
  const lock = await acquiring;
  lock.release(); // nobody waits
  quiet(s.locks.request("b", () => {}));
  assert.deepEqual(s.socket.takeAll().map(({ type }) => type), ["release", "acquire"]);
});

test("release: other words than async and confirmed are refused", async (t) => {
  const s = await stage(t);
  for (const wrong of ["", "sync", null, true, Symbol("async")]) {
    assert.equal((await outcome(s.locks.request("a", { release: wrong }, () => {}))).reason.name, "TypeError");
  }
  const { message } = (await outcome(s.locks.acquire("a", { release: "Async" }))).reason;
  assert.equal(message, "want release: confirmed or async");
  assert.deepEqual(s.socket.takeAll(), []);
  for (const usual of ["confirmed", undefined]) {
    const held = await s.hold("a", { release: usual });
    s.socket.takeAll();
    held.resolve();
    assert.equal((await outcome(held.promise)).state, "pending");
    assert.deepEqual(s.socket.take(), { type: "release", id: held.id });
  }
});

test("a loss that crosses the release is reported by an event, once", async (t) => {
  const s = await stage(t);
  const stolen = await released(s, "a");
  s.socket.say({ type: "lost", id: stolen, reason: "stolen", by: "other" });
  s.socket.say({ type: "error", id: stolen, code: "not_held", message: "" });
  const evicted = await released(s, "b");
  s.socket.say({ type: "lost", id: evicted, reason: "evicted" });
  s.socket.say(notFound(evicted));
  await s.clock.pass(5_000);
  s.socket.drop();
  assert.deepEqual(s.losses.map(({ id, reason, names }) => [id, reason, names]), [[stolen, "stolen", ["a"]], [evicted, "evicted", ["b"]]]);
  assert.ok(s.losses[1] instanceof LostError && s.losses[0].name === "AbortError");
});

test("the end of the connection before a confirmation is a late loss, and reported before disconnected", async (t) => {
  for (const [reason, end] of [
    ["connection", (s) => s.socket.drop()],
    ["connection", (s) => s.socket.say("nonsense")],
    ["lease", (s) => s.clock.pass(10_000)],
  ]) {
    const s = await stage(t);
    const order = [];
    for (const type of ["lateloss", "disconnected"]) s.locks.addEventListener(type, () => order.push(type));
    const id = await released(s, "a");
    await end(s);
    assert.deepEqual(s.losses.map((loss) => [loss.id, loss.reason]), [[id, reason]]);
    assert.deepEqual(order, ["lateloss", "disconnected"]);
  }
});

test("a reply about a later request confirms the releases before it, and no others", async (t) => {
  const s = await stage(t);
  const [a, b, c] = [await s.hold("a", { release }), await s.hold("b", { release }), await s.hold("c", { release })];
  b.resolve();
  await settle();
  quiet(s.locks.request("d", () => {}));
  const later = s.socket.takeAll().at(-1).id;
  a.resolve();
  await settle();
  s.socket.say({ type: "error", id: later, code: "deadlock", message: "", cycle: [] });
  c.resolve();
  await settle();
  s.socket.drop();
  assert.deepEqual(s.losses.map(({ id }) => id).sort(), [a.id, c.id], "b is confirmed");
});

test("replies about earlier requests, and to other messages, confirm nothing", async (t) => {
  const s = await stage(t);
  quiet(s.locks.request("x", () => {}));
  const earlier = s.socket.take().id;
  const id = await released(s, "a");
  quiet(s.locks.why("a"));
  quiet(s.locks.watch().next());
  await settle();
  const [why, watch] = s.socket.takeAll();
  s.socket.say({ type: "granted", id: earlier, token: 9 });
  s.socket.say({ type: "why", id: why.id, chain: [] });
  s.socket.say({ type: "watching", id: watch.id });
  s.socket.drop();
  assert.deepEqual(s.losses.map((loss) => loss.id), [id]);
});

test("the next ping brings a cancel with it, whose answer confirms all releases before it", async (t) => {
  const s = await stage(t);
  await s.hold("c", { release });
  const [a, b, late] = [await s.hold("a", { release }), await s.hold("b", { release }), await s.hold("late", { release })];
  b.resolve();
  await settle();
  a.resolve();
  await settle();
  s.socket.takeAll();
  await s.clock.pass(5_000);
  const [ping, cancel] = s.socket.takeAll();
  assert.equal(ping.type, "ping");
  assert.deepEqual(cancel, { type: "cancel", id: a.id }, "the latest release");
  late.resolve();
  await settle();
  s.socket.say({ type: "pong", id: ping.id });
  s.socket.say(notFound(a.id));
  await s.clock.pass(5_000);
  const second = s.socket.takeAll().at(-1);
  assert.deepEqual(second, { type: "cancel", id: late.id }, "it was released after the first cancel");
  s.socket.say(notFound(late.id));
  await s.clock.pass(4_000);
  s.socket.drop();
  assert.deepEqual(s.losses, []);
});

test("without a release on its way, a ping brings no cancel", async (t) => {
  const s = await stage(t);
  await s.hold("a", { release });
  s.socket.takeAll();
  await s.clock.pass(5_000);
  assert.deepEqual(s.socket.takeAll().map(({ type }) => type), ["ping"]);
});

test("a broker that does not know quiet releases answers, and that confirms them", async (t) => {
  const s = await stage(t);
  const id = await released(s, "a");
  s.socket.say({ type: "released", id });
  s.socket.drop();
  assert.deepEqual(s.losses, []);
});

test("a refusal that makes no sense is reported, too", async (t) => {
  const s = await stage(t);
  const id = await released(s, "a");
  s.socket.say({ type: "error", id, code: "forbidden", message: "no" });
  assert.equal(s.losses.length, 1);
  assert.ok(s.losses[0] instanceof LockError);
});

test("close: its goodbye follows the release, so nothing is lost", async (t) => {
  const s = await stage(t);
  await released(s, "a");
  s.locks.close();
  assert.deepEqual(s.socket.closed, [1000, "goodbye"]);
  assert.deepEqual(s.losses, []);
});

test("a release tells of a loss that the client can know of by then: the end of the lease or of the hold", async (t) => {
  for (const [reason, options, ms] of [["lease", {}, 10_000], ["expired", { hold: 1_000 }, 1_000]]) {
    const s = await stage(t);
    const held = await s.hold("a", { release, ...options });
    s.socket.takeAll();
    s.clock.freeze(ms); // no timer has fired
    held.resolve();
    assert.equal((await outcome(held.promise)).reason.reason, reason);
    assert.deepEqual(s.socket.takeAll().map(({ type }) => type), reason === "expired" ? ["cancel"] : []);
    assert.deepEqual(s.losses, []);
    s.clock.freeze(-ms);
  }
});

test("1,000 releases leave nothing behind, and each is confirmed", async (t) => {
  const s = await stage(t);
  for (let i = 0; i < 1_000; i++) await released(s, "a");
  await s.clock.pass(5_000);
  const { id } = s.socket.takeAll().find(({ type }) => type === "cancel");
  s.socket.say(notFound(id));
  s.socket.drop();
  assert.deepEqual(s.losses, []);
});

test("a real broker: async releases keep the order, and the lock is free afterwards", { skip }, async (t) => {
  const [a, b] = [await enter(t), await enter(t)];
  const losses = [];
  for (const locks of [a, b]) locks.addEventListener("lateloss", ({ error }) => losses.push(error));
  const name = fresh();
  let inside = 0;
  let token = 0;
  const work = (lock) => {
    assert.equal(inside++, 0);
    assert.ok(lock.token > token);
    ({ token } = lock);
    inside--;
  };
  for (let i = 0; i < 200; i++) await a.request(name, { release, ifAvailable: true }, work);
  await Promise.all([a, b].flatMap((locks) => Array.from({ length: 200 }, () => locks.request(name, { release }, work))));
  await b.request(name, work);
  assert.deepEqual(losses, []);
});

test("a real broker: a holder that was robbed before its release hears of it", { skip }, async (t) => {
  const [a, b] = [await enter(t), await enter(t)];
  const name = fresh();
  const lock = await a.acquire(name, { release });
  const { signal } = lock;
  const lost = new Promise((resolve) => a.addEventListener("lateloss", ({ error }) => resolve(error)));
  const robbed = new Promise((resolve) => signal.addEventListener("abort", resolve));
  const thief = await b.acquire(name, { steal: true });
  if (signal.aborted) await assert.rejects(lock.release()); // it has heard of it already
  else {
    await lock.release();
    const error = await lost;
    assert.deepEqual([error.id, error.reason], [lock.id, "stolen"]);
  }
  await robbed;
  await thief.release();
});
