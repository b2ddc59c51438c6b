// What a program learns about its connection: events, and waiting for a broker that is not there yet.

import assert from "node:assert/strict";
import test from "node:test";
import { ConnectionError, connect } from "../client.js";
import { WebSocket, skip, url } from "./internal/live.js";
import { Stage, outcome, quiet, settle } from "./internal/stage.js";

// listen returns a list to which the events of locks are added.
function listen(locks) {
  const events = [];
  for (const type of ["connected", "disconnected"]) {
    locks.addEventListener(type, ({ error }) => events.push([type, error?.message, locks.session]));
  }
  return events;
}

test("events say when a connection ends, why, and when the next one begins", async () => {
  const s = new Stage();
  await s.enter();
  const events = listen(s.locks);
  s.socket.drop(1008, "slow consumer");
  await s.clock.pass(50);
  s.socket.refuse("nobody there"); // an attempt that fails is not the end of a connection
  await s.clock.pass(100);
  s.socket.hello({ session: "bbbbbbbb" });
  assert.deepEqual(events, [
    ["disconnected", "connection to ws://stage/ws has ended: slow consumer", ""],
    ["connected", undefined, "bbbbbbbb"],
  ]);
  assert.equal(await s.leave(), 0);
  assert.deepEqual(events[2], ["disconnected", "client was closed", ""]);
  assert.equal(events.length, 3);
});

test("holders learn of the end of the connection before its event, and waiters are resubmitted before connected", async () => {
  const s = new Stage();
  await s.enter();
  const held = await s.hold();
  const waiting = quiet(s.locks.request("b", () => {}));
  s.socket.takeAll();
  const { signal } = held.lock; // a read of this property would check the lease, and so abort the signal itself
  let aborted, resubmitted;
  s.locks.addEventListener("disconnected", () => (aborted = signal.aborted));
  s.locks.addEventListener("connected", () => (resubmitted = s.socket.takeAll().length));
  s.socket.drop();
  assert.equal(aborted, true);
  await s.clock.pass(50);
  s.socket.hello();
  assert.equal(resubmitted, 1);
  assert.equal((await outcome(waiting)).state, "pending");
  assert.equal(await s.leave(), 0);
});

test("a listener may close the client, and one that is removed is not called", async () => {
  const s = new Stage();
  await s.enter();
  const removed = () => assert.fail("called");
  s.locks.addEventListener("disconnected", removed);
  s.locks.removeEventListener("disconnected", removed);
  s.locks.addEventListener("disconnected", () => s.locks.close(), { once: true });
  s.socket.drop();
  assert.equal((await s.locks.closed).name, "InvalidStateError");
  assert.equal(s.clock.timers, 0);
  assert.equal(s.sockets.length, 1);
});

test("waitForBroker: connect tries again until the broker says hello", async () => {
  const s = new Stage();
  const connecting = s.connect({ waitForBroker: true });
  for (let i = 0; i < 10; i++) {
    s.socket.refuse("nobody there");
    await s.clock.pass(5_000);
  }
  assert.equal(s.sockets.length, 11);
  assert.equal((await outcome(connecting)).state, "pending");
  s.socket.hello();
  s.locks = await connecting;
  assert.equal(s.locks.session, "aaaaaaaa");
  assert.equal(await s.leave(), 0);
});

test("waitForBroker: connect rejects if the broker refuses the client for good", async () => {
  const s = new Stage();
  const connecting = s.connect({ waitForBroker: true });
  s.socket.refuse("Unexpected server response: 503");
  await s.clock.pass(50);
  s.socket.refuse("Unexpected server response: 403");
  assert.equal((await outcome(connecting)).reason.status, 403);
  assert.equal(s.clock.timers, 0);
});

