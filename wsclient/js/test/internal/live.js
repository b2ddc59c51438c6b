// A real broker for tests. go test ./wsclient/js starts it, and says in the environment where it is and
// which WebSocket to use.

import { createRequire } from "node:module";
import { connect } from "../../client.js";

export const url = process.env.LOCKBROKER_URL;

// skip is false, or why a test cannot run.
export const skip = url ? false : "there is no broker: run by go test ./wsclient/js";

export const WebSocket = process.env.LOCKBROKER_WEBSOCKET === "ws" ? createRequire(import.meta.url)("ws") : undefined;

// enter connects, and closes the client when the test ends.
export async function enter(t, { to = url, ...options } = {}) {
  const locks = await connect(to, { WebSocket, ...options });
  t.after(() => locks.close());
  return locks;
}

let names = 0;

// fresh returns a lock name that no other test uses.
export const fresh = () => `${process.pid}/${names++}`;
