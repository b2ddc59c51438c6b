// Sessions that outlive their connection: see broker/wire/PROTOCOL.md, "Taking up a session on another connection".

import assert from "node:assert/strict";
import test from "node:test";
import { ConnectionError, LostError } from "../client.js";
import { connect as inspect } from "../inspector.js";
import { Stage, outcome, quiet, settle } from "./internal/stage.js";

const first = { secret: "s1" }; // of the hello of the session aaaaaaaa
const second = { session: "bbbbbbbb", secret: "s2" };

// stage returns a stage with a session that can be taken up.
async function stage(t, options, hello = first) {
  const s = new Stage();
  await s.enter(options, hello);
  s.losses = [];
  s.locks.addEventListener("lateloss", ({ error }) => s.losses.push(error));
  t.after(async () => assert.equal(await s.leave(), 0, "timers are left"));
  return s;
}

const kept = (t, options) => stage(t, { resume: true, ...options });

// move lets the broker say that it moves, and says hello on the next connection. It returns the statement.
async function move(s, hello = second) {
  s.socket.say({ type: "moving" });
  return reconnect(s, hello);
}

// drop ends the connection, and says hello on the next one. It returns the statement.
async function drop(s, hello = second) {
  s.socket.drop();
  return reconnect(s, hello);
}

async function reconnect(s, hello = second) {
  const { length } = s.sockets;
  while (s.sockets.length === length) await s.clock.pass(25);
  s.socket.hello(hello);
  await settle();
  const [statement, ...more] = s.socket.takeAll();
  assert.equal(statement?.type, "resume");
  assert.deepEqual(more, [], "something is sent before the reply");
  return statement;
}

async function reply(s, m, statement) {
  s.socket.say({ id: statement.id, ...m });
  await settle();
}

const resumed = (s, statement, ...held) => reply(s, { type: "resumed", held }, statement);
const notResumed = (s, statement) => reply(s, { type: "not_resumed", message: "no such session" }, statement);

// wait makes a request that waits, and returns its promise.
function wait(s, name, options = {}) {
  const promise = quiet(s.locks.request(name, options, () => "done"));
  promise.id = s.socket.takeAll().at(-1).id;
  return promise;
}

const state = async (promise) => (await outcome(promise)).state;
const reasonOf = async (promise) => (await outcome(promise)).reason;

test("the query says how the client takes up its session", async () => {
  const s = new Stage();
  const mode = (connecting) => {
    quiet(connecting);
    return new URL(s.socket.url).searchParams.getAll("resume");
  };
  assert.deepEqual(mode(s.connect()), ["moved"]);
  assert.deepEqual(mode(s.connect({ resume: false })), ["moved"]);
  assert.deepEqual(mode(s.connect({ resume: true })), ["kept"]);
  assert.deepEqual(mode(s.connect({ url: "ws://stage/?draining=accept", resume: true })), [], "it asks for no locks");
  assert.deepEqual(mode(inspect("ws://stage", { WebSocket: s.WebSocket, clock: s.clock })), []);
});

test("moving: holders hold on, and the session is taken up under its old name and ids", async (t) => {
  const s = await stage(t);
  const held = await s.hold("a", {}, 7);
  const waiting = wait(s, "b", { wait: 30_000, author: "me" });
  const events = [];
  for (const type of ["disconnected", "connected"]) s.locks.addEventListener(type, () => events.push(type));
  await s.clock.pass(1_200);
  const old = s.socket;
  old.say({ type: "moving" });
  assert.notEqual(old.closed, undefined);
  assert.equal(s.locks.session, "");
  const later = quiet(s.locks.request("c", () => {}));
  assert.deepEqual(await reconnect(s), {
    type: "resume", id: "bbbbbbbb--0", session: "aaaaaaaa", secret: "s1",
    held: [{ n: 0, token: 7, age_ms: 1_225, locks: [{ name: "a" }] }],
    waiting: [{ n: 1, age_ms: 1_225, locks: [{ name: "b" }], author: "me", wait_ms: 28_775 }],
  });
  assert.deepEqual(events, ["disconnected"]);
  await reply(s, { type: "resumed", held: [0] }, { id: "bbbbbbbb--0" });
  assert.deepEqual(events, ["disconnected", "connected"]);
  assert.equal(s.locks.session, "aaaaaaaa");
  assert.deepEqual(s.socket.takeAll(), [{ type: "acquire", id: "aaaaaaaa--2", locks: [{ name: "c" }] }]);
  assert.equal(held.lock.signal.aborted, false);
  s.socket.say({ type: "granted", id: waiting.id, token: 8 });
  await settle();
  assert.deepEqual(s.socket.take(), { type: "release", id: waiting.id });
  s.socket.say({ type: "released", id: waiting.id });
  assert.equal(await waiting, "done");
  held.resolve(1);
  await settle();
  assert.deepEqual(s.socket.take(), { type: "release", id: held.id });
  s.socket.say({ type: "released", id: held.id });
  assert.equal(await held.promise, 1);
  assert.equal(await state(later), "pending");
});

test("the heartbeat, the limits and the timeout of the new hello count", async (t) => {
  const s = await stage(t);
  const held = await s.hold();
  const limits = { message_bytes: 400 };
  const statement = await move(s, { ...second, heartbeat_ms: 1_000, timeout_ms: 6_000, limits });
  await resumed(s, statement, 0);
  const big = await reasonOf(s.locks.request("x".repeat(400), () => {}));
  assert.ok(big instanceof RangeError);
  await s.clock.pass(1_000);
  assert.equal(s.socket.take().type, "ping");
  await s.clock.pass(2_997);
  assert.equal(held.lock.signal.aborted, false);
  await s.clock.pass(3);
  assert.equal(held.lock.signal.reason.reason, "lease");
});

