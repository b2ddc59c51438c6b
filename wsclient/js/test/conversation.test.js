// Plays the golden conversations of testdata/wire to JavaScript clients. The clients must send what the
// files say, and tell their callers what the broker's frames mean. Files whose names begin with raw- test
// only brokers, because no library sends such frames.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import test from "node:test";
import { ConnectionError, LockError, LostError } from "../client.js";
import { LockManager } from "../manager.js";
import { supervise } from "../supervisor.js";
import { Stage, outcome, quiet, settle } from "./internal/stage.js";

const folder = new URL("../../../testdata/wire/", import.meta.url);
const inFolder = (name) => readdirSync(new URL(name, folder)).map((f) => name + f);
const files = [...inFolder(""), ...inFolder("credentials/")].filter((f) => f.endsWith(".txt") && !f.startsWith("raw-"));

test("there are conversations", () => assert.ok(files.length > 20));

for (const file of files) {
  test(file, async () => {
    const steps = readSteps(readFileSync(new URL(file, folder), "utf8"));
    const actors = new Map();
    for (const [i, step] of steps.entries()) {
      try {
        await play(actors, step, steps.slice(i), players[file] ?? Actor);
      } catch (error) {
        error.message = `line ${step.line}: ${error.message}`;
        throw error;
      }
    }
    for (const [name, actor] of actors) {
      assert.deepEqual(actor.socket.takeAll(), [], `${name} sends more than the conversation says`);
      await actor.leave();
    }
  });
}

function readSteps(text) {
  const steps = [];
  for (const [i, line] of text.split("\n").entries()) {
    if (line === "" || line.startsWith("#")) continue;
    const [who, what, ...rest] = line.split(" ");
    steps.push({ who, what, rest: rest.join(" "), line: i + 1 });
  }
  return steps;
}

async function play(actors, { who, what, rest }, after, Actor) {
  if (who === "..") {
    const [, n, unit] = /^([\d.]+)(ms|s)$/.exec(what);
    for (const actor of actors.values()) await actor.clock.pass(n * (unit === "s" ? 1000 : 1));
    return;
  }
  if (who === "broker") return; // the broker's frames show what it does
  const actor = actors.get(who);
  switch (what) {
    case "connects":
      actors.set(who, new Actor(tokensOf(who, after), quietReleases(after)));
      await settle();
      break;
    case "->": {
      const m = JSON.parse(rest);
      await actor.act(m);
      await settle();
      assert.deepEqual(actor.socket.take(), m);
      break;
    }
    case "<-":
      await actor.hear(rest, after);
      break;
    case "closes":
      await actor.leave();
      assert.deepEqual(actor.socket.closed, [1000, "goodbye"]);
      break;
    case "vanishes":
      actor.socket.drop();
      break;
    default:
      throw new Error(`no way to play ${what}`);
  }
}

// tokensOf returns the tokens that a client presents: the first when it connects, and then those of each auth. It returns
// undefined if there is no auth.
function tokensOf(who, steps) {
  const sent = steps.filter((step) => step.who === who && step.what === "->").map(({ rest }) => JSON.parse(rest));
  const tokens = sent.filter(({ type }) => type === "auth").map(({ token }) => token);
  return tokens.length ? [who, ...tokens] : undefined;
}

// quietReleases returns the ids of the requests that are released quietly.
function quietReleases(steps) {
  const sent = steps.filter(({ what }) => what === "->").map(({ rest }) => JSON.parse(rest));
  return new Set(sent.filter((m) => m.quiet).map(({ id }) => id));
}

// An Actor is a client in a conversation, together with the broker's end of its connection.
class Actor extends Stage {
  tries = new Map(); // acquires by id: {o, promise, lock, controller, free}
  asked = new Map(); // the promises of answers, by id
  changes; // of the watch
  pages = []; // locks that info has yielded

  constructor(tokens, quietly) {
    super();
    this.quietly = quietly;
    this.connecting = this.connect(tokens && { token: async () => tokens.shift() });
    this.connecting.catch(() => {});
  }

  // act calls the method that makes the client send m. The client sends some messages by itself:
  // pings, a cancel when a hold has passed, and requests for later pages.
  async act(m) {
    const attempt = this.tries.get(m.id);
    switch (m.type) {
      case "acquire":
        this.acquire(m);
        break;
      case "release":
        attempt.free();
        if (m.quiet) assert.deepEqual(await outcome(attempt.promise), { state: "fulfilled", value: attempt });
        break;
      case "cancel":
        if (!attempt.hold) attempt.controller.abort(attempt.id);
        break;
      case "info":
        if (!m.after && !m.seq) this.asked.set(m.id, this.list(m));
        break;
      case "why":
        this.ask(m.id, this.locks.why(m.lock ?? { request: m.request }));
        break;
      case "clients": // no method asks this, but a connection does
        this.ask(m.id, this.client.online.then((conn) => conn.ask({ ...m, id: undefined })));
        break;
      case "auth": // the client sends it by itself, when its timer fires
        this.ask(m.id, new Promise((_, reject) => this.locks.addEventListener("renewalfailed", ({ error }) => reject(error))));
        await this.clock.pass(0);
        break;
      case "whoami":
        this.ask(m.id, this.locks.whoami());
        break;
      case "evict":
        this.ask(m.id, this.locks.evict(m.request, m.message));
        break;
      case "watch":
        this.stopWatching = new AbortController();
        this.changes = this.locks.watch(m.match, { signal: this.stopWatching.signal });
        this.change = quiet(this.changes.next()); // a generator begins at its first step
        break;
      case "unwatch":
        this.stopWatching.abort();
        this.changes = undefined;
    }
  }

