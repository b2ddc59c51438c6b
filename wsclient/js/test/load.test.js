// Ten thousand requests wait on one connection, and are then granted and released: none is
// forgotten, and nothing is left of them.

import assert from "node:assert/strict";
import test from "node:test";
import { enter, fresh, skip } from "./internal/live.js";

const many = 10_000;

test(`${many} requests`, { skip }, async (t) => {
  const locks = await enter(t);
  await round(locks); // what is made once is made
  const before = heap();
  for (let i = 0; i < 3; i++) await round(locks);
  const left = heap() - before;
  t.diagnostic(`heap: ${before} bytes after the first round, ${left} more after three others`);
  assert.ok(left < 10 * many, `${left} bytes are left of ${3 * many} requests`);
});

async function round(locks) {
  const name = fresh();
  const lock = await locks.acquire(name);
  const ran = new Set();
  const { signal } = new AbortController();
  const all = Array.from({ length: many }, (_, i) => locks.request(name, { signal, wait: 600_000 }, (l) => ran.add(l.token) && i));
  for await (const { waiting } of locks.info(name)) assert.equal(waiting, many);
  await lock.release();
  assert.deepEqual(await Promise.all(all), [...Array(many).keys()]);
  assert.equal(ran.size, many);
  for await (const _ of locks.info(name)) assert.fail("something is left at the broker");
}

function heap() {
  for (let i = 0; i < 3; i++) globalThis.gc();
  return process.memoryUsage().heapUsed;
}
