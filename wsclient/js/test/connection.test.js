// Connections: how they begin and end, and how the client reconnects.

import assert from "node:assert/strict";
import test from "node:test";
import { inspect } from "node:util";
import { ConnectionError, LostError, connect } from "../client.js";
import { Stage, hello, outcome, quiet, settle } from "./internal/stage.js";

async function stage(t, options, hello) {
  const s = new Stage();
  await s.enter(options, hello);
  t.after(async () => assert.equal(await s.leave(), 0, "timers are left"));
  return s;
}

test("connect: the address and the subprotocol", async () => {
  const s = new Stage();
  for (const [url, want] of [
    ["ws://host:27002", "ws://host:27002/ws?alive=message&resume=moved&client=test"], ["http://host/", "ws://host/ws?alive=message&resume=moved&client=test"],
    ["WSS://host/locks?client=x#", "wss://host/locks?client=x&alive=message&resume=moved"], [new URL("https://host"), "wss://host/ws?alive=message&resume=moved&client=test"],
    ["ws://host/locks/", "ws://host/locks/ws?alive=message&resume=moved&client=test"], ["ws://host/locks/ws", "ws://host/locks/ws?alive=message&resume=moved&client=test"],
    ["ws://host/a%2F", "ws://host/a%2F?alive=message&resume=moved&client=test"], ["ws://host//", "ws://host//ws?alive=message&resume=moved&client=test"],
    ["ws://host?b=1;c=2&a=%zz&a", "ws://host/ws?b=1;c=2&a=%zz&a&alive=message&resume=moved&client=test"], // the query is not repaired
  ]) {
    connect(url, { WebSocket: s.WebSocket, clock: s.clock, label: "test" }).catch(() => {});
    assert.equal(s.socket.url, want);
    assert.equal(s.socket.protocol, "lockbroker.v1");
  }
  for (const url of ["nonsense", "/ws", "ftp://host", "ws://", "ws://me@host", "ws://:secret@host", "ws://host/a#b"]) {
    const { reason } = await outcome(connect(url, { WebSocket: s.WebSocket }));
    assert.equal(reason?.name, "TypeError", url);
    assert.doesNotMatch(reason.message, /secret/);
  }
});

test("connect: the label is the page or the program, or empty if the platform has neither", async () => {
  const s = new Stage();
  const { process } = globalThis;
  const known = ["process", "location"].map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]);
  const label = (globals) => {
    for (const name of ["process", "location"]) {
      delete globalThis[name];
      if (globals[name]) Object.defineProperty(globalThis, name, { value: globals[name], configurable: true });
    }
    try {
      connect("ws://host", { WebSocket: s.WebSocket, clock: s.clock }).catch(() => {});
    } finally {
      for (const [name, property] of known) {
        delete globalThis[name];
        if (property) Object.defineProperty(globalThis, name, property);
      }
    }
    return new URL(s.socket.url).searchParams.get("client");
  };
  assert.equal(label({}), "");
  assert.equal(label({ location: { host: "app.example:8080" } }), "app.example:8080");
  assert.equal(label({ location: { host: "" } }), ""); // file:, data:
  assert.equal(label({ process: { argv: ["/bin/node", "/srv/report.js"], pid: 7 } }), "/srv/report.js:7");
  assert.equal(label({ process: { argv: ["/bin/node"], title: "node", pid: 7 } }), "node:7"); // node -e
  assert.equal(label({ process: { env: {} } }), ""); // what bundlers put there
  assert.equal(label({ process: { argv: ["", "x".repeat(300)], pid: 7 } }).length, 80);
  assert.equal(globalThis.process, process);
});

test("connect: the error without a WebSocket says how to get one", async () => {
  const found = globalThis.WebSocket;
  globalThis.WebSocket = undefined;
  try {
    await assert.rejects(connect("ws://stage"), /the package ws.*--experimental-websocket/);
  } finally {
    globalThis.WebSocket = found;
  }
});

test("connect: an exception of the WebSocket becomes a ConnectionError that says why", async () => {
  for (const [name, message, want] of [
    ["SecurityError", "The operation is insecure.", "cannot connect to ws://host/ws: an https page must use wss: The operation is insecure."],
    ["SyntaxError", "The URL is invalid.", "cannot connect to ws://host/ws: The URL is invalid."],
  ]) {
    const cause = new DOMException(message, name);
    // It would happen again, so the client does not wait for the broker.
    const { reason } = await outcome(connect("ws://host?t=secret", { waitForBroker: true, WebSocket: function () { throw cause; } }));
    assert.ok(reason instanceof ConnectionError);
    assert.deepEqual([reason.message, reason.cause], [want, cause]);
  }
});

