import { errorCodes } from "./codes.js";

// A LockError is a refusal by the broker.
export class LockError extends Error {
  constructor(m) {
    super(m.message);
    this.name = "LockError";
    this.code = m.code;
    this.retry = errorCodes[m.code] ?? "never";
    this.by = m.by;
    tellWho(this, m);
  }
}

// A DeadlockError refuses what could never be granted; cycle says who waits for whom.
export class DeadlockError extends LockError {
  constructor(m) {
    super(m);
    this.name = "DeadlockError";
    this.cycle = m.cycle;
  }
}

// A ConnectionError says that there is no connection, and why: the code with which it was
// closed, or the HTTP status with which it was refused, where that can be seen.
export class ConnectionError extends Error {
  constructor(message, { code, status, cause } = {}) {
    super(message, { cause });
    this.name = "ConnectionError";
    this.code = code;
    this.status = status;
  }
}

// A LostError says that a lock is held no more although it was not released.
export class LostError extends Error {
  constructor(reason, { by, message, cause } = {}) {
    super(lostBecause(reason, by, message ?? cause?.message), { cause });
    this.name = "LostError";
    this.reason = reason;
    this.by = by;
  }
}

function lostBecause(reason, by, why) {
  return `the lock was lost: ${reason}${by ? ` by ${by}` : ""}${why ? `: ${why}` : ""}`;
}

// tellWho adds who is in the way.
function tellWho(error, m) {
  error.holders = m.holders ?? [];
  error.ahead = m.ahead ?? 0;
  return error;
}

// refusal is the error for an error of the broker.
export function refusal(m) {
  if (m.code === "deadlock") return new DeadlockError(m);
  return m.code === "timeout" ? timedOut(m) : new LockError(m);
}

export const timedOut = (m) => tellWho(new DOMException(m.message, "TimeoutError"), m);

// lost is the error for a lost of the broker. To Web Locks a steal is an AbortError.
export function lost({ reason, by, message }) {
  if (reason !== "stolen") return new LostError(reason, { by, message });
  return Object.assign(new DOMException(lostBecause(reason, by), "AbortError"), { reason, by });
}

export const notSupported = (message) => new DOMException(message, "NotSupportedError");
export const isClosed = () => new DOMException("the client was closed", "InvalidStateError");