test("moving without a secret is a frame that the client cannot understand", async (t) => {
  const s = await stage(t, { resume: true }, {});
  const held = await s.hold();
  s.socket.say({ type: "moving" });
  assert.equal((await reasonOf(held.promise)).reason, "connection");
});

test("without the option, only a move leaves the session", async (t) => {
  for (const end of [(s) => s.socket.drop(), (s) => s.socket.drop(1012), (s) => s.socket.say("nonsense")]) {
    const s = await stage(t);
    const held = await s.hold();
    end(s);
    assert.equal((await reasonOf(held.promise)).reason, "connection");
    await s.clock.pass(50);
    s.socket.hello(second);
    await settle();
    assert.deepEqual(s.socket.takeAll(), []);
  }
});

test("with the option, other ends leave the session, too", async (t) => {
  for (const end of [
    (s) => s.socket.drop(), (s) => s.socket.drop(1008, "slow consumer"), (s) => s.socket.drop(4401),
    (s) => s.socket.drop(1000), (s) => s.socket.refuse("reset"), (s) => s.socket.say("nonsense"), (s) => s.socket.say({ type: "moving" }),
  ]) {
    const s = await kept(t);
    const held = await s.hold();
    const { socket } = s;
    end(s);
    assert.equal(await state(held.promise), "pending");
    assert.equal(held.lock.signal.aborted, false);
    assert.notEqual(socket.closed, undefined, "the old connection stays open");
    await resumed(s, await reconnect(s), 0);
    assert.equal(held.lock.signal.aborted, false);
    await s.leave();
  }
});

test("some close codes end the session even with the option", async () => {
  for (const code of [1002, 1003, 1009, 1012, 4403]) {
    const s = new Stage();
    await s.enter({ resume: true }, first);
    const held = await s.hold();
    s.socket.drop(code);
    const { reason, cause } = await reasonOf(held.promise);
    assert.deepEqual([reason, cause.code], ["connection", code]);
    await s.leave();
  }
});

test("a broker that gives no secret cannot do it: the locks are lost as usual", async (t) => {
  const s = await stage(t, { resume: true }, {});
  const held = await s.hold();
  s.socket.drop();
  assert.equal((await reasonOf(held.promise)).reason, "connection");
});

test("if the next broker gives no secret, the locks are lost, and what waits is submitted again", async (t) => {
  const s = await kept(t);
  const held = await s.hold();
  wait(s, "b");
  s.socket.drop();
  await s.clock.pass(25);
  assert.equal(await state(held.promise), "pending");
  s.socket.hello({ session: "bbbbbbbb" });
  assert.ok((await reasonOf(held.promise)) instanceof LostError);
  assert.deepEqual(s.socket.takeAll(), [{ type: "acquire", id: "bbbbbbbb--0", locks: [{ name: "b" }] }]);
});

test("messages that still arrive after the end of the connection are ignored", async (t) => {
  const s = await kept(t);
  const held = await s.hold();
  const waiting = wait(s, "b");
  const old = s.socket;
  old.say("nonsense");
  old.say({ type: "granted", id: waiting.id, token: 8 });
  old.say({ type: "lost", id: held.id, reason: "evicted" });
  assert.equal(await state(waiting), "pending");
  assert.equal(held.lock.signal.aborted, false);
  const statement = await reconnect(s);
  assert.deepEqual([statement.held.length, statement.waiting.length], [1, 1]);
  await resumed(s, statement, 0);
});

test("a statement is sent even if nothing is held", async (t) => {
  const s = await kept(t);
  assert.deepEqual(await drop(s), { type: "resume", id: "bbbbbbbb--0", session: "aaaaaaaa", secret: "s1" });
  await resumed(s, { id: "bbbbbbbb--0" });
  quiet(s.locks.request("a", () => {}));
  assert.equal(s.socket.take().id, "aaaaaaaa--0");
});

test("the lease goes on without a connection, and ends in time", async (t) => {
  const s = await kept(t);
  const held = await s.hold();
  const waiting = wait(s, "b");
  await s.clock.pass(5_000);
  s.socket.say({ type: "pong", id: s.socket.take().id }); // the lease lasts until 15 s
  await settle();
  s.socket.drop();
  s.WebSocket.prototype.send = () => assert.fail("sent");
  const { signal } = held.lock; // is not read again, so that only a timer can abort it
  await s.clock.pass(9_999);
  assert.equal(signal.aborted, false);
  await s.clock.pass(1);
  assert.equal(signal.aborted, true);
  const lost = await reasonOf(held.promise);
  assert.deepEqual([lost.name, lost.reason], ["LostError", "lease"]);
  assert.equal(await state(waiting), "pending");
  delete s.WebSocket.prototype.send;
});

test("a frozen process notices the end of the lease at a read of the signal, and at the reply", async (t) => {
  for (const mono of [true, false]) {
    const s = await kept(t);
    const held = await s.hold();
    s.socket.drop();
    s.clock.freeze(10_000, { mono });
    assert.equal(held.lock.signal.aborted, true);
    assert.equal(held.lock.signal.reason.reason, "lease");
  }
  const s = await kept(t);
  const held = await s.hold();
  await s.clock.pass(4_000);
  const statement = await drop(s);
  const { signal } = held.lock;
  s.clock.freeze(6_000); // the lease of the new connection goes on
  await resumed(s, statement, 0);
  assert.equal(signal.reason.reason, "lease");
});

