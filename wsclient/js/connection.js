import { ConnectionError, lost, refusal } from "./errors.js";
import { after, now } from "./clock.js";
import { Lease } from "./lease.js";
import { parse } from "./names.js";

const helloWait = 10_000; // ms in which a broker has to say hello
const closeWait = 2_000; // and to answer a close

// A Connection is one WebSocket, from its making to its end, and the requests that are
// open on it.
export class Connection {
  hello; // what the broker has said first
  lease;
  draining = false;
  requests = new Map(); // acquires by id
  watches = new Map();
  #client;
  #clock;
  #ws;
  #made;
  #next = 0; // the n of the next id
  #asked = new Map(); // what takes the one reply to another message, by id
  #over; // the error with which it has ended
  #stopWatchdog;
  #stopHeartbeat = () => {};
  #pingDue; // on the monotonic clock
  #closed = () => {}; // called when the WebSocket has closed

  constructor(client, WebSocket, url) {
    this.#client = client;
    this.#clock = client.clock;
    this.#made = now(this.#clock);
    const ws = new WebSocket(url, "lockbroker.v1");
    this.#ws = ws;
    ws.onmessage = ({ data }) => this.#receive(data);
    ws.onclose = ({ code, reason }) => {
      this.#closed();
      this.#fail(`the connection was closed: ${code} ${reason}`, code);
    };
    // Where it cannot connect, the WebSocket of Node 20 says this and nothing else.
    ws.onerror = ({ message }) => {
      if (!this.hello) this.#closed();
      this.#fail(message || "no connection", 1006, statusIn(message));
    };
    this.#stopWatchdog = after(this.#clock, helloWait, () => this.#abandon("no hello in time"));
  }

  // open uses up an id. Take gets the one reply to its message, and fail the error with
  // which the connection ends before.
  open(take, fail = () => {}) {
    const id = `${this.hello.session}--${this.#next++}`;
    if (take) this.#asked.set(id, { take, fail });
    return id;
  }

