// Thousands of requests wait on one connection, and are then granted and released. None is forgotten, and
// nothing is left of them.

import assert from "node:assert/strict";
import test from "node:test";
import { enter, fresh, skip } from "./internal/live.js";

const many = 5_000;

test(`${many} requests`, { skip }, async (t) => {
  const locks = await enter(t);
  const made = [];
  await round(locks, made); // makes the allocations that happen only once
  const before = await heap();
  for (let i = 0; i < 2; i++) await round(locks, made);
  const left = (await heap()) - before;
  const alive = made.filter((lock) => lock.deref()).length;
  t.diagnostic(`heap: ${before} bytes after the first round, ${left} more after two others; ${alive} of ${made.length} locks are left`);
  assert.equal(alive, 0);
  assert.ok(left < 200 * many, `${left} bytes are left of ${2 * many} requests`); // includes the weak references
});

const queued = 13_000; // more than fit into two replies, and more than one reply may list

test(`query lists each of ${queued} waiters once, in order`, { skip }, async (t) => {
  const [locks, b] = [await enter(t), await enter(t)];
  const name = fresh();
  await locks.acquire(name);
  const mode = (i) => (i % 3 ? "shared" : "exclusive");
  const all = Array.from({ length: queued }, (_, i) => (i % 2 ? b : locks).request(name, { mode: mode(i) }, () => {}));
  const gone = Promise.allSettled(all);
  await Promise.all([b.query(), locks.query()]); // the broker has handled all earlier messages
  const { held, pending } = await locks.query();
  assert.deepEqual(held.filter((r) => r.name === name), [{ name, mode: "exclusive", clientId: locks.session }]);
  for (const one of [locks, b]) {
    const modes = pending.filter((r) => r.name === name && r.clientId === one.session).map((r) => r.mode);
    assert.deepEqual(modes, [...Array(queued).keys()].filter((i) => (i % 2 ? b : locks) === one).map(mode));
  }
  await Promise.all([locks.close(), b.close()]);
  await gone;
});

async function round(locks, made) {
  const name = fresh();
  const lock = await locks.acquire(name);
  const ran = new Set();
  const all = Array.from({ length: many }, (_, i) => locks.request(name, { signal: new AbortController().signal, wait: 600_000 }, (l) => {
    made.push(new WeakRef(l));
    ran.add(l.token);
    return i;
  }));
  for await (const { waiting } of locks.info(name)) assert.equal(waiting, many);
  await lock.release();
  assert.deepEqual(await Promise.all(all), [...Array(many).keys()]);
  assert.equal(ran.size, many);
  for await (const _ of locks.info(name)) assert.fail("something is left at the broker");
}

async function heap() {
  for (let i = 0; i < 3; i++) {
    // A weak reference keeps its target alive until the end of the turn in which it was made.
    await new Promise((resolve) => setImmediate(resolve));
    globalThis.gc();
  }
  return process.memoryUsage().heapUsed;
}