// lateLease returns a stage on which the lease of a lock ends, and a wait, while their statement is on its way. At 10,025
// ms the session is taken up. At 13,636 the holder must have stopped.
async function lateLease(t, options = { resume: true }) {
  const s = await stage(t, options);
  const [held, waiting] = [await s.hold(), wait(s, "b", { wait: 9_800 })];
  await s.clock.pass(9_500);
  const statement = await move(s);
  await s.clock.pass(500);
  assert.equal((await reasonOf(held.promise)).reason, "lease");
  assert.equal((await reasonOf(waiting)).name, "TimeoutError");
  await resumed(s, statement, 0);
  return Object.assign(s, { held, waiting });
}

const cancels = (s) => s.socket.takeAll().flatMap(({ type, id }) => (type === "cancel" ? id : []));

test("the lock of a lease that ends between statement and reply is freed when its holder has stopped", async (t) => {
  const s = await lateLease(t);
  await s.clock.pass(3_611);
  assert.deepEqual(cancels(s), [], "the holder may be stopping");
  await s.clock.pass(1);
  assert.deepEqual(cancels(s), [s.held.id, s.waiting.id]);
});

test("the next statement waits for that holder, too", async (t) => {
  const s = await lateLease(t);
  s.socket.drop();
  await s.clock.pass(50);
  s.socket.hello({ session: "cccccccc", secret: "s3" });
  await s.clock.pass(3_561);
  assert.deepEqual(s.socket.takeAll(), []);
  await s.clock.pass(1);
  const statement = s.socket.take();
  assert.equal(statement.held, undefined);
  await resumed(s, statement);
  await s.clock.pass(4_000);
  assert.deepEqual(cancels(s), [], "the statement has freed it");
});

test("a connection on which that holder may be stopping is left open in silence", async (t) => {
  const s = await lateLease(t, {});
  const { socket } = s;
  socket.say("nonsense");
  await s.clock.pass(3_612);
  assert.equal(socket.closed, undefined, "the broker would free the lock");
  await s.clock.pass(12_000);
  assert.notEqual(socket.closed, undefined);
});

test("a client that is closed by that holder leaves no timer", async (t) => {
  const s = await kept(t);
  const held = await s.hold();
  await s.clock.pass(9_500);
  const statement = await drop(s);
  held.lock.signal.onabort = () => s.locks.close();
  s.clock.freeze(475);
  await resumed(s, statement, 0);
  assert.equal(held.lock.signal.aborted, true);
});

test("what waits is taken up after the lease of what was held, but not while holders may be stopping", async (t) => {
  const s = await kept(t);
  const held = await s.hold();
  const waiting = wait(s, "b");
  await s.clock.pass(10_000);
  assert.equal((await reasonOf(held.promise)).reason, "lease");
  await s.clock.pass(25);
  s.socket.hello(second);
  await s.clock.pass((15_000 * 10) / 11 - 10_026);
  assert.deepEqual(s.socket.takeAll(), [], "the statement would free the lock");
  await s.clock.pass(2);
  const statement = s.socket.take();
  assert.deepEqual([statement.held, statement.waiting.map(({ n }) => n)], [undefined, [1]]);
  await resumed(s, statement);
  s.socket.say({ type: "granted", id: waiting.id, token: 9 });
  await settle();
  assert.deepEqual(s.socket.take(), { type: "release", id: waiting.id });
});

test("the reply extends the lease, counted from when the statement was sent", async (t) => {
  const s = await kept(t);
  const held = await s.hold();
  await s.clock.pass(4_000);
  s.socket.drop();
  await s.clock.pass(500);
  s.socket.hello(second);
  const statement = s.socket.take(); // at 4.5 s
  await s.clock.pass(400);
  await resumed(s, statement, 0);
  assert.equal(s.socket.takeAll().length, 0);
  const { signal } = held.lock; // is not read again, so that only a timer can abort it
  await s.clock.pass(9_599);
  assert.equal(signal.aborted, false);
  await s.clock.pass(1);
  assert.equal(signal.reason.reason, "lease");
});

test("before the reply nothing is sent: no ping, no new request, no renewal of the credential", async (t) => {
  const s = new Stage();
  let tokens = 0;
  const connecting = s.connect({ resume: true, token: async () => `t${++tokens}` });
  await settle();
  s.socket.hello(first);
  s.locks = await connecting;
  t.after(async () => assert.equal(await s.leave(), 0));
  const held = await s.hold();
  await s.clock.pass(1_000);
  const statement = await drop(s, { ...second, expires_ms: 2_000, heartbeat_ms: 500 });
  quiet(s.locks.request("b", () => {}));
  quiet(s.locks.info().next());
  await s.clock.pass(900);
  assert.deepEqual(s.socket.takeAll(), []);
  assert.equal(held.lock.signal.aborted, false);
  await resumed(s, statement, 0);
  await s.clock.pass(0);
  const types = s.socket.takeAll().map(({ type }) => type);
  assert.deepEqual(types.sort(), ["acquire", "auth", "info", "ping"]);
});

test("without a reply, the lease ends as if there were no connection", async (t) => {
  const s = await kept(t);
  const held = await s.hold();
  await drop(s);
  await s.clock.pass(9_972);
  assert.equal(held.lock.signal.aborted, false);
  await s.clock.pass(3);
  assert.equal(held.lock.signal.reason.reason, "lease");
});

