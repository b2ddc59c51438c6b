// Arguments: which are accepted, in which order they are read, and how they are refused.

import assert from "node:assert/strict";
import test from "node:test";
import { connect } from "../client.js";
import { supervise } from "../supervisor.js";
import { Stage, outcome, settle } from "./internal/stage.js";

const nothing = () => {};

async function stage() {
  const s = new Stage();
  await s.enter();
  return s;
}

async function refused(promise, name) {
  const { state, reason } = await outcome(promise);
  assert.equal(state, "rejected");
  assert.equal(reason.name, name, reason.message);
}

test("arguments of the wrong type reject with TypeError", async () => {
  const { locks, socket } = await stage();
  const symbol = Symbol("no string");
  for (const args of [
    [], ["a"], ["a", undefined], ["a", null], ["a", {}], ["a", {}, undefined], ["a", {}, {}], ["a", nothing, undefined],
    [symbol, nothing], ["a", 1, nothing], ["a", "x", nothing], ["a", true, nothing],
    ["a", { mode: "none" }, nothing], ["a", { mode: null }, nothing], ["a", { mode: symbol }, nothing],
    ["a", { signal: null }, nothing], ["a", { signal: {} }, nothing], ["a", { signal: "x" }, nothing],
    ["a", { wait: -1 }, nothing], ["a", { wait: NaN }, nothing], ["a", { wait: Infinity }, nothing], ["a", { hold: 0 }, nothing],
    ["a", { limit: 0, mode: "shared" }, nothing], ["a", { parent: {} }, nothing], ["a", { names: 3 }, nothing], ["a", { names: "bc" }, nothing], ["a", { names: [symbol] }, nothing],
  ]) {
    await refused(locks.request(...args), "TypeError");
  }
  const { request } = locks;
  await refused(request("a", nothing), "TypeError");
  assert.deepEqual(socket.takeAll(), [], "something was asked for");
});

test("unsupported combinations reject with NotSupportedError", async () => {
  const { locks, socket } = await stage();
  const { signal } = new AbortController();
  for (const [name, options] of [
    ["-", {}], ["-a", {}], ["a", { names: ["-b"] }],
    ["a", { steal: true, ifAvailable: true }], ["a", { steal: true, mode: "shared" }],
    ["a", { steal: true, signal }], ["a", { ifAvailable: true, signal }],
    ["a", { wait: 1, ifAvailable: true }], ["a", { wait: 1, steal: true }],
    ["a", { steal: true, names: [{ name: "b", mode: "shared" }] }],
  ]) {
    await refused(locks.request(name, options, nothing), "NotSupportedError");
  }
  assert.deepEqual(socket.takeAll(), [], "something was asked for");
});

test("options are read once each, in the order of their names, before the callback is checked", async () => {
  const { locks } = await stage();
  const read = [];
  const options = new Proxy({}, { get: (_, key) => void read.push(key) });
  await refused(locks.request({ toString: () => (read.push("(the name)"), "a") }, options, "no callback"), "TypeError");
  assert.deepEqual(read, ["(the name)", "author", "hold", "ifAvailable", "limit", "mode", "names", "parent", "release", "signal", "steal", "wait"]);
});

test("too few arguments are refused before any is converted", async () => {
  const { locks } = await stage();
  await refused(locks.request({ toString: () => assert.fail("converted") }), "TypeError");
  assert.equal(locks.request.length, 2);
});

test("an exception of a getter is the reason of the rejection", async () => {
  const { locks } = await stage();
  const error = new Error("mine");
  const options = { get mode() { throw error; } };
  assert.equal((await outcome(locks.request("a", options, nothing))).reason, error);
});

test("an aborted signal rejects with its reason, after the other checks", async () => {
  const { locks, socket } = await stage();
  for (const reason of [new Error("mine"), null, 0, ""]) {
    const signal = AbortSignal.abort(reason);
    const got = await outcome(locks.request("a", { signal }, nothing));
    assert.deepEqual(got, { state: "rejected", reason });
    await refused(locks.request("-a", { signal }, nothing), "NotSupportedError");
  }
  assert.deepEqual(socket.takeAll(), []);
});

test("undefined and null stand for no options; names are converted to strings", async () => {
  const { locks, socket } = await stage();
  for (const [name, options, want] of [["a", undefined, "a"], ["b", null, "b"], [undefined, {}, "undefined"], [5, { mode: undefined, signal: undefined }, "5"], [{}, nothing, "[object Object]"]]) {
    locks.request(name, options, nothing);
    const { locks: asked, mode } = socket.take();
    assert.deepEqual(asked, [{ name: want }]);
    assert.equal(mode, undefined);
  }
});