test("an abort of the signal ends the wait for the broker; the error says why there is no connection", async () => {
  for (const refuse of [true, false]) {
    const s = new Stage();
    const controller = new AbortController();
    const connecting = quiet(s.connect({ waitForBroker: refuse, signal: controller.signal }));
    if (refuse) s.socket.refuse("nobody there");
    const cause = new Error("the page has moved on");
    controller.abort(cause);
    const { reason } = await outcome(connecting);
    assert.ok(reason instanceof ConnectionError);
    assert.equal(reason.message, `cannot connect to ws://stage/ws: ${refuse ? "nobody there" : "no answer"}`);
    assert.equal(reason.cause, cause);
    assert.equal(s.clock.timers, refuse ? 0 : 1, "an open attempt is hung up after 2 s");
    await s.clock.pass(2_000);
    assert.equal(s.sockets.length, 1);
    assert.equal(s.clock.timers, 0);
  }
});

test("a signal that is aborted already: connect rejects with its reason and tries nothing", async () => {
  const s = new Stage();
  assert.deepEqual(await outcome(s.connect({ signal: AbortSignal.abort("no") })), { state: "rejected", reason: "no" });
  assert.equal(s.sockets.length, 0);
  assert.equal((await outcome(s.connect({ signal: {} }))).reason.name, "TypeError");
});

test("a signal means nothing once the client is connected", async () => {
  const s = new Stage();
  const controller = new AbortController();
  await s.enter({ signal: controller.signal });
  controller.abort();
  await settle();
  assert.equal(s.locks.session, "aaaaaaaa");
  assert.equal(await s.leave(), 0);
});

test("a listener that throws stops neither the other listeners nor the client", async () => {
  const s = new Stage();
  await s.enter();
  const problems = [];
  const note = ({ message }) => problems.push(message);
  const standard = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException"); // Node reports what a listener throws in this way
  process.on("uncaughtException", note);
  for (const type of ["connected", "disconnected"]) {
    s.locks.addEventListener(type, () => { throw new Error(type); });
  }
  const events = listen(s.locks);
  s.socket.drop();
  await s.clock.pass(50);
  s.socket.hello();
  await settle();
  process.off("uncaughtException", note);
  for (const listener of standard) process.on("uncaughtException", listener);
  assert.deepEqual(problems, ["disconnected", "connected"]);
  assert.deepEqual(events.map(([type]) => type), problems);
  s.locks = undefined; // its listeners would throw again when it is closed
});

test("1,000 connections leave nothing behind, nor do listeners that are removed", async () => {
  const s = new Stage();
  const controller = new AbortController();
  await s.enter({ signal: controller.signal });
  const { locks } = s;
  let events = 0;
  const count = () => events++;
  const forgotten = [];
  const reconnect = async () => {
    const removed = () => assert.fail("called");
    locks.addEventListener("disconnected", removed);
    locks.removeEventListener("disconnected", removed);
    locks.addEventListener("disconnected", count, { once: true });
    const held = quiet(locks.request("a", () => new Promise(() => {})));
    s.socket.say({ type: "granted", id: s.socket.take().id, token: 7 });
    s.socket.drop();
    assert.equal((await outcome(held)).reason.name, "LostError");
    await s.clock.pass(5_000);
    s.socket.refuse("nobody there");
    await s.clock.pass(5_000);
    s.socket.hello();
    forgotten.push(...s.sockets.splice(0, s.sockets.length - 1).map((socket) => new WeakRef(socket)));
  };
  for (let i = 0; i < 1_000; i++) await reconnect();
  assert.equal(events, 1_000);
  assert.equal(s.clock.timers, 2, "a ping and the end of the lease");
  await settle();
  globalThis.gc?.();
  const alive = forgotten.filter((socket) => socket.deref()).length;
  if (globalThis.gc) assert.ok(alive < 10, `${alive} of ${forgotten.length} sockets are left`);
  assert.equal(await s.leave(), 0);
});

test("a real connection: waitForBroker, then the events", { skip }, async () => {
  const locks = await connect(url, { WebSocket, waitForBroker: true });
  const events = listen(locks);
  await locks.request("events", () => {});
  await locks.close();
  assert.deepEqual(events, [["disconnected", "client was closed", ""]]);
});