test("not_resumed: holders lose their locks, and what waits is submitted again", async (t) => {
  const s = await kept(t);
  const held = await s.hold();
  wait(s, "b", { wait: 30_000 });
  const inside = wait(s, "c", { parent: held.lock });
  const statement = await drop(s);
  await notResumed(s, statement);
  const lost = await reasonOf(held.promise);
  assert.deepEqual([lost.name, lost.reason, lost.cause.name, lost.id], ["LostError", "connection", "ConnectionError", "aaaaaaaa--0"]);
  assert.equal(held.lock.signal.reason, lost);
  assert.equal(await reasonOf(inside), lost);
  assert.deepEqual(s.socket.takeAll(), [
    { type: "acquire", id: "bbbbbbbb--1", locks: [{ name: "b" }], wait_ms: 29_975 },
  ]);
  assert.equal(s.locks.session, "bbbbbbbb");
  const again = await drop(s, { session: "cccccccc", secret: "s3" });
  assert.deepEqual([again.session, again.secret, again.tried], ["bbbbbbbb", "s2", undefined]);
  assert.deepEqual(again.waiting.map(({ n, age_ms }) => [n, age_ms]), [[1, 50]], "it waits only since then in that queue");
  await notResumed(s, again);
});

test("lost: only those in held hold on", async (t) => {
  const s = await kept(t);
  const [a, b, c] = [await s.hold("a", {}, 1), await s.hold("b", {}, 2), await s.hold("c", {}, 3)];
  const statement = await drop(s);
  assert.deepEqual(statement.held.map(({ n, token }) => [n, token]), [[0, 1], [1, 2], [2, 3]]);
  await reply(s, { type: "resumed", held: [1], lost: [0] }, statement); // and 2 in neither
  for (const { promise } of [a, c]) {
    const { name, reason, cause } = await reasonOf(promise);
    assert.deepEqual([name, reason, cause.name], ["LostError", "connection", "ConnectionError"]);
  }
  assert.equal(b.lock.signal.aborted, false);
  s.socket.say({ type: "lost", id: a.id, reason: "stolen" }); // what was missed may follow
  s.socket.say({ type: "lost", id: b.id, reason: "evicted", by: "ops" });
  assert.equal((await reasonOf(b.promise)).reason, "evicted");
});

test("lost: the reason comes before the reply", async (t) => {
  const s = await kept(t);
  const [a, b, c] = [await s.hold("a", {}, 1), await s.hold("b", {}, 2), await s.hold("c", { release: "async" }, 3)];
  const statement = await drop(s);
  c.resolve();
  await settle();
  s.socket.say({ type: "lost", id: a.id, reason: "evicted", by: "ops", message: "stuck" });
  s.socket.say({ type: "lost", id: b.id, reason: "stolen", by: "thief" });
  s.socket.say({ type: "lost", id: c.id, reason: "expired" });
  await reply(s, { type: "resumed", lost: [0, 1, 2] }, statement);
  const [evicted, stolen] = [await reasonOf(a.promise), await reasonOf(b.promise)];
  assert.deepEqual([evicted.reason, evicted.by], ["evicted", "ops"]);
  assert.deepEqual([stolen.reason, stolen.name], ["stolen", "AbortError"]);
  assert.deepEqual(s.losses.map(({ id, reason }) => [id, reason]), [[c.id, "expired"]]);
  assert.deepEqual(s.socket.takeAll(), []);
});

test("a reply that makes no sense ends the connection, and is no reply", async (t) => {
  for (const m of [{ type: "resumed", held: 5 }, { type: "resumed", held: {} }]) {
    const s = await kept(t);
    const held = await s.hold();
    await reply(s, m, await drop(s));
    assert.notEqual(s.socket.closed, undefined, JSON.stringify(m));
    assert.equal(held.lock.signal.aborted, false);
    const statement = await reconnect(s, { session: "cccccccc", secret: "s3" });
    assert.deepEqual([statement.secret, statement.tried], ["s1", ["s2"]]);
    await resumed(s, statement, 0);
  }
});

test("a request that is released meanwhile is left out, and the reply confirms that", async (t) => {
  const s = await kept(t);
  const [early, meanwhile] = [await s.hold("a"), await s.hold("b")];
  early.resolve("early"); // its release may have arrived or not
  await settle();
  s.socket.drop();
  meanwhile.resolve("meanwhile");
  await settle();
  const statement = await reconnect(s);
  assert.equal(statement.held, undefined);
  assert.deepEqual([await state(early.promise), await state(meanwhile.promise)], ["pending", "pending"]);
  await resumed(s, statement);
  assert.deepEqual([await early.promise, await meanwhile.promise], ["early", "meanwhile"]);
  assert.deepEqual(s.socket.takeAll(), []);
});

test("a release without a reply is lost with the session, or with the lease", async (t) => {
  for (const [want, end] of [
    ["connection", async (s) => notResumed(s, await reconnect(s))],
    ["lease", (s) => s.clock.pass(10_000)],
  ]) {
    const s = await kept(t);
    const held = await s.hold();
    s.socket.drop();
    held.resolve();
    await end(s);
    assert.equal((await reasonOf(held.promise)).reason, want);
  }
});