test("connect: if the browser does not say why, the error lists the possible causes", async () => {
  const s = new Stage();
  const refused = s.connect();
  s.socket.refuse();
  assert.match((await outcome(refused)).reason.message, /ws:\/\/stage\/ws: no broker there.*refuses.*TLS.*255 WebSockets/);
  const socket = await s.enter();
  const held = await s.hold();
  socket.refuse();
  assert.equal((await outcome(held.promise)).reason.cause.message, "connection to ws://stage/ws has ended");
  await s.leave();
});

test("connect: if each address of the name fails, the error says how", async () => {
  const s = new Stage();
  const refused = s.connect();
  const cause = new AggregateError([new Error("connect ECONNREFUSED ::1:1"), new Error("connect ENETUNREACH 10.0.0.1:1")]);
  s.socket.refuse("", cause); // so does the package ws, for a name such as localhost
  const { reason } = await outcome(refused);
  const want = "cannot connect to ws://stage/ws: connect ECONNREFUSED ::1:1, connect ENETUNREACH 10.0.0.1:1";
  assert.deepEqual([reason.message, reason.cause], [want, cause]);
});

test("connect: no error shows the query of a URL, which may hold a secret", async () => {
  for (const url of ["host?token=secret", "/ws?token=secret", "http://[host?token=secret", "ftp://host?token=secret"]) {
    const { reason } = await outcome(connect(url));
    assert.equal(reason.name, "TypeError");
    assert.doesNotMatch(inspect(reason), /secret/);
  }
});

test("connect: a long frame of a server that is no broker is cut in the error", async () => {
  const s = new Stage();
  const refused = s.connect();
  s.socket.say({ type: "x".repeat(10_000) });
  assert.ok((await outcome(refused)).reason.message.length < 300);
});

test("connect: rejects if there is no broker, even if there is only an error event", async () => {
  const s = new Stage();
  const refused = s.connect();
  s.socket.refuse("Unexpected server response: 403");
  const { reason } = await outcome(refused);
  assert.ok(reason instanceof ConnectionError);
  assert.equal(reason.status, 403);

  const dropped = s.connect();
  s.socket.drop(1006);
  assert.equal((await outcome(dropped)).reason.code, 1006);
  await s.clock.pass(0);
  assert.equal(s.clock.timers, 0);
});

test("connect: rejects after 10 s without a hello, and at once after a bad hello", async () => {
  const s = new Stage();
  const silent = s.connect();
  await s.clock.pass(9_999);
  assert.equal((await outcome(silent)).state, "pending");
  await s.clock.pass(1);
  assert.equal((await outcome(silent)).reason.name, "ConnectionError");
  assert.notEqual(s.socket.closed, undefined);

  for (const first of [hello({ protocol: 2 }), { type: "pong" }, hello({ heartbeat_ms: undefined }), "nonsense", hello({ timeout_ms: undefined })]) {
    const connecting = s.connect();
    s.socket.say(first);
    assert.equal((await outcome(connecting)).reason?.name, "ConnectionError", JSON.stringify(first));
    assert.notEqual(s.socket.closed, undefined);
  }
  assert.equal(s.clock.timers, 0);
});

test("connect: rejects if the hello comes after the end of its own lease", async () => {
  const s = new Stage();
  const connecting = s.connect();
  await s.clock.pass(2_000);
  s.socket.hello({ timeout_ms: 3_000, heartbeat_ms: 1_000 });
  assert.equal((await outcome(connecting)).reason?.name, "ConnectionError");
  assert.notEqual(s.socket.closed, undefined);
  assert.equal(s.clock.timers, 0);
});

test("waiting requests are resubmitted in order, with the rest of their wait", async (t) => {
  const s = await stage(t);
  const first = s.locks.request("a", () => "first");
  const second = s.locks.request("b", { wait: 10_000 }, () => "second");
  await s.clock.pass(1_000);
  s.socket.drop(1012, "the broker stops");
  assert.equal(s.locks.session, "");
  const third = s.locks.request("c", () => "third");
  await s.clock.pass(50);
  s.socket.hello({ session: "bbbbbbbb" });
  const asked = s.socket.takeAll();
  assert.deepEqual(asked, [
    { type: "acquire", id: "bbbbbbbb--0", locks: [{ name: "a" }] },
    { type: "acquire", id: "bbbbbbbb--1", locks: [{ name: "b" }], wait_ms: 8_950 },
    { type: "acquire", id: "bbbbbbbb--2", locks: [{ name: "c" }] },
  ]);
  for (const { id } of asked) {
    s.socket.say({ type: "granted", id, token: 1 });
    await settle();
    s.socket.say({ type: "released", id });
  }
  assert.deepEqual(await Promise.all([first, second, third]), ["first", "second", "third"]);
});

