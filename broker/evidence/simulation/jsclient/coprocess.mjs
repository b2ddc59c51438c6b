// Runs clients of the JavaScript library in virtual time. It reads one step a line from stdin, lets the client do it,
// runs all microtasks, and writes one line about what the client has done. A step is a list: the number of the client,
// the name of the step, the time on the client's monotonic clock and on its wall clock in milliseconds, and arguments.
// The answer is an object: see answer below. doc.go explains what it is for.

import { readSync, writeSync } from "node:fs";

const { connect } = await import(process.argv.at(-1));

const clients = new Map();
let problem; // what the library must never do
process.on("unhandledRejection", (error) => (problem = `unhandled rejection: ${error?.stack ?? error}`));
process.on("uncaughtException", (error) => (problem = `uncaught exception: ${error?.stack ?? error}`));

// microtasks resolves when all microtasks have run.
const microtasks = () => new Promise((resolve) => setImmediate(resolve));

// random returns a function like Math.random with a seed (mulberry32).
const random = (seed) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
};

// describe returns what a program can tell from an error.
const describe = ({ name, code, reason, message }) => ({ name, code: `${code ?? ""}`, reason, message });

// A Client is one client of the library, with a platform of its own: clocks, timers and WebSockets.
class Client {
  mono = 0;
  wall = 0;
  timers = new Set();
  sockets = [];
  requests = new Map(); // by number
  events = []; // of this step
  manager; // once it is connected
  isClosed = false;
  clocksAgree = true; // so far both clocks have run alike

  constructor(seed) {
    const client = this;
    const dice = random(seed);
    this.clock = {
      performance: { now: () => this.mono },
      Date: { now: () => Math.floor(this.wall) },
      Math: { random: dice },
      // Platforms drop the fraction of a delay, so a timer may fire up to a millisecond early.
      setTimeout: (f, ms) => {
        const timer = { f, due: this.mono + Math.max(0, ms - dice()) };
        this.timers.add(timer);
        return timer;
      },
      clearTimeout: (timer) => this.timers.delete(timer),
    };
    this.WebSocket = class extends Socket {
      constructor() {
        super(client);
      }
    };
  }

  // due returns when the next timer fires.
  due() {
    let due = Infinity;
    for (const timer of this.timers) due = Math.min(due, timer.due);
    return due;
  }

  start() {
    connect("ws://broker", { clock: this.clock, label: "", waitForBroker: true, WebSocket: this.WebSocket }).then(
      (manager) => {
        this.manager = manager;
        manager.addEventListener("lateloss", ({ error }) => this.lateLoss(error.id));
        manager.closed.then(() => (this.isClosed = true));
      },
      () => (this.isClosed = true),
    );
  }

  // tick lets the timers fire that are due. Each may set others.
  async tick() {
    for (let fired = 0; ; fired++) {
      if (fired > 1000) throw new Error("timers that are due at once set one another for ever");
      let next;
      for (const timer of this.timers) if (timer.due <= this.mono && !(next?.due <= timer.due)) next = timer;
      if (!next) return;
      this.timers.delete(next);
      next.f();
      await microtasks();
    }
  }

  // message gives a frame to the program. A hello names the session.
  message(link, data, session) {
    const socket = this.sockets[link - 1];
    if (socket.state !== "open") return;
    socket.session ??= session;
    socket.onmessage({ data });
  }

  // refused ends an attempt to connect. Only the package ws reports the status.
  refused(link, status) {
    const socket = this.sockets[link - 1];
    if (socket.state === "closed") return;
    socket.fail(status ? `Unexpected server response: ${status}` : "connect ECONNREFUSED");
  }

  // ended ends a socket: a close frame with that code has arrived, or the network connection has ended. The platform
  // answers the close frame.
  ended(link, code) {
    const socket = this.sockets[link - 1];
    if (socket.state === "closed") return;
    this.events.push([code && socket.state === "open" ? "answer" : "closed", link]);
    socket.state = "closed";
    socket.onclose({ code: code || 1006, reason: "" });
  }

  // pinged answers a WebSocket ping: the platform does, even for a page that hangs.
  pinged(link) {
    if (this.sockets[link - 1].state !== "closed") this.events.push(["pong", link]);
  }

  acquire(number, { name, steal, outer, ...options }) {
    const giveUp = new AbortController();
    const request = { giveUp };
    this.requests.set(number, request);
    if (steal) options.steal = true;
    else options.signal = giveUp.signal;
    if (outer) options.parent = this.requests.get(outer).lock;
    this.manager.acquire(name, options).then(
      (lock) => {
        if (request.gaveUp) {
          this.free(lock); // it had no signal
          return;
        }
        request.lock = lock;
        request.signal = lock.signal;
        this.events.push(["granted", number, { id: lock.id, token: lock.token }]);
        const stopped = () => this.events.push(["stopped", number, describe(lock.signal.reason)]);
        if (lock.signal.aborted) stopped();
        else lock.signal.addEventListener("abort", stopped);
      },
      (error) => this.events.push(["failed", number, describe(error)]),
    );
  }

