// Tokens: for each connection, and their renewal.

import assert from "node:assert/strict";
import test from "node:test";
import { LockError, LostError } from "../client.js";
import { refusal } from "../errors.js";
import { Stage, outcome, quiet, settle } from "./internal/stage.js";

const credential = { identity: "ci", expires_ms: 60_000 };

// numbered returns token-1, token-2 and so on.
function numbered() {
  let n = 0;
  return async () => `token-${++n}`;
}

// enter connects with a token.
async function enter(t, token, more) {
  const s = new Stage();
  const connecting = s.connect({ token });
  await settle();
  s.socket.hello(more);
  s.locks = await connecting;
  s.failures = [];
  s.locks.addEventListener("renewalfailed", ({ error }) => s.failures.push(error));
  t.after(async () => assert.equal(await s.leave(), 0, "timers are left"));
  return s;
}

// answer waits for an auth, and answers it. Meanwhile it answers pings. It returns the token.
async function answer(s, ms, reply) {
  await s.clock.pass(0);
  for (let passed = 0; passed <= ms; passed += 1000) {
    let token;
    for (const m of s.socket.takeAll()) {
      if (m.type === "ping") s.socket.say({ type: "pong", id: m.id });
      if (m.type === "auth") {
        ({ token } = m);
        s.socket.say({ ...reply, id: m.id });
      }
    }
    if (token) {
      await settle();
      assert.equal(passed, ms, "milliseconds until the renewal");
      return token;
    }
    if (passed < ms) await s.clock.pass(1000);
  }
  assert.fail(`no renewal after ${ms} ms; ${s.failures}`);
}

test("each connection has a new token, in a second subprotocol", async (t) => {
  const s = await enter(t, numbered());
  const offered = (token) => ["lockbroker.v1", `lockbroker.bearer.${Buffer.from(token).toString("base64url")}`];
  assert.deepEqual(s.socket.protocol, offered("token-1"));
  for (const [code, why] of [[4401, "the credential has expired"], [4403, "the credential has been revoked"]]) {
    const held = await s.hold();
    s.socket.drop(code, why);
    const { reason } = await outcome(held.promise);
    assert.ok(reason instanceof LostError && reason.message.includes(why), reason);
    assert.equal(reason.cause.code, code);
    await s.clock.pass(1000);
    s.socket.hello();
  }
  assert.deepEqual(s.socket.protocol, offered("token-3"));
});

test("a token of any bytes that a header can carry becomes base64url without padding", async (t) => {
  for (const token of ["~~~???>>>", "a", "ab", "abc"]) {
    const s = await enter(t, () => token);
    assert.match(s.socket.protocol[1], /^lockbroker\.bearer\.[\w-]+$/);
    assert.equal(Buffer.from(s.socket.protocol[1].split(".")[2], "base64url").toString(), token);
  }
});

test("without a token that can be sent there is no connection, and no error shows the token", async () => {
  for (const [token, why] of [
    [() => "", "printable"], [() => "secret\n", "printable"], [() => undefined, "printable"], [() => "secret".repeat(2049), "12 KiB"],
    [() => { throw new Error("the vault is sealed"); }, "the vault is sealed"],
    [() => new Promise(() => {}), "no answer in time"],
  ]) {
    const s = new Stage();
    const connecting = quiet(s.connect({ token }));
    await s.clock.pass(10_000);
    const { reason } = await outcome(connecting);
    assert.ok(reason?.name === "ConnectionError" && reason.message.includes(why), reason);
    assert.doesNotMatch(`${reason.message} ${reason.cause}`, /secret/);
    assert.equal(s.sockets.length + s.clock.timers, 0);
  }
  assert.equal((await outcome(new Stage().connect({ token: "secret" }))).reason.message, "want token: a function");
});