test("a request that times out while there is no connection says so", async (t) => {
  const s = await stage(t);
  const promise = s.locks.request("a", { wait: 2_000 }, () => {});
  s.socket.drop();
  for (const _ of [1, 2, 3, 4, 5, 6, 7, 8]) {
    await s.clock.pass(249);
    s.socket.refuse("nobody there");
  }
  assert.equal((await outcome(promise)).state, "pending");
  await s.clock.pass(8);
  const { reason } = await outcome(promise);
  assert.deepEqual([reason.name, reason.holders], ["TimeoutError", []]);
  assert.match(reason.message, /^lock "a": timeout: not granted in time: cannot connect to ws:\/\/stage\/ws: nobody there$/);
});

test("an abort while there is no connection rejects with the reason", async (t) => {
  const s = await stage(t);
  s.socket.drop();
  const controller = new AbortController();
  const promise = s.locks.request("a", { signal: controller.signal }, () => {});
  controller.abort(0);
  assert.deepEqual(await outcome(promise), { state: "rejected", reason: 0 });
  await s.clock.pass(50);
  s.socket.hello();
  assert.deepEqual(s.socket.takeAll(), []);
});

test("held locks are lost with the connection, the latest first, and so are requests inside them", async (t) => {
  const s = await stage(t);
  const outer = await s.hold("a");
  const inner = await s.hold("b");
  const order = [];
  outer.lock.signal.onabort = () => order.push("outer");
  inner.lock.signal.onabort = () => order.push("inner");
  const inside = quiet(s.locks.request("c", { parent: outer.lock }, () => {}));
  const once = quiet(s.locks.request("c", { wait: 0 }, () => {}));
  s.socket.drop(1006);
  const { reason } = await outcome(outer.promise);
  assert.ok(reason instanceof LostError);
  assert.deepEqual([reason.reason, reason.cause.code], ["connection", 1006]);
  assert.equal(outer.lock.signal.reason, reason);
  assert.deepEqual(order, ["inner", "outer"]);
  assert.equal((await outcome(inside)).reason, reason);
  assert.ok((await outcome(once)).reason instanceof ConnectionError);
  assert.ok((await outcome(s.locks.request("c", { ifAvailable: true }, () => {}))).reason instanceof ConnectionError);
  await s.clock.pass(50);
  s.socket.hello();
  assert.deepEqual(s.socket.takeAll(), [], "a lost lock was asked for again");
});

test("a broker that drains: waiting and new requests wait for the next connection", async (t) => {
  const s = await stage(t);
  const held = await s.hold();
  const first = s.locks.request("a", () => 1);
  const { id } = s.socket.takeAll().at(-1);
  s.socket.say({ type: "draining", grace_ms: 10_000 });
  s.socket.say({ type: "error", id, code: "shutting_down", message: "the broker stops" });
  const second = s.locks.request("a", () => 2);
  assert.equal((await outcome(first)).state, "pending");
  assert.deepEqual(s.socket.takeAll(), []);
  held.resolve("done");
  await settle();
  assert.deepEqual(s.socket.take(), { type: "release", id: held.id });
  s.socket.say({ type: "released", id: held.id });
  assert.equal(await held.promise, "done");
  s.socket.drop(1012);
  await s.clock.pass(50);
  s.socket.hello();
  assert.equal(s.socket.takeAll().length, 2);
  for (const p of [first, second]) p.catch(() => {});
});

// browse makes Node look like a page. It returns the page, to dispatch events and to count listeners.
function browse(t) {
  const page = { window: new EventTarget(), listeners: 0 };
  // An event of the document reaches only those listeners of its window that capture it.
  page.document = { dispatchEvent: (event) => page.window.dispatchEvent(event) };
  for (const [how, change] of [["addEventListener", 1], ["removeEventListener", -1]]) {
    const { [how]: original } = page.window;
    page.window[how] = (type, listener, capture) => {
      assert.equal(capture, true, type);
      page.listeners += change;
      original.call(page.window, type, listener, capture);
    };
  }
  globalThis.document = page.document;
  globalThis.addEventListener = page.window.addEventListener;
  globalThis.removeEventListener = page.window.removeEventListener;
  t.after(() => {
    for (const name of ["document", "addEventListener", "removeEventListener"]) delete globalThis[name];
  });
  return page;
}

