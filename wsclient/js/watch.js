import { refusal } from "./errors.js";

const most = 10_000; // changes that wait for a consumer that is slow

// follow yields changes. When the connection ends it begins anew on the next. Where changes
// may have been missed it says so: at the beginning on each connection by the event
// "watching", and where some were dropped by "lagged".
export async function* follow(client, match, signal) {
  const watch = new Watch(client, match);
  const stop = () => watch.end(signal.reason);
  signal?.addEventListener("abort", stop);
  try {
    signal?.throwIfAborted();
    const reader = new ReadableStream(watch, { highWaterMark: most }).getReader();
    for (;;) yield (await reader.read()).value; // it has no end but errors
  } finally {
    signal?.removeEventListener("abort", stop);
    watch.end();
  }
}

// A Watch is the source of a stream of changes.
class Watch {
  #client;
  #match;
  #id;
  #stream;
  #lagged = false;

  constructor(client, match) {
    this.#client = client;
    this.#match = match;
  }

  start(stream) {
    const { conn, error, watches } = this.#client;
    this.#stream = stream;
    watches.add(this);
    if (error) this.end(error);
    else if (conn) this.begin(conn);
  }

  // pull is called when the consumer has read.
  pull() {
    if (this.#lagged) this.#stream.enqueue({ event: "lagged" });
    this.#lagged = false;
  }

  begin(conn) {
    try {
      conn.begin(this, (id) => ({ type: "watch", id: (this.#id = id), match: this.#match }));
    } catch (error) {
      this.end(error); // the next broker may allow less
    }
  }

  // take handles what the broker says about it.
  take(m) {
    if (m.type === "error") this.end(refusal(m));
    else if (m.type === "change") this.#put(m);
    else this.#put({ event: m.type });
  }

  fail() {} // it begins anew

  #put(change) {
    if (!this.#lagged && this.#stream.desiredSize > 0) this.#stream.enqueue(change);
    else this.#lagged = true;
  }

  // end ends it, here and on the broker.
  end(error) {
    const { conn, watches } = this.#client;
    if (!watches.delete(this)) return;
    if (conn?.open.delete(this.#id)) conn.send({ type: "unwatch", id: this.#id });
    this.#stream.error(error);
  }
}