test("a client that is closed while it waits for a token makes no connection", async () => {
  const s = new Stage();
  const control = new AbortController();
  let give;
  const connecting = quiet(s.connect({ token: () => new Promise((resolve) => (give = resolve)), signal: control.signal }));
  await settle();
  control.abort("enough");
  assert.equal((await outcome(connecting)).reason.cause, "enough");
  give("token");
  await settle();
  assert.equal(s.sockets.length + s.clock.timers, 0);
});

test("401 is tried once more with a new token, and then ends the client", async () => {
  const refuse = (s) => s.socket.refuse("Unexpected server response: 401", new Error("refused"));
  for (const [token, sockets] of [[undefined, 1], [numbered(), 2]]) {
    const s = new Stage();
    const connecting = quiet(s.connect({ token, waitForBroker: true }));
    for (let i = 0; i < 3; i++) {
      await settle();
      refuse(s);
      await s.clock.pass(5000);
    }
    assert.equal((await outcome(connecting)).reason.status, 401);
    assert.equal(s.sockets.length, sockets);
  }
});

test("a connection in between begins the count of 401 again", async (t) => {
  const s = await enter(t, numbered());
  for (let i = 0; i < 2; i++) {
    s.socket.drop();
    await s.clock.pass(1000);
    s.socket.refuse("Unexpected server response: 401");
    await s.clock.pass(1000);
    s.socket.hello();
  }
  assert.equal(s.sockets.length, 5);
  assert.equal(s.locks.session, "aaaaaaaa");
});

test("a credential is renewed after two thirds of the time that is left, until it does not expire", async (t) => {
  const s = await enter(t, numbered(), credential);
  assert.equal(await answer(s, 40_000, { type: "authenticated", expires_ms: 30_000 }), "token-2");
  assert.equal(await answer(s, 20_000, { type: "authenticated" }), "token-3");
  await assert.rejects(answer(s, 60_000, {}), /no renewal/);
  assert.deepEqual(s.failures, []);
});

test("a credential that is about to expire is renewed at once, and then at most every second", async (t) => {
  const s = await enter(t, numbered(), { ...credential, expires_ms: 4999 });
  for (let i = 0; i < 3; i++) {
    await answer(s, 0, { type: "authenticated", expires_ms: 600 });
    await s.clock.pass(999);
    assert.deepEqual(s.socket.takeAll().filter(({ type }) => type === "auth"), []);
    await s.clock.pass(1);
  }
});

test("a renewal that fails is told and tried again, and ends nothing", async (t) => {
  let calls = 0;
  const token = async () => {
    if (++calls === 3) throw new Error("the vault is sealed");
    return `token-${calls}`;
  };
  const s = await enter(t, token, { ...credential, expires_ms: 150_000 });
  const held = await s.hold();
  const refused = { type: "error", code: "forbidden", message: "the token is not valid" };
  assert.equal(await answer(s, 100_000, refused), "token-2");
  assert.equal(await answer(s, 10_000, { type: "authenticated" }), "token-4"); // 5 s, a failure, and 4.5 s
  assert.ok(s.failures[0] instanceof LockError && s.failures[0].code === "forbidden");
  assert.equal(s.failures[1].message, "the vault is sealed");
  assert.equal(held.lock.signal.aborted, false);
});

test("whoami returns what the broker says", async (t) => {
  const s = await enter(t, numbered());
  const asked = s.locks.whoami();
  await settle();
  const { type, id } = s.socket.take();
  const principal = { identity: "ci", groups: ["x"], expires_ms: 5, permissions: [{ allow: ["list"], locks: ["**"] }] };
  s.socket.say({ type, id, ...principal });
  assert.equal(type, "whoami");
  assert.deepEqual(await asked, principal);
});

test("an error says of a hidden request that it is hidden", () => {
  const { message } = refusal({ code: "unavailable", holders: [{ hidden: true }] }, ["a"], "aaaaaaaa");
  assert.equal(message, 'lock "a": unavailable; held by a hidden request');
});