test("a page that is frozen or cached releases everything, and the client reconnects when it resumes", async (t) => {
  for (const [where, type] of [["window", "pagehide"], ["document", "freeze"]]) {
    const page = browse(t);
    const s = new Stage();
    await s.enter();
    const held = await s.hold();
    const waiting = quiet(s.locks.request("a", () => {}));
    let closedAtAbort;
    held.lock.signal.onabort = () => (closedAtAbort = s.socket.closed);
    const { socket } = s;
    page[where].dispatchEvent(Object.assign(new Event(type), { persisted: true }));
    assert.equal((await outcome(held.promise)).reason.reason, "frozen");
    assert.equal(closedAtAbort, undefined, "the broker was told before the holders");
    assert.notEqual(socket.closed, undefined);
    assert.equal((await outcome(waiting)).state, "pending");
    page.document.dispatchEvent(new Event("visibilitychange"));
    s.socket.hello();
    assert.deepEqual(s.socket.take().locks, [{ name: "a" }]);
    assert.equal(await s.leave(), 0);
    assert.equal(page.listeners, 0);
  }
});

test("a page that is frozen says goodbye even if nothing is held, so that no queue waits for it", async (t) => {
  const page = browse(t);
  const s = new Stage();
  await s.enter({ resume: true }, { secret: "s1" });
  quiet(s.locks.request("a", () => {}));
  page.document.dispatchEvent(new Event("freeze"));
  assert.deepEqual(s.socket.closed, [1000, "goodbye"]);
  assert.equal(await s.leave(), 0);
});

test("a page that is shown again notices the end of the lease of an absent session", async (t) => {
  const page = browse(t);
  const s = new Stage();
  await s.enter({ resume: true }, { secret: "s1" });
  const held = await s.hold();
  const { signal } = held.lock;
  s.socket.drop();
  s.clock.freeze(10_000);
  page.document.dispatchEvent(new Event("visibilitychange"));
  assert.equal(signal.reason?.reason, "lease");
  assert.equal(await s.leave(), 0);
});

test("the client ends with a page that is left and not cached, such as a removed frame", async (t) => {
  const page = browse(t);
  const s = new Stage();
  await s.enter();
  const held = await s.hold();
  const connecting = new Stage();
  const pending = [s.locks.request("a", () => {}), s.locks.query(), s.locks.watch().next(), connecting.connect()].map(quiet);
  page.window.dispatchEvent(Object.assign(new Event("pagehide"), { persisted: false }));
  assert.deepEqual(s.socket.closed, [1000, "goodbye"]);
  assert.equal((await outcome(held.promise)).reason.reason, "closed");
  for (const p of [...pending, s.locks.query(), s.locks.request("a", () => {})].map(quiet)) {
    assert.equal((await outcome(p)).reason?.name, "InvalidStateError");
  }
  assert.equal((await s.locks.closed).name, "InvalidStateError");
  assert.equal((await outcome(s.locks.close())).state, "fulfilled", "no connection is left to wait for");
  s.socket.drop(1000);
  connecting.socket.drop();
  assert.equal(page.listeners, 0);
});

test("connect: rejects in a frame that was removed", async (t) => {
  browse(t).document.defaultView = null;
  const s = new Stage();
  assert.equal((await outcome(s.connect())).reason.name, "InvalidStateError");
  assert.equal(s.sockets.length, 0);
});

test("pauses between attempts grow, and end when the network is back or the page is shown", async (t) => {
  const browser = browse(t);
  const page = browser.document;
  page.hidden = true;
  const online = () => browser.window.dispatchEvent(new Event("online"));
  const s = new Stage();
  s.clock.dice = 1;
  await s.enter();
  s.socket.drop();
  for (let i = 0; i < 8; i++) {
    await s.clock.pass(5_000);
    s.socket.refuse();
  }
  const count = s.sockets.length;
  page.dispatchEvent(new Event("visibilitychange"));
  assert.equal(s.sockets.length, count, "the page is hidden");
  online();
  assert.equal(s.sockets.length, count + 1, "the network is back, even for a hidden page");
  s.socket.refuse();
  page.hidden = false;
  page.dispatchEvent(new Event("visibilitychange"));
  assert.equal(s.sockets.length, count + 2);
  online();
  assert.equal(s.sockets.length, count + 2, "an attempt is being made");
  s.socket.refuse();
  online();
  assert.equal(s.sockets.length, count + 3);
  s.socket.hello();
  assert.equal(await s.leave(), 0);
  assert.equal(browser.listeners, 0);
});

