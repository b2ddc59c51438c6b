// The client is an EventTarget whose events have types.

import { connect } from "lockbroker";
import type { DisconnectedEvent, LockManager } from "lockbroker";
import { same } from "./same.js";

const leaving = new AbortController();
const locks = await connect("ws://127.0.0.1:27002", { waitForBroker: true, signal: leaving.signal });

const gone = (event: DisconnectedEvent) => event.error.message;
locks.addEventListener("disconnected", gone, { once: true });
locks.removeEventListener("disconnected", gone);
locks.addEventListener("disconnected", ({ error, type }) => {
  same<typeof error, Error>(true);
  same<typeof type, string>(true);
});
locks.addEventListener("connected", (event) => {
  // @ts-expect-error Only the end of a connection has an error.
  return event.error;
});
locks.addEventListener("something else", (event) => event.type);
locks.addEventListener("renewalfailed", ({ error }) => same<typeof error, Error>(true));
locks.addEventListener("lateloss", ({ error }) => same<typeof error, Error>(true));
const { identity, permissions } = await locks.whoami({ signal: leaving.signal });
same<typeof identity, string | undefined>(true);
export const mayList = permissions.some(({ allow }) => allow.includes("list"));
export const target: EventTarget = locks;
export const status = (some: LockManager) => (some.session ? "connected" : "not connected");

// @ts-expect-error
await connect("ws://127.0.0.1:27002", { waitForBroker: "yes" });
// @ts-expect-error
await connect("ws://127.0.0.1:27002", { signal: leaving });
await connect("wss://locks.example", { token: () => "a" });
await connect("wss://locks.example", { token: async () => "a" });
// @ts-expect-error A token is asked for again and again.
await connect("wss://locks.example", { token: "a" });
