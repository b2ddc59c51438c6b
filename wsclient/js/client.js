// The JavaScript client of the lock broker: named locks, shared by programs on any number
// of machines, over one WebSocket. Start with connect; README.md says the rest.

import { LockManager } from "./manager.js";
import { supervise } from "./supervisor.js";
import { toText } from "./options.js";

export { ConnectionError, DeadlockError, LockError, LostError } from "./errors.js";

// connect resolves once the broker has said hello.
export async function connect(url, { author, clock = globalThis, label, WebSocket = globalThis.WebSocket } = {}) {
  const client = supervise(toTarget(url, toText(label) ?? defaultLabel()), toText(author), clock, WebSocket);
  await client.ready();
  return new LockManager(client);
}

// toTarget is the address of the WebSocket, with a label for people.
function toTarget(url, label) {
  const target = new URL(toText(url));
  target.protocol = target.protocol.replace(/^http/, "ws");
  target.hash = "";
  if (target.pathname === "/") target.pathname = "/ws";
  const { searchParams } = target;
  if (!searchParams.has("client")) searchParams.set("client", label);
  return target.href;
}

// defaultLabel is the page, or the program and its process. At most 256 bytes are
// allowed.
function defaultLabel() {
  const { location, process } = globalThis;
  return (location?.host ?? `${process.argv[1]}:${process.pid}`).slice(-80);
}
