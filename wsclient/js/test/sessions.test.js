// Sessions that are taken up at a real broker.

import assert from "node:assert/strict";
import test from "node:test";
import { WebSocket, enter, fresh, skip } from "./internal/live.js";

const moving = process.env.LOCKBROKER_MOVING; // a broker that a request to /move moves to its next run

// breakable connects a client whose connections can be broken.
async function breakable(t, options) {
  const sockets = [];
  const locks = await enter(t, {
    ...options,
    WebSocket: class extends (WebSocket ?? globalThis.WebSocket) {
      constructor(...args) {
        super(...args);
        sockets.push(this);
      }
    },
  });
  // cut breaks the connection, and waits for the next one.
  const cut = async () => {
    const again = event(locks, "connected");
    const socket = sockets.at(-1);
    if (socket.terminate) socket.terminate();
    else socket.close();
    await again;
  };
  return { locks, cut };
}

const event = (target, type) => new Promise((resolve) => target.addEventListener(type, resolve, { once: true }));

// areWaiting waits until that many requests wait for the lock.
async function areWaiting(locks, name, count) {
  for await (const _ of locks.watch(name)) {
    for await (const { waiting } of locks.info(name)) if (waiting === count) return;
  }
}

test("a connection that breaks loses nothing: neither locks nor places in a queue", { skip }, async (t) => {
  const [{ locks, cut }, other] = [await breakable(t, { resume: true }), await enter(t)];
  const losses = [];
  locks.addEventListener("lateloss", ({ error }) => losses.push(error));
  const [mine, yours] = [fresh(), fresh()];
  const order = [];
  const held = await locks.acquire(mine);
  const quick = await locks.acquire(fresh(), { release: "async" });
  const blocker = await other.acquire(yours);
  const first = locks.request(yours, () => order.push("first"));
  await areWaiting(other, yours, 1);
  const second = other.request(yours, () => order.push("second"));
  const wanted = other.request(mine, () => order.push("mine"));
  await areWaiting(other, mine, 1);
  const { session } = locks;
  for (let i = 0; i < 3; i++) {
    if (i === 2) quick.release();
    await cut();
    assert.equal(locks.session, session);
    held.signal.throwIfAborted();
  }
  await blocker.release();
  await Promise.all([first, second]);
  assert.deepEqual(order, ["first", "second"]);
  await held.release();
  await wanted;
  assert.deepEqual(order, ["first", "second", "mine"]);
  const next = await locks.acquire(mine);
  assert.ok(next.id.startsWith(`${session}--`) && next.token > held.token);
  await next.release();
  assert.deepEqual(losses, []);
});

test("without the option, a connection that breaks loses its locks", { skip }, async (t) => {
  const { locks, cut } = await breakable(t);
  const held = await locks.acquire(fresh());
  await cut();
  assert.equal(held.signal.reason?.reason, "connection");
});

test("a lock that was evicted meanwhile is lost, with the reason", { skip }, async (t) => {
  const [{ locks, cut }, operator] = [await breakable(t, { resume: true }), await enter(t)];
  const name = fresh();
  const held = await locks.acquire(name);
  const lost = event(held.signal, "abort");
  const gone = event(locks, "disconnected");
  const cutting = cut();
  await gone;
  for (let noticed = false; !noticed;) { // the broker may notice the end of the connection later
    for await (const lock of operator.info(name)) noticed = lock.holders[0].gone === true;
  }
  await operator.evict(held.id, "stuck");
  await cutting;
  await lost;
  assert.equal(held.signal.reason.reason, "evicted");
});

test("a broker that moves takes everything along", { skip: moving ? false : skip }, async (t) => {
  const [a, b] = [await enter(t, { to: moving }), await enter(t, { to: moving })];
  const name = fresh();
  const held = await a.acquire(name);
  const waiting = b.request(name, ({ token }) => token);
  await areWaiting(a, name, 1);
  const again = [a, b].map((locks) => event(locks, "connected"));
  const moved = await fetch(`${moving.replace("ws", "http")}/move`, { method: "POST" });
  assert.equal(moved.status, 200, await moved.text());
  await Promise.all(again);
  held.signal.throwIfAborted();
  await held.release();
  assert.ok((await waiting) > held.token);
});
