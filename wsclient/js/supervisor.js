import { Backoff, isFinal } from "./retry.js";
import { ConnectionError, exception } from "./errors.js";
import { Connection } from "./connection.js";
import { after } from "./clock.js";

// A Supervisor keeps one connection at a time, and makes another when that has ended.
export class Supervisor {
  clock;
  author;
  conn; // the connection, once the broker has said hello
  error; // why the client has ended for good
  pending = new Set(); // requests that wait for a connection
  watches = new Set(); // those that begin anew on each connection
  parting = new Set(); // connections that have ended here, and are still open
  #end;
  closed = new Promise((resolve) => (this.#end = resolve)); // with error
  #url;
  #WebSocket;
  #attempt; // the connection without a hello
  #offline; // why there is no connection
  #backoff = new Backoff();
  #orders = 0;
  #retry; // cancels the pause before the next attempt; not set during the attempt
  #waiting = []; // {resolve, reject} of those who wait for a connection
  #goodbye; // the promise of a connection that is being closed
  #isNew = true; // there has not been a connection

  constructor(url, { author, clock, WebSocket }) {
    this.#url = url;
    this.author = author;
    this.clock = clock;
    this.#WebSocket = WebSocket;
    this.#listen("addEventListener");
    this.#try();
  }

  #try() {
    this.#retry = undefined;
    try {
      this.#attempt = new Connection(this, webSocket(this.#WebSocket), this.#url);
    } catch (error) {
      this.ended(error, 0);
    }
  }

  // connected asks on conn, which has begun, for all that waits, in the order in which it
  // was asked for first.
  connected(conn) {
    this.#isNew = false;
    this.#attempt = undefined;
    this.conn = conn;
    const pending = [...this.pending].sort((a, b) => a.order - b.order);
    this.pending.clear();
    for (const request of pending) request.ask(conn);
    for (const watch of this.watches) watch.begin(conn);
    for (const { resolve } of this.#waiting) resolve(conn);
    this.#waiting = [];
  }

  // detach notes that there is no connection any more, and why.
  detach(error) {
    this.#attempt = this.conn = undefined;
    this.#offline = error;
  }

  // ended goes on after a connection, or an attempt, that has ended because of error.
  ended(error, lasted) {
    this.#offline = error; // also where not even an attempt could be made
    if (this.#isNew || isFinal(error)) this.#finish(error);
    if (this.error) return;
    const pause = this.#backoff.next(lasted, this.clock.Math.random());
    this.#retry = after(this.clock, pause, () => this.#try());
  }

  // The browser says that the network is back, or that somebody looks at the page again,
  // whose timers were slow: then there may be a connection, or none any more.
  #wake = ({ type }) => {
    if (type !== "online" && document.hidden) return;
    this.conn?.checkLease();
    if (!this.#retry) return;
    this.#retry();
    this.#try();
  };

  // It says that the page is left, or is to be frozen. It may then keep it for the way back,
  // and answer the pings of the broker, while nothing here runs any more: so this lets go of
  // everything. What waits is asked for again when the page goes on.
  #rest = () => this.conn?.rest();

  #listen(how) {
    const { document, [how]: listen } = globalThis;
    listen?.("online", this.#wake);
    listen?.("pagehide", this.#rest);
    document?.[how]("visibilitychange", this.#wake);
    document?.[how]("freeze", this.#rest);
  }

  // ask asks for a request, or lets it wait for a connection.
  ask(request, told) {
    const { conn, error } = this;
    request.told = told;
    request.order = this.#orders++;
    if (error) request.end(error);
    else if (request.parent && request.parent.state !== "holding") request.end(request.parent.error ?? invalid("the parent was released"));
    else if (!conn && request.once) request.end(this.#offline);
    else if (!conn || (conn.draining && request.canMove)) request.pend();
    else request.ask(conn);
  }

  // whyNot says why a request could not even be asked for.
  whyNot() {
    return this.conn ? "the broker is about to stop" : `there is no connection: ${this.#offline.message}`;
  }

  // ready waits for a connection.
  async ready() {
    if (this.error) throw this.error;
    return this.conn ?? new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  // inquire sends a message and waits for its reply.
  async inquire(message) {
    return (await this.ready()).ask(message);
  }

  // close ends the client. The promise is settled when nothing of it is left.
  async close() {
    this.#finish(invalid("the client was closed"));
    for (const conn of this.parting) conn.hangUp(); // who calls this holds nothing any more
    await this.#goodbye;
  }

  // finish ends the client for good, once.
  #finish(error) {
    if (this.error) return;
    this.error = error;
    this.#retry?.();
    this.#listen("removeEventListener");
    this.#goodbye = (this.conn ?? this.#attempt)?.close(error);
    for (const request of this.pending) request.end(error);
    for (const watch of this.watches) watch.end(error);
    for (const { reject } of this.#waiting) reject(error);
    this.#end(error);
  }
}

const invalid = (message) => exception("InvalidStateError", message);

function webSocket(given = globalThis.WebSocket) {
  if (given) return given;
  throw new ConnectionError(
    "there is no WebSocket: pass one, as in connect(url, { WebSocket }), such as that of the package ws, or run node --experimental-websocket",
  );
}
