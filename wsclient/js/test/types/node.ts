// A program for Node: with the types of Node and of the package ws, without those of a browser.

import { WebSocket } from "ws";
import { connect, ConnectionError, type WebSocketConstructor } from "lockbroker";

const options = { WebSocket, label: process.title };
export const locks = await connect("ws://127.0.0.1:27002", options).catch((error: unknown) => {
  throw error instanceof ConnectionError ? new Error(`${error.status}`) : error;
});
await using lock = await locks.acquire("report", { signal: AbortSignal.timeout(500) });
export const { token } = lock;

// @ts-expect-error This constructor makes no WebSockets.
export const wrong: WebSocketConstructor = Date.now;
