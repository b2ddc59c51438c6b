// The client and a real broker.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import test from "node:test";
import { ConnectionError, DeadlockError, connect } from "../client.js";
import { WebSocket, enter, fresh, skip, url } from "./internal/live.js";

// gate returns a promise and the function that resolves it.
function gate() {
  const g = {};
  g.promise = new Promise((resolve, reject) => Object.assign(g, { open: resolve, fail: reject }));
  return g;
}

// queued waits until a lock has that many waiters.
async function queued(locks, name, count) {
  const changes = locks.watch(name);
  for await (const _ of changes) {
    const { pending } = await locks.query();
    if (pending.filter((r) => r.name === name).length === count) return;
  }
}

test("one at a time, first come, first served", { skip }, async (t) => {
  const [a, b] = [await enter(t), await enter(t)];
  const name = fresh();
  const order = [];
  let inside = 0;
  const work = (n) => async () => {
    assert.equal(++inside, 1);
    order.push(n);
    await a.query();
    inside--;
    return n;
  };
  const all = [];
  for (let n = 0; n < 20; n++) all.push(a.request(name, work(n)));
  await queued(a, name, 19);
  for (let n = 20; n < 40; n++) all.push(b.request(name, work(n)));
  assert.deepEqual(await Promise.all(all), order);
  assert.deepEqual(order, [...Array(40).keys()]);
});

test("unusual names are distinct locks, and are listed as given", { skip }, async (t) => {
  const locks = await enter(t);
  const names = ["", "\0", "\uFFFF", "\uD800", "\uDC00", "\uFFFFd800", "ä😀", "a\u2028b"];
  const held = await Promise.all(names.map((name) => locks.acquire(name)));
  const listed = (await locks.query()).held.filter((r) => r.clientId === locks.session).map((r) => r.name);
  assert.deepEqual(listed.sort(), [...names].sort());
  await Promise.all(held.map((lock) => lock.release()));
});

test("a steal is granted at once", { skip }, async (t) => {
  const [a, b] = [await enter(t), await enter(t)];
  const name = fresh();
  const { promise, open } = gate();
  let lock;
  const robbed = new Promise((resolve) => {
    a.request(name, (l) => ((lock = l), open(), new Promise(() => {}))).catch(resolve);
  });
  await promise;
  assert.equal(await b.request(name, { steal: true }, () => "mine"), "mine");
  assert.equal((await robbed).name, "AbortError");
  assert.equal(lock.signal.aborted, true);
});

test("a request that times out says who has the lock", { skip }, async (t) => {
  const [a, b] = [await enter(t, { author: "ann" }), await enter(t)];
  const name = fresh();
  const lock = await a.acquire(name);
  for (const wait of [0, 20]) {
    await assert.rejects(b.request(name, { wait }, () => {}), ({ name, holders }) => name === "TimeoutError" && holders[0].author === "ann");
  }
  assert.equal(await b.acquire(name, { ifAvailable: true }), null);
  await lock.release();
});

test("a deadlock across two clients is refused with the cycle", { skip }, async (t) => {
  const [a, b] = [await enter(t), await enter(t)];
  const [x, y] = [fresh(), fresh()];
  const [ax, by] = [await a.acquire(x), await b.acquire(y)];
  const waiting = a.acquire(y, { parent: ax });
  await queued(a, y, 1);
  await assert.rejects(b.acquire(x, { parent: by }), (e) => e instanceof DeadlockError && e.cycle.length === 2);
  const chain = await a.why(y);
  assert.equal(chain[0].blocker.id, by.id);
  await by.release();
  await (await waiting).release();
  await ax.release();
});

test("an evicted lock and an expired lock are lost, with the reason", { skip }, async (t) => {
  const locks = await enter(t, { label: "ops" });
  const lock = await locks.acquire(fresh());
  await locks.evict(lock.id, "stuck");
  assert.deepEqual([lock.signal.reason.reason, lock.signal.reason.by], ["evicted", "ops"]);
  const short = await locks.acquire(fresh(), { hold: 20 });
  await once(short.signal, "abort");
  assert.equal(short.signal.reason.reason, "expired");
});

test("query lists whole queues in order", { skip }, async (t) => {
  const [a, b] = [await enter(t), await enter(t)];
  const name = fresh();
  const lock = await a.acquire(name);
  const all = Array.from({ length: 1_000 }, (_, i) => b.request(name, { mode: i % 2 ? "shared" : "exclusive" }, () => {}));
  await b.query();
  const { held, pending } = await a.query();
  assert.deepEqual(held.filter((r) => r.name === name), [{ name, mode: "exclusive", clientId: a.session }]);
  const modes = pending.filter((r) => r.name === name && r.clientId === b.session).map((r) => r.mode);
  assert.deepEqual(modes, all.map((_, i) => (i % 2 ? "shared" : "exclusive")));
  await lock.release();
  await Promise.all(all);
});

test("info yields every lock that matches the pattern", { skip }, async (t) => {
  const locks = await enter(t);
  const name = fresh();
  const lock = await locks.acquire(`${name}/a`, { names: [`${name}/b`] });
  const seen = [];
  for await (const one of locks.info(`${name}/*`, { max: 1 })) seen.push([one.name, one.holders[0].id]);
  assert.deepEqual(seen, [[`${name}/a`, lock.id], [`${name}/b`, lock.id]]);
  await lock.release();
});

test("connect rejects if there is no broker", { skip }, async () => {
  await assert.rejects(connect("ws://127.0.0.1:1", { WebSocket }), ConnectionError);
  await assert.rejects(connect(`${url}/nowhere`, { WebSocket }), ConnectionError);
});

test("a program exits by itself after close, and after connect has failed", { skip }, async () => {
  const script = `
    import { connect } from ${JSON.stringify(new URL("../client.js", import.meta.url).href)};
    import { WebSocket, url } from ${JSON.stringify(new URL("internal/live.js", import.meta.url).href)};
    await connect("ws://127.0.0.1:1", { WebSocket }).catch(() => {});
    const locks = await connect(url, { WebSocket });
    await locks.request(String(process.pid), { wait: 60_000, hold: 60_000 }, () => {});
    await locks.close();
    console.log("closed");`;
  const child = spawn(process.execPath, ["--experimental-websocket", "--no-warnings", "--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  const begin = performance.now();
  let text = "";
  child.stdout.on("data", (data) => (text += data));
  const [code] = await once(child, "exit");
  assert.equal(code, 0);
  assert.equal(text, "closed\n");
  assert.ok(performance.now() - begin < 45_000, "something kept it alive");
});
