import { after } from "./clock.js";
import { asksAgain } from "./retry.js";
import { LostError, lost, refusal, timedOut } from "./errors.js";
import { Lock } from "./lock.js";
import { backstop, now, since } from "./lease.js";
import { escapeName } from "./names.js";

// A Request is an acquire, from the call to its end. It is asked for on one connection
// after another until it is granted or refused.
//
// Its owner is told by told.granted(), told.unavailable() where it asked for that, and
// told.failed(error), after which there is nothing more to tell.
export class Request {
  state = "waiting"; // "holding", "releasing", "leaving" (a cancel is on its way), "ended"
  conn = null; // on which it was asked for
  id = "";
  token = 0;
  order = 0; // among all of the client
  error; // why it has ended
  #client;
  #options;
  #told;
  #until; // it waits until then
  #grantedAt; // its hold counts from then
  #stopTimer = () => {};
  #forget = () => {}; // the signal that may abort it
  #lost; // aborted when the lock is lost; made when somebody looks
  #releasing; // the promise of its release

  constructor(client, specs, options, told) {
    this.specs = specs;
    this.#client = client;
    this.#options = options;
    this.#told = told;
    if (options.wait > 0) this.#until = client.clock.mono() + options.wait;
    const { signal } = options;
    if (signal) {
      const abort = () => this.#abort(signal.reason);
      signal.addEventListener("abort", abort, { once: true });
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
    return !this.once && !this.#options.parent;
  }

  get parent() {
    return this.#options.parent && Lock.request(this.#options.parent);
  }

  // message is the request for a connection.
  message() {
    const { author = this.#client.author, hold, ifAvailable, steal, wait } = this.#options;
    return {
      type: "acquire",
      id: this.id,
      locks: this.specs.map(({ name, mode, limit }) => ({
        name: escapeName(name),
        mode: mode === "shared" ? mode : undefined,
        limit,
      })),
      author: author || undefined,
      wait_ms: ifAvailable || wait === 0 ? 0 : this.#until && Math.max(1, Math.ceil(this.#left)),
      hold_ms: hold && backstop(hold, this.conn.lease.timeout),
      parent: this.parent?.id,
      steal: steal || undefined,
    };
  }

  get #left() {
    return this.#until - this.#client.clock.mono();
  }

  // pend lets it wait for a connection, for as long as it may wait at all.
  pend() {
    this.conn = null;
    this.#client.pending.add(this);
    if (!this.#until) return;
    this.#stopTimer = after(this.#client.clock, this.#left, () => {
      if (this.#left > 0) this.pend(); // the timer was early
      else this.end(timedOut({ message: `not granted in time: ${this.#client.whyNot()}` }));
    });
  }

  // moveTo takes it to a connection, whose broker counts its wait from now on.
  moveTo(conn, id) {
    this.#stopTimer();
    this.conn = conn;
    this.id = id;
  }

  grant(token, at) {
    if (this.state !== "waiting") return; // its owner has given up
    this.#forget();
    this.state = "holding";
    this.token = token;
    this.#grantedAt = at;
    this.#watchHold(at);
    this.#told.granted();
  }

  #watchHold(at) {
    const { hold } = this.#options;
    if (!hold) return;
    const left = hold - since(at, this.#grantedAt);
    this.#stopTimer = after(this.#client.clock, left, () => this.#checkHold());
  }

  // checkHold ends it when it has been held for as long as it may, and then frees the lock
  // on the broker. Whatever the broker still sends for it finds nobody.
  #checkHold() {
    const { hold } = this.#options;
    const at = now(this.#client.clock);
    if (this.state !== "holding" || !hold) return;
    if (since(at, this.#grantedAt) < hold) {
      this.#stopTimer();
      this.#watchHold(at);
      return;
    }
    const { conn, id } = this;
    this.end(new LostError("expired"));
    conn.send({ type: "cancel", id });
  }

  // watched is the signal that is aborted when the lock is lost.
  watched() {
    if (this.state === "holding" && !this.conn.checkLease()) this.#checkHold();
    if (!this.#lost) {
      this.#lost = new AbortController();
      if (this.error) this.#lost.abort(this.error);
    }
    return this.#lost.signal;
  }

  // refused handles an error of the broker. A parent that is not found has ended while the
  // request was on its way.
  refused(m) {
    if (this.state === "waiting" && this.canMove && asksAgain(m.code)) {
      this.conn.requests.delete(this.id);
      this.pend();
    } else if (m.code === "unavailable" && this.#options.ifAvailable) {
      this.end();
      this.#told.unavailable();
    } else if (m.code === "unavailable" && !this.#options.steal) {
      this.end(timedOut(m));
    } else if (m.code === "not_found" && this.parent?.error) {
      this.end(this.parent.error);
    } else {
      this.end(refusal(m));
    }
  }

  // taken handles a lost of the broker.
  taken(m) {
    this.end(lost(m));
  }

  // end ends it, because of error or in order. Holders are stopped first.
  end(error) {
    if (this.state === "ended") return;
    const before = this.state;
    this.state = "ended";
    this.conn?.requests.delete(this.id);
    this.#client.pending.delete(this);
    this.#stopTimer();
    this.#forget();
    if (before === "leaving") return;
    this.error = error;
    if (error) {
      this.#lost?.abort(error);
      this.#told.failed(error);
    } else if (before === "releasing") {
      this.#told.released();
    }
  }

  // abort withdraws it while it waits. A cancel ends it on the broker whether or not a
  // grant is on its way, so there is nothing to wait for.
  #abort(reason) {
    if (this.state !== "waiting") return;
    this.#forget();
    this.state = "leaving";
    if (this.conn) this.conn.send({ type: "cancel", id: this.id });
    else this.end();
    this.#told.failed(reason); // whatever it is, it need not be an error
  }

  // release gives the locks back. The promise is settled when the broker has confirmed it,
  // with the error if they were not held until then.
  release() {
    this.#releasing ??= new Promise((resolve, reject) => {
      if (this.state === "ended") {
        reject(this.error);
        return;
      }
      this.#stopTimer(); // of its hold
      this.state = "releasing";
      this.#told = { released: resolve, failed: reject };
      this.conn.send({ type: "release", id: this.id });
    });
    return this.#releasing;
  }
}