test("a release between the statement and the reply is sent after the reply", async (t) => {
  const s = await kept(t);
  const [a, b] = [await s.hold("a"), await s.hold("b")];
  const statement = await drop(s);
  assert.equal(statement.held.length, 2);
  a.resolve("a");
  b.resolve("b");
  await settle();
  assert.deepEqual(s.socket.takeAll(), []);
  await resumed(s, statement, 0);
  assert.deepEqual(s.socket.takeAll(), [{ type: "release", id: a.id }]);
  assert.equal(await state(a.promise), "pending");
  s.socket.say({ type: "released", id: a.id });
  assert.equal(await a.promise, "a");
  assert.equal((await reasonOf(b.promise)).reason, "connection", "it was lost before its release");
});

test("async releases: the reply confirms them, and otherwise the loss is reported", async (t) => {
  for (const isResumed of [true, false]) {
    const s = await kept(t);
    const [early, meanwhile] = [await s.hold("a", { release: "async" }), await s.hold("b", { release: "async" })];
    early.resolve();
    await settle();
    s.socket.drop();
    meanwhile.resolve();
    assert.equal(await state(meanwhile.promise), "fulfilled");
    const statement = await reconnect(s);
    assert.equal(statement.held, undefined);
    assert.deepEqual(s.losses, []);
    await (isResumed ? resumed : notResumed)(s, statement);
    assert.deepEqual(s.losses.map(({ id, reason }) => `${id} ${reason}`), isResumed ? [] : [`${meanwhile.id} connection`, `${early.id} connection`]);
    await s.clock.pass(5_000);
    assert.deepEqual(s.socket.takeAll().map(({ type }) => type), ["ping"], "nothing is left to confirm");
  }
});

test("an async release between the statement and the reply is sent and confirmed on the new connection", async (t) => {
  const s = await kept(t);
  const held = await s.hold("a", { release: "async" });
  const statement = await drop(s);
  held.resolve();
  await held.promise;
  await resumed(s, statement, 0);
  assert.deepEqual(s.socket.takeAll(), [{ type: "release", id: held.id, quiet: true }]);
  const later = quiet(s.locks.request("b", () => {}));
  const { id } = s.socket.take();
  s.socket.say({ type: "error", id, code: "deadlock", message: "", cycle: [] }); // a reply about a later request
  await reasonOf(later);
  s.socket.drop(1012);
  assert.deepEqual(s.losses, []);
});

test("an async release of a lock that was lost meanwhile is reported", async (t) => {
  const s = await kept(t);
  const held = await s.hold("a", { release: "async" });
  const statement = await drop(s);
  held.resolve();
  await held.promise;
  await reply(s, { type: "resumed", lost: [0] }, statement);
  assert.deepEqual(s.losses.map(({ id, reason }) => [id, reason]), [[held.id, "connection"]]);
});

test("a request that is cancelled meanwhile is left out, and one that is cancelled later is cancelled", async (t) => {
  const s = await kept(t);
  const controllers = [0, 1, 2].map(() => new AbortController());
  const [early, meanwhile, late] = controllers.map(({ signal }) => wait(s, "b", { signal }));
  controllers[0].abort("early");
  s.socket.drop();
  controllers[1].abort("meanwhile");
  const statement = await reconnect(s);
  assert.deepEqual(statement.waiting.map(({ n }) => n), [2]);
  controllers[2].abort("late");
  assert.deepEqual(s.socket.takeAll(), []);
  await resumed(s, statement);
  assert.deepEqual(s.socket.takeAll(), [{ type: "cancel", id: late.id }]);
  s.socket.say({ type: "granted", id: late.id, token: 5 });
  s.socket.say({ type: "cancelled", id: late.id });
  assert.deepEqual([await reasonOf(early), await reasonOf(meanwhile), await reasonOf(late)], ["early", "meanwhile", "late"]);
  assert.equal(s.locks.session, "aaaaaaaa");
});

test("a wait that passes meanwhile ends, and the broker is told if it was stated", async (t) => {
  const s = await kept(t);
  const [short, long] = [wait(s, "b", { wait: 20 }), wait(s, "b", { wait: 1_000 })];
  s.socket.drop();
  await s.clock.pass(20);
  const { name, message } = await reasonOf(short);
  assert.equal(name, "TimeoutError");
  assert.match(message, /connection to ws:\/\/stage\/ws has ended/);
  const statement = await reconnect(s);
  assert.deepEqual(statement.waiting.map(({ n, wait_ms }) => [n, wait_ms]), [[1, 955]]);
  await s.clock.pass(955);
  assert.equal((await reasonOf(long)).name, "TimeoutError");
  assert.deepEqual(s.socket.takeAll(), []);
  await resumed(s, statement);
  assert.deepEqual(s.socket.takeAll(), [{ type: "cancel", id: long.id }]);
});

test("after the reply, the broker counts a wait that it has taken up", async (t) => {
  const s = await kept(t);
  const waiting = wait(s, "b", { wait: 1_000 });
  await resumed(s, await drop(s));
  await s.clock.pass(1_500);
  assert.equal(await state(waiting), "pending");
  s.socket.say({ type: "error", id: waiting.id, code: "timeout", message: "" });
  assert.equal((await reasonOf(waiting)).name, "TimeoutError");
});

test("a hold goes on, and passes, without a connection", async (t) => {
  const s = await kept(t);
  const [short, long] = [await s.hold("a", { hold: 1_000 }), await s.hold("b", { hold: 1_900 })];
  await s.clock.pass(990);
  const first = await drop(s, { ...second, timeout_ms: 12_000 });
  const backstop = (left) => Math.ceil((left + 8_000) * 1.1);
  assert.deepEqual(first.held.map(({ n, hold_ms }) => [n, hold_ms]), [[1, backstop(1_900 - 1_015)]]);
  assert.equal((await reasonOf(short.promise)).reason, "expired");
  await s.clock.pass(885);
  assert.equal((await reasonOf(long.promise)).reason, "expired");
  assert.deepEqual(s.socket.takeAll(), []);
  await resumed(s, first, 1);
  assert.deepEqual(s.socket.takeAll(), [{ type: "cancel", id: long.id }]);
});

