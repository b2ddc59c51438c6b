// Outages at awkward moments.

import assert from "node:assert/strict";
import test from "node:test";
import { Stage, outcome, quiet, settle } from "./internal/stage.js";

async function stage(t) {
  const s = new Stage();
  await s.enter();
  t.after(async () => assert.equal(await s.leave(), 0, "timers are left"));
  return s;
}

test("a request whose wait passes without an answer times out with the connection; others continue to wait", async (t) => {
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

test("a request that is made while a holder is being told of a loss is settled", async (t) => {
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

test("a lost lock says so while other holders are still being told", async (t) => {
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

test("a wall clock that is set forward does not end the silence", async (t) => {
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

test("a watch that is too big for the next broker ends, and the connection stays", async (t) => {
  const s = await stage(t);
  await assert.rejects(s.locks.watch("a".repeat(70_000)).next(), RangeError);
  s.socket.drop(1006);
  await s.clock.pass(100);
  s.socket.hello({ session: "bbbbbbbb" });
  await settle();
  assert.equal(s.locks.session, "bbbbbbbb");
});

test("an empty string is not a number", async (t) => {
  const s = await stage(t);
  for (const wait of [null, false, "", "0", 0n, NaN, -1]) {
    await assert.rejects(s.locks.request("a", { wait }, () => 1), TypeError, String(wait));
  }
  for (const max of ["\ud800", 0, {}, NaN]) {
    assert.throws(() => s.locks.info("**", { max }), TypeError);
  }
});
