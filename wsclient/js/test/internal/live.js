// A broker that runs, for tests that want one: go test ./wsclient/js starts it. Which
// WebSocket is used is said by the environment, too.

import { createRequire } from "node:module";
import { connect } from "../../client.js";

export const url = process.env.LOCKBROKER_URL;

// skip is what a test is told: false, or why not to run it.
export const skip = url ? false : "there is no broker: run by go test ./wsclient/js";

export const WebSocket = process.env.LOCKBROKER_WEBSOCKET === "ws" ? createRequire(import.meta.url)("ws") : undefined;

// enter connects, until the test ends.
export async function enter(t, options) {
  const locks = await connect(url, { WebSocket, ...options });
  t.after(() => locks.close());
  return locks;
}

let names = 0;

// fresh is a name that no other test uses.
export const fresh = () => `${process.pid}/${names++}`;