test("unusual names are escaped, and the lock has the name that was given", async () => {
  const s = await stage();
  for (const [name, wire] of [["", "\uFFFF"], ["\uD800", "\uFFFFd800"], ["\uFFFF", "\uFFFF\uFFFF"], ["\0", "\0"]]) {
    const { lock } = await s.hold(name);
    assert.equal(s.socket.take().locks[0].name, wire);
    assert.equal(lock.name, name);
  }
});

test("a request that is too big for a frame rejects with RangeError", async () => {
  const { locks, socket } = await stage();
  const names = Array.from({ length: 63 }, (_, i) => "\0".repeat(400) + i);
  const { reason } = await outcome(locks.request("a", { names }, nothing));
  assert.ok(reason instanceof RangeError);
  assert.deepEqual(socket.takeAll(), []);
});

test("a message that is too big for a frame leaves nothing open on the connection", async () => {
  const s = new Stage();
  const { online } = supervise("ws://stage", undefined, s.clock, s.WebSocket);
  s.socket.hello();
  const conn = await online;
  await refused(conn.ask({ type: "why", lock: "a".repeat(70_000) }), "RangeError");
  assert.equal(conn.open.size, 0);
});

test("further names join the request, and repeats are merged", async () => {
  const { locks, socket } = await stage();
  const asked = (name, options) => {
    locks.request(name, options, nothing);
    return socket.take().locks;
  };
  assert.deepEqual(asked("a", { names: ["b", "a", "b"] }), [{ name: "a" }, { name: "b" }]);
  assert.deepEqual(asked("a", { mode: "shared", limit: 3, names: ["b", { name: "c" }, { name: "a", mode: "shared", limit: 2 }, { name: "d", mode: "shared" }] }), [
    { name: "a", mode: "shared", limit: 2 }, { name: "b", mode: "shared", limit: 3 }, { name: "c" }, { name: "d", mode: "shared" },
  ]);
});

test("of the repeats of a name the strictest counts: an exclusive one, or the least limit", async () => {
  const { locks, socket } = await stage();
  const shared = (limit) => ({ name: "a", mode: "shared", limit });
  for (const [first, second, want] of [
    [{ name: "a" }, { name: "a" }, { name: "a" }],
    [{ name: "a" }, shared(3), { name: "a" }],
    [shared(3), { name: "a" }, { name: "a" }],
    [shared(1), { name: "a" }, { name: "a" }],
    [shared(5), shared(3), shared(3)],
    [shared(3), shared(5), shared(3)],
    [shared(3), shared(), shared(3)],
    [shared(), shared(3), shared(3)],
    [shared(), shared(), { name: "a", mode: "shared" }],
  ]) {
    locks.request("first", { ...first, names: ["a", "b", second].with(0, first) }, nothing);
    const [, a, ...rest] = socket.take().locks;
    assert.deepEqual(a, JSON.parse(JSON.stringify(want)));
    assert.deepEqual(rest.map(({ name }) => name), ["b"], "the lock keeps its first place");
  }
});

test("an author is text; the default is that of the client", async () => {
  const s = new Stage();
  await s.enter({ author: "page" });
  s.locks.request("a", nothing);
  s.locks.request("a", { author: "me" }, nothing);
  assert.deepEqual(s.socket.takeAll().map((m) => m.author), ["page", "me"]);
  await settle();
});

test("a lone surrogate in text is refused, not repaired", async () => {
  const s = new Stage();
  await s.enter();
  const odd = "me\uD800";
  await assert.rejects(s.locks.request("a", { author: odd }, nothing), TypeError);
  await assert.rejects(s.locks.evict("bbbbbbbb--0", odd), TypeError);
  await assert.rejects(s.locks.evict(odd), TypeError);
  await assert.rejects(s.locks.why({ request: odd }), TypeError);
  assert.deepEqual(s.socket.takeAll(), [], "nothing is sent");
  for (const [url, options] of [["ws://h", { label: odd }], ["ws://h", { author: odd }], [`ws://h/?t=${odd}`]]) {
    await assert.rejects(connect(url, { WebSocket: class { constructor() { assert.fail("connects"); } }, ...options }), TypeError);
  }
});
