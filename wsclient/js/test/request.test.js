// A request, from the call to its end.

import assert from "node:assert/strict";
import test from "node:test";
import { DeadlockError, LockError, LostError } from "../client.js";
import { Stage, outcome, quiet, settle } from "./internal/stage.js";

async function stage(t, options) {
  const s = new Stage();
  await s.enter(options);
  t.after(async () => assert.equal(await s.leave(), 0, "timers are left"));
  return s;
}

test("the promise is settled when the broker has answered the release, and not before", async (t) => {
  const s = await stage(t);
  const held = await s.hold();
  s.socket.takeAll();
  const result = {};
  held.resolve(result);
  assert.equal((await outcome(held.promise)).state, "pending");
  assert.deepEqual(s.socket.take(), { type: "release", id: held.id });
  s.socket.say({ type: "released", id: held.id });
  assert.equal((await outcome(held.promise)).value, result);
});

test("what the callback throws or rejects with is the reason, after the release", async (t) => {
  const s = await stage(t);
  const error = new Error("mine");
  for (const callback of [() => { throw error; }, async () => { throw error; }, () => ({ then: (_, reject) => reject(error) })]) {
    const promise = s.locks.request("a", callback);
    const { id } = s.socket.take();
    s.socket.say({ type: "granted", id, token: 1 });
    assert.equal((await outcome(promise)).state, "pending");
    assert.deepEqual(s.socket.take(), { type: "release", id });
    s.socket.say({ type: "released", id });
    assert.equal((await outcome(promise)).reason, error);
  }
});

test("a lock has a name, a mode, a token and an id, which are read-only", async (t) => {
  const s = await stage(t);
  const { lock } = await s.hold("a", { mode: "shared", names: ["b"] }, 9);
  assert.deepEqual([lock.name, lock.names, lock.mode, lock.token, lock.id], ["a", ["a", "b"], "shared", 9, "aaaaaaaa--0"]);
  assert.throws(() => (lock.name = "b"), TypeError);
});

test("ifAvailable: the callback gets null if the lock is not free", async (t) => {
  const s = await stage(t);
  const result = {};
  const promise = s.locks.request("a", { ifAvailable: true }, (lock) => (lock === null ? result : 0));
  const { id, wait_ms } = s.socket.take();
  assert.equal(wait_ms, 0);
  s.socket.say({ type: "error", id, code: "unavailable", message: "not free", holders: [] });
  assert.equal((await outcome(promise)).value, result);

  const failing = s.locks.request("a", { ifAvailable: true }, () => { throw result; });
  s.socket.say({ type: "error", id: s.socket.take().id, code: "unavailable", message: "not free" });
  assert.equal((await outcome(failing)).reason, result);
  assert.deepEqual(s.socket.takeAll(), [], "something is released that was not held");
});

test("an abort while waiting rejects at once with the reason, and cancels the request", async (t) => {
  const s = await stage(t);
  for (const reason of [new Error("mine"), null, "", undefined]) {
    const controller = new AbortController();
    let called = false;
    const promise = s.locks.request("a", { signal: controller.signal }, () => (called = true));
    const { id } = s.socket.take();
    controller.abort(reason);
    const got = await outcome(promise);
    assert.equal(got.state, "rejected");
    assert.equal(got.reason, controller.signal.reason);
    assert.deepEqual(s.socket.take(), { type: "cancel", id });
    s.socket.say({ type: "granted", id, token: 1 }); // crosses the cancel
    s.socket.say({ type: "cancelled", id });
    await settle();
    assert.equal(called, false, "the callback ran after the abort");
  }
});

test("an abort after the grant changes nothing", async (t) => {
  const s = await stage(t);
  const controller = new AbortController();
  const held = await s.hold("a", { signal: controller.signal });
  s.socket.takeAll();
  controller.abort();
  assert.equal((await outcome(held.promise)).state, "pending");
  assert.deepEqual(s.socket.takeAll(), []);
  assert.equal(held.lock.signal.aborted, false);
});

test("an abort after the grant is too late; after an abort before the grant, the callback never runs", async (t) => {
  const s = await stage(t);
  const [first, second] = [new AbortController(), new AbortController()];
  const called = [];
  const one = s.locks.request("a", { signal: first.signal }, () => {
    called.push("one");
    second.abort(); // while the other grant is being handled
  });
  const two = quiet(s.locks.request("b", { signal: second.signal }, () => called.push("two")));
  const [a, b] = s.socket.takeAll();
  s.socket.say({ type: "granted", id: a.id, token: 1 });
  s.socket.say({ type: "granted", id: b.id, token: 2 });
  s.socket.say({ type: "cancelled", id: b.id });
  await settle();
  s.socket.say({ type: "released", id: a.id });
  assert.equal((await outcome(one)).state, "fulfilled");
  assert.equal((await outcome(two)).reason.name, "AbortError");
  assert.deepEqual(called, ["one"]);
});

