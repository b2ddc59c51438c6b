// The JavaScript client of the lock broker: named locks, shared by programs on any number
// of machines, over one WebSocket. Start with connect; README.md says the rest.

import { LockManager } from "./manager.js";
import { Supervisor } from "./supervisor.js";
import { platform } from "./clock.js";
import { toSignal, toText } from "./options.js";

export { ConnectionError, DeadlockError, LockError, LostError } from "./errors.js";

// connect resolves once the broker has said hello.
export async function connect(url, options = {}) {
  const { author, clock = platform, label = defaultLabel(), onState, signal, waitForBroker, WebSocket } = options;
  toSignal(signal)?.throwIfAborted();
  const target = toTarget(url, toText(label));
  const client = new Supervisor(target, { author: toText(author), clock, onState, waitForBroker, WebSocket });
  const abort = () => client.close(signal.reason);
  signal?.addEventListener("abort", abort);
  try {
    await client.open();
  } finally {
    signal?.removeEventListener("abort", abort);
  }
  return new LockManager(client);
}

// toTarget is the address of the WebSocket, with a label for people.
function toTarget(url, label) {
  const target = new URL(url, globalThis.location?.href);
  target.protocol = target.protocol.replace(/^http/, "ws");
  if (!/^wss?:$/.test(target.protocol)) throw new TypeError("want a URL that begins with ws:// or wss://");
  if (target.username || target.password) throw new TypeError("a user in the URL is not supported");
  if (target.pathname === "/") target.pathname = "/ws";
  if (!target.searchParams.has("client")) target.searchParams.set("client", label);
  target.hash = "";
  return target.href;
}

// defaultLabel is the page, or the program and its process. At most 256 bytes are
// allowed, so at most 80 characters are taken.
function defaultLabel() {
  const { location, process } = globalThis;
  const label = location ? location.host + location.pathname : `${process?.argv?.[1]?.split(/[\\/]/).pop()}:${process?.pid}`;
  return label.slice(0, 80).toWellFormed();
}