test("a statement has all options of a request", async (t) => {
  const s = await kept(t, { author: "me" });
  const parent = await s.hold("p", { author: "you" });
  const held = await s.hold("s", { mode: "shared", limit: 3, names: ["", "x"], parent: parent.lock, ifAvailable: true });
  wait(s, "w", { parent: "other123--4", hold: 1_000 });
  await s.clock.pass(10.6);
  const { held: [, inner], waiting, held: [outer] } = await drop(s);
  const mode = "shared";
  assert.deepEqual(outer, { n: 0, token: 7, age_ms: 35, locks: [{ name: "p" }], author: "you" });
  assert.deepEqual(inner, {
    n: 1, token: 7, age_ms: 35, author: "me", parent: parent.id,
    locks: [{ name: "s", mode, limit: 3 }, { name: "\uFFFF", mode, limit: 3 }, { name: "x", mode, limit: 3 }],
  });
  assert.deepEqual(waiting, [{ n: 2, age_ms: 35, locks: [{ name: "w" }], author: "me", parent: "other123--4", hold_ms: 12_100 }]);
  await resumed(s, { id: "bbbbbbbb--0" }, 0, 1);
  assert.equal(held.lock.signal.aborted, false);
});

test("steals and requests that must not wait are left out, and fail", async (t) => {
  const s = await kept(t);
  const failing = [{ steal: true }, { ifAvailable: true }, { wait: 0 }].map((options) => wait(s, "b", options));
  const thief = await s.hold("c", { steal: true });
  const statement = await drop(s);
  for (const promise of failing) assert.ok((await reasonOf(promise)) instanceof ConnectionError);
  assert.deepEqual([statement.held.map(({ n }) => n), statement.waiting], [[3], undefined]);
  await resumed(s, statement, 3);
  assert.equal(thief.lock.signal.aborted, false);
});

test("a long statement goes in several messages, each within the limit", async (t) => {
  const s = await kept(t);
  const held = [];
  for (let i = 0; i < 20; i++) held.push(await s.hold(`held/${i}/é`, {}, i + 1));
  for (let i = 0; i < 20; i++) wait(s, `waiting/${i}/\u{1F512}`);
  const sent = [];
  s.WebSocket.prototype.send = function (frame) {
    sent.push(Buffer.byteLength(frame));
    this.sent.push(frame);
  };
  s.socket.drop();
  await s.clock.pass(25);
  s.socket.hello({ ...second, limits: { message_bytes: 700 } });
  await settle();
  const parts = s.socket.takeAll();
  assert.ok(parts.length > 3 && Math.max(...sent) <= 700 && sent[0] > 500, `${sent}`);
  parts.forEach((part, i) => {
    assert.deepEqual([part.id, part.session, part.secret, part.more], [`bbbbbbbb--${i}`, "aaaaaaaa", "s1", i < parts.length - 1 || undefined]);
  });
  const all = (list) => parts.flatMap((part) => part[list] ?? []).map(({ n }) => n);
  assert.deepEqual(all("held"), held.map((_, i) => i));
  assert.deepEqual(all("waiting"), held.map((_, i) => 20 + i));
  await reply(s, { type: "resumed", held: all("held") }, parts.at(-1));
  assert.ok(held.every(({ lock }) => !lock.signal.aborted));
  quiet(s.locks.request("z", () => {}));
  assert.equal(s.socket.take().id, "aaaaaaaa--40");
  await s.leave();
});

test("a holder whose request does not fit into a message must have stopped before the statement", async (t) => {
  for (const end of [(s) => s.socket.drop(), (s) => s.socket.say({ type: "moving" })]) {
    const s = await kept(t);
    const [big, held] = [await s.hold("x".repeat(900), {}, 9), await s.hold("a", {}, 10)];
    wait(s, "y".repeat(900)); // does not fit, either, but nobody must stop
    await s.clock.pass(1_000);
    end(s);
    await s.clock.pass(25);
    s.socket.hello({ ...second, limits: { message_bytes: 700 } });
    assert.equal((await reasonOf(big.promise)).reason, "connection");
    await s.clock.pass(4_999);
    assert.deepEqual(s.socket.takeAll(), []);
    await s.clock.pass(1);
    const statement = s.socket.take();
    assert.deepEqual(statement.held.map(({ n }) => n), [1]);
    await resumed(s, statement, 1);
    assert.equal(held.lock.signal.aborted, false);
    await s.leave();
  }
});

test("the next statement waits for such a holder, too, and a close ends in time", async (t) => {
  const s = await kept(t);
  const big = await s.hold("x".repeat(900));
  s.socket.drop();
  await s.clock.pass(25);
  const limits = { message_bytes: 700 };
  s.socket.hello({ ...second, limits });
  await s.clock.pass(2_000);
  s.socket.drop(1012); // nothing was stated, so the session has not ended
  await s.clock.pass(50);
  s.socket.hello({ session: "cccccccc", secret: "s3", limits });
  await s.clock.pass(2_949);
  assert.deepEqual(s.socket.takeAll(), []);
  await s.clock.pass(1);
  assert.equal(s.socket.take().tried, undefined);
  assert.equal((await reasonOf(big.promise)).reason, "connection");
  const closing = await kept(t);
  const last = await closing.hold("x".repeat(900));
  closing.socket.drop();
  await closing.clock.pass(25);
  let closed;
  last.lock.signal.onabort = () => (closed = closing.locks.close());
  closing.socket.hello({ ...second, limits });
  await closing.clock.pass(2_000); // the broker does not answer
  assert.deepEqual(closing.socket.closed, [1000, "goodbye"]);
  assert.equal(await state(closed), "fulfilled");
});

