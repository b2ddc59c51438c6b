import { HeldLock, Lock, disposal } from "./lock.js";
import { pages } from "./info.js";
import { demand, toCount, toDOMString, toSignal, toText } from "./options.js";
import { obtain } from "./request.js";
import { escapeName } from "./names.js";
import { follow } from "./watch.js";
import { settle, steps } from "./settle.js";

// A LockManager has the shape of navigator.locks, and reaches every machine that the
// broker reaches. What returns a promise rejects it with whatever is wrong, and never throws.
export class LockManager {
  #client;

  constructor(client) {
    this.#client = client;
  }

  // request takes (name, callback) or (name, options, callback). Its length is 2, as in Web IDL.
  request(name, second, ...more) {
    return obtain(() => {
      demand(arguments.length > 1, "a name and a callback");
      const [options, callback] = more.length > 0 ? [second, more[0]] : [undefined, second];
      const run = async (lock) => callback(lock);
      const use = (held, resolve, reject) => {
        run(held && new Lock(held))
          .finally(() => held?.release())
          .then(resolve, reject);
      };
      return [this.#client, toDOMString(name), options, callback, use];
    });
  }

  // acquire takes a name and perhaps options. The lock is held until it is released.
  acquire(name, options) {
    const use = (held, resolve) => resolve(held && new HeldLock(held));
    return obtain(() => [this.#client, toDOMString(name), options, use]);
  }

  // query lists all of everybody. Its length is 0, as in Web IDL.
  query(options = {}) {
    return settle(() => this.#client, options, async (client) => {
      const held = [];
      const pending = [];
      for await (const { name, holders, waiters } of pages(client, { queue: 10_000 }, true)) {
        const told = ({ id, mode }) => ({ name, mode, clientId: id.slice(0, id.indexOf("--")) });
        held.push(...holders.map(told));
        pending.push(...waiters.map(told));
      }
      return { held, pending };
    });
  }

  info(pattern, { empty, max, queue, signal } = {}) {
    const question = {
      match: toMatch(pattern),
      empty: Boolean(empty) || undefined,
      max: toCount(max),
      queue: toCount(queue),
    };
    return steps(this.#client, { signal }, pages(this.#client, question));
  }

  watch(pattern, { signal } = {}) {
    return steps(this.#client, undefined, follow(this.#client, toMatch(pattern), toSignal(signal)));
  }

  // why takes the name of a lock, or { request: id }.
  why(what, options) {
    return settle(() => this.#client, options, async (client) => {
      const request = toText(what?.request);
      const lock = request === undefined ? escapeName(toDOMString(what)) : undefined;
      return (await (await client.ready()).ask({ type: "why", lock, request })).chain;
    });
  }

  evict(request, message, options) {
    return settle(() => this.#client, options, async (client) => {
      const conn = await client.ready();
      await conn.ask({ type: "evict", request: toText(request), message: toText(message) });
    });
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

  close() {
    return this.#client.close();
  }

  [disposal]() {
    return this.close();
  }
}

// toMatch is a pattern for the wire, where none matches all names.
const toMatch = (pattern = "") => (pattern === "" ? undefined : escapeName(toDOMString(pattern)));