test("requests leave no listeners on their signal", async (t) => {
  const s = await stage(t);
  const { signal } = new AbortController();
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args) => (listeners++, addEventListener.apply(signal, args));
  signal.removeEventListener = (...args) => (listeners--, removeEventListener.apply(signal, args));
  const held = await s.hold("a", { signal });
  const refused = s.locks.request("a", { signal }, () => {});
  refused.catch(() => {});
  s.socket.say({ type: "error", id: "aaaaaaaa--1", code: "too_many", message: "" });
  assert.equal(listeners, 0);
  held.resolve();
});

test("steal: the victim gets an AbortError, and its callback runs on", async (t) => {
  const s = await stage(t);
  const held = await s.hold();
  let aborted;
  held.lock.signal.onabort = () => (aborted = held.lock.signal.reason);
  s.socket.say({ type: "lost", id: held.id, reason: "stolen", by: "other" });
  const { reason } = await outcome(held.promise);
  assert.ok(reason instanceof DOMException);
  assert.deepEqual([reason.name, reason.reason, reason.by], ["AbortError", "stolen", "other"]);
  assert.equal(aborted, reason);
  s.socket.takeAll();
  held.reject(new Error("later, which nobody hears"));
  await settle();
  assert.deepEqual(s.socket.takeAll(), [], "what is lost is not released");
});

test("a steal that crosses the release decides the outcome", async (t) => {
  const s = await stage(t);
  const held = await s.hold();
  held.resolve(1);
  await settle();
  s.socket.say({ type: "lost", id: held.id, reason: "stolen" });
  s.socket.say({ type: "error", id: held.id, code: "not_held", message: "" });
  assert.equal((await outcome(held.promise)).reason.name, "AbortError");
});

test("evicted: a holder gets a LostError, a waiter a LockError", async (t) => {
  const s = await stage(t);
  const held = await s.hold();
  s.socket.say({ type: "lost", id: held.id, reason: "evicted", by: "ops", message: "stuck" });
  const { reason } = await outcome(held.promise);
  assert.ok(reason instanceof LostError);
  assert.equal(reason.message, 'lock "a" (aaaaaaaa--0, token 7) was lost: evicted by "ops": stuck');
  assert.deepEqual([reason.names, reason.id, reason.token], [["a"], "aaaaaaaa--0", 7]);
  assert.equal(held.lock.signal.reason, reason);
  assert.equal(held.lock.signal, held.lock.signal);

  const waiting = s.locks.request("a", () => {});
  s.socket.say({ type: "error", id: "aaaaaaaa--1", code: "evicted", message: "stuck", by: "ops" });
  const error = (await outcome(waiting)).reason;
  assert.ok(error instanceof LockError);
  assert.deepEqual([error.code, error.by, error.retry], ["evicted", "ops", "never"]);
});

test("wait: a TimeoutError says who has the lock", async (t) => {
  const s = await stage(t);
  const promise = s.locks.request("a", { wait: 1500.2 }, () => {});
  const { id, wait_ms } = s.socket.take();
  assert.equal(wait_ms, 1501);
  const holders = [{ id: "bbbbbbbb--0", author: "bob", mode: "exclusive", locks: ["a"] }];
  s.socket.say({ type: "error", id, code: "timeout", message: "not granted", holders, ahead: 3 });
  const { reason } = await outcome(promise);
  assert.ok(reason instanceof DOMException);
  assert.deepEqual([reason.name, reason.holders, reason.ahead], ["TimeoutError", holders, 3]);
});

test("wait 0: the request does not wait, and times out instead of getting null", async (t) => {
  const s = await stage(t);
  const promise = s.locks.request("a", { wait: 0 }, () => assert.fail("called"));
  const { id, wait_ms } = s.socket.take();
  assert.equal(wait_ms, 0);
  s.socket.say({ type: "error", id, code: "unavailable", message: "not free", holders: [], ahead: 0 });
  assert.equal((await outcome(promise)).reason.name, "TimeoutError");
});

test("hold: the client counts it from when it reads the grant; then the lock is lost, and the request is cancelled", async (t) => {
  const s = await stage(t);
  const promise = quiet(s.locks.request("a", { hold: 2_000 }, (lock) => new Promise(() => (seen = lock))));
  let seen;
  const { id, hold_ms } = s.socket.take();
  assert.equal(hold_ms, 13_200);
  await s.clock.pass(4_000);
  s.socket.say({ type: "granted", id, token: 1 });
  await s.clock.pass(1_999);
  assert.deepEqual([seen.signal.aborted, s.socket.takeAll().map((m) => m.type)], [false, ["ping"]]);
  await s.clock.pass(1);
  assert.equal((await outcome(promise)).reason.reason, "expired");
  assert.equal(seen.signal.aborted, true);
  assert.deepEqual(s.socket.take(), { type: "cancel", id });
});

