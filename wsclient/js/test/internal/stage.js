// A stage has a broker that sends only what the test says, and a clock that advances only when the test
// lets it.

import { connect } from "../../client.js";

// settle waits until everything that takes no time has happened.
export const settle = () => new Promise((resolve) => setImmediate(resolve));

export class Clock {
  #now = 0;
  #timers = new Map();
  #id = 0;
  dice = 0.5;
  asleep = 0; // milliseconds for which the monotonic clock has stood still

  performance = { now: () => this.#now - this.asleep };
  Date = { now: () => 1_000_000 + this.#now };
  Math = { random: () => this.dice };

  setTimeout = (f, ms) => this.at(this.#now + ms, f);

  // at calls f at the time at.
  at(at, f) {
    this.#timers.set(++this.#id, { f, at });
    return this.#id;
  }

  clearTimeout = (id) => this.#timers.delete(id);

  get timers() {
    return this.#timers.size;
  }

  // furthest returns when the last timer is due.
  get furthest() {
    return Math.max(...[...this.#timers.values()].map(({ at }) => at));
  }

  // pass advances the clock, and fires each timer exactly when it is due.
  async pass(ms) {
    const end = this.#now + ms;
    for (;;) {
      await settle();
      let first;
      for (const [id, timer] of this.#timers) {
        if (timer.at <= end && (!first || timer.at < first.at)) first = { id, ...timer };
      }
      if (!first) break;
      this.#timers.delete(first.id);
      this.#now = Math.max(this.#now, first.at);
      first.f();
    }
    this.#now = end;
    await settle();
  }

  // freeze advances the clock while no timer can fire. If mono is false, the monotonic clock stands still
  // meanwhile, as while a machine is suspended.
  freeze(ms, { mono = true } = {}) {
    this.#now += ms;
    if (!mono) this.asleep += ms;
  }
}

// A Socket is the WebSocket of a client. Its further methods are the broker's end of the connection.
export class Socket {
  sent = []; // frames of the client, as text, which the test has not read yet
  closed; // the code and the reason with which the client has closed it
  terminated = false;

  constructor(url, protocol) {
    this.url = url;
    this.protocol = protocol;
  }

  send(frame) {
    if (this.closed !== undefined) throw new Error("sent after close");
    this.sent.push(frame);
  }

  close(code = 1005, reason = "") {
    this.closed ??= [code, reason];
  }

  // say delivers a frame of the broker.
  say(m) {
    this.onmessage?.({ data: typeof m === "string" ? m : JSON.stringify(m) });
  }

  hello(more) {
    this.say(hello(more));
  }

  // take returns the next frame of the client.
  take() {
    if (this.sent.length === 0) throw new Error("the client has sent nothing more");
    return JSON.parse(this.sent.shift());
  }

  // takeAll returns all frames of the client.
  takeAll() {
    return this.sent.splice(0).map((frame) => JSON.parse(frame));
  }

  // drop ends the connection from outside.
  drop(code = 1006, reason = "") {
    this.onclose?.({ code, reason });
  }

  // refuse reports an error, as if there were no broker.
  refuse(message = "", error) {
    this.onerror?.({ message, error });
  }
}

export const limits = { message_bytes: 65536, name_bytes: 512, author_bytes: 256, locks_per_request: 64, requests: 100000 };

export const hello = (more) => ({
  type: "hello", protocol: 1, session: "aaaaaaaa", heartbeat_ms: 5000, timeout_ms: 15000, limits, ...more,
});

export class Stage {
  clock = new Clock();
  sockets = [];

  constructor() {
    const { sockets } = this;
    this.WebSocket = class extends Socket {
      constructor(...args) {
        super(...args);
        sockets.push(this);
      }
    };
  }

  // socket returns the latest socket.
  get socket() {
    return this.sockets.at(-1);
  }

  connect({ url = "ws://stage", ...options } = {}) {
    return connect(url, { WebSocket: this.WebSocket, clock: this.clock, label: "test", ...options });
  }

  // enter connects and says hello.
  async enter(options, hello) {
    const connecting = this.connect(options);
    this.socket.hello(hello);
    this.locks = await connecting;
    return this.socket;
  }

  // hold acquires a lock. It returns the promise of the request, the lock, the id, and how to settle the callback.
  async hold(name = "a", options = {}, token = 7) {
    const held = {};
    held.promise = this.locks.request(name, options, (lock) => {
      held.lock = lock;
      return new Promise((resolve, reject) => Object.assign(held, { resolve, reject }));
    });
    held.promise.catch(() => {});
    const { id } = this.socket.sent.map((f) => JSON.parse(f)).findLast((m) => m.type === "acquire");
    held.id = id;
    this.socket.say({ type: "granted", id, token });
    await settle();
    return held;
  }

  // leave closes the client, and returns how many timers are left.
  async leave() {
    const { socket } = this;
    const closing = this.locks?.close();
    socket?.drop(1000);
    await settle();
    await closing;
    return this.clock.timers;
  }
}

// outcome returns the state of a promise.
export async function outcome(promise) {
  quiet(promise);
  await settle();
  const pending = Symbol("pending");
  try {
    const value = await Promise.race([promise, Promise.resolve(pending)]);
    return value === pending ? { state: "pending" } : { state: "fulfilled", value };
  } catch (reason) {
    return { state: "rejected", reason };
  }
}

// quiet keeps the rejection of a promise from being reported as unhandled.
export function quiet(promise) {
  promise.catch(() => {});
  return promise;
}