test("a close code whose retry is never ends the client", async () => {
  for (const end of [(socket) => socket.drop(1009), (socket) => socket.drop(1002)]) {
    const s = new Stage();
    await s.enter();
    const waiting = quiet(s.locks.request("a", () => {}));
    end(s.socket);
    const reason = await s.locks.closed;
    assert.ok(reason instanceof ConnectionError);
    assert.equal((await outcome(waiting)).reason, reason);
    assert.equal((await outcome(s.locks.request("a", () => {}))).reason, reason);
    s.socket.drop();
    await settle();
    assert.equal(s.clock.timers, 0);
  }
});

test("a reconnect that is refused with a final status ends the client", async () => {
  const s = new Stage();
  await s.enter();
  s.socket.drop();
  await s.clock.pass(50);
  s.socket.refuse("Unexpected server response: 401");
  assert.equal((await s.locks.closed).status, 401);
  assert.equal(s.clock.timers, 0);
});

test("the lease is extended by each pong, from when its ping was sent", async (t) => {
  const s = await stage(t);
  const held = await s.hold();
  s.socket.takeAll();
  await s.clock.pass(5_000);
  const { type, id } = s.socket.take();
  assert.equal(type, "ping");
  await s.clock.pass(4_000);
  s.socket.say({ type: "pong", id }); // its ping was sent at 5 s, so the lease lasts until 15 s
  await s.clock.pass(5_999);
  assert.equal((await outcome(held.promise)).state, "pending");
  await s.clock.pass(1);
  assert.equal((await outcome(held.promise)).reason.reason, "lease");
});

test("after the lease the connection stays open, in silence, until the broker has ended the session", async (t) => {
  const s = await stage(t);
  const held = await s.hold();
  const { socket } = s;
  await s.clock.pass(10_000);
  assert.equal((await outcome(held.promise)).reason.reason, "lease");
  assert.equal(socket.closed, undefined);
  socket.takeAll();
  held.resolve();
  await s.clock.pass(4_999);
  assert.equal(socket.closed, undefined);
  assert.deepEqual(socket.takeAll(), []);
  await s.clock.pass(1);
  assert.notEqual(socket.closed, undefined);
  assert.ok(s.sockets.length > 1, "the client has not reconnected meanwhile");
});

test("if nothing was held, the connection is closed at the end of the lease", async (t) => {
  const s = await stage(t);
  const { socket } = s;
  await s.clock.pass(10_000);
  assert.notEqual(socket.closed, undefined);
});

test("a frozen process notices the end of the lease at a message, and at a read of the signal", async (t) => {
  for (const wake of [(s) => s.socket.say({ type: "draining" }), (s, { lock }) => lock.signal, (s) => s.socket.drop()]) {
    for (const mono of [true, false]) {
      const s = new Stage();
      await s.enter();
      const held = await s.hold();
      const { signal } = held.lock;
      s.clock.freeze(10_000, { mono });
      assert.equal(signal.aborted, false);
      wake(s, held);
      assert.equal(signal.aborted, true);
      assert.equal(signal.reason.reason, "lease");
      await s.leave();
    }
  }
});

test("a bad frame ends the connection, in silence if locks are held", async (t) => {
  for (const frame of [
    "nonsense", "null", "[]", "{}", '{"type":"new"}', '{"type":"new","id":"aaaaaaaa--9"}',
    '{"type":"released","id":"aaaaaaaa--0"}', '{"type":"pong","id":"aaaaaaaa--0"}', '{"type":"granted","id":"aaaaaaaa--0"}',
    '{"type":"error","code":"bad_request","message":"?"}',
    new ArrayBuffer(8), Buffer.from('{"type":"draining"}'), // binary frames, as browsers and the package ws deliver them
  ]) {
    const s = new Stage();
    await s.enter();
    const held = await s.hold();
    const { socket } = s;
    socket.onmessage({ data: frame });
    const { reason } = await outcome(held.promise);
    assert.equal(reason?.reason, "connection", String(frame));
    assert.equal(socket.closed, undefined);
    await s.clock.pass(15_000);
    assert.notEqual(socket.closed, undefined);
    await s.leave();
  }
});