test("hold: a read of the signal finds the lock expired after a freeze, before any timer fires", async (t) => {
  const s = await stage(t);
  const held = await s.hold("a", { hold: 2_000 });
  s.socket.takeAll();
  assert.equal(held.lock.signal.aborted, false);
  s.clock.freeze(2_000);
  assert.throws(() => held.lock.signal.throwIfAborted(), (e) => e.reason === "expired");
  assert.deepEqual(s.socket.take(), { type: "cancel", id: held.id });
});

test("a hold or a wait of many days does not end at once", async (t) => {
  const s = await stage(t);
  const day = 86_400_000;
  const held = await s.hold("a", { hold: 40 * day });
  assert.equal(held.lock.signal.aborted, false);
  assert.ok(s.clock.furthest < 2 ** 31, "setTimeout would fire at once");
});

test("deadlock: the error says who waits for whom", async (t) => {
  const s = await stage(t);
  const outer = await s.hold();
  const promise = s.locks.request("b", { parent: outer.lock }, () => {});
  const { id, parent } = s.socket.takeAll().at(-1);
  assert.equal(parent, outer.id);
  const cycle = [{ lock: "b" }];
  s.socket.say({ type: "error", id, code: "deadlock", message: "never", cycle });
  const { reason } = await outcome(promise);
  assert.ok(reason instanceof DeadlockError && reason instanceof LockError);
  assert.deepEqual([reason.name, reason.cycle], ["DeadlockError", cycle]);
});

test("a parent that is no longer held is refused with the reason of its end", async (t) => {
  const s = await stage(t);
  const held = await s.hold();
  held.resolve();
  await settle();
  s.socket.say({ type: "released", id: held.id });
  await held.promise;
  assert.equal((await outcome(s.locks.request("b", { parent: held.lock }, () => {}))).reason.name, "InvalidStateError");

  const lost = await s.hold();
  const child = s.locks.request("b", { parent: lost.lock }, () => {});
  const { id } = s.socket.takeAll().at(-1);
  s.socket.say({ type: "lost", id: lost.id, reason: "evicted" });
  const { reason } = await outcome(lost.promise);
  s.socket.say({ type: "error", id, code: "not_found", message: "the parent is not held" });
  assert.equal((await outcome(child)).reason, reason);
  assert.equal((await outcome(s.locks.request("b", { parent: lost.lock }, () => {}))).reason, reason);
});

test("a lock of another program is a parent by its id, and the broker knows whether it is held", async (t) => {
  const s = await stage(t);
  const promise = s.locks.request("b", { parent: "zzzzzzzz--7" }, () => {});
  const { id, parent } = s.socket.takeAll().at(-1);
  assert.equal(parent, "zzzzzzzz--7");
  s.socket.say({ type: "error", id, code: "not_found", message: "parent is not held" });
  assert.equal((await outcome(promise)).reason.code, "not_found");
  assert.ok((await outcome(s.locks.request("b", { parent: "\ud800--7" }, () => {}))).reason instanceof TypeError);
});

test("acquire: the lock is held until it is released", async (t) => {
  const s = await stage(t);
  const promise = s.locks.acquire("a", { mode: "shared" });
  const { id } = s.socket.take();
  s.socket.say({ type: "granted", id, token: 3 });
  const lock = await promise;
  assert.deepEqual([lock.name, lock.mode, lock.token], ["a", "shared", 3]);
  const released = lock[Symbol.asyncDispose]();
  const again = lock.release();
  assert.deepEqual(s.socket.takeAll(), [{ type: "release", id }]);
  assert.equal((await outcome(released)).state, "pending");
  s.socket.say({ type: "released", id });
  assert.deepEqual([(await outcome(released)).state, (await outcome(again)).state], ["fulfilled", "fulfilled"]);

  const none = s.locks.acquire("a", { ifAvailable: true });
  s.socket.say({ type: "error", id: s.socket.take().id, code: "unavailable", message: "" });
  assert.equal(await none, null);
});

test("acquire: the release of a lost lock rejects with the loss", async (t) => {
  const s = await stage(t);
  const promise = s.locks.acquire("a");
  const { id } = s.socket.take();
  s.socket.say({ type: "granted", id, token: 3 });
  const lock = await promise;
  s.socket.say({ type: "lost", id, reason: "evicted" });
  assert.equal((await outcome(lock.release())).reason, lock.signal.reason);
  assert.deepEqual(s.socket.takeAll(), []);
});

test("while the broker grants nothing the code is not_granting, not unavailable", async (t) => {
  const s = await stage(t);
  for (const options of [{ ifAvailable: true }, { steal: true }, { wait: 0 }]) {
    const promise = s.locks.request("a", options, () => assert.fail("called"));
    s.socket.say({ type: "error", id: s.socket.take().id, code: "not_granting", message: "nothing is granted now" });
    const { reason } = await outcome(promise);
    assert.ok(reason instanceof LockError);
    assert.deepEqual([reason.code, reason.retry], ["not_granting", "later"]);
  }
});
