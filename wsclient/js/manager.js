import { HeldLock, Lock } from "./lock.js";
import { check, toCallback, toDOMString, toOptions, toText } from "./options.js";
import { Request } from "./request.js";
import { escapeName } from "./names.js";
import { Watch } from "./watch.js";
import { pages, wholeQueue } from "./info.js";

// A LockManager has the shape of navigator.locks, and reaches every machine that the
// broker reaches.
export class LockManager {
  #client;

  constructor(client) {
    this.#client = client;
  }

  // request takes (name, callback) or (name, options, callback). Being async it rejects
  // whatever is wrong, and never throws.
  async request(name, callback) { // eslint-disable-line no-unused-vars -- its length is 2, as in Web IDL
    if (arguments.length < 2) throw new TypeError("want a name and a callback");
    const wanted = toDOMString(arguments[0]);
    const three = arguments.length > 2;
    const options = toOptions(three ? arguments[1] : undefined);
    const run = toCallback(arguments[three ? 2 : 1]);
    return this.#obtain(wanted, options, (request, resolve, reject) => ({
      granted: async () => {
        let settle;
        try {
          const value = await run(new Lock(request));
          settle = () => resolve(value);
        } catch (error) {
          settle = () => reject(error);
        }
        request.release().then(settle, reject);
      },
      unavailable: () => resolve(new Promise((result) => result(run(null)))),
      failed: reject,
    }));
  }

  // acquire takes a name and perhaps options. The lock is held until it is released.
  async acquire(name, options) {
    return this.#obtain(toDOMString(name), toOptions(options), (request, resolve, reject) => ({
      granted: () => resolve(new HeldLock(request)),
      unavailable: () => resolve(null),
      failed: reject,
    }));
  }

  #obtain(name, options, tell) {
    check(name, options);
    const specs = merge(name, options);
    this.#checkLengths(specs);
    checkParent(options.parent);
    return new Promise((resolve, reject) => {
      const request = new Request(this.#client, specs, options, {
        granted: () => told.granted(),
        unavailable: () => told.unavailable(),
        failed: (error) => told.failed(error),
      });
      const told = tell(request, resolve, reject);
      this.#client.ask(request);
    });
  }

  #checkLengths(specs) {
    const most = this.#client.limits.name_bytes;
    for (const { name } of specs) {
      if (new TextEncoder().encode(escapeName(name)).length > most) {
        throw new RangeError(`a name has more than ${most} bytes, as many as the broker takes`);
      }
    }
  }

  // query lists all of everybody.
  async query() {
    const held = [];
    const pending = [];
    const conn = await this.#client.ready();
    for await (const { name, holders, waiters } of pages(conn, { queue: wholeQueue })) {
      for (const r of holders) held.push(snapshot(name, r));
      for (const r of waiters) pending.push(snapshot(name, r));
    }
    return { held, pending };
  }

  async *info(pattern, options) {
    const conn = await this.#client.ready();
    yield* pages(conn, { ...options, match: toMatch(pattern) });
  }

  // why takes the name of a lock, or { request: id }.
  async why(what) {
    const request = what?.request;
    const conn = await this.#client.ready();
    const asked = request === undefined ? { lock: escapeName(toDOMString(what)) } : { request: toText(request) };
    return (await conn.ask({ type: "why", ...asked })).chain;
  }

  watch(pattern) {
    return new Watch(this.#client, toMatch(pattern));
  }

  async evict(request, message) {
    const conn = await this.#client.ready();
    await conn.ask({ type: "evict", request: toText(request), message: toText(message) });
  }

  get session() {
    return this.#client.conn?.session ?? "";
  }

  get state() {
    return this.#client.state;
  }

  get closed() {
    return this.#client.closed;
  }

  async close() {
    return this.#client.close();
  }

  async [Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]() {
    return this.close();
  }
}

// merge is all that a request is to hold: the first name and the further ones. Repeats are
// one, which is exclusive if one of them is, else has the least limit of them.
function merge(name, { names, mode, limit }) {
  const specs = new Map([[name, { name, mode, limit }]]);
  for (const spec of names) {
    const more = { mode, limit, ...spec };
    const known = specs.get(more.name) ?? more;
    const exclusive = known.mode === "exclusive" || more.mode === "exclusive";
    specs.set(more.name, {
      name: more.name,
      mode: exclusive ? "exclusive" : "shared",
      limit: exclusive ? undefined : least(known.limit, more.limit),
    });
  }
  return [...specs.values()];
}

const least = (a, b) => (a === undefined || b < a ? b : a);

// checkParent refuses one that is held no more.
function checkParent(parent) {
  const request = parent && Lock.request(parent);
  if (!request || request.state === "holding") return;
  throw request.error ?? new DOMException("the parent was released", "InvalidStateError");
}

function snapshot(name, { id, mode }) {
  return { name, mode, clientId: id.slice(0, id.lastIndexOf("--")) };
}

// toMatch is a pattern for the wire, where none matches all names.
function toMatch(pattern) {
  return pattern === undefined || pattern === "" ? undefined : escapeName(toDOMString(pattern));
}
