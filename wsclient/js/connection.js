import { ConnectionError, lost, refusal } from "./errors.js";
import { after, now } from "./clock.js";
import { Lease } from "./lease.js";
import { parse } from "./names.js";

const helloWait = 10_000; // ms in which a broker has to say hello
const closeWait = 2_000; // and to answer a close

// What a broker may say after the hello, of something that is open, which says what it means.
const known = /^(granted|released|cancelled|lost|error|info|why|evicted|pong|watching|change|lagged|unwatched)$/;

// A Connection is one WebSocket, from its making to its end.
export class Connection {
  hello; // what the broker has said first
  draining = false;
  lost; // makes the error for what is held when it has ended
  // What is open, by id: requests, watches and questions. Each has take(message); and
  // fail(error), for the end of the connection.
  open = new Map();
  #client;
  #clock;
  #ws;
  #made;
  #lease;
  #next = 0; // the n of the next id
  #over; // the error with which it has ended
  #stopWatchdog;
  #stopHeartbeat;
  #pingDue; // on the monotonic clock
  #closed; // called when the WebSocket has closed

  constructor(client, WebSocket, url) {
    this.#client = client;
    this.#clock = client.clock;
    this.#made = now(this.#clock);
    const ws = new WebSocket(url, "lockbroker.v1");
    this.#ws = ws;
    ws.onmessage = ({ data }) => this.#receive(data);
    ws.onclose = ({ code, reason }) => {
      this.#closed?.();
      this.#fail(`the connection was closed: ${code} ${reason}`, code);
    };
    // Where it cannot connect, the WebSocket of Node 20 says this and nothing else.
    ws.onerror = ({ message }) => {
      if (!this.hello) this.#closed?.();
      this.#fail(message || "no connection", 1006, statusIn(message));
    };
    this.#stopWatchdog = after(this.#clock, helloWait, () => this.#abandon("no hello in time"));
  }

  get timeout() {
    return this.hello.timeout_ms;
  }

  // begin opens an id for entry, and sends the message that compose makes of it.
  begin(entry, compose) {
    const id = `${this.hello.session}--${this.#next++}`;
    this.open.set(id, entry);
    try {
      this.send(compose(id));
    } catch (error) {
      this.open.delete(id);
      throw error;
    }
  }

