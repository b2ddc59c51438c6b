// Random schedules of a client and a broker that takes up sessions, over connections that lose what is on its way when
// they end. The broker is a model: it grants whatever it likes, and never looks at names.

import assert from "node:assert/strict";
import test from "node:test";
import { Stage, quiet, settle } from "./internal/stage.js";

const schedules = Number(process.env.LOCKBROKER_SCHEDULES ?? 150);
const first = Number(process.env.LOCKBROKER_SEED ?? 1);
const timeout = 15_000;

for (let seed = first; seed < first + schedules; seed += 50) {
  test(`schedules from ${seed} on`, async () => {
    for (let i = seed; i < Math.min(seed + 50, first + schedules); i++) {
      const world = new World(i);
      try {
        await world.run();
      } catch (error) {
        error.stack = `seed ${i}: ${error.stack}\n${world.log.join("\n")}`;
        throw error;
      }
    }
  });
}

// random returns a function like Math.random with a seed (mulberry32).
const random = (seed) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
};

class World {
  stage = new Stage();
  calls = []; // of acquire, as the program sees them
  sessions = new Map(); // of the broker, by name
  token = 0;
  names = 0;
  lost = new Set(); // ids that the broker has ended against the will of their client
  log = [];

  constructor(seed) {
    this.random = random(seed);
    this.kept = seed % 2 === 0;
    this.stage.clock.Math.random = this.random;
    // Each schedule prefers other steps, so that some have long outages, many losses, and so on.
    this.steps = [
      [3, () => this.acquire()], [3, () => this.send()], [3, () => this.deliver()], [2, () => this.grant()],
      [2, () => this.release()], [1, () => this.abort()], [0.5, () => this.evict()],
      [0.5, () => this.drop()], [0.5, () => this.move()], [2, () => this.hello()],
      [2, () => this.pass(this.random() * 200)], [0.5, () => this.pass(this.random() * 6_000)],
    ].map(([weight, step]) => [weight * this.pick([0.2, 1, 1, 5]), step]);
  }

  pick = (list) => list[Math.floor(this.random() * list.length)];
  now = () => this.stage.clock.performance.now();
  note = (...what) => this.log.push([this.now(), ...what].join(" "));

  async run() {
    const connecting = this.stage.connect({ resume: this.kept });
    this.hello();
    this.locks = this.stage.locks = await connecting;
    for (let i = 0; i < 120; i++) {
      await this.step();
      await settle();
      this.expire();
      this.check();
    }
    await this.calm();
    assert.equal(await this.stage.leave(), 0, "timers are left");
    await settle();
    for (const call of this.calls) assert.notEqual(call.state, "open", `${call.id} has not ended`);
  }