test("a part of a statement may be refused", async (t) => {
  const s = await kept(t);
  const held = [];
  for (let i = 0; i < 20; i++) held.push(await s.hold(`held/${i}`, {}, i + 1));
  s.socket.drop();
  await s.clock.pass(25);
  s.socket.hello({ ...second, limits: { message_bytes: 400 } });
  const parts = s.socket.takeAll();
  await notResumed(s, parts[0]);
  await reply(s, { type: "not_resumed", message: "" }, parts[1]);
  assert.ok(held.every(({ lock }) => lock.signal.aborted));
  quiet(s.locks.request("z", () => {}));
  assert.equal(s.socket.take().id, `bbbbbbbb--${parts.length}`);
});

test("after each reply the secret is the new one; without a reply, both are tried", async (t) => {
  const s = await kept(t);
  const held = await s.hold();
  const secrets = ({ secret, tried }) => [secret, tried];
  await resumed(s, await drop(s), 0);
  assert.deepEqual(secrets(await drop(s, { session: "cccccccc", secret: "s3" })), ["s2", undefined]);
  assert.deepEqual(secrets(await drop(s, { session: "dddddddd", secret: "s4" })), ["s2", ["s3"]]);
  s.socket.drop();
  await s.clock.pass(150);
  s.socket.refuse(); // no hello, so no other secret
  await s.clock.pass(300);
  s.socket.hello({ session: "eeeeeeee", secret: "s5" });
  const statement = s.socket.take();
  assert.deepEqual(secrets(statement), ["s2", ["s3", "s4"]]);
  assert.equal(statement.session, "aaaaaaaa");
  await resumed(s, statement, 0);
  assert.deepEqual(secrets(await drop(s, { session: "ffffffff", secret: "s6" })), ["s5", undefined]);
  assert.equal(held.lock.signal.aborted, false);
});

test("without a reply, the first secret and the latest are tried again, for two session timeouts", async (t) => {
  const s = await kept(t);
  s.clock.dice = 0;
  wait(s, "b");
  s.socket.drop();
  const secrets = [];
  const attempt = async () => {
    await s.clock.pass(0);
    const secret = `t${secrets.length}`;
    s.socket.hello({ session: "cccccccc", secret });
    const { type, secret: own, tried = [] } = s.socket.take();
    assert.deepEqual([type, own], ["resume", "s1"]);
    assert.deepEqual(tried, secrets.length > 16 ? ["t0", ...secrets.slice(-15)] : secrets);
    secrets.push(secret);
    s.socket.drop();
  };
  for (let i = 0; i < 20; i++) await attempt();
  s.clock.freeze(30_000);
  await attempt();
  s.clock.freeze(1);
  await s.clock.pass(0);
  s.socket.hello({ session: "dddddddd", secret: "u" });
  assert.deepEqual(s.socket.takeAll(), [{ type: "acquire", id: "dddddddd--0", locks: [{ name: "b" }] }]);
});

test("a repeated grant changes nothing, and one with another token makes no sense", async (t) => {
  const s = await kept(t);
  let calls = 0;
  const held = quiet(s.locks.request("a", () => new Promise(() => calls++)));
  const { id } = s.socket.take();
  for (let i = 0; i < 2; i++) s.socket.say({ type: "granted", id, token: 7 });
  await resumed(s, await drop(s), 0);
  s.socket.say({ type: "granted", id, token: 7 });
  await settle();
  assert.equal(calls, 1);
  assert.equal(await state(held), "pending");
  s.socket.say({ type: "granted", id, token: 8 });
  assert.notEqual(s.socket.closed, undefined);
});

test("moved: while a statement is on its way, every end leaves the session except some close codes", async (t) => {
  const s = await stage(t);
  const held = await s.hold();
  await move(s);
  s.socket.say({ type: "moving" });
  assert.equal(held.lock.signal.aborted, false);
  await s.clock.pass(100);
  s.socket.drop(); // no statement was sent
  assert.equal(held.lock.signal.aborted, false);
  await s.clock.pass(200);
  s.socket.hello({ session: "cccccccc", secret: "s3" });
  assert.deepEqual(s.socket.take().tried, ["s2"]);
  s.socket.drop(1008); // the broker keeps the session if it has taken it up
  assert.equal(held.lock.signal.aborted, false);
  await s.clock.pass(400);
  s.socket.hello({ session: "eeeeeeee", secret: "s5" });
  assert.deepEqual(s.socket.take().tried, ["s2", "s3"]);
  s.socket.drop(1012); // it may have been taken up, and have ended with this connection
  assert.equal((await reasonOf(held.promise)).reason, "connection");
  await s.clock.pass(1_000);
  s.socket.hello({ session: "dddddddd", secret: "s4" });
  assert.deepEqual(s.socket.takeAll(), []);
});