  // ask sends a message and waits for its reply.
  ask(message) {
    return new Promise((resolve, reject) => {
      if (this.#over) throw this.#over; // since who asks has got it
      const take = (m) => {
        this.open.delete(m.id);
        if (m.type === "error") reject(refusal(m));
        else resolve(m);
      };
      this.begin({ take, fail: reject }, (id) => ({ ...message, id }));
    });
  }

  // send throws if the message is too big for the broker, which would close the connection.
  // Once that has ended it is silent.
  send(message) {
    if (this.#over) return;
    const frame = JSON.stringify(message);
    const most = this.hello.limits.message_bytes;
    if (frame.length * 3 > most && new TextEncoder().encode(frame).length > most) {
      throw new RangeError(`want a request of at most ${most} bytes`);
    }
    this.#ws.send(frame);
  }

  // receive takes one frame. What cannot be understood ends the connection: it might have
  // been about a lock.
  #receive(data) {
    if (this.#over || (this.hello && this.checkLease())) return;
    try {
      if (typeof data !== "string") throw "binary";
      const m = parse(data);
      if (!this.hello) this.#greet(m);
      else if (m.type === "draining") this.draining = true;
      else if (!known.test(m.type) || !m.id) throw data; // an error without an id: it could not read a message
      else this.open.get(m.id)?.take(m);
    } catch (problem) {
      this.#abandon(`the broker sent what cannot be understood: ${problem}`);
    }
  }

  // greet takes the hello. The lease begins when the WebSocket was made: the request for
  // it was sent after that, and the hello answers it.
  #greet(m) {
    const { type, protocol, heartbeat_ms, timeout_ms, limits } = m;
    this.#lease = new Lease(timeout_ms, this.#made);
    const left = this.#lease.left(now(this.#clock));
    if (type !== "hello" || protocol !== 1 || !(left > 0 && heartbeat_ms > 0 && limits.message_bytes > 0)) {
      throw `no hello of version 1 in time, but ${JSON.stringify(m)}`;
    }
    this.hello = m;
    this.#pingDue = this.#made.mono + heartbeat_ms;
    this.#arm();
    this.#client.connected(this);
  }

  // arm sets both timers, for the next ping and for the end of the lease. It is called
  // from the message that answers a ping too, since browsers slow down timers that were
  // set by timers, to one a minute, in pages that nobody looks at.
  #arm() {
    const at = now(this.#clock);
    this.#stopTimers();
    this.#stopHeartbeat = after(this.#clock, this.#pingDue - at.mono, () => this.#ping());
    this.#stopWatchdog = after(this.#clock, this.#lease.left(at), () => {
      if (!this.checkLease()) this.#arm(); // the timer was early
    });
  }

  #stopTimers() {
    this.#stopHeartbeat?.();
    this.#stopWatchdog();
  }

  // ping asks for a sign of life, which prolongs the lease from now.
  #ping() {
    if (this.checkLease()) return;
    const sent = now(this.#clock);
    if (sent.mono >= this.#pingDue) {
      this.#pingDue = sent.mono + this.hello.heartbeat_ms;
      const pong = () => {
        this.#lease.answered(sent);
        this.#arm();
      };
      this.ask({ type: "ping" }).then(pong, () => {});
    }
    this.#arm();
  }

  // checkLease ends the connection if the lease has ended, and reports whether it has ended.
  checkLease() {
    if (this.#over) return true;
    const at = now(this.#clock);
    if (this.#lease.left(at) > 0) return false;
    this.#end("lease", new ConnectionError("the broker has not answered for too long"), () => this.#part());
    return true;
  }

  // fail ends it because of what the network or the broker has told: the other side knows.
  #fail(...why) {
    if (this.#over || (this.hello && this.checkLease())) return; // one that was frozen may hear of both
    this.#end("connection", new ConnectionError(...why), () => this.#cut());
  }

  // abandon ends it because of something of which the other side knows nothing.
  #abandon(message) {
    this.#end("connection", new ConnectionError(message), () => this.#part());
  }

  // rest ends it in order, until the page goes on.
  rest() {
    this.#end("frozen", new ConnectionError("the page was left, or frozen"), () => this.#ws.close(1000));
  }

  // close ends it for good, in order. The promise is settled when the broker has answered,
  // or has not for too long.
  close(error) {
    return new Promise((resolve) => {
      const stop = after(this.#clock, closeWait, () => this.hangUp());
      this.#closed = () => {
        stop();
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
    this.lost = () => lost(reason, { cause: error });
    this.#stopTimers();
    this.#client.detach(error);
    const open = [...this.open.values()];
    const held = open.filter((entry) => entry.isHeld);
    for (const request of held.reverse()) request.end(this.lost());
    for (const entry of open) entry.fail(error);
    if (held.length > 0 || reason === "closed") leave();
    else this.#cut();
    this.#client.ended(error, this.hello ? now(this.#clock).mono - this.#made.mono : 0);
  }

  // part leaves a connection open, in silence, on which something was held: if it were
  // closed the broker would notice at once, and give the locks to others while who held
  // them may only just have been told to stop. When the broker must have ended the session
  // by itself, it is closed. What answers pings below a browser's WebSocket cannot be
  // silenced; that makes the broker wait longer, not less.
  #part() {
    if (this.#client.error) {
      this.#cut(); // a holder has closed the client, when told
      return;
    }
    this.#ws.onmessage = null;
    this.#ws.pause?.(); // that of ws, which then answers no ping
    const { parting } = this.#client;
    const stop = after(this.#clock, this.#lease.silence(now(this.#clock)), () => this.hangUp());
    parting.add(this);
    this.#closed = () => {
      stop();
      parting.delete(this);
    };
  }

  // hangUp closes what part has left open, or what the broker has not closed.
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
