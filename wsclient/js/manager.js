import { HeldLock, Lock, disposal } from "./lock.js";
import { pages } from "./info.js";
import { toCallback, toCount, toDOMString, toOptions, toSpecs, toText } from "./options.js";
import { Request } from "./request.js";
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
  async request(name, second) {
    const [, , third] = arguments;
    if (arguments.length < 2) throw new TypeError("want a name and a callback");
    const short = arguments.length < 3;
    const wanted = toDOMString(name);
    const options = toOptions(short ? undefined : second);
    const callback = toCallback(short ? second : third);
    return this.#obtain(wanted, options, (request, resolve, reject) => ({
      granted: async () => {
        let settle;
        try {
          const value = await callback(new Lock(request));
          settle = () => resolve(value);
        } catch (error) {
          settle = () => reject(error);
        }
        request.release().then(settle, reject);
      },
      unavailable: () => resolve((async () => callback(null))()),
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
    const specs = toSpecs(name, options);
    return new Promise((resolve, reject) => {
      const request = new Request(this.#client, specs, options);
      this.#client.ask(request, tell(request, resolve, reject));
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
    return (await this.#client.inquire({ type: "why", lock, request })).chain;
  }

  async evict(request, message) {
    await this.#client.inquire({ type: "evict", request: toText(request), message: toText(message) });
  }

  get session() {
    return this.#client.conn?.hello.session ?? "";
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
