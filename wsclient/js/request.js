import { after, now, since } from "./clock.js";
import { lost, refusal, timedOut } from "./errors.js";
import { asksAgain } from "./retry.js";
import { backstop } from "./lease.js";
import { escapeName } from "./names.js";

// A Request is an acquire, from the call to its end. It is asked for on one connection
// after another until it is granted or refused.
export class Request {
  state = "waiting"; // "holding", "releasing", "leaving" (a cancel is on its way), "ended"
  conn; // on which it was asked for
  id;
  token;
  order; // among all of the client
  error; // why it has ended
  // Its owner is told by told.granted(), told.unavailable() where it asked for that, and
  // told.failed(error), after which there is nothing more to tell.
  told;
  #client;
  #options;
  #clock;
  #until; // on the monotonic clock; it waits until then
  #grantedAt; // its hold counts from then
  #stopTimer = () => {};
  #forget = () => {}; // the signal that may abort it
  #lost; // aborted when the lock is lost; made when somebody looks
  #releasing; // the promise of its release

  constructor(client, specs, options) {
    const { signal, wait } = options;
    this.specs = specs;
    this.#client = client;
    this.#clock = client.clock;
    this.#options = options;
    if (wait) this.#until = now(this.#clock).mono + wait;
    if (signal) {
      const abort = () => this.#abort(signal.reason);
      signal.addEventListener("abort", abort);
      this.#forget = () => signal.removeEventListener("abort", abort);
    }
  }

  // once says that it is not asked for again: it does not wait.
  get once() {
    return this.#options.ifAvailable || this.#options.steal || this.#options.wait === 0;
  }

  // canMove says whether it can be asked for on another connection: not what does not wait,
  // nor what is made inside a lock, which ends with its connection.
  get canMove() {
    return !this.once && !this.parent;
  }

  get parent() {
    return this.#options.parent;
  }

  get isHeld() {
    return this.state === "holding" || this.state === "releasing";
  }

  // ask asks for it on conn, whose broker counts its wait from now on.
  ask(conn) {
    this.#stopTimer();
    this.conn = conn;
    try {
      conn.begin(this, (id) => this.#message(id));
    } catch (error) {
      this.end(error);
    }
  }

  #message(id) {
    this.id = id;
    const { author, hold, ifAvailable, steal, wait } = this.#options;
    return {
      type: "acquire",
      id,
      locks: this.specs.map(({ name, mode, limit }) => ({
        name: escapeName(name),
        mode: mode === "shared" ? mode : undefined,
        limit,
      })),
      author: author ?? this.#client.author,
      wait_ms: ifAvailable || wait === 0 ? 0 : this.#until && Math.max(1, Math.ceil(this.#left)),
      hold_ms: hold && backstop(hold, this.conn.timeout),
      parent: this.parent?.id,
      steal: steal || undefined,
    };
  }

  get #left() {
    return this.#until - now(this.#clock).mono;
  }

  // pend lets it wait for a connection, for as long as it may wait at all.
  pend() {
    this.conn = undefined;
    this.#client.pending.add(this);
    if (this.#left <= 0) this.end(timedOut(`not granted in time: ${this.#client.whyNot()}`));
    else if (this.#until) this.#stopTimer = after(this.#clock, this.#left, () => this.pend());
  }

  // take handles what the broker says about it. It throws what makes no sense.
  take(m) {
    switch (m.type) {
      case "granted":
        this.#grant(m);
        break;
      case "error":
        this.#refused(m);
        break;
      case "lost":
        this.end(lost(m.reason, m));
        break;
      default: // released or cancelled
        if (this.state === "waiting" || this.state === "holding") throw m.type;
        this.end();
    }
  }

  // fail ends it with its connection, or lets it wait for the next.
  fail(error) {
    if (this.state === "waiting" && this.canMove && !this.#client.error) this.pend();
    else this.end(this.parent?.error ?? this.#client.error ?? error);
  }

  #grant({ token }) {
    if (!Number.isSafeInteger(token)) throw "a grant without a token";
    if (this.state !== "waiting") return; // its owner has given up
    this.#forget();
    this.state = "holding";
    this.token = token;
    this.#grantedAt = now(this.#clock);
    this.#checkHold();
    this.told.granted();
  }

  // checkHold ends it when it has been held for as long as it may, and then frees the lock
  // on the broker. Whatever the broker still sends for it finds nobody.
  #checkHold() {
    const { hold } = this.#options;
    if (this.state !== "holding" || !hold) return;
    this.#stopTimer();
    const left = hold - since(now(this.#clock), this.#grantedAt);
    if (left > 0) {
      this.#stopTimer = after(this.#clock, left, () => this.#checkHold());
      return;
    }
    this.end(lost("expired"));
    this.#cancel();
  }

  #cancel() {
    this.conn.send({ type: "cancel", id: this.id });
  }

  // watched is the signal that is aborted when the lock is lost.
  watched() {
    if (this.state === "holding") {
      if (this.conn.checkLease()) this.end(this.conn.lost()); // if that has not come to it yet
      else this.#checkHold();
    }
    if (!this.#lost) {
      this.#lost = new AbortController();
      if (this.error) this.#lost.abort(this.error);
    }
    return this.#lost.signal;
  }

  // refused handles an error of the broker. A parent that is not found has ended while the
  // request was on its way.
  #refused(m) {
    const { ifAvailable, steal } = this.#options;
    const unavailable = m.code === "unavailable";
    if (this.state === "waiting" && this.canMove && asksAgain(m.code)) {
      this.conn.open.delete(this.id);
      this.pend();
    } else if (unavailable && ifAvailable) {
      this.end();
      this.told.unavailable();
    } else if (unavailable && !steal) {
      this.end(timedOut(m.message, m.holders, m.ahead));
    } else {
      this.end((m.code === "not_found" && this.parent?.error) || refusal(m));
    }
  }

  // end ends it, because of error or in order. Holders are stopped first.
  end(error) {
    const before = this.state;
    this.state = "ended";
    this.conn?.open.delete(this.id);
    this.#client.pending.delete(this);
    this.#stopTimer();
    this.#forget();
    if (before === "leaving" || before === "ended") return;
    this.error = error;
    if (error) {
      this.#lost?.abort(error);
      this.told.failed(error);
    } else if (before === "releasing") {
      this.told.released();
    }
  }

  // abort withdraws it while it waits. A cancel ends it on the broker whether or not a
  // grant is on its way, so there is nothing to wait for.
  #abort(reason) {
    this.#forget();
    this.state = "leaving";
    if (this.conn) this.#cancel();
    else this.end();
    this.told.failed(reason); // whatever it is, it need not be an error
  }

  // release gives the locks back. The promise is settled when the broker has confirmed it,
  // with the error if they were not held until then.
  release() {
    this.#releasing ??= new Promise((released, failed) => {
      if (this.state === "ended") {
        failed(this.error);
        return;
      }
      this.#stopTimer(); // of its hold
      this.state = "releasing";
      this.told = { released, failed };
      this.conn.send({ type: "release", id: this.id });
    });
    return this.#releasing;
  }
}
