import { Backoff, isFinal } from "./retry.js";
import { ConnectionError, isClosed } from "./errors.js";
import { Connection } from "./connection.js";
import { after } from "./clock.js";

// A Supervisor keeps one connection at a time, and makes another when that has ended.
export class Supervisor {
  clock;
  author;
  conn = null; // the connection, once the broker has said hello
  limits; // of the latest hello
  error; // why the client has ended for good
  pending = new Set(); // requests that wait for a connection
  watches = new Set(); // those that begin anew on each connection
  parting = new Set(); // connections that have ended here, and are still open
  #options;
  #url;
  #state = "connecting";
  #attempt; // the connection without a hello
  #offline; // why there is no connection
  #backoff = new Backoff();
  #orders = 0;
  #retry; // cancels the pause before the next attempt; not set during the attempt
  #waiting = new Set(); // {resolve, reject} of those who wait for a connection
  #ending = []; // promises of connections that are being closed
  #opened; // {resolve, reject} of the first connection, while that is to be made

  constructor(url, options) {
    this.#url = url;
    this.#options = options;
    this.clock = options.clock;
    this.author = options.author;
    this.closed = new Promise((resolve) => (this.#end = resolve));
  }

  #end;

  get state() {
    return this.#state;
  }

  // open makes the first connection.
  open() {
    return new Promise((resolve, reject) => {
      this.#opened = { resolve, reject };
      this.#listen("addEventListener");
      this.#try();
    });
  }

  #try() {
    this.#retry = undefined;
    try {
      this.#attempt = new Connection(this, webSocket(this.#options.WebSocket), this.#url);
    } catch (error) {
      if (this.#opened) this.#finish(error);
      else this.ended(error, 0);
    }
  }

  // connected asks on conn, which has begun, for all that waits, in the order in which it
  // was asked for first.
  connected(conn) {
    this.#attempt = undefined;
    this.conn = conn;
    this.limits = conn.hello.limits;
    this.#tell("connected");
    const pending = [...this.pending].sort((a, b) => a.order - b.order);
    this.pending.clear();
    for (const request of pending) conn.submit(request);
    for (const watch of this.watches) watch.begin(conn);
    for (const { resolve } of this.#waiting) resolve(conn);
    this.#waiting.clear();
    this.#opened?.resolve();
    this.#opened = undefined;
  }

  drains(conn) {
    if (this.conn === conn) this.#tell("draining");
  }

  // detach notes that conn is there no more.
  detach(conn) {
    if (this.#attempt === conn) this.#attempt = undefined;
    if (this.conn === conn) this.conn = null;
  }

  // ended goes on after a connection, or an attempt, that has ended because of error.
  ended(error, lasted) {
    if (this.error) return;
    this.#offline = error;
    if (isFinal(error) || (this.#opened && !this.#options.waitForBroker)) {
      this.#finish(error);
      return;
    }
    this.#tell("connecting", error);
    const pause = this.#backoff.next(lasted, this.clock.random());
    this.#retry = after(this.clock, pause, () => this.#try());
  }

  // wake looks at once whether there is a connection, and may be one: the network is back,
  // or somebody looks at the page again, whose timers were slow.
  #wake = () => {
    if (globalThis.document?.visibilityState === "hidden") return;
    this.conn?.checkLease();
    if (!this.#retry) return;
    this.#retry();
    this.#try();
  };

  #listen(how) {
    globalThis[how]?.("online", this.#wake);
    globalThis.document?.[how]("visibilitychange", this.#wake);
  }

  // ask asks for a request, or lets it wait for a connection.
  ask(request) {
    request.order = this.#orders++;
    const { conn } = this;
    if (this.error) request.end(this.error);
    else if (!conn && request.once) request.end(this.#offline);
    else if (!conn || (conn.draining && request.canMove)) request.pend();
    else conn.submit(request);
  }

  // whyNot says why a request could not even be asked for.
  whyNot() {
    return this.conn ? "the broker is about to stop" : `there is no connection to the broker: ${this.#offline?.message}`;
  }

  // ready waits for a connection.
  async ready() {
    if (this.error) throw this.error;
    return this.conn ?? new Promise((resolve, reject) => this.#waiting.add({ resolve, reject }));
  }

  // close ends the client. The promise is settled when nothing of it is left.
  async close(error = isClosed()) {
    this.#finish(error);
    for (const conn of this.parting) conn.hangUp(); // who calls this holds nothing any more
    await Promise.all(this.#ending);
  }

  // finish ends the client for good, once.
  #finish(error) {
    if (this.error) return;
    this.error = error;
    this.#retry?.();
    this.#retry = undefined;
    this.#listen("removeEventListener");
    for (const conn of [this.conn, this.#attempt]) {
      if (conn) this.#ending.push(conn.close(error));
    }
    for (const request of [...this.pending]) request.end(error);
    for (const watch of this.watches) watch.end(error);
    for (const { reject } of this.#waiting) reject(error);
    this.#waiting.clear();
    this.#opened?.reject(error);
    this.#opened = undefined;
    this.#tell("closed", error);
    this.#end(error);
  }

  // tell is for logs. What it tells may be over by then.
  #tell(state, why) {
    this.#state = state;
    const { onState } = this.#options;
    if (onState) queueMicrotask(() => onState(state, why));
  }
}

function webSocket(given) {
  const found = given ?? globalThis.WebSocket;
  if (found) return found;
  throw new ConnectionError(
    "there is no WebSocket here: pass one, as in connect(url, { WebSocket }), from the package ws for example, or start Node with --experimental-websocket",
  );
}