  ask(id, promise) {
    promise.catch(() => {});
    this.asked.set(id, promise);
  }

  async list(m) {
    this.pages = [];
    for await (const lock of this.listing(m)) this.pages.push(lock);
  }

  listing({ match, max, empty, queue }) {
    return this.locks.info(match, { max, empty, queue });
  }

  acquire(m) {
    const [first, ...more] = m.locks;
    const attempt = { id: m.id, controller: new AbortController(), hold: m.hold_ms && Math.round((m.hold_ms * 10) / 11 - 10_000) };
    this.tries.set(m.id, attempt);
    const options = {
      author: m.author,
      hold: attempt.hold,
      limit: first.limit,
      mode: first.mode,
      names: more,
      parent: m.parent && (this.tries.get(m.parent)?.lock ?? m.parent), // or the id of another client's lock
      release: this.quietly.has(m.id) ? "async" : undefined,
      signal: m.steal ? undefined : attempt.controller.signal,
      steal: m.steal,
      wait: m.wait_ms,
    };
    attempt.promise = this.locks.request(first.name, options, (lock) => {
      attempt.lock = lock;
      return new Promise((resolve) => (attempt.free = () => resolve(attempt)));
    });
    attempt.promise.catch(() => {});
  }

  // hear delivers a frame of the broker, and asserts that the caller learns of it.
  async hear(frame, after) {
    const [, code, reason] = /^close (\d+) (.*)/.exec(frame) ?? [];
    if (code) {
      this.socket.drop(Number(code), reason);
      for (const { promise } of this.tries.values()) {
        const { reason: lost } = await outcome(promise);
        assert.ok(lost instanceof LostError && lost.message.endsWith(reason), lost);
      }
      return;
    }
    const m = JSON.parse(frame);
    const attempt = this.tries.get(m.id);
    if (m.type === "granted" && this.givesUp(attempt, after)) {
      this.socket.say(frame);
      assert.equal((await outcome(attempt.promise)).reason, attempt.id, "the signal's own reason");
      assert.equal(attempt.lock, undefined, "its callback was called");
      return;
    }
    this.socket.say(frame);
    await settle();
    switch (m.type) {
      case "hello":
        this.locks = await this.connecting;
        assert.equal(this.locks.session, m.session);
        assert.deepEqual(this.locks.owner, m.owner && { url: m.owner, term: m.term });
        break;
      case "granted":
        assert.equal(attempt.lock.token, m.token);
        assert.equal(attempt.lock.signal.aborted, false);
        break;
      case "released":
        assert.deepEqual(await outcome(attempt.promise), { state: "fulfilled", value: attempt });
        break;
      case "cancelled":
        if (attempt.hold) assert.equal((await outcome(attempt.promise)).reason.reason, "expired");
        else assert.equal((await outcome(attempt.promise)).reason, attempt.id);
        break;
      case "lost": {
        const { reason } = await outcome(attempt.promise);
        assert.equal(attempt.lock.signal.reason, reason);
        assert.deepEqual([reason.reason, reason.by], [m.reason, m.by]);
        assert.ok(m.reason === "stolen" ? reason.name === "AbortError" : reason instanceof LostError);
        break;
      }
      case "error":
        assertRefused((await outcome(attempt?.promise ?? this.asked.get(m.id))).reason, m);
        break;
      case "why":
        assert.deepEqual((await outcome(this.asked.get(m.id))).value, m.chain);
        break;
      case "clients":
        assert.deepEqual((await outcome(this.asked.get(m.id))).value, m);
        break;
      case "whoami": {
        const { type, id, ...principal } = m;
        assert.deepEqual((await outcome(this.asked.get(id))).value, principal);
        break;
      }
      case "evicted":
        assert.equal((await outcome(this.asked.get(m.id))).state, "fulfilled");
        break;
      case "info":
        assert.deepEqual(this.pages.slice(-m.locks.length || this.pages.length), m.locks);
        break;
      case "watching":
        await this.sees({ event: "watching" });
        break;
      case "change":
        if (this.changes) await this.sees(m); // otherwise it has crossed the unwatch
        break;
      case "authenticated":
      case "unwatched":
      case "pong":
        break;
      default:
        throw new Error(`no assertion for ${m.type}`);
    }
  }

  async sees(change) {
    assert.deepEqual((await this.change).value, change);
    this.change = quiet(this.changes.next());
  }

  // givesUp aborts a waiting request just before its grant arrives, if the conversation continues
  // with a cancel. A client cancels a granted request only then, or when its hold has passed.
  givesUp(attempt, after) {
    const cancels = after.some(({ what, rest }) => what === "->" && rest.includes(`"cancel","id":"${attempt.id}"`));
    if (attempt.hold || !cancels) return false;
    attempt.controller.abort(attempt.id);
    return true;
  }
}

// An Asker can ask what no method of the client asks.
class Asker extends Actor {
  async connect() {
    this.client = supervise(["ws://stage"], undefined, this.clock, this.WebSocket);
    await this.client.online;
    return new LockManager(this.client);
  }
}

// A Lister lists whole queues, in parts.
class Lister extends Asker {
  listing({ match, max, queue }) {
    return this.locks.info(match, { max, queue, whole: true });
  }
}

const players = { "info-whole.txt": Lister, "clients.txt": Asker };

function assertRefused(error, m) {
  if (m.code === "timeout" || m.code === "unavailable") assert.equal(error.name, "TimeoutError");
  else {
    assert.ok(error instanceof LockError && !(error instanceof ConnectionError), error);
    assert.deepEqual([error.code, error.by, error.cycle], [m.code, m.by, m.cycle]);
  }
  assert.deepEqual([error.holders, error.ahead], [m.holders ?? [], m.ahead ?? 0]);
}