  // ask sends a message and waits for its reply.
  ask(message) {
    return new Promise((resolve, reject) => {
      if (this.#over) throw this.#over; // since who asks has got it
      const take = (m) => (m.type === "error" ? reject(refusal(m)) : resolve(m));
      const id = this.open(take, reject);
      this.send({ ...message, id });
    });
  }

  // submit asks for a request. It throws if the message is too big for the broker, which
  // would close the connection.
  submit(request) {
    request.conn = this;
    request.id = this.open();
    this.requests.set(request.id, request);
    try {
      this.send(request.message());
    } catch (error) {
      request.end(error);
    }
  }

  send(message) {
    const frame = JSON.stringify(message);
    const most = this.hello.limits.message_bytes;
    if (frame.length * 3 > most && new TextEncoder().encode(frame).length > most) {
      throw new RangeError(`want a request of at most ${most} bytes`);
    }
    this.#ws.send(frame);
  }

  #receive(data) {
    if (this.#over || (this.hello && this.checkLease())) return;
    let problem;
    try {
      if (typeof data !== "string") throw "binary";
      const m = parse(data);
      problem = this.hello ? this.#handle(m) : this.#greet(m);
    } catch (error) {
      problem = error;
    }
    if (problem) this.#abandon(`the broker sent what cannot be understood: ${problem}`); // it might have been about a lock
  }

  // greet takes the hello. The lease begins when the WebSocket was made: the request for
  // it was sent after that, and the hello answers it.
  #greet(m) {
    const { type, protocol, heartbeat_ms, timeout_ms, limits } = m;
    this.lease = new Lease(timeout_ms, this.#made);
    const left = this.lease.left(now(this.#clock));
    if (type !== "hello" || protocol !== 1 || !(left > 0 && heartbeat_ms > 0 && limits.message_bytes > 0)) {
      return `no hello of version 1 in time, but ${JSON.stringify(m)}`;
    }
    this.hello = m;
    this.#pingDue = this.#made.mono + heartbeat_ms;
    this.#arm();
    this.#client.connected(this);
    return undefined;
  }

  // handle takes one message. What it returns is why it cannot be understood.
  #handle(m) {
    const request = this.requests.get(m.id);
    switch (m.type) {
      case "granted":
        if (!Number.isSafeInteger(m.token)) return "a grant without a token";
        request?.grant(m.token);
        break;
      case "released":
      case "cancelled":
        request?.end();
        break;
      case "lost":
        request?.end(lost(m.reason, m));
        break;
      case "error":
        if (!m.id) return m.message; // it could not read a message of this side
        request?.refused(m);
        this.#answer(m);
        break;
      case "info":
      case "why":
      case "evicted":
      case "pong":
      case "watching":
        this.#answer(m);
        break;
      case "change":
      case "lagged":
        this.watches.get(m.id)?.put(m.event ? m : { event: m.type });
        break;
      case "unwatched":
        break; // whoever had watched has left
      case "draining":
        this.draining = true;
        break;
      default:
        return m.type ?? "a message without a type";
    }
    return undefined;
  }

  #answer(m) {
    const asked = this.#asked.get(m.id);
    this.#asked.delete(m.id);
    asked?.take(m);
  }

  // arm sets both timers, for the next ping and for the end of the lease. It is called
  // from the message that answers a ping too, since browsers slow down timers that were
  // set by timers, to one a minute, in pages that nobody looks at.
  #arm() {
    this.#stopHeartbeat();
    this.#stopWatchdog();
    this.#stopHeartbeat = after(this.#clock, this.#pingDue - now(this.#clock).mono, () => this.#ping());
    this.#stopWatchdog = after(this.#clock, this.lease.left(now(this.#clock)), () => {
      if (!this.checkLease()) this.#arm(); // the timer was early
    });
  }

  // ping asks for a sign of life, which prolongs the lease from now.
  #ping() {
    if (this.checkLease()) return;
    const sent = now(this.#clock);
    if (sent.mono >= this.#pingDue) {
      this.#pingDue = sent.mono + this.hello.heartbeat_ms;
      const id = this.open(() => {
        this.lease.answered(sent);
        this.#arm();
      });
      this.send({ type: "ping", id });
    }
    this.#arm();
  }

  // checkLease ends the connection if the lease has ended, and reports that.
  checkLease() {
    const at = now(this.#clock);
    if (this.lease.left(at) > 0) return false;
    this.#end("lease", new ConnectionError("the broker has not answered for too long"), () => this.#part(at));
    return true;
  }

  // fail ends it because of what the network or the broker has told: the other side knows.
  #fail(...why) {
    if (this.#over || (this.hello && this.checkLease())) return; // one that was frozen may hear of both
    this.#end("connection", new ConnectionError(...why), () => this.#cut());
  }

  // abandon ends it because of something of which the other side knows nothing.
  #abandon(message) {
    this.#end("connection", new ConnectionError(message), () => this.#part(now(this.#clock)));
  }

  // close ends it for good, in order. The promise is settled when the broker has answered,
  // or has not for too long.
  close(error) {
    return new Promise((resolve) => {
      const late = after(this.#clock, closeWait, () => {
        this.#cut();
        resolve();
      });
      this.#closed = () => {
        late();
        resolve();
      };
      this.#end("closed", error, () => this.#ws.close(1000));
    });
  }

  // end ends what is open on it, once. What is held counts as lost from here on, before
  // the broker is told anything by leave, the latest first. What waits, waits for the next
  // connection, if it can.
  #end(reason, error, leave) {
    if (this.#over) return;
    this.#over = error;
    this.#stopWatchdog();
    this.#stopHeartbeat();
    this.#client.detach(this);
    const open = [...this.requests.values()];
    const held = open.filter((r) => r.isHeld);
    for (const r of held.reverse()) r.end(lost(reason, { cause: error }));
    for (const r of open) {
      if (r.state === "waiting" && r.canMove && reason !== "closed") r.pend();
      else r.end(r.parent?.error ?? error);
    }
    for (const { fail } of this.#asked.values()) fail(error);
    if (held.length > 0 || reason === "closed") leave();
    else this.#cut();
    this.#client.ended(error, this.hello ? now(this.#clock).mono - this.#made.mono : 0);
  }

  // part leaves a connection open, in silence, on which something was held: if it were
  // closed the broker would notice at once, and give the locks to others while who held
  // them may only just have been told to stop. When the broker must have ended the session
  // by itself, it is closed. What answers pings below a browser's WebSocket cannot be
  // silenced; that makes the broker wait longer, not less.
  #part(at) {
    if (this.#client.error) {
      this.#cut(); // a holder has closed the client, when told
      return;
    }
    this.#ws.onmessage = null;
    this.#ws.pause?.(); // that of ws, which then answers no ping
    const stop = after(this.#clock, this.lease.silence(at), () => this.hangUp());
    this.#client.parting.add(this);
    this.#closed = () => {
      stop();
      this.#client.parting.delete(this);
    };
  }

  // hangUp closes what part has left open.
  hangUp() {
    this.#closed();
    this.#cut();
  }

  // cut ends it without waiting for an answer, where the WebSocket can do that.
  #cut() {
    if (this.#ws.terminate) this.#ws.terminate();
    else this.#ws.close();
  }
}

// statusIn is the HTTP status of a refusal, which only the package ws tells, in words.
function statusIn(message) {
  return Number(/server response: (\d{3})/.exec(message)?.[1]) || undefined;
}
