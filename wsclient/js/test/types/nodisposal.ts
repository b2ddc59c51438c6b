// If the lib of a program has no Symbol.asyncDispose, these types do not add it.

import { connect } from "lockbroker";

const locks = await connect("ws://127.0.0.1:27002");
const lock = await locks.acquire("report");
await lock.release();

// @ts-expect-error The platform may lack it.
export const symbol = Symbol.asyncDispose;