test("watches begin again on the next connection, and questions fail", async (t) => {
  const s = await kept(t);
  const watch = s.locks.watch();
  const watching = quiet(watch.next());
  const question = quiet(s.locks.why("a"));
  await settle();
  s.socket.takeAll();
  const statement = await drop(s);
  assert.ok((await reasonOf(question)) instanceof ConnectionError);
  await resumed(s, statement);
  const { type, id } = s.socket.take();
  assert.deepEqual([type, id], ["watch", "aaaaaaaa--2"]);
  s.socket.say({ type: "watching", id });
  assert.deepEqual((await watching).value, { event: "watching" });
  s.socket.drop();
  await watch.return();
});

test("close without a connection: holders lose their locks", async (t) => {
  const s = await kept(t);
  const held = await s.hold();
  const waiting = wait(s, "b");
  s.socket.drop();
  const closing = s.locks.close();
  const lost = await reasonOf(held.promise);
  assert.deepEqual([lost.name, lost.reason, lost.cause.name], ["LostError", "closed", "InvalidStateError"]);
  assert.equal((await reasonOf(waiting)).name, "InvalidStateError");
  assert.equal(await state(closing), "fulfilled");
  assert.equal(s.clock.timers, 0);
  assert.equal(s.sockets.length, 1);
});

test("close before the reply: holders are told first, and the goodbye ends the session", async (t) => {
  const s = await kept(t);
  const held = await s.hold();
  await drop(s);
  let atAbort;
  held.lock.signal.onabort = () => (atAbort = s.socket.closed);
  s.locks.close();
  assert.equal((await reasonOf(held.promise)).reason, "closed");
  assert.equal(atAbort, undefined);
  assert.deepEqual(s.socket.closed, [1000, "goodbye"]);
});

test("close by a holder who is told of its loss leaves nothing", async (t) => {
  for (const end of [notResumed, (s, statement) => resumed(s, statement), (s) => s.clock.freeze(10_000)]) {
    const s = await kept(t);
    const held = await s.hold();
    const statement = await drop(s);
    held.lock.signal.onabort = () => s.locks.close();
    await end(s, statement);
    await resumed(s, statement, 0);
    assert.equal(held.lock.signal.aborted, true);
    assert.equal(s.locks.session, "");
    assert.equal(await s.leave(), 0);
  }
});

test("a client that ends for another reason loses its locks, too", async (t) => {
  const s = await kept(t);
  const held = await s.hold();
  s.socket.drop();
  await s.clock.pass(25);
  s.socket.refuse("Unexpected server response: 403");
  const { reason, cause } = await reasonOf(held.promise);
  assert.deepEqual([reason, cause.status], ["connection", 403]);
  assert.equal(s.clock.timers, 0);
});

test("a close says goodbye even if nothing is held, so that no queue waits for this client", async () => {
  const s = new Stage();
  await s.enter({ resume: true }, first);
  wait(s, "b");
  s.locks.close();
  assert.deepEqual(s.socket.closed, [1000, "goodbye"]);
  await s.leave();
});

test("an attempt to connect leaves time for others within the lease", async (t) => {
  const s = await kept(t);
  s.clock.dice = 1;
  const held = await s.hold();
  const at = [];
  s.socket.drop();
  for (let i = 0; i < 4; i++) {
    await s.clock.pass(50 * 2 ** i);
    at.push(s.clock.performance.now());
    await s.clock.pass(s.sockets.length === 2 ? 999 : 0);
    if (s.sockets.length === 2) {
      assert.equal(s.socket.closed, undefined);
      await s.clock.pass(1); // it says no hello
      assert.notEqual(s.socket.closed, undefined);
    } else s.socket.refuse();
  }
  assert.equal(s.sockets.length, 5);
  assert.deepEqual(at, [50, 1_150, 1_350, 1_750]);
  assert.equal(held.lock.signal.aborted, false);
});

test("the time for an attempt is for the answer to the statement, too, and doubles after every second round", async (t) => {
  const s = await kept(t, { url: "ws://a,ws://b" });
  s.clock.dice = 0;
  await s.hold();
  s.socket.drop();
  const took = [];
  for (let i = 0; i < 10; i++) {
    await s.clock.pass(0);
    const began = s.clock.performance.now();
    const { socket } = s;
    if (i === 1) {
      await s.clock.pass(700);
      socket.hello({ session: "cccccccc", secret: "s3" });
    }
    while (socket.closed === undefined) await s.clock.pass(100);
    took.push(s.clock.performance.now() - began);
  }
  assert.deepEqual(took, [1_000, 1_000, 1_000, 1_000, 2_000, 2_000, 2_000, 2_000, 4_000, 4_000]);
  await s.clock.pass(0);
  s.socket.hello(second);
  assert.deepEqual(s.socket.take().tried, ["s3"], "an attempt without a hello does not count");
});

test("an error refuses the statement, and not the session: it is stated again", async (t) => {
  const s = await kept(t);
  const held = await s.hold();
  await reply(s, { type: "error", code: "too_many", message: "busy" }, await drop(s));
  assert.equal(held.lock.signal.aborted, false);
  assert.notEqual(s.socket.closed, undefined);
  const statement = await reconnect(s, { session: "cccccccc", secret: "s3" });
  assert.deepEqual([statement.secret, statement.tried], ["s1", ["s2"]]);
  await resumed(s, statement, 0);
  assert.equal(held.lock.signal.aborted, false);
});

test("some close codes end a session whose statement is on its way", async () => {
  for (const code of [1012, 4403]) {
    const s = new Stage();
    await s.enter({ resume: true }, first);
    const held = await s.hold();
    await drop(s);
    s.socket.drop(code);
    assert.equal((await reasonOf(held.promise)).reason, "connection");
    await s.leave();
  }
});
