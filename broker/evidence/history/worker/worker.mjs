// This worker does what main.go does, with the JavaScript client.

import { writeSync } from "node:fs";
import { connect } from "../../../../wsclient/js/client.js";
import { Pace, expiryOf, follow, now } from "./line.mjs";

const sampling = 10; // ms between two samples of a lock that is held
const holding = 10; // ms for which most locks are held at most
const rest = 40; // ms, the longest pause between two requests of a thread

const task = JSON.parse(process.argv[2]);
const stopping = new AbortController();
process.stdin.on("end", () => stopping.abort(new Error("the worker stops")));
const hurry = new AbortController(); // aborted when it must hold only for a moment
process.stdin.on("data", () => hurry.abort());

// random returns a generator of numbers from 0 to below 1: mulberry32.
const random = (seed) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
};

// pause resolves after ms milliseconds, or when signal is aborted.
const pause = (ms, signal) => new Promise((resolve) => {
  if (signal.aborted) return resolve();
  const timer = setTimeout(done, ms);
  signal.addEventListener("abort", done);
  function done() {
    clearTimeout(timer);
    signal.removeEventListener("abort", done);
    resolve();
  }
});

const write = (at, verb, request, rest = "") => writeSync(1, `${at} ${verb} ${request}${rest}\n`);
const textOf = ({ name, shared, limit }) => name + (shared ? ":shared" : "") + (limit ? `:${limit}` : "");
const reasonOf = (error) => ` ${String(error).replaceAll("\n", " ")}`;

let requests = 0;

// call reports a new request, and returns functions that report what happens to it.
const call = (locks) => {
  const request = requests++;
  write(now(), "called", request, ` ${locks.map(textOf).join(" ")}`);
  return {
    granted: (token) => write(now(), "granted", request, ` ${token}`),
    held: (at) => write(at, "held", request),
    lostAt: (at) => write(at, "lost-at", request),
    released: () => write(now(), "released", request),
    lost: (error) => write(now(), "lost", request, reasonOf(error)),
    failed: (error) => write(now(), "failed", request, reasonOf(error)),
  };
};

// A client has the LockManager and, if its threads watch, the function that returns its latest connection.

// holderOf returns the function that holds the locks of a request that was granted just now.
const holderOf = (client, options) => {
  if (!client.line) return hold;
  const line = client.line();
  const expiry = expiryOf(options);
  return (ms, record, lock) => watch(ms, record, lock, () => line.lostAt(expiry));
};

// hold reports samples until the lock is lost, the drawn time has passed, or the worker must hurry or stop.
const hold = async (ms, record, lock) => {
  for (const begin = now(); ; ) {
    const at = now();
    if (lock.signal.aborted) return;
    record.held(at);
    if (stopping.signal.aborted || Number(at - begin) / 1e6 >= ms) return;
    if (hurry.signal.aborted) ms = 0; // one more sample
    await pause(sampling, lock.signal);
  }
};

// watch is hold for threads that keep the signal. Another look at lock.signal would make the client read the clocks.
const watch = async (ms, record, lock, lostAt) => {
  const begin = now();
  const { signal } = lock;
  if (signal.aborted) return;
  record.held(begin);
  const pace = new Pace();
  for (let last = false; !last; ) {
    await pause(sampling, signal);
    const at = now();
    const isSteady = pace.isSteady(at);
    if (signal.aborted) break;
    if (isSteady) record.held(at);
    last = stopping.signal.aborted || hurry.signal.aborted || Number(at - begin) / 1e6 >= ms;
  }
  const lost = lostAt();
  if (lost) record.lostAt(lost);
};

// acquire makes a request with acquire.
const acquire = async (client, ms, chosen, options) => {
  const record = call(chosen);
  let lock;
  try {
    lock = await client.locks.acquire(chosen[0].name, options);
    if (!lock) throw new Error("not available");
  } catch (error) {
    record.failed(error);
    return;
  }
  record.granted(lock.token);
  await holderOf(client, options)(ms, record, lock);
  await lock.release().then(record.released, record.lost);
};

// within makes a request with request.
const within = async (client, ms, chosen, options) => {
  const record = call(chosen);
  let held;
  const run = (lock) => {
    record.granted(lock.token);
    held = holderOf(client, options)(ms, record, lock);
    return held;
  };
  let end = record.released;
  await client.locks.request(chosen[0].name, options, run).catch((error) => {
    end = () => (held ? record.lost(error) : record.failed(error));
  });
  await held; // the callback runs on after a loss
  end();
};

// makeRequest makes a request, holds its locks for a while, and releases them. It draws how.
const makeRequest = async (client, draw, isLong) => {
  const choices = isLong ? task.long_choices : task.choices;
  const chosen = choices[Math.floor(draw() * choices.length)];
  const ms = isLong ? task.long_ms * (1 + 2 * draw()) / 3 : holding * draw();
  const names = chosen.map(({ name, shared, limit }) => ({ name, mode: shared ? "shared" : "exclusive", limit }));
  const options = { ...names[0], names: names.slice(1), signal: stopping.signal };
  delete options.name;
  const way = Math.floor(draw() * 10);
  if (way === 0) {
    delete options.signal; // Web Locks allow no signal here
    options.ifAvailable = true;
  }
  if (way === 1) options.wait = 1 + Math.floor(draw() * 50); // it times out about when the lock is granted
  if (way === 2) options.signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(Math.floor(draw() * 50))]);
  if (way === 5) options.hold = 1 + Math.floor(draw() * 60);
  await (way === 3 || way === 4 ? within : acquire)(client, ms, chosen, options);
};

// giveUp makes a request and gives it up about when the grant arrives. If it is granted after all, it is released at
// once.
const giveUp = async ({ locks }, draw) => {
  const given = new AbortController();
  const record = call(task.given_up);
  const acquired = locks.acquire(task.given_up[0].name, { signal: given.signal });
  acquired.catch(() => {}); // it may fail before it is awaited
  for (let turns = Math.floor(draw() * 20); turns > 0; turns--) await new Promise(setImmediate);
  given.abort(new Error("given up"));
  try {
    const lock = await acquired;
    record.granted(lock.token);
    const at = now();
    if (!lock.signal.aborted) record.held(at);
    await lock.release().then(record.released, record.lost);
  } catch (error) {
    record.failed(error);
  }
};

// thread makes one request after another until the worker stops.
const thread = async (client, index) => {
  const draw = random(task.seed * 100 + index);
  while (!stopping.signal.aborted) {
    await (index === 1 ? giveUp(client, draw) : makeRequest(client, draw, index % 3 === 0));
    await pause(draw() * rest, stopping.signal);
  }
};

// dial makes a client. If the threads watch, each has a client of its own: a client notices the end of its lease
// whenever it is asked for anything.
const dial = async () => {
  const { line, ...more } = task.watch ? follow() : {};
  return { line, locks: await connect(task.url, { waitForBroker: true, signal: stopping.signal, ...more }) };
};

try {
  const clients = await Promise.all(Array.from({ length: task.watch ? task.threads : 1 }, dial));
  await Promise.all(Array.from({ length: task.threads }, (_, i) => thread(clients[i % clients.length], i)));
  await Promise.all(clients.map(({ locks }) => locks.close()));
} catch (error) {
  if (!stopping.signal.aborted) throw error;
}
process.exit();
