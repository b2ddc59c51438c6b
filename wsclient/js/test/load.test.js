// Ten thousand requests wait on one connection, and are then granted and released: none is
// forgotten, and nothing is left of them.

import assert from "node:assert/strict";
import test from "node:test";
import { enter, fresh, skip } from "./internal/live.js";

const many = 10_000;

test(`${many} requests`, { skip }, async (t) => {
  const locks = await enter(t);
  const made = [];
  await round(locks, made); // what is made once is made
  const before = await heap();
  for (let i = 0; i < 2; i++) await round(locks, made);
  const left = (await heap()) - before;
  const alive = made.filter((lock) => lock.deref()).length;
  t.diagnostic(`heap: ${before} bytes after the first round, ${left} more after two others; ${alive} of ${made.length} locks are left`);
  assert.equal(alive, 0);
  assert.ok(left < 200 * many, `${left} bytes are left of ${2 * many} requests`); // the weak references are some of it
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
    await new Promise((resolve) => setImmediate(resolve)); // a weak reference that was made in this turn is none
    globalThis.gc();
  }
  return process.memoryUsage().heapUsed;
}
