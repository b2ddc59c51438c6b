// Timers of hidden tabs, which may fire early, and late if they are nested.

import assert from "node:assert/strict";
import test from "node:test";
import { HiddenClock } from "./internal/hidden.js";
import { Clock, Stage, outcome } from "./internal/stage.js";

const latency = 3.7; // ms; of the network

// tab returns a stage with the clock of a hidden tab. Its broker answers pings while s.answers is true, and
// records when they were sent.
async function tab(heartbeat_ms, options) {
  const s = new Stage();
  const clock = (s.clock = new HiddenClock());
  const pings = [];
  s.answers = true;
  const socket = await s.enter(options, { heartbeat_ms });
  const { send } = socket;
  socket.send = (frame) => {
    const { type, id } = JSON.parse(frame);
    send.call(socket, frame);
    if (type !== "ping") return;
    const { sent } = socket;
    sent.pop();
    pings.push(clock.performance.now());
    if (s.answers) clock.at(clock.performance.now() + latency, () => socket.say({ type: "pong", id }));
  };
  return Object.assign(s, { pings });
}

for (const heartbeat of [5_000, 1_000]) {
  test(`pings that are answered are in time, one each ${heartbeat} ms`, async () => {
    const s = await tab(heartbeat);
    const held = await s.hold();
    await s.clock.pass(600_000);
    assert.equal((await outcome(held.promise)).state, "pending");
    s.pings.reduce((last, at) => {
      assert.ok(Math.abs(at - last - heartbeat) < 2, `a ping ${at - last} ms after the last`);
      return at;
    }, 0);
    assert.ok(s.pings.at(-1) > 600_000 - 2 * heartbeat);
    assert.ok(s.clock.deepest <= 2, `${s.clock.deepest} levels`);
    await s.leave();
  });

  test(`the end of the lease and the end of the silence are noticed in time, with a ping each ${heartbeat} ms`, async () => {
    const s = await tab(heartbeat);
    const held = await s.hold();
    const { socket } = s;
    await s.clock.pass(30_500);
    s.answers = false; // the latest answered ping was sent less than a heartbeat ago
    const heard = s.pings.at(-1);
    let lost;
    let closed;
    held.lock.signal.onabort = () => (lost = s.clock.performance.now());
    socket.close = () => (closed ??= s.clock.performance.now());
    await s.clock.pass(60_000);
    assert.ok(Math.abs(lost - heard - 10_000) < 2, `lost ${lost - heard} ms after what was answered last`);
    assert.ok(closed - heard >= 15_000 - 1 && closed - heard < 15_002, `closed ${closed - heard} ms after it`);
    assert.equal((await outcome(held.promise)).reason.reason, "lease");
    await s.leave();
  });
}

test("a wait and a hold end in time, even if the timer fires early", async () => {
  const s = await tab(5_000);
  const { clock } = s;
  await clock.pass(0.3);
  const held = await s.hold("a", { hold: 7_000 });
  let expired;
  held.lock.signal.onabort = () => (expired = clock.performance.now());
  const since = clock.performance.now();
  await clock.pass(10_000);
  assert.ok(Math.abs(expired - since - 7_000) < 2, `expired ${expired - since} ms after the grant`);

  s.socket.drop();
  const begin = clock.performance.now();
  let timeout;
  s.locks.request("b", { wait: 500.4 }, () => {}).catch(() => (timeout = clock.performance.now()));
  for (let i = 0; i < 5; i++) {
    await clock.pass(200);
    s.socket.refuse();
  }
  assert.ok(Math.abs(timeout - begin - 500) < 2, `given up after ${timeout - begin} ms`);
  assert.ok(clock.deepest <= 3, `${clock.deepest} levels`);
  await s.leave();
});

// A CoarseClock fires timers up to a millisecond early, and its wall clock has no fractions.
class CoarseClock extends Clock {
  Date = { now: () => Math.floor(this.performance.now()) };
  setTimeout = (f, ms) => this.at(this.performance.now() + Math.max(0, ms - 0.87), f);
}

test("a lease ends in time, whatever fractions of milliseconds the clocks drop", async () => {
  for (let latency = 0.05; latency < 3; latency += 0.13) {
    const s = new Stage();
    const clock = (s.clock = new CoarseClock());
    await clock.pass(0.546);
    const socket = await s.enter({}, { heartbeat_ms: 2_500 });
    const held = await s.hold();
    await clock.pass(2_600); // a ping has been sent
    const { id } = JSON.parse(socket.sent.pop());
    await clock.pass(latency);
    socket.say({ type: "pong", id });
    let lost;
    held.lock.signal.onabort = () => (lost = clock.performance.now());
    await clock.pass(15_000);
    assert.ok(lost > 12_400 && lost < 12_600, `after ${latency} ms: lost at ${lost}`);
    await s.leave();
  }
});
