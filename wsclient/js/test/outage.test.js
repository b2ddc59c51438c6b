// What an outage must not do: whatever it meets, the client gets through it.

import assert from "node:assert/strict";
import test from "node:test";
import { Stage, outcome, quiet, settle } from "./internal/stage.js";

async function stage(t) {
  const s = new Stage();
  await s.enter();
  t.after(async () => assert.equal(await s.leave(), 0, "timers are left"));
  return s;
}

test("a wait that has passed unheard ends with the first connection, and nothing else does", async (t) => {
  for (const end of ["lease", "drop"]) {
    const s = await stage(t);
    const late = quiet(s.locks.request("a", { wait: 500 }, () => 1));
    const patient = quiet(s.locks.request("b", () => 2));
    await s.clock.pass(500);
    if (end === "lease") await s.clock.pass(9_500);
    else s.socket.drop(1006);
    await settle();
    assert.equal((await outcome(late)).reason.name, "TimeoutError", end);
    assert.equal((await outcome(patient)).state, "pending", end);
    await s.clock.pass(100);
    assert.equal(s.sockets.length, 2, `${end}: it does not connect again`);
  }
});

test("what is asked for when the loss is told is settled", async (t) => {
  const s = await stage(t);
  const { lock, promise } = await s.hold("h");
  quiet(promise);
  let asked;
  lock.signal.addEventListener("abort", () => {
    asked = quiet(s.locks.request("x", { ifAvailable: true }, () => 1));
  });
  s.socket.drop(1006);
  await settle();
  assert.equal((await outcome(asked)).reason.name, "ConnectionError");
});

test("a lock says that it is lost to whoever asks while others are told", async (t) => {
  const s = await stage(t);
  const outer = await s.hold("outer");
  const inner = await s.hold("inner");
  quiet(outer.promise);
  quiet(inner.promise);
  let seen;
  inner.lock.signal.addEventListener("abort", () => (seen = outer.lock.signal.aborted));
  s.socket.drop(1006);
  await settle();
  assert.equal(seen, true);
});

test("a clock that is set forward does not hang up: the broker has noticed nothing", async (t) => {
  const s = await stage(t);
  const { lock, promise } = await s.hold("h");
  quiet(promise);
  s.clock.freeze(3_600_000, { mono: false });
  assert.equal(lock.signal.aborted, true);
  const socket = s.sockets[0];
  await s.clock.pass(10_000);
  assert.equal(socket.closed, undefined);
  await s.clock.pass(5_000);
  assert.notEqual(socket.closed, undefined);
});

test("a watch that cannot be sent costs nobody the next connection", async (t) => {
  const s = await stage(t);
  await assert.rejects(s.locks.watch("a".repeat(70_000)).next(), RangeError);
  s.socket.drop(1006);
  await s.clock.pass(100);
  s.socket.hello({ session: "bbbbbbbb" });
  await settle();
  assert.equal(s.locks.session, "bbbbbbbb");
});

test("numbers are numbers", async (t) => {
  const s = await stage(t);
  for (const wait of [null, false, "", "0", 0n, NaN, -1]) {
    await assert.rejects(s.locks.request("a", { wait }, () => 1), TypeError, String(wait));
  }
  for (const max of ["\ud800", 0, {}, NaN]) {
    assert.throws(() => s.locks.info("**", { max }), TypeError);
  }
});
