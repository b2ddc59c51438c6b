import { HeldLock, Lock, disposal } from "./lock.js";
import { pages } from "./info.js";
import { demand, toCount, toDOMString, toText } from "./options.js";
import { obtain } from "./request.js";
import { escapeName } from "./names.js";
import { follow } from "./watch.js";

// A LockManager has the shape of navigator.locks, and reaches every machine that the
// broker reaches.
export class LockManager {
  #client;

  constructor(client) {
    this.#client = client;
  }

  // request takes (name, callback) or (name, options, callback). Being async it rejects
  // whatever is wrong, and never throws. Its length is 2, as in Web IDL.
  async request(name, second, ...more) {
    demand(arguments.length > 1, "a name and a callback");
    const [options, callback] = more.length > 0 ? [second, more[0]] : [undefined, second];
    const run = async (lock) => callback(lock);
    const use = (held, resolve, reject) => {
      run(held && new Lock(held))
        .finally(() => held?.release())
        .then(resolve, reject);
    };
    return obtain(this.#client, toDOMString(name), options, callback, use);
  }

  // acquire takes a name and perhaps options. The lock is held until it is released.
  async acquire(name, options) {
    return obtain(this.#client, toDOMString(name), options, (held, resolve) => {
      resolve(held && new HeldLock(held));
    });
  }

  // query lists all of everybody.
  async query() {
    const held = [];
    const pending = [];
    for await (const { name, holders, waiters } of pages(this.#client, { queue: 10_000 }, true)) {
      const told = ({ id, mode }) => ({ name, mode, clientId: id.slice(0, id.indexOf("--")) });
      held.push(...holders.map(told));
      pending.push(...waiters.map(told));
    }
    return { held, pending };
  }

  info(pattern, { empty, max, queue } = {}) {
    return pages(this.#client, { match: toMatch(pattern), empty: Boolean(empty) || undefined, max: toCount(max), queue: toCount(queue) });
  }

  watch(pattern, { signal } = {}) {
    return follow(this.#client, toMatch(pattern), signal);
  }

  // why takes the name of a lock, or { request: id }.
  async why(what) {
    const request = toText(what?.request);
    const lock = request === undefined ? escapeName(toDOMString(what)) : undefined;
    return (await (await this.#client.ready()).ask({ type: "why", lock, request })).chain;
  }

  async evict(request, message) {
    const conn = await this.#client.ready();
    await conn.ask({ type: "evict", request: toText(request), message: toText(message) });
  }

  get session() {
    return this.#client.conn?.session ?? "";
  }

  get notGranting() {
    return this.#client.conn?.pause;
  }

  get closed() {
    return this.#client.closed;
  }

  async close() {
    return this.#client.close();
  }

  async [disposal]() {
    return this.close();
  }
}

// toMatch is a pattern for the wire, where none matches all names.
const toMatch = (pattern = "") => (pattern === "" ? undefined : escapeName(toDOMString(pattern)));
