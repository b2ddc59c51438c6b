import { refusal } from "./errors.js";

// As many changes, and characters of them, wait for a consumer that is slow.
const mostChanges = 10_000;
const mostCharacters = 16_000_000;

// A Watch is an async iterator of changes. When its connection ends it begins anew on the
// next. Where changes may have been missed it says so: at the beginning of each connection
// by the event "watching", and where some were dropped by "lagged".
//
// It is no generator, so that return ends it at once, also while next waits.
export class Watch {
  #client;
  #match;
  #id;
  #changes = []; // for the consumer: {change, size}
  #size = 0; // characters in them
  #takers = []; // of next: {resolve, reject}
  #ended; // {error}, which next is to throw, once

  constructor(client, match) {
    this.#client = client;
    this.#match = match;
    if (client.error) {
      this.end(client.error);
      return;
    }
    client.watches.add(this);
    if (client.conn) this.begin(client.conn);
  }

  begin(conn) {
    this.#id = conn.open((m) => {
      if (m.type === "error") this.end(refusal(m));
      else this.put({ event: "watching" }, 0);
    });
    conn.watches.set(this.#id, this);
    conn.send({ type: "watch", id: this.#id, match: this.#match });
  }

  // put lets the consumer have a change, sooner or later. Where too many wait for that all
  // of them are dropped.
  put(change, size) {
    const taker = this.#takers.shift();
    if (taker) {
      taker.resolve({ value: change, done: false });
      return;
    }
    this.#changes.push({ change, size });
    this.#size += size;
    if (this.#changes.length > mostChanges || this.#size > mostCharacters) {
      this.#changes = [{ change: { event: "lagged" }, size: 0 }];
      this.#size = 0;
    }
  }

  async next() {
    const first = this.#changes.shift();
    if (first) {
      this.#size -= first.size;
      return { value: first.change, done: false };
    }
    if (!this.#ended) return new Promise((resolve, reject) => this.#takers.push({ resolve, reject }));
    const { error } = this.#ended;
    this.#ended = {};
    if (error) throw error;
    return { value: undefined, done: true };
  }

  async return(value) {
    this.#changes = [];
    this.end();
    return { value, done: true };
  }

  // end ends it, because of error if there is one, here and on the broker.
  end(error) {
    if (this.#ended) return;
    this.#ended = { error: this.#takers.length > 0 ? undefined : error };
    const { conn, watches } = this.#client;
    watches.delete(this);
    if (conn?.watches.delete(this.#id) && !error) conn.send({ type: "unwatch", id: this.#id });
    for (const { resolve, reject } of this.#takers.splice(0)) {
      if (error) reject(error);
      else resolve({ value: undefined, done: true });
    }
  }

  [Symbol.asyncIterator]() {
    return this;
  }
}
