// A broker that falls silent while its connections stay open: see broker/wire/PROTOCOL.md, "A broker that falls silent".

import assert from "node:assert/strict";
import test from "node:test";
import { Stage, settle } from "./internal/stage.js";

const kept = { secret: "s1", heartbeat_ms: 2_500 };

// stage returns a stage with a client that holds a lock.
async function stage(t, options, hello = kept) {
  const s = new Stage();
  s.clock.dice = 0;
  await s.enter({ resume: true, ...options }, hello);
  s.held = await s.hold();
  t.after(async () => assert.equal(await s.leave(), 0, "timers are left"));
  return s;
}

const pong = (s) => s.socket.say({ type: "pong", id: s.socket.takeAll().at(-1).id });

test("a kept client takes up its session elsewhere if a ping is not answered for a sixth of the timeout", async (t) => {
  const s = await stage(t, { url: "ws://a,ws://b" });
  const { signal } = s.held.lock;
  await s.clock.pass(2_500);
  pong(s);
  const { socket } = s;
  await s.clock.pass(4_999);
  assert.equal(socket.closed, undefined);
  await s.clock.pass(1);
  assert.notEqual(socket.closed, undefined);
  assert.deepEqual([s.sockets.length, new URL(s.socket.url).host], [2, "b"]);
  s.socket.hello({ session: "bbbbbbbb", secret: "s2" });
  const { id, held } = s.socket.take();
  assert.deepEqual(held.map(({ n, token }) => [n, token]), [[0, 7]]);
  s.socket.say({ type: "resumed", id, held: [0] });
  await settle();
  assert.equal(signal.aborted, false);
});

test("the lease goes on meanwhile", async (t) => {
  const s = await stage(t);
  const { signal } = s.held.lock;
  await s.clock.pass(9_999);
  assert.equal(signal.aborted, false);
  await s.clock.pass(1);
  assert.equal(signal.reason.reason, "lease");
});

test("with shorter heartbeats, a sixth of the timeout counts, too", async (t) => {
  const s = await stage(t, {}, { ...kept, heartbeat_ms: 1_000 });
  const { socket } = s;
  await s.clock.pass(3_999);
  assert.equal(socket.closed, undefined);
  await s.clock.pass(1); // the first ping after that
  assert.notEqual(socket.closed, undefined);
});

test("whatever the broker sends shows that it is there", async (t) => {
  const s = await stage(t);
  const { socket } = s;
  await s.clock.pass(4_000);
  s.socket.say({ type: "granted", id: s.held.id, token: 7 });
  await s.clock.pass(3_499); // 2.499 s after the next ping
  assert.equal(socket.closed, undefined);
  await s.clock.pass(1);
  assert.notEqual(socket.closed, undefined);
});

test("a process that was frozen first reads what has arrived meanwhile", async (t) => {
  const s = await stage(t);
  const { socket } = s;
  await s.clock.pass(2_500);
  s.clock.freeze(4_000);
  await s.clock.pass(0);
  pong(s);
  await s.clock.pass(2_499);
  assert.equal(socket.closed, undefined);
});

test("other clients wait for the end of their lease", async (t) => {
  for (const [options, hello] of [[{ resume: false }, kept], [{}, { heartbeat_ms: 2_500 }]]) {
    const s = await stage(t, options, hello);
    const { signal } = s.held.lock;
    await s.clock.pass(9_999);
    assert.deepEqual([signal.aborted, s.sockets.length], [false, 1]);
    await s.clock.pass(1);
    assert.equal(signal.reason.reason, "lease");
  }
});

test("after the end of a lease, too, another URL comes first", async (t) => {
  const s = await stage(t, { resume: false, url: "ws://a,ws://b" });
  await s.clock.pass(10_000);
  assert.equal(new URL(s.socket.url).host, "b");
});