  async step() {
    let at = this.random() * this.steps.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, step] of this.steps) {
      if ((at -= weight) < 0) return step();
    }
  }

  // The program.

  acquire() {
    const release = this.pick(["async", "confirmed"]);
    const controller = new AbortController();
    const kind = this.pick([{ signal: controller.signal }, { signal: controller.signal }, { wait: 3_000 }, { ifAvailable: true }, { steal: true }]);
    const call = { controller, release, state: "open", mayAbort: "signal" in kind };
    this.calls.push(call);
    quiet(this.locks.acquire("a", { ...kind, release })).then(
      (lock) => {
        Object.assign(call, { lock, id: lock?.id, signal: lock?.signal, state: lock ? "held" : "ended" });
        this.note("granted", call.id);
      },
      (error) => {
        call.state = "ended";
        this.note("failed", error.message);
      },
    );
  }

  release() {
    const call = this.pick(this.calls.filter(({ state }) => state === "held"));
    if (!call) return;
    call.state = "releasing";
    this.note("release", call.id, call.release);
    call.lock.release().then(
      () => (call.state = "ended"),
      (error) => {
        call.state = "ended";
        this.note("lost", call.id, error.reason);
      },
    );
  }

  abort() {
    const call = this.pick(this.calls.filter(({ state, mayAbort }) => state === "open" && mayAbort));
    call?.controller.abort();
  }

  // The network.

  get socket() {
    return this.stage.socket;
  }

  // toClient has the messages that are on their way on the connection.
  get toClient() {
    return (this.socket.toClient ??= []);
  }

  // hello begins a session on a connection that waits for it.
  hello() {
    const { socket } = this;
    if (socket.closed !== undefined || socket.session) return;
    const name = `s${String(this.names++).padStart(7, "0")}`;
    socket.session = { name, secret: `secret of ${name}`, waits: new Set(), holds: new Map(), next: 0, heard: this.now(), socket };
    this.sessions.set(name, socket.session);
    this.note("hello", name);
    socket.hello({ session: name, secret: socket.session.secret });
  }

  // send takes some messages to the broker.
  send() {
    const { socket } = this;
    for (let count = Math.floor(this.random() * 4); count > 0 && socket.sent.length && socket.session; count--) {
      if (socket.closed !== undefined && !socket.closed[1]) return;
      this.handle(socket.take());
    }
  }

  // deliver takes some messages to the client.
  deliver() {
    for (let count = Math.floor(this.random() * 4); count > 0 && this.toClient.length; count--) {
      const m = this.toClient.shift();
      this.note("<-", JSON.stringify(m));
      this.socket.say(m);
    }
  }

  drop() {
    if (!this.socket.session || this.socket.closed !== undefined) return;
    this.note("drop");
    this.end(this.kept);
    this.socket.drop();
  }

  move() {
    if (!this.socket.session || this.socket.closed !== undefined) return;
    this.note("moving");
    while (this.toClient.length) this.socket.say(this.toClient.shift());
    if (this.socket.closed !== undefined) return;
    this.end(true);
    this.socket.say({ type: "moving" });
  }

  // end ends the connection. What is on its way is lost.
  end(isLeft) {
    this.toClient.length = this.socket.sent.length = 0;
    const { session } = this.socket;
    session.socket = undefined;
    if (!isLeft) this.endSession(session);
  }

  async pass(ms) {
    await this.stage.clock.pass(ms);
  }

  // The broker.

  endSession(session) {
    this.note("the session ends", session.name);
    this.sessions.delete(session.name);
  }

  // expire ends the sessions from which nothing has come for the session timeout, or whose connection the client has left.
  expire() {
    for (const session of this.sessions.values()) {
      if (session.socket?.closed?.[1] === "goodbye") this.endSession(session);
      else if (this.now() - session.heard >= timeout) this.endSession(session);
    }
  }

  reply(m) {
    this.toClient.push(m);
  }

  handle(m) {
    this.note("->", JSON.stringify(m));
    const { session } = this.socket;
    session.heard = this.now();
    if (m.type === "resume") return this.resume(m);
    assert.ok(!session.isStated, `${m.type} before the reply`);
    const [name, digits] = m.id.split("--");
    const n = Number(digits);
    assert.equal(name, session.name);
    if (!/release|cancel|unwatch/.test(m.type)) {
      assert.ok(n >= session.next, `the id ${m.id} is used again`);
      session.next = n + 1;
    }
    switch (m.type) {
      case "ping":
        return this.reply({ type: "pong", id: m.id });
      case "acquire":
        if (m.wait_ms !== 0) return session.waits.add(n);
        return this.reply({ type: "error", id: m.id, code: "unavailable", message: "" });
      case "cancel":
        if (session.waits.delete(n) || session.holds.delete(n)) return this.reply({ type: "cancelled", id: m.id });
        return this.reply({ type: "error", id: m.id, code: "not_found", message: "" });
      case "release":
        if (!session.holds.delete(n)) return this.reply({ type: "error", id: m.id, code: "not_held", message: "" });
        if (!m.quiet) this.reply({ type: "released", id: m.id });
        return;
      default:
        throw new Error(m.type);
    }
  }

  resume(m) {
    const { socket } = this;
    const session = this.sessions.get(m.session);
    if (!session) return this.reply({ type: "not_resumed", id: m.id, message: "" });
    assert.ok([m.secret, ...(m.tried ?? [])].includes(session.secret), "the secret is wrong");
    const held = new Map((m.held ?? []).map(({ n, token }) => [n, token]));
    const waiting = new Set((m.waiting ?? []).map(({ n }) => n));
    const go = [];
    for (const [n, token] of held) {
      const id = `${session.name}--${n}`;
      if (session.holds.get(n) === token) go.push(n);
      else assert.ok(this.lost.has(id), `${id} was never lost`);
      if (this.lost.has(id)) this.reply({ type: "lost", id, reason: "evicted" });
    }
    for (const n of session.holds.keys()) if (!held.has(n) && !waiting.has(n)) session.holds.delete(n);
    for (const n of session.waits) if (!waiting.has(n)) session.waits.delete(n);
    for (const n of waiting) {
      session.next = Math.max(session.next, n + 1);
      if (!session.holds.has(n)) session.waits.add(n); // which the broker may not know
    }
    this.sessions.delete(socket.session.name);
    session.secret = socket.session.secret;
    session.heard = this.now();
    session.socket = socket;
    socket.session = session;
    this.reply({ type: "resumed", id: m.id, held: go, lost: [...held.keys()].filter((n) => !go.includes(n)) });
    for (const n of waiting) {
      if (session.holds.has(n)) this.reply({ type: "granted", id: `${session.name}--${n}`, token: session.holds.get(n) });
    }
  }

  grant() {
    const { session } = this.socket;
    const n = session && this.pick([...session.waits]);
    if (n === undefined || this.socket.closed !== undefined) return;
    session.waits.delete(n);
    session.holds.set(n, ++this.token);
    this.reply({ type: "granted", id: `${session.name}--${n}`, token: this.token });
  }

  evict() {
    const session = this.pick([...this.sessions.values()]);
    const n = session && this.pick([...session.holds.keys()]);
    if (n === undefined) return;
    const id = `${session.name}--${n}`;
    session.holds.delete(n);
    this.lost.add(id);
    this.note("evict", id);
    if (session.socket && session.socket === this.socket && session.socket.closed === undefined) {
      this.reply({ type: "lost", id, reason: "evicted" });
    }
  }

  holds(id) {
    const [name, n] = id.split("--");
    return this.sessions.get(name)?.holds.has(Number(n));
  }

  // What must be true.

  // check checks that the broker holds whatever the client treats as held. It does not read lock.signal, which would
  // look at the clocks.
  check() {
    for (const { signal, id, state } of this.calls) {
      if (state !== "held" || signal.aborted) continue;
      assert.ok(this.holds(id) || this.lost.has(id), `the client treats ${id} as held`);
    }
  }

  // calm lets everything arrive, and checks that both sides agree.
  async calm() {
    for (let i = 0; i < 200; i++) {
      this.hello();
      await this.pass(60);
      while (this.socket.session && this.socket.sent.length) this.handle(this.socket.take());
      for (const m of this.toClient.splice(0)) this.socket.say(m);
      await settle();
      this.expire();
      this.check();
    }
    const { session } = this.socket;
    assert.equal(this.locks.session, session.name);
    const treated = this.calls.filter(({ state, signal }) => state === "held" && !signal.aborted).map(({ id }) => id);
    const holds = [...session.holds.keys()].map((n) => `${session.name}--${n}`);
    assert.deepEqual(treated.sort(), holds.sort(), "what the client holds, and what the broker says it holds");
    const open = this.calls.filter(({ state }) => state === "open").length;
    assert.equal(session.waits.size, open, "how many wait");
  }
}
