// The client for pages that only look, such as the dashboard. It asks for no locks and takes up no session, so it is
// smaller than client.js.

import { dial } from "./dial.js";
import { disposal } from "./lock.js";
import { pages } from "./info.js";
import { toDOMString, toNumber, toSignal, toText } from "./options.js";
import { escapeName } from "./names.js";
import { changes } from "./watch.js";
import { settle, steps } from "./settle.js";
import { withDetails } from "./errors.js";

// connect resolves to an Inspector once the broker has said hello.
export const connect = (url, options) => dial(Inspector, url, options);

// An Inspector has the methods of a LockManager that ask for no locks. A method that returns a promise
// rejects it if anything is wrong, and never throws. It dispatches an event when a connection begins or ends.
export class Inspector extends EventTarget {
  #client;

  constructor(client) {
    super();
    this.#client = client;
    client.emit = (type, details) => this.dispatchEvent(withDetails(new Event(type), details));
  }

  // query lists the requests of all clients. Its length is 0, as Web IDL requires.
  query(options = {}) {
    return settle(() => this.#client, async (client) => {
      const held = [];
      const pending = [];
      for await (const { name, holders, waiters } of pages(client, { queue: 10_000 }, true)) {
        const toSnapshot = ({ id, mode }) => ({ name, mode, clientId: id.split("--")[0] });
        held.push(...holders.map(toSnapshot));
        pending.push(...waiters.map(toSnapshot));
      }
      return { held, pending };
    }, options);
  }

  info(pattern, options = {}) {
    const question = {
      match: toMatch(pattern),
      empty: Boolean(options.empty) || undefined,
      max: toNumber(options, "max"),
      queue: toNumber(options, "queue"),
    };
    return steps(this.#client, pages(this.#client, question, options.whole), options);
  }

  watch(pattern, { signal } = {}) {
    return steps(this.#client, changes(this.#client, toMatch(pattern), toSignal(signal)));
  }

  // why takes a lock name, or { request: id }.
  why(what, options) {
    return settle(() => this.#client, async (client) => {
      const request = toText(what?.request);
      const subject = request === undefined ? { lock: escapeName(toDOMString(what)) } : { request };
      return (await (await client.online).ask({ type: "why", ...subject })).chain;
    }, options);
  }

  evict(request, message, options) {
    return settle(() => this.#client, async (client) => {
      const conn = await client.online;
      await conn.ask({ type: "evict", request: toText(request), message: toText(message) });
    }, options);
  }

  // whoami says who this client is to the broker, and what it may do.
  whoami(options) {
    return settle(() => this.#client, async (client) => {
      const { type, id, ...principal } = await (await client.online).ask({ type: "whoami" });
      return principal;
    }, options);
  }

  get session() {
    return this.#client.conn?.session ?? "";
  }

  get notGranting() {
    return this.#client.conn?.notGranting;
  }

  get owner() {
    return this.#client.conn?.owner;
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

// toMatch returns the form of a pattern on the wire, where an absent pattern matches all names.
const toMatch = (pattern = "") => (pattern === "" ? undefined : escapeName(toDOMString(pattern)));
