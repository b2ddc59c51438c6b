// The JavaScript client of the lock broker: named locks, shared by programs on any number
// of machines, over one WebSocket. Start with connect; README.md says the rest.

import { LockManager } from "./manager.js";
import { settle } from "./settle.js";
import { supervise } from "./supervisor.js";
import { toText } from "./options.js";

export { ConnectionError, DeadlockError, LockError, LostError } from "./errors.js";

// connect resolves once the broker has said hello.
export const connect = (
  url,
  { author, clock = globalThis, label = defaultLabel(), WebSocket = globalThis.WebSocket } = {},
) =>
  settle(
    () => supervise(toTarget(url, toText(label)), toText(author), clock, WebSocket),
    undefined,
    async (client) => {
      await client.ready();
      return new LockManager(client);
    },
  );

// toTarget returns the address of the WebSocket, with a label for people and alive=message:
// a browser goes on answering the broker's pings for a page that hangs, and for a worker that
// is frozen with its page. Everywhere else that makes no difference, because the lease of this
// client rests on messages alone. What the caller wrote in the query stays as it is.
function toTarget(url, label) {
  const target = new URL(toText(url));
  target.protocol = target.protocol.replace(/^http/, "ws");
  target.hash = "";
  if (target.pathname === "/") target.pathname = "/ws";
  const { search, searchParams } = target;
  const more = searchParams.has("client") ? "" : `&client=${encodeURIComponent(label)}`;
  target.search = `${search && `${search}&`}alive=message${more}`;
  return target.href;
}

// defaultLabel is the page, or the program and its process, where the platform has such
// things. At most 256 bytes are allowed.
function defaultLabel() {
  const { location, process: { argv, pid, title } = {} } = globalThis;
  const program = argv?.[1] ?? title; // node -e has no file
  return (location?.host || [program, pid].filter(Boolean).join(":")).slice(-80);
}
