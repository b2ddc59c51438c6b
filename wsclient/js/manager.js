import { HeldLock, Lock } from "./lock.js";
import { expect, toDOMString } from "./options.js";
import { Inspector } from "./inspector.js";
import { acquire } from "./request.js";

// A LockManager has the methods of navigator.locks, and some more.
export class LockManager extends Inspector {
  #client;

  constructor(client) {
    super(client);
    this.#client = client;
  }

  // request takes (name, callback) or (name, options, callback). Its length is 2, as Web IDL requires.
  request(name, second, ...more) {
    return acquire(() => {
      expect(arguments.length > 1, "a name and a callback");
      const [options, callback] = more.length ? [second, more[0]] : [{}, second];
      const run = async (lock) => callback(lock);
      const use = (held, resolve, reject) => {
        run(held && new Lock(held))
          .finally(() => held?.release())
          .then(resolve, reject);
      };
      return [this.#client, toDOMString(name), options, callback, use];
    });
  }

  // acquire holds the lock until the caller releases it.
  acquire(name, options) {
    const use = (held, resolve) => resolve(held && new HeldLock(held));
    return acquire(() => [this.#client, toDOMString(name), options, use]);
  }
}