test("messages about requests that have ended are ignored", async (t) => {
  const s = await stage(t);
  for (const type of ["granted", "released", "cancelled", "lost", "pong", "change", "unwatched", "info", "why", "clients", "evicted"]) {
    s.socket.say({ type, id: "aaaaaaaa--99", token: 5 });
  }
  assert.equal(s.locks.session, "aaaaaaaa");
});

test("close: holders are told first, then waiters, then the broker", async () => {
  const s = new Stage();
  await s.enter();
  const held = await s.hold();
  let atAbort;
  held.lock.signal.onabort = () => (atAbort = s.socket.closed);
  const waiting = quiet(s.locks.request("a", () => {}));
  const asked = quiet(s.locks.query());
  const closing = s.locks.close();
  assert.equal(atAbort, undefined);
  assert.deepEqual(s.socket.closed, [1000, "goodbye"]);
  const lost = (await outcome(held.promise)).reason;
  assert.deepEqual([lost.name, lost.reason], ["LostError", "closed"]);
  for (const p of [waiting, asked, s.locks.request("a", () => {}), s.locks.query(), s.locks.why("a")].map(quiet)) {
    assert.equal((await outcome(p)).reason?.name, "InvalidStateError");
  }
  assert.equal((await outcome(closing)).state, "pending");
  s.socket.drop(1000);
  await closing;
  await s.locks.close();
  assert.equal(s.clock.timers, 0);
});

test("close: waits for 2 s at most, and hangs up silent connections", async () => {
  const s = new Stage();
  await s.enter();
  await s.hold();
  const first = s.socket;
  await s.clock.pass(10_100);
  s.socket.hello();
  await settle();
  const closing = s.locks.close();
  assert.notEqual(first.closed, undefined);
  await s.clock.pass(2_000);
  assert.equal((await outcome(closing)).state, "fulfilled");
  assert.equal(s.clock.timers, 0);
});

test("close: leaves nothing if it is called while a holder is being told of a loss", async () => {
  const s = new Stage();
  await s.enter();
  const held = await s.hold();
  held.lock.signal.onabort = () => s.locks.close();
  await s.clock.pass(10_000);
  assert.equal((await outcome(held.promise)).state, "rejected");
  assert.equal(s.clock.timers, 0);
  assert.equal(s.sockets.length, 1);
});

test("answered pings and questions leave nothing open on the connection", async (t) => {
  const s = await stage(t);
  const why = s.locks.why("a");
  await settle();
  s.socket.say({ type: "why", id: s.socket.take().id, chain: [] });
  await why;
  for (let i = 0; i < 100; i++) {
    await s.clock.pass(5_000);
    s.socket.say({ type: "pong", id: s.socket.take().id });
    await settle();
  }
  assert.equal(s.locks.session, "aaaaaaaa");
  assert.equal(s.clock.timers, 2, "for the next ping, and for the end of the lease");
});

test("a pong just before the end of the connection leaves no timer", async () => {
  for (const options of [{}, { resume: true }]) {
    const s = new Stage();
    await s.enter(options, { secret: "s1" });
    await s.hold();
    s.socket.takeAll();
    await s.clock.pass(5_000);
    s.socket.say({ type: "pong", id: s.socket.take().id });
    s.socket.drop(); // before any promise reacts
    await settle();
    assert.equal(s.clock.timers, options.resume ? 2 : 1, "for the next attempt, and for the lease of what is kept");
    await s.locks.close();
    assert.equal(s.clock.timers, 0);
  }
});

test("close: waits for the end of an attempt, which may be only an error event", async () => {
  const s = new Stage();
  await s.enter();
  s.socket.drop();
  await s.clock.pass(50);
  const closing = s.locks.close();
  assert.equal((await outcome(closing)).state, "pending");
  s.socket.refuse();
  assert.equal((await outcome(closing)).state, "fulfilled");
  assert.equal(s.clock.timers, 0);
});

test("notGranting follows the hello and the answers of the broker", async (t) => {
  const s = await stage(t, undefined, { grace_ms: 15_000, not_granting: "grace" });
  assert.equal(s.locks.notGranting, "grace");
  await s.clock.pass(5_000);
  s.socket.say({ type: "pong", id: s.socket.take().id, not_granting: "no_tokens" });
  assert.equal(s.locks.notGranting, "no_tokens");
  const chain = s.locks.why("a");
  await settle();
  s.socket.say({ type: "why", id: s.socket.take().id, chain: [] });
  assert.deepEqual(await chain, []);
  assert.equal(s.locks.notGranting, undefined);
  s.socket.drop();
  assert.equal(s.locks.notGranting, undefined);
});
