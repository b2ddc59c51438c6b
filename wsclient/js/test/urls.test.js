// Clients of several brokers: one URL after another.

import assert from "node:assert/strict";
import test from "node:test";
import { Stage, outcome, quiet, settle } from "./internal/stage.js";

const hostOf = (socket) => new URL(socket.url).host;

test("the URLs are a list, or separated by commas", async () => {
  const s = new Stage();
  for (const [url, want] of [
    ["ws://a:27002,ws://b:27002", ["ws://a:27002/ws", "ws://b:27002/ws"]],
    ["ws://a, https://b/locks/", ["ws://a/ws", "wss://b/locks/ws"]],
    [["ws://a", new URL("http://b")], ["ws://a/ws", "ws://b/ws"]],
    [["ws://a,ws://b", "ws://c"], ["ws://a/ws", "ws://b/ws", "ws://c/ws"]],
    ["ws://a?x=1,2,ws://b", ["ws://a/ws?x=1,2&", "ws://b/ws"]], // a comma may be part of a URL
  ]) {
    const connecting = quiet(s.connect({ url }));
    const got = [];
    for (const _ of want) {
      got.push(s.socket.url);
      s.socket.refuse();
      await s.clock.pass(100);
    }
    assert.equal((await outcome(connecting)).state, "rejected");
    got.forEach((address, i) => assert.ok(address.startsWith(want[i]) && address.endsWith("alive=message&resume=moved&client=test"), address));
    assert.equal(s.clock.timers, 0);
  }
  for (const url of [[], "ws://a,ftp://b", ["ws://a", "?secret"], ["ws://a", Symbol("b")]]) {
    const { reason } = await outcome(s.connect({ url }));
    assert.equal(reason?.name, "TypeError");
    assert.doesNotMatch(reason.message, /secret/);
  }
});

test("connect: each URL is tried once, and the error is that of the last", async () => {
  const s = new Stage();
  const connecting = quiet(s.connect({ url: "ws://a,ws://b,ws://c" }));
  for (const host of ["a", "b", "c"]) {
    assert.equal((await outcome(connecting)).state, "pending");
    assert.equal(hostOf(s.socket), host);
    s.socket.refuse(`no ${host}`);
    await s.clock.pass(50); // the bound of the pauses does not grow in the first round
  }
  assert.match((await outcome(connecting)).reason.message, /ws:\/\/c\/ws: no c/);
  assert.equal(s.sockets.length, 3);
  assert.equal(s.clock.timers, 0);
});

test("the first to be tried is the one that last worked, and the bound grows with each round", async () => {
  const s = new Stage();
  s.clock.dice = 1;
  const connecting = s.connect({ url: ["ws://a", "ws://b", "ws://c"] });
  s.socket.refuse();
  await s.clock.pass(100);
  s.socket.hello();
  s.locks = await connecting;
  await s.clock.pass(5_000);
  s.socket.say({ type: "pong", id: s.socket.take().id });
  await s.clock.pass(5_000);
  s.socket.drop();
  const tried = [];
  for (let i = 0; i < 7; i++) {
    const began = s.clock.performance.now();
    const { length } = s.sockets;
    while (s.sockets.length === length) await s.clock.pass(1);
    tried.push(`${hostOf(s.socket)} ${s.clock.performance.now() - began}`);
    s.socket.refuse();
    await settle();
  }
  assert.deepEqual(tried, ["b 100", "c 100", "a 100", "b 200", "c 200", "a 200", "b 400"]);
  assert.equal(await s.leave(), 0);
});

test("a final refusal by one broker ends the client", async () => {
  const s = new Stage();
  const connecting = quiet(s.connect({ url: "ws://a,ws://b", waitForBroker: true }));
  s.socket.refuse("Unexpected server response: 403");
  assert.equal((await outcome(connecting)).reason.status, 403);
  assert.equal(s.sockets.length, 1);
});

test("a session is taken up at another broker", async () => {
  const s = new Stage();
  await s.enter({ url: "ws://a,ws://b" }, { secret: "s1" });
  const held = await s.hold();
  s.socket.say({ type: "moving" });
  await s.clock.pass(25);
  s.socket.refuse();
  await s.clock.pass(25);
  assert.equal(hostOf(s.socket), "b");
  s.socket.hello({ session: "bbbbbbbb", secret: "s2" });
  const { id, session } = s.socket.take();
  assert.equal(session, "aaaaaaaa");
  s.socket.say({ type: "resumed", id, held: [0] });
  assert.equal(held.lock.signal.aborted, false);
  assert.equal(await s.leave(), 0);
});