  // lateLoss notes that a lock was lost after its release.
  lateLoss(id) {
    for (const [number, { lock }] of this.requests) if (lock?.id === id) this.events.push(["lateloss", number]);
  }

  giveUp(number) {
    const request = this.requests.get(number);
    request.gaveUp = true;
    request.giveUp.abort();
    if (request.lock) this.free(request.lock);
  }

  free(lock) {
    lock.release().catch(() => {});
  }

  release(number) {
    this.requests.get(number).lock.release().then(
      () => this.events.push(["released", number]),
      (error) => this.events.push(["failed", number, describe(error)]),
    );
  }

  // valid looks at lock.signal, which reads the clocks. A program may also keep the signal, and not look again. Then only
  // a timer can abort it. A timer that is due and has not fired yet counts.
  valid(number) {
    const { lock, signal } = this.requests.get(number);
    const isKeptFor = !signal?.aborted && this.due() > this.mono + 2;
    const isValid = lock !== undefined && !lock.signal.aborted;
    if (lock && !isValid && isKeptFor && this.clocksAgree) {
      problem ??= `P5 lease: request ${number} is lost, and without a look its signal would not have been aborted`;
    }
    this.events.push(["valid", number, isValid]);
  }

  // setClocks sets both clocks.
  setClocks(mono, wall) {
    this.clocksAgree &&= Math.abs(wall - mono - (this.wall - this.mono)) < 1;
    this.mono = mono;
    this.wall = wall;
  }

  evict(id, message) {
    this.manager.evict(id, message).catch(() => {});
  }

  close() {
    this.manager?.close();
  }

  // answer describes the client after a step: what happened in it, in order; the current link; when the next timer
  // fires; and whether the client is ready or closed.
  answer() {
    const { session } = this.manager ?? {};
    const events = this.events;
    this.events = [];
    const due = this.due();
    return {
      events,
      link: (session && this.sockets.findIndex((s) => s.session === session) + 1) || 0,
      due: due === Infinity ? undefined : due,
      ready: this.manager !== undefined,
      closed: this.isClosed,
    };
  }
}

// A Socket is the WebSocket of the package ws, as far as the library uses it.
class Socket {
  state = "connecting";

  constructor(client) {
    this.client = client;
    this.link = client.sockets.push(this);
    client.events.push(["dial", this.link]);
  }

  send(frame) {
    if (this.state === "open") this.client.events.push(["send", this.link, frame]);
  }

  close(code, reason) {
    if (this.state !== "open") return this.terminate();
    this.state = "closing";
    this.client.events.push([reason === "goodbye" ? "goodbye" : "shut", this.link]);
  }

  terminate() {
    if (this.state === "closed") return;
    const wasConnecting = this.state === "connecting";
    this.state = "closed";
    this.client.events.push(["close", this.link]);
    queueMicrotask(() => {
      if (wasConnecting) this.onerror({ message: "WebSocket was closed before the connection was established" });
      this.onclose({ code: 1006, reason: "" });
    });
  }

  fail(message) {
    this.state = "closed";
    this.onerror({ message });
    this.onclose({ code: 1006, reason: "" });
  }
}

// step does one step of a client.
const step = async ([number, name, mono, wall, ...args]) => {
  if (name === "new") {
    clients.set(number, new Client(args[0]));
    Object.assign(clients.get(number), { mono, wall });
  }
  const client = clients.get(number);
  client.setClocks(mono, wall);
  switch (name) {
    case "new":
      client.start();
      break;
    case "opened": // and then the hello arrives
      if (client.sockets[args[0] - 1].state === "connecting") client.sockets[args[0] - 1].state = "open";
      client.message(...args);
      break;
    default:
      await client[name](...args);
  }
  await microtasks();
  return client.answer();
};

// A lines reader blocks until a line has arrived. It returns undefined at the end of stdin.
const buffer = Buffer.alloc(1 << 16);
let pending = "";
const readLine = () => {
  for (;;) {
    const end = pending.indexOf("\n");
    if (end >= 0) {
      const line = pending.slice(0, end);
      pending = pending.slice(end + 1);
      return line;
    }
    const n = readSync(0, buffer);
    if (n === 0) return undefined;
    pending += buffer.toString("utf8", 0, n);
  }
};

for (let line; (line = readLine()) !== undefined; ) {
  let answer = {};
  if (line === "forget") clients.clear();
  else {
    try {
      answer = await step(JSON.parse(line));
    } catch (error) {
      problem ??= error.stack;
    }
  }
  writeSync(1, JSON.stringify({ ...answer, problem }) + "\n");
}
