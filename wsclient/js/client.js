// The JavaScript client of the lock broker: named locks across machines, over one WebSocket. Start with
// connect. README.md explains the rest.

import { LockManager } from "./manager.js";
import { dial } from "./dial.js";
import { createResume } from "./resume.js";

export { ConnectionError, DeadlockError, LockError, LostError } from "./errors.js";

// connect resolves to a LockManager once the broker has said hello.
export const connect = (url, { resume, ...options } = {}) => dial(LockManager, url, options, createResume(resume));
